package authkit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// Only a second press of the very same form is answered as the first: a form that was shown later is
// another one, even with the same content.
func TestAFormThatIsShownLaterIsAnother(t *testing.T) {
	t.Parallel()
	t.Run("a name that is saved again is saved", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		b := s.visitor()
		b.enters()
		for _, name := range []string{"Ann", "Bob", "Ann"} {
			b.presses(b.opens(ownPage), "name", "name="+name).want(t, 303, "")
		}
		s.equal("the name", b.send("GET", "/auth/me/{app_id}", "").user("name"), "Ann")
	})
	t.Run("a session that began after the others were ended ends with the next press", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		b := s.visitor()
		email := b.enters()
		for range 2 {
			other := s.signIn(s.app.ID.String(), email)
			b.presses(b.opens(ownPage), "end-others").want(t, 303, "")
			s.equal("the other session", s.lives(other), 401)
		}
	})
	t.Run("a second sign-in of an app that holds tokens gets a code of its own", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		b, email := s.visitor(), s.email()
		s.signUp(email)
		for range 2 {
			code := b.presses(b.opens(signInPage+toGoal), "password", "email="+email, "password="+password).query(t).Get("code")
			b.send("POST", "/auth/token/{app_id}", `{"code":"`+code+`"}`).want(t, 200, "")
		}
	})
}

// A sign-in by link resets an account whose address was never proven, so that the account page does
// not use one as its proof there.
func TestTheAccountPageResetsNoAccount(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	b := s.visitor()
	email := b.enters()
	s.clock.Advance(15 * time.Minute)
	b.presses(b.opens(ownPage), "fresh-mail").want(t, 403, "")
	s.equal("the password", s.passes(email, password), 200)

	page, m := b.awaits("link", email, "?session=cookie&other=1") // its step is also one for the account page
	steps := unescaped(action.FindStringSubmatch(page.Body.String())[1])
	_, query, _ := strings.Cut(steps, "?")
	own := b.opens(ownPage + "?" + query)
	b.presses(own, "fresh-code", "code="+mail.Code(m)).want(t, 403, "")
	s.equal("the password", s.passes(email, password), 200)
}

// A step that only the sign-in page has is a sign-up with a password on the sign-up page, and counts
// as one.
func TestAStepOfAnotherPageDodgesNoLimit(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"password", "forgot", "reset", "PASSWORD", ""} {
		t.Run("the step "+step, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.settings(authkit.AppPatch{Limits: &authkit.AppLimits{Credentials: "2/h/ip"}})
			b := s.visitor()
			for i := range 3 {
				want := 303
				if i == 2 {
					want = 429
				}
				b.presses(b.opens(signUpPage+toGoal), step, "email="+s.email(), "password="+password).want(t, want, "")
			}
		})
	}
}
