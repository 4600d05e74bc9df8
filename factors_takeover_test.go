package authkit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
)

// resets chooses a new password by a mail to the user.
func (p *factored) resets(t *testing.T) answer {
	t.Helper()
	_, m := p.w.forgot(p.email)
	return p.w.send("POST", p.w.in("/auth/password/reset/{app_id}"), byLink(m, `,"password":"another good passphrase"`))
}

// byPasskey signs in with the passkey of an authenticator.
func (p *factored) byPasskey(t *testing.T) answer {
	t.Helper()
	return p.w.send("POST", p.w.in("/auth/passkey/finish/{app_id}"), "{"+p.shows(t, "")+"}")
}

// settled returns a user whose account is older than an undo reaches, in a session that the password has
// just begun.
func settled(t *testing.T) *factored {
	t.Helper()
	w := setup(t, withoutLimits, withPasskeys)
	p := w.member(t, "ann@example.com")
	w.clock.Advance(100 * time.Hour)
	p.token = p.first().text(t, "token")
	return p
}

// A thief who has the password adds two passkeys. The session has shown the first one when it adds the
// second: that is no second factor of the owner's.
func TestAResetTakesEveryPasskeyOfAThief(t *testing.T) {
	t.Parallel()
	p := settled(t)
	p.enrolPasskey(t)
	p.enrolPasskey(t)
	got := p.resets(t)
	got.want(t, 200, "")
	if removed, _ := got.body["removed"].([]any); len(removed) != 2 {
		t.Errorf("got %s, want two passkeys removed", got.Body)
	}
	p.has(t, 0)
	p.byPasskey(t).want(t, 401, "invalid_credentials")
}

func TestAResetLeavesThePasskeysThatTheOwnerAdded(t *testing.T) {
	t.Parallel()
	for name, adds := range map[string]func(t *testing.T, p *factored){
		"beside an older passkey": func(t *testing.T, p *factored) {
			p.enrolPasskey(t)
			p.w.clock.Advance(100 * time.Hour)
			p.token = p.byPasskey(t).text(t, "token")
		},
		"in a session that a mail began": func(t *testing.T, p *factored) {
			got := p.resets(t)
			got.want(t, 200, "")
			p.token = got.text(t, "token")
			p.enrolPasskey(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := settled(t)
			adds(t, p)
			p.enrolPasskey(t)
			got := p.resets(t)
			got.want(t, 200, "")
			if got.body["removed"] != nil {
				t.Errorf("got %s, want nothing removed", got.Body)
			}
			p.byPasskey(t).want(t, 200, "")
		})
	}
	t.Run("beside a TOTP of the same day", func(t *testing.T) {
		t.Parallel()
		p := settled(t)
		p.enrolTOTP(t)
		p.enrolPasskey(t)
		got := p.second(t, p.resets(t), p.code(), "")
		got.want(t, 200, "")
		if got.body["removed"] != nil {
			t.Errorf("got %s, want nothing removed", got.Body)
		}
	})
}

// A stranger signs up at a provider that does not prove the address, and stops where a second factor is
// to be enrolled: no session has begun.
func TestAnInvitationTakesTheIdentityOfAStrangerWhoWaitsForAFactor(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	stranger := jwt.MapClaims{"sub": "eve", "email": "ann@example.com", "email_verified": false}
	in := func() answer {
		state, binding := s.begin(t, s.provider(), stranger)
		return s.finish(state, binding)
	}
	in().want(t, 401, "mfa_enrollment_required")
	id := s.userOf("ann@example.com").ID
	_, got := s.accept(s.invite(id.String(), `{}`), password)
	if got.Code != 200 {
		t.Fatalf("got %d %s, want the invitation accepted", got.Code, got.Body)
	}
	s.equal("identities", s.providers(id), "")
	in().want(t, 409, "link_required")
}

