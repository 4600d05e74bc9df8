package authkit_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
)

// besieged is a stage with a person who has a password, an identity, a TOTP and a passkey, and who is signed
// in by cookie in two browsers.
type besieged struct {
	*stage

	p       *factored
	b       *seat // signed in with both factors, just now
	weak    *seat // signed in just now, in a browser that is remembered
	passkey string
}

func besiege(t *testing.T) *besieged {
	t.Helper()
	s := newStage(t, withoutLimits)
	s.provider()
	p := s.member(t, "ann@example.com")
	s.link(p.token, map[string]any{"sub": "ann", "email": p.email}).want(t, 200, "")
	p.enrolTOTP(t)
	id := p.enrolPasskey(t).text(t, "id")
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie), MFARememberDays: new(30)})
	a := &besieged{stage: s, p: p, b: s.visitor(), weak: s.visitor(), passkey: id}
	signIn := func(b *seat, more ...string) {
		b.presses(p.signsIn(b, ""), "second", append(more, "code="+p.code())...).want(t, 303, "")
		p.next()
	}
	signIn(a.weak, "remember=true")
	a.weak.presses(a.weak.opens(signOutPage), "").want(t, 303, "")
	a.weak.presses(a.weak.opens(signInPage), "password", "email="+p.email, "password="+password).want(t, 303, "")
	signIn(a.b)
	return a
}

// steps are the steps of the account page with what they take, and whether they want a fresh sign-in.
func (a *besieged) steps() map[string][]string {
	return map[string][]string{
		"change-email": {"new_email=eve@example.com"}, "set-password": {"new_password=" + newPassword}, "connect": {"provider=corp"},
		"disconnect": {"provider=corp"}, "leave": {"email=" + a.p.email}, "totp-begin": nil, "totp-remove": nil, "recovery-codes": nil,
		"passkey-remove": {"passkey_id=" + a.passkey},
	}
}

// others are the steps that want no fresh sign-in.
func (a *besieged) others() map[string][]string {
	return map[string][]string{
		"name": {"name=Eve"}, "send-proof": nil, "prove": {"code=123456"}, "confirm-email": {"code=123456"},
		"change-password": {"current_password=" + password, "new_password=" + newPassword}, "end-session": {"session_id=x"}, "end-others": nil,
		"fresh-password": {"password=" + password}, "fresh-mail": nil, "fresh-code": {"code=123456"}, "totp": {"code=123456"},
		"passkey-add": {"state=x", "credential={}"}, "passkey-rename": {"passkey_id=" + a.passkey, "name=Eve"}, "fresh-factor": {"code=" + a.p.code()},
	}
}

// account is what the attacks must not change: the account with its credentials, and its sessions.
func (a *besieged) account() string {
	a.t.Helper()
	account, err := a.inner.Account(a.t.Context(), a.app.ID, authkit.AccountKey{Email: a.p.email})
	if err != nil {
		a.t.Fatal(err)
	}
	live, err := a.inner.Sessions(a.t.Context(), a.app.ID, account.User.ID, a.clock.Now())
	if err != nil {
		a.t.Fatal(err)
	}
	var sessions []string
	for _, one := range live {
		sessions = append(sessions, fmt.Sprint(one.ID, one.AuthTime, one.MFAAt, one.AMR))
	}
	slices.Sort(sessions)
	a.runOnce()
	return fmt.Sprintf("%+v %+v %v mails %d", account.User, account.Credentials, sessions, len(a.outbox.Messages()))
}

// fails presses a step, and checks that it is refused and changes nothing.
func (a *besieged) fails(t *testing.T, what string, press *http.Request) {
	t.Helper()
	before := a.account()
	if got := a.do(press); got.Code != http.StatusForbidden {
		t.Errorf("%s: got %d to %q, want 403", what, got.Code, got.leadsTo())
	}
	if after := a.account(); after != before {
		t.Errorf("%s: the account: got\n%s\nwant it unchanged:\n%s", what, after, before)
	}
}

