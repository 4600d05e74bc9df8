package authkit_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/internal/totp"
)

// What a first factor began does not outlive what ends it before the second is shown.
func TestWhatChangesBetweenTheTwoFactors(t *testing.T) {
	t.Parallel()
	patch := func(p *factored, of authkit.UserPatch) {
		_, err := p.w.engine.ChangeUser(p.w.t.Context(), authkit.UserRef{App: p.w.app.ID, ID: p.w.userOf(p.email).ID}, of)
		if err != nil {
			p.w.t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, p *factored)
		status int
		code   string
	}{
		"nothing": {func(*testing.T, *factored) {}, 200, ""},
		"the password": {func(t *testing.T, p *factored) {
			p.post("/auth/password/change/{app_id}", `{"current_password":"`+password+`","new_password":"another good passphrase"}`).want(t, 204, "")
		}, 401, "invalid_token"},
		"the sessions end": {func(t *testing.T, p *factored) {
			p.post("/auth/sign-out/{app_id}", `{"all":true}`).want(t, 204, "")
		}, 401, "invalid_token"},
		"the TOTP is replaced": {func(t *testing.T, p *factored) { p.enrolTOTP(t) }, 401, "invalid_token"},
		"the TOTP is removed": {func(t *testing.T, p *factored) {
			p.w.send("DELETE", p.w.in("/auth/totp/{app_id}"), "", bearer(p.token)).want(t, 204, "")
		}, 401, "invalid_token"},
		"the user is disabled": {func(_ *testing.T, p *factored) { patch(p, authkit.UserPatch{Disabled: new(true)}) }, 401, "invalid_token"},
		"the user is disabled for a while": {func(_ *testing.T, p *factored) {
			patch(p, authkit.UserPatch{Disabled: new(true)})
			patch(p, authkit.UserPatch{Disabled: new(false)})
		}, 401, "invalid_token"},
		"the app switches second factors off": {func(_ *testing.T, p *factored) {
			p.w.settings(authkit.AppPatch{MFA: new(authkit.MFAOff)})
		}, 200, ""},
		"ten minutes": {func(_ *testing.T, p *factored) { p.w.clock.Advance(10*time.Minute + time.Second) }, 401, "invalid_token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, withoutLimits)
			p := w.member(t, "ann@example.com")
			p.enrolTOTP(t)
			due := p.first()
			c.change(t, p)
			w.clock.Advance(30 * time.Second)
			p.second(t, due, p.code(), "").want(t, c.status, c.code)
		})
	}
}

// Only the browser that has the token learns what became of it.
func TestAnMFATokenIsRefusedForAReason(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	p := w.member(t, "ann@example.com")
	p.enrolTOTP(t)
	due, other := p.first(), p.first()
	try := func(token, binding answer, code string) answer {
		return w.send("POST", w.in("/auth/mfa/{app_id}"), fmt.Sprintf(`{"mfa_token":%q,"binding":%q,"code":%q}`, token.text(t, "mfa_token"), binding.text(t, "binding"), code))
	}
	w.reasons(t, "", try(due, other, p.code()), "wrong_code 4", try(due, due, "000000"))
	try(due, due, p.code()).want(t, 200, "")
	w.reasons(t, "spent", try(due, due, p.code()), "", try(due, other, p.code()))
	p.post("/auth/password/change/{app_id}", `{"current_password":"`+password+`","new_password":"another good passphrase"}`).want(t, 204, "")
	w.reasons(t, "spent", try(other, other, p.code()))
	waits := w.member(t, "bob@example.com")
	waits.enrolTOTP(t)
	late := waits.first()
	w.clock.Advance(10 * time.Minute)
	w.reasons(t, "expired", try(late, late, waits.code()))
}

// Only the browser that has the state of an enrolment learns what became of it.
func TestTheStateOfAnEnrolmentIsRefusedForAReason(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		w := setup(t, withoutLimits, withPasskeys, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })
		p := w.member(t, "ann@example.com")
		p.enrolPasskey(t)
		begins := func(path string) answer {
			begun := p.post(path, `{}`)
			begun.want(t, 200, "")
			return begun
		}
		add := func(state, binding answer) answer {
			credential, err := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{}).Create(memberOf(t, state, "options"), origin)
			if err != nil {
				t.Fatal(err)
			}
			return p.post(newPasskeyEnd, fmt.Sprintf(`{"state":%q,"binding":%q,"credential":%s}`, state.text(t, "state"), binding.text(t, "binding"), credential))
		}
		confirm := func(state, binding answer, code string) answer {
			return p.post(totpFinish, fmt.Sprintf(`{"state":%q,"binding":%q,"code":%q}`, state.text(t, "state"), binding.text(t, "binding"), code))
		}
		made, late := begins(newPasskeyBegin), begins(newPasskeyBegin)
		add(made, made).want(t, 201, "")
		w.reasons(t, "spent", add(made, made), "", add(made, late))
		w.clock.Advance(5 * time.Minute)
		w.reasons(t, "expired", add(late, late), "", add(late, made))
		key, lost := begins(totpBegin), begins(totpBegin)
		code := totp.Code(seedOf(t, key), totp.StepOf(w.clock.Now()))
		confirm(key, key, code).want(t, 201, "") // ends every other state of the user
		w.reasons(t, "spent", confirm(key, key, code), "spent", confirm(lost, lost, code), "", confirm(lost, key, code))
	})
}