// The right to enrol is that of a user without a second factor.
func TestTheRightToEnrolEndsWithTheFirstFactor(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	p := w.member(t, "ann@example.com")
	w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	due := p.resets(t) // the thief of the mailbox
	due.want(t, 401, "mfa_enrollment_required")
	thief := fmt.Sprintf(`"mfa_token":%q,"binding":%q`, due.text(t, "mfa_token"), due.text(t, "binding"))
	begun := w.send("POST", w.in("/auth/totp/begin/{app_id}"), "{"+thief+"}")
	begun.want(t, 200, "")
	p.enrolPasskey(t) // in the owner's session
	p.seed = seedOf(t, begun)
	w.send("POST", w.in("/auth/totp/finish/{app_id}"), fmt.Sprintf(`{%s,"state":%q,"code":%q}`, thief, begun.text(t, "state"), p.code())).want(t, 401, "invalid_token")
	w.send("POST", w.in("/auth/totp/begin/{app_id}"), "{"+thief+"}").want(t, 401, "invalid_token")
	p.has(t, authkit.FactorPasskey)
}

// A session that began to add a factor before the user had one has to show that one.
func TestAFactorIsNotAddedBesideAnotherWithoutIt(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	p := w.member(t, "ann@example.com")
	thief := *p
	thief.token = p.first().text(t, "token")
	begun := thief.post("/auth/totp/begin/{app_id}", `{}`)
	begun.want(t, 200, "")
	thief.seed = seedOf(t, begun)
	p.enrolPasskey(t)
	finish := fmt.Sprintf(`{"state":%q,"binding":%q,"code":%q}`, begun.text(t, "state"), begun.text(t, "binding"), thief.code())
	thief.post("/auth/totp/finish/{app_id}", finish).want(t, 403, "reauthentication_required")
	p.has(t, authkit.FactorPasskey)
	p.post("/auth/totp/finish/{app_id}", finish).want(t, 201, "")
}

// What a thief's session began before the user had a second factor is not finished without it.
func TestWhatASessionBeganDoesNotFinishWithoutALaterFactor(t *testing.T) {
	t.Parallel()
	stolen := func(t *testing.T) (s *stage, owner, thief *factored) {
		s = newStage(t, withoutLimits, withPasskeys)
		s.provider() // while the developer's session is live
		owner = s.member(t, "ann@example.com")
		thief = new(*owner)
		thief.token = owner.first().text(t, "token")
		return s, owner, thief
	}
	t.Run("an identity is not linked", func(t *testing.T) {
		t.Parallel()
		s, owner, thief := stolen(t)
		state, binding := s.linking(thief.token, nil)
		owner.enrolPasskey(t)
		refused := s.finish(state, binding, bearer(thief.token))
		refused.want(t, 403, "reauthentication_required")
		if got := fmt.Sprint(refused.body["methods"]); got != "[passkey sign_in]" {
			t.Errorf("methods: got %s, want [passkey sign_in]", got)
		}
		s.wantIdentities(t, owner.token)
		thief.post("/auth/step-up/{app_id}", "{"+owner.shows(t, "")+"}").want(t, 200, "")
		s.finish(state, binding, bearer(thief.token)).want(t, 401, "invalid_token")
	})
	t.Run("the session that adds the factor links on", func(t *testing.T) {
		t.Parallel()
		s, owner, _ := stolen(t)
		state, binding := s.linking(owner.token, nil)
		owner.enrolPasskey(t)
		s.finish(state, binding, bearer(owner.token)).want(t, 200, "")
	})
	t.Run("the address is not changed", func(t *testing.T) {
		t.Parallel()
		s, owner, thief := stolen(t)
		change := func(to string) (confirm string) {
			asked, m := s.posted("/auth/email/change/{app_id}", `{"new_email":"`+to+`"}`, to, bearer(thief.token))
			return byLink(m, fmt.Sprintf(`,"binding":%q`, asked.text(t, "binding")))
		}
		late := change("eve@example.com")
		owner.enrolPasskey(t)
		thief.post("/auth/email/confirm/{app_id}", late).want(t, 401, "invalid_token")
		owner.post("/auth/email/confirm/{app_id}", late).want(t, 401, "invalid_token")
		thief.post("/auth/step-up/{app_id}", "{"+owner.shows(t, "")+"}").want(t, 200, "")
		in := change("ann@example.net")
		owner.enrolPasskey(t) // a further one
		thief.post("/auth/email/confirm/{app_id}", in).want(t, 200, "")
	})
}