// Every step of the account page, by a session that must not take it or by a form that is not its own.
func TestNoStepOfTheAccountPageIsTakenWithoutRight(t *testing.T) {
	t.Parallel()
	t.Run("the steps are those of the page", func(t *testing.T) {
		t.Parallel()
		a, known := besiege(t), map[string]bool{}
		for do := range a.steps() {
			known[do] = true
		}
		for do := range a.others() {
			known[do] = false
		}
		if all := authkit.AccountSteps(); !maps.Equal(all, known) {
			t.Errorf("steps that want a fresh sign-in: got %v, want %v", all, known)
		}
	})
	t.Run("without the second factor, in a browser that is remembered", func(t *testing.T) {
		t.Parallel()
		a := besiege(t)
		page := a.weak.opens(ownPage)
		page.seen(t, "Confirm that it is you")
		for do, typed := range a.steps() {
			a.fails(t, do, a.weak.filled(page, do, typed...)())
		}
		a.weak.send("POST", newPasskeyBegin, `{}`).want(t, 403, "reauthentication_required")
	})
	t.Run("in a session that is not fresh any more", func(t *testing.T) {
		t.Parallel()
		a := besiege(t)
		page := a.b.opens(ownPage)
		a.clock.Advance(10*time.Minute + time.Second)
		for do, typed := range a.steps() {
			a.fails(t, do, a.b.filled(page, do, typed...)())
		}
		a.b.send("POST", newPasskeyBegin, `{}`).want(t, 403, "reauthentication_required")
	})
	forged := map[string]func(a *besieged) (token string, change func(*http.Request)){
		"without the token of a form": func(*besieged) (string, func(*http.Request)) { return "", nil },
		"with the token of another browser of the person": func(a *besieged) (string, func(*http.Request)) {
			return tokenOn(a.weak.opens(ownPage)), nil
		},
		"with the token of another page": func(a *besieged) (string, func(*http.Request)) {
			return tokenOn(a.b.opens(signInPage + "?other=1")), nil
		},
		"from another origin, with the right token": func(a *besieged) (string, func(*http.Request)) {
			return tokenOn(a.b.opens(ownPage)), func(r *http.Request) { r.Header.Set("Origin", friend) }
		},
		"from no origin, with the right token": func(a *besieged) (string, func(*http.Request)) {
			return tokenOn(a.b.opens(ownPage)), func(r *http.Request) { r.Header.Set("Origin", "null") }
		},
		"with a form from before the session": func(a *besieged) (string, func(*http.Request)) {
			old := tokenOn(a.b.opens(ownPage))
			page := a.p.signsIn(a.b, "?other=1")
			a.b.presses(page, "second", "code="+a.p.code()).want(a.t, 303, "")
			a.p.next()
			return old, nil
		},
	}
	for name, forge := range forged {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := besiege(t)
			token, change := forge(a)
			for _, steps := range []map[string][]string{a.steps(), a.others()} {
				for do, typed := range steps {
					fields := url.Values{"do": {do}, "form_token": {token}}
					for _, field := range typed {
						name, value, _ := strings.Cut(field, "=")
						fields.Set(name, value)
					}
					r := a.posts(ownPage, fields.Encode(), a.b.kept)()
					if change != nil {
						change(r)
					}
					a.fails(t, do, r)
				}
			}
		})
	}
}

// A ceremony that the person began is not finished by another session of the person, nor by one in another
// browser.
func TestANewFactorIsOfTheBrowserThatBeganIt(t *testing.T) {
	t.Parallel()
	a := besiege(t)
	page := a.b.does(a.b.opens(ownPage), "totp-begin")
	seed := seedOn(t, page)
	body, err := url.ParseQuery(formOf(a.weak.opens(ownPage)))
	if err != nil {
		t.Fatal(err)
	}
	body.Set("do", "totp")
	body.Set("code", codeOn(a.stage, seed))
	to := strings.TrimPrefix(unescaped(action.FindStringSubmatch(page.Body.String())[1]), base)
	before := a.account()
	a.do(a.posts(to, body.Encode(), a.weak.kept)()).want(t, 401, "")
	another := &factored{w: a.world, device: authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{})}
	typed := a.b.ceremony(another, a.b.opens(ownPage))
	a.weak.presses(a.weak.opens(ownPage), "passkey-add", typed...).want(t, 401, "")
	a.equal("the account", a.account(), before)
}

// tokenOn is the token of the forms of a page.
func tokenOn(page answer) string {
	values, _ := url.ParseQuery(formOf(page))
	return values.Get("form_token")
}
