package authkit_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// A proof takes the password of an account whose address was never proven. A page says so once it is
// gone, and offers another one before the flow goes on.
func TestThePageAfterAProofSaysWhatIsGone(t *testing.T) {
	t.Parallel()
	const gone = "It was removed."
	unproven := func(t *testing.T, mode authkit.SessionMode) (*stage, *seat, string) {
		t.Helper()
		s := newStage(t, withoutLimits)
		email := s.email()
		s.signUp(email)
		s.settings(authkit.AppPatch{SessionMode: &mode})
		return s, s.visitor(), email
	}
	t.Run("after a code, where a cookie holds the session", func(t *testing.T) {
		t.Parallel()
		s, b, email := unproven(t, authkit.SessionCookie)
		page, m := b.awaits("link", email, "?redirect_to=/mine")
		press := b.filled(page, "code", "code="+mail.Code(m))
		got := s.do(press())
		got.want(t, 200, "")
		got.seen(t, gone, `href="`+accountPage+s.app.ID.String()+`#password-part"`, `href="`+origin+`/mine"`)
		s.equal("pressed twice", told(s.do(press())) == told(got), true)
		jar(got.Header(), b.kept)
		s.equal("a session in the cookie", b.lives(), true)
		s.equal("the password of before", s.passes(email, password), 401)
	})
	t.Run("after a code, where the goal gets tokens", func(t *testing.T) {
		t.Parallel()
		s, b, email := unproven(t, authkit.SessionBearer)
		page, m := b.awaits("link", email, toGoal)
		got := b.presses(page, "code", "code="+mail.Code(m))
		got.want(t, 200, "")
		got.seen(t, gone, `name="email" value="`+email+`"`)
		b.send("POST", "/auth/token/{app_id}", `{"code":"`+got.found(t, `[?]code=([^&"]+)`)+`"}`).want(t, 200, "")
		asked := b.presses(got, "forgot", "email="+email)
		asked.want(t, 303, "")
		page, m = b.opens(asked.leadsTo()), s.mail(email)
		b.presses(page, "reset", "code="+mail.Code(m), "password="+newPassword).want(t, 200, "")
		s.equal("the new password", s.passes(email, newPassword), 200)
	})
	t.Run("after a link", func(t *testing.T) {
		t.Parallel()
		_, b, email := unproven(t, authkit.SessionCookie)
		_, m := b.awaits("link", email, "")
		got := b.presses(b.opens(linkPath(m)), "")
		got.want(t, 200, "")
		got.seen(t, gone, "#password-part")
	})
	t.Run("not where a new password was chosen", func(t *testing.T) {
		t.Parallel()
		s, b, email := unproven(t, authkit.SessionCookie)
		page, m := b.awaits("forgot", email, "?redirect_to=/mine")
		got := b.presses(page, "reset", "code="+mail.Code(m), "password="+newPassword)
		s.equal("where it leads", got.leadsTo(), origin+"/mine")
	})
	t.Run("not where nothing is gone", func(t *testing.T) {
		t.Parallel()
		s, b, email := unproven(t, authkit.SessionCookie)
		page, m := b.awaits("link", email, "")
		b.presses(page, "code", "code="+mail.Code(m)).want(t, 200, "")
		page, m = b.awaits("link", email, "?other=1")
		got := b.presses(page, "code", "code="+mail.Code(m))
		s.equal("where it leads", got.leadsTo(), accountPage+s.app.ID.String())
	})
}

// Only the account page itself says that something was done: a stranger's link cannot have it.
func TestALinkSaysNothingWasDone(t *testing.T) {
	t.Parallel()
	const saysSaved = "Your name is saved."
	s := newStage(t, withoutLimits)
	b, other := s.visitor(), s.visitor()
	b.enters()
	other.enters()
	saved := b.presses(b.opens(ownPage), "name", "name=Ann")
	done := strings.TrimPrefix(saved.leadsTo(), base)
	b.opens(done).seen(t, saysSaved)
	for name, page := range map[string]answer{
		"a plain step":           b.opens(ownPage + "?done=name"),
		"that of another person": other.opens(done),
		"one that is cut short":  b.opens(done[:len(done)-1]),
	} {
		page.want(t, 200, "")
		if strings.Contains(page.Body.String(), saysSaved) {
			t.Errorf("%s: got a page that says so\n%s", name, page.Body)
		}
	}
}

// The account page marks the field that a refusal is about, and says why.
func TestTheAddressOfAnotherAccountDeletesNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	b := s.visitor()
	b.enters()
	page := b.presses(b.opens(ownPage), "leave", "email=bob@example.com")
	page.want(t, 400, "")
	page.seen(t, "This is not the address of your account.")
	s.equal("the session", b.lives(), true)
}

// The page of a refusal says which bound is reached.
func TestABrowserThatIsSignedInToTooManyAppsIsTold(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	email := s.email()
	s.signUp(email)
	b := s.visitor()
	for range 16 {
		b.kept["authkit-"+uuid.NewString()] = strings.Repeat("A", 43)
	}
	got := b.presses(b.opens(signInPage), "password", "email="+email, "password="+password)
	got.want(t, 409, "")
	got.seen(t, "This browser is signed in to too many apps.")
}

// Without a goal an access token reaches no program. Where the app takes either, the pages that end a flow
// lead to a sign-in that keeps its session in a cookie.
func TestASignInAfterAnotherFlowEndsInASession(t *testing.T) {
	t.Parallel()
	link := func(t *testing.T, page answer) string {
		t.Helper()
		return page.found(t, `href="([^"]*/auth/sign-in/[^"]*)"`)
	}
	for name, leads := range map[string]func(t *testing.T, b *seat, email string) string{
		"after a sign-out": func(_ *testing.T, b *seat, _ string) string {
			return b.presses(b.opens(signOutPage), "").leadsTo()
		},
		"from the sign-out page, once that is done": func(t *testing.T, b *seat, _ string) string {
			t.Helper()
			b.presses(b.opens(signOutPage), "").want(t, 303, "")
			return link(t, b.opens(signOutPage))
		},
		"from the page of a confirmed address": func(t *testing.T, b *seat, email string) string {
			t.Helper()
			b.presses(b.opens(ownPage), "send-proof").want(t, 303, "")
			confirmed := b.presses(b.opens(linkPath(b.s.mail(email))), "")
			b.presses(b.opens(signOutPage), "").want(t, 303, "")
			return link(t, confirmed)
		},
		"from the page of a link that is over": func(t *testing.T, b *seat, _ string) string {
			t.Helper()
			b.presses(b.opens(signOutPage), "").want(t, 303, "")
			return link(t, b.opens("/auth/verify/{app_id}?token=x"))
		},
		"from the notice of a new password": func(t *testing.T, b *seat, email string) string {
			t.Helper()
			b.presses(b.opens(ownPage), "change-password", "current_password="+password, "new_password="+newPassword).want(t, 303, "")
			m := b.s.mail(email)
			b.presses(b.opens(ownPage), "change-password", "current_password="+newPassword, "new_password="+password).want(t, 303, "")
			b.presses(b.opens(signOutPage), "").want(t, 303, "")
			return mail.Link(m)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			b := s.visitor()
			email := b.enters()
			to := leads(t, b, email)
			got := b.presses(b.opens(to), "password", "email="+email, "password="+password)
			s.equal("where the sign-in leads", got.leadsTo(), accountPage+s.app.ID.String())
			s.equal("a session in the cookie", b.lives(), true)
		})
	}
}