// A second press of a form is answered as the first, in the same browser alone, and never with a session
// that the first press did not begin.
func TestAPressThatWaitsForASecondFactorIsAnsweredInItsBrowserAlone(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	p := w.member(t, "ann@example.com")
	p.enrolTOTP(t)
	w.settings(authkit.AppPatch{RedirectURLs: &[]string{homeGoal}})
	mine, other := make([]byte, 32), make([]byte, 32)
	mine[0], other[0] = 1, 2
	press := func(browser []byte) *authkit.Error {
		_, err := w.engine.PressPassword(t.Context(), authkit.PasswordPress{
			PasswordSignIn: authkit.PasswordSignIn{App: w.app.ID, Email: p.email, Password: password, Intent: "sign_in", Browser: browser},
			RedirectTo:     homeGoal, CodeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Form: "form", Shown: browser,
		})
		refusal, ok := errors.AsType[*authkit.Error](err)
		if !ok || refusal.Second == nil {
			t.Fatalf("got %v, want a second factor that is due", err)
		}
		return refusal
	}
	first := press(mine)
	if press(mine).Second.Token != first.Second.Token {
		t.Error("got another token at the second press, want the same")
	}
	if press(other).Second.Token == first.Second.Token {
		t.Error("got the same token in another browser, want another")
	}
	second := func(browser []byte) (authkit.Landing, error) {
		return w.engine.PressSecondFactor(t.Context(), authkit.SecondFactor{App: w.app.ID, Token: first.Second.Token, Browser: browser, Code: p.code()})
	}
	if _, err := second(other); err == nil {
		t.Error("got a landing in another browser, want a refusal")
	}
	got, err := second(mine)
	if err != nil || got.Code == "" {
		t.Fatalf("got %+v, %v, want a one-time code", got, err)
	}
	if again, err := second(mine); err != nil || again.Code != got.Code {
		t.Errorf("got %+v, %v at the second press, want the same code", again, err)
	}
	if _, err := second(other); err == nil {
		t.Error("got a landing in another browser, want a refusal")
	}
	press(mine) // and no session
}

// The state of one ceremony is of no use in another.
func TestAStateOfAnotherCeremony(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	p := w.member(t, "ann@example.com")
	p.enrolPasskey(t)
	eve := w.member(t, "eve@example.com")
	made := eve.post("/auth/passkeys/begin/{app_id}", `{}`)
	made.want(t, 200, "")
	state := fmt.Sprintf(`"state":%q,"binding":%q`, made.text(t, "state"), made.text(t, "binding"))
	credential, err := p.device.Create(memberOf(t, made, "options"), origin)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("of another user adds no passkey", func(t *testing.T) {
		p.post("/auth/passkeys/finish/{app_id}", fmt.Sprintf(`{%s,"credential":%s}`, state, credential)).want(t, 401, "invalid_token")
	})
	t.Run("of a sign-in adds no passkey", func(t *testing.T) {
		p.post("/auth/passkeys/finish/{app_id}", "{"+p.shows(t, "")+"}").want(t, 401, "invalid_token")
	})
	t.Run("of a registration does not sign in", func(t *testing.T) {
		w.send("POST", w.in("/auth/passkey/finish/{app_id}"), fmt.Sprintf(`{%s,"credential":%s}`, state, credential)).want(t, 401, "invalid_credentials")
	})
	t.Run("of a passkey confirms no TOTP", func(t *testing.T) {
		eve.post("/auth/totp/finish/{app_id}", fmt.Sprintf(`{%s,"code":"000000"}`, state)).want(t, 401, "invalid_token")
	})
}

// The identity that a first factor was to link becomes another account's before the second is shown.
func TestAnIdentityThatWaitsForASecondFactorIsLinkedElsewhere(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutRates)
	s.provider()
	p, other := s.member(t, "ann@example.com"), s.member(t, "bob@example.com")
	p.enrolTOTP(t)
	s.send("PATCH", s.in("/apps/{app_id}/oauth-configs/corp"), `{"trust_email":true}`, bearer(s.token)).want(t, 200, "")
	said := jwt.MapClaims{"sub": "x", "email": p.email, "email_verified": true}
	state, binding := s.begin(t, s.idp, said)
	due := s.finish(state, binding)
	due.want(t, 401, "mfa_required")
	s.link(other.token, said).want(t, 200, "")
	p.second(t, due, p.code(), "").want(t, 401, "invalid_token")
	s.wantIdentities(t, p.token)
	s.wantIdentities(t, other.token, "corp ann@example.com")
}