// A thief's session was fresh when the request came in, and the owner adds a passkey before the account is
// read.
func TestAChangeOfAddressThatBeganBesideTheFirstFactorIsNotFinished(t *testing.T) {
	t.Parallel()
	b := &beside{}
	w := setup(t, withoutLimits, withPasskeys, func(c *authkit.Config) { b.Store, c.Store = c.Store, b })
	owner := w.member(t, "ann@example.com")
	thief := *owner
	thief.token = owner.first().text(t, "token")
	b.read = func() { owner.enrolPasskey(t) }
	asked, m := w.posted("/auth/email/change/{app_id}", `{"new_email":"eve@example.com"}`, "eve@example.com", bearer(thief.token))
	owner.has(t, authkit.FactorPasskey)
	thief.post("/auth/email/confirm/{app_id}", byLink(m, fmt.Sprintf(`,"binding":%q`, asked.text(t, "binding")))).want(t, 401, "invalid_token")
}

// A passkey that resets the password is not taken away by that reset.
func TestTheFactorThatResetsAPasswordStays(t *testing.T) {
	t.Parallel()
	p := settled(t)
	p.enrolPasskey(t)
	p.w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	due := p.resets(t)
	due.want(t, 401, "mfa_required")
	got := p.w.send("POST", p.w.in("/auth/mfa/{app_id}"), fmt.Sprintf(`{"mfa_token":%q,%s}`, due.text(t, "mfa_token"), p.shows(t, due.text(t, "binding"))))
	got.want(t, 200, "")
	if got.body["removed"] != nil {
		t.Errorf("got %s, want nothing removed", got.Body)
	}
	p.has(t, authkit.FactorPasskey)
}

// A passkey of a relying party that the app has given up is no second factor any more.
func TestAStrandedPasskeyIsNoSecondFactor(t *testing.T) {
	t.Parallel()
	w := localApp(t)
	p := w.member(t, "ann@example.com")
	p.enrolPasskey(t)
	w.patchApp(`{"passkey_rp_id":"example.com","strand_passkeys":true}`).want(t, 200, "")
	t.Run("a fresh session is fresh without it", func(t *testing.T) {
		p.token = p.first().text(t, "token")
		p.post("/auth/totp/begin/{app_id}", `{}`).want(t, 200, "")
	})
	t.Run("a step-up takes the password", func(t *testing.T) {
		w.clock.Advance(11 * time.Minute)
		refused := p.post("/auth/totp/begin/{app_id}", `{}`)
		refused.want(t, 403, "reauthentication_required")
		if got := fmt.Sprint(refused.body["methods"]); got != "[password sign_in]" {
			t.Errorf("methods: got %s, want [password sign_in]", got)
		}
		p.post("/auth/step-up/{app_id}", `{"password":"`+password+`"}`).want(t, 200, "")
	})
	t.Run("an app that requires a factor lets its user set another up", func(t *testing.T) {
		w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
		p.first().want(t, 401, "mfa_enrollment_required")
	})
	t.Run("it counts again with its relying party", func(t *testing.T) {
		w.settings(authkit.AppPatch{PasskeyRPID: new("")})
		p.first().want(t, 401, "mfa_required")
	})
}

// A host that passes no Config.Passkeys any more leaves people with passkeys a way in, and to what wants a
// fresh sign-in.
func TestPasskeysThatAreOffAreNoSecondFactor(t *testing.T) {
	t.Parallel()
	store := memory.New()
	w := setup(t, withoutLimits, withPasskeys, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })
	p := w.member(t, "ann@example.com")
	p.enrolPasskey(t)
	none := time.Duration(0)
	p.w = w.beside(store, &none) // without passkeys
	p.token = p.first().text(t, "token")
	p.post("/auth/totp/begin/{app_id}", `{}`).want(t, 200, "")
	w.clock.Advance(11 * time.Minute)
	refused := p.post("/auth/totp/begin/{app_id}", `{}`)
	refused.want(t, 403, "reauthentication_required")
	if got := fmt.Sprint(refused.body["methods"]); got != "[password sign_in]" {
		t.Errorf("methods: got %s, want [password sign_in]", got)
	}
	p.post("/auth/step-up/{app_id}", `{"password":"`+password+`"}`).want(t, 200, "")
	w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	p.first().want(t, 401, "mfa_enrollment_required")
}
