package authkit_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
)

// A stolen password, mailbox or session does not reach past the second factor.
func TestSecondFactorIsNotGoneAround(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	p := w.member(t, "ann@example.com")
	p.enrolTOTP(t)
	eve := w.member(t, "eve@example.com")
	eve.enrolTOTP(t)
	due := p.first()
	due.want(t, 401, "mfa_required")
	token, binding := due.text(t, "mfa_token"), due.text(t, "binding")
	mfa := func(at *world, token, binding, code string) answer {
		return at.send("POST", at.in("/auth/mfa/{app_id}"), fmt.Sprintf(`{"mfa_token":%q,"binding":%q,"code":%q}`, token, binding, code))
	}

	t.Run("the mfa_token is no access token, refresh token or one-time code", func(t *testing.T) {
		w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(token)).want(t, 401, "invalid_token")
		w.send("POST", w.in("/auth/refresh/{app_id}"), fmt.Sprintf(`{"refresh_token":%q}`, token)).want(t, 401, "invalid_token")
		w.send("POST", w.in("/auth/token/{app_id}"), fmt.Sprintf(`{"code":%q}`, token)).want(t, 401, "invalid_token")
	})
	t.Run("it enrols nothing", func(t *testing.T) {
		body := fmt.Sprintf(`{"mfa_token":%q,"binding":%q}`, token, binding)
		w.send("POST", w.in("/auth/totp/begin/{app_id}"), body).want(t, 401, "invalid_token")
		w.send("POST", w.in("/auth/passkeys/begin/{app_id}"), body).want(t, 401, "invalid_token")
	})
	t.Run("it is of no use in another app", func(t *testing.T) {
		mfa(w.tenant("Other", authkit.SessionBearer), token, binding, p.code()).want(t, 401, "invalid_token")
	})
	t.Run("it is of no use in another browser", func(t *testing.T) {
		other := p.first()
		mfa(w, token, other.text(t, "binding"), p.code()).want(t, 401, "invalid_token")
		w.send("POST", w.in("/auth/mfa/{app_id}"), fmt.Sprintf(`{"mfa_token":%q,"code":%q}`, token, p.code())).want(t, 401, "invalid_token")
	})
	t.Run("another user's code does not go with it", func(t *testing.T) {
		if p.code() != eve.code() {
			mfa(w, token, binding, eve.code()).want(t, 401, "invalid_token")
		}
		mfa(w, token, binding, eve.recovery[0]).want(t, 401, "invalid_token")
	})
	t.Run("another user's passkey does not go with it", func(t *testing.T) {
		eve.token = eve.second(t, eve.first(), eve.code(), "").text(t, "token")
		eve.enrolPasskey(t)
		w.clock.Advance(30 * time.Second)
		body := fmt.Sprintf(`{"mfa_token":%q,%s}`, token, eve.shows(t, binding))
		w.send("POST", w.in("/auth/mfa/{app_id}"), body).want(t, 401, "invalid_credentials")
	})
	t.Run("a session without a second factor changes no factor, address, identity or account", func(t *testing.T) {
		in, err := w.engine.StartSession(t.Context(), authkit.HostSignIn{App: w.app.ID, User: w.userOf(p.email).ID, Method: "hwk", SecondFactor: true})
		if err != nil {
			t.Fatal(err)
		}
		p.token = in.Token
		p.enrolPasskey(t)
		weak := p.first() // a phished password: refused
		weak.want(t, 401, "mfa_required")
		for _, r := range [][3]string{
			{"DELETE", "/auth/totp/{app_id}", ""},
			{"POST", "/auth/totp/begin/{app_id}", "{}"},
			{"POST", "/auth/passkeys/begin/{app_id}", "{}"},
			{"POST", "/auth/recovery-codes/{app_id}", "{}"},
			{"POST", "/auth/email/change/{app_id}", `{"new_email":"eve2@example.com"}`},
			{"POST", "/auth/identities/{app_id}", `{"provider":"corp"}`},
			{"DELETE", "/auth/me/{app_id}", ""},
		} {
			// A session from before the passkey: fresh by its time, and without a second factor.
			w.send(r[0], w.in(r[1]), r[2], bearer(w.weakSession(t, p))).want(t, 403, "reauthentication_required")
		}
	})
	t.Run("a step-up takes the user's own factor alone", func(t *testing.T) {
		weak := w.weakSession(t, p)
		w.send("POST", w.in("/auth/step-up/{app_id}"), `{"password":"`+password+`"}`, bearer(weak)).want(t, 403, "reauthentication_required")
		w.send("POST", w.in("/auth/step-up/{app_id}"), fmt.Sprintf(`{"code":%q}`, eve.recovery[1]), bearer(weak)).want(t, 401, "invalid_token")
		w.send("POST", w.in("/auth/step-up/{app_id}"), "{"+eve.shows(t, "")+"}", bearer(weak)).want(t, 401, "invalid_credentials")
		w.send("POST", w.in("/auth/step-up/{app_id}"), fmt.Sprintf(`{"code":%q}`, p.code()), bearer(weak)).want(t, 200, "")
		w.clock.Advance(30 * time.Second)
	})
}

// weakSession returns the access token of a fresh session that has shown no second factor, of a user who
// has one: the browser is remembered.
func (w *world) weakSession(t *testing.T, p *factored) string {
	t.Helper()
	w.settings(authkit.AppPatch{MFARememberDays: new(30)})
	got := p.second(t, p.first(), p.code(), `,"remember":true`)
	got.want(t, 200, "")
	w.clock.Advance(30 * time.Second)
	again := p.first(w.deviceOf(got))
	again.want(t, 200, "")
	return again.text(t, "token")
}

func TestARememberedBrowserSparesTheQuestionAlone(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	p := w.member(t, "ann@example.com")
	p.enrolTOTP(t)
	remembered := func() string {
		got := p.second(t, p.first(), p.code(), `,"remember":true`)
		got.want(t, 200, "")
		p.token = got.text(t, "token")
		w.clock.Advance(30 * time.Second)
		return w.deviceOf(got)
	}
	t.Run("and only where the app remembers browsers", func(t *testing.T) {
		p.first(remembered()).want(t, 401, "mfa_required")
	})
	w.settings(authkit.AppPatch{MFARememberDays: new(30)})
	device := remembered()
	t.Run("its session has no second factor", func(t *testing.T) {
		got := p.first(device)
		got.want(t, 200, "")
		if got := amr(t, got.text(t, "token")); got != "pwd aal1" {
			t.Errorf("methods: got %s, want pwd aal1", got)
		}
	})
	t.Run("no other browser, and no other account", func(t *testing.T) {
		p.first().want(t, 401, "mfa_required")
		eve := w.member(t, "eve@example.com")
		eve.enrolTOTP(t)
		eve.first(device).want(t, 401, "mfa_required")
	})
	t.Run("never a reset of the password", func(t *testing.T) {
		_, m := w.forgot(p.email)
		w.send("POST", w.in("/auth/password/reset/{app_id}"), byLink(m, `,"password":"another good passphrase"`), device).want(t, 401, "mfa_required")
	})
	t.Run("for as many days as the app says", func(t *testing.T) {
		w.clock.Advance(29 * 24 * time.Hour)
		p.first(device).want(t, 200, "")
		w.clock.Advance(25 * time.Hour)
		p.first(device).want(t, 401, "mfa_required")
	})
	t.Run("until all sessions end", func(t *testing.T) {
		device := remembered()
		w.send("POST", w.in("/auth/sign-out/{app_id}"), `{"all":true}`, bearer(p.token)).want(t, 204, "")
		p.first(device).want(t, 401, "mfa_required")
	})
	t.Run("until the recovery codes or the TOTP change", func(t *testing.T) {
		device := remembered()
		w.send("POST", w.in("/auth/recovery-codes/{app_id}"), `{}`, bearer(p.token)).want(t, 201, "")
		p.first(device).want(t, 401, "mfa_required")
	})
}

func TestCodesAreGuessedFewTimes(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) {
		c.Limits.Credentials, c.Limits.Mail = "100000/m/ip, 100000/m/email", "100000/h/ip, 100000/h/email"
	})
	p := w.member(t, "ann@example.com")
	p.enrolTOTP(t)
	wrong := func(due answer, code string) answer { return p.second(t, due, code, "") }
	t.Run("five times a token", func(t *testing.T) {
		due := p.first()
		for left := 4; left >= 0; left-- {
			got := wrong(due, "000000")
			got.want(t, 401, "invalid_token")
			if got.body["tries_left"] != float64(left) {
				t.Errorf("tries left: got %v, want %d", got.body["tries_left"], left)
			}
		}
		got := wrong(due, p.code())
		got.want(t, 401, "invalid_token")
		if got.body["reason"] != "spent" {
			t.Errorf("got %s, want a token without tries", got.Body)
		}
	})
	t.Run("twenty times a day, over all tokens, and right ones do not count", func(t *testing.T) {
		for i := range 30 {
			if i%2 == 0 {
				p.second(t, p.first(), p.code(), "").want(t, 200, "")
				w.clock.Advance(30 * time.Second)
			} else {
				wrong(p.first(), "000000").want(t, 401, "invalid_token")
			}
		}
		p.second(t, p.first(), p.code(), "").want(t, 429, "rate_limited")
	})
	t.Run("a recovery code has tries of its own, ten a day", func(t *testing.T) {
		for range 10 {
			wrong(p.first(), "00000-00000-00000").want(t, 401, "invalid_token")
		}
		p.second(t, p.first(), p.recovery[0], "").want(t, 429, "rate_limited")
	})
	t.Run("the account's own session has tries of its own", func(t *testing.T) {
		w.send("POST", w.in("/auth/step-up/{app_id}"), fmt.Sprintf(`{"code":%q}`, p.code()), bearer(p.token)).want(t, 200, "")
	})
	t.Run("the next day has tries again", func(t *testing.T) {
		w.clock.Advance(24 * time.Hour)
		p.second(t, p.first(), p.code(), "").want(t, 200, "")
	})
}

func TestACodeHasOneWinner(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]func(*factored) string{
		"of a TOTP":       func(p *factored) string { return p.code() },
		"a recovery code": func(p *factored) string { return p.recovery[0] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, withoutLimits)
			p := w.member(t, "ann@example.com")
			p.enrolTOTP(t)
			var requests []func() answer
			for range 16 {
				due := p.first() // each with a token of its own
				body := fmt.Sprintf(`{"mfa_token":%q,"binding":%q,"code":%q}`, due.body["mfa_token"], due.body["binding"], code(p))
				requests = append(requests, func() answer { return w.send("POST", w.in(secondFactor), body) })
			}
			wantOneWinner(t, requests)
		})
	}
}

// Another person makes an account at the address, and adds factors to it (account pre-hijacking).
func TestAFactorOfAnUnprovenAccountKeepsItsOwnerNeitherOutNorIn(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	thief := &factored{w: w, email: "ann@example.com"}
	thief.token = w.signUp(thief.email).text(t, "token")
	thief.enrolPasskey(t)
	thief.enrolTOTP(t)
	w.runOnce()
	_, m := w.mailed(thief.email, "")
	w.verify(byLink(m, "")).want(t, 200, "") // no second factor is asked for
	thief.first().want(t, 401, "invalid_credentials")
	w.send("POST", w.in("/auth/passkey/finish/{app_id}"), "{"+thief.shows(t, "")+"}").want(t, 401, "invalid_credentials")
	_, m = w.mailed(thief.email, "")
	got := w.verify(byLink(m, ""))
	got.want(t, 200, "")
	if left := w.send("GET", w.in("/auth/mfa/{app_id}"), "", bearer(got.text(t, "token"))); fmt.Sprint(left.body["methods"]) != "[]" {
		t.Errorf("got %s, want no factors", left.Body)
	}
}

func TestAnAuthenticatorThatWasClonedIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	p := w.member(t, "ann@example.com")
	p.enrolPasskey(t)
	finish := func() answer {
		return w.send("POST", w.in("/auth/passkey/finish/{app_id}"), "{"+p.shows(t, "")+"}")
	}
	clone := p.device.Clone()
	finish().want(t, 200, "")
	finish().want(t, 200, "")
	p.device = clone
	body := "{" + p.shows(t, "") + "}"
	w.send("POST", w.in("/auth/passkey/finish/{app_id}"), body).want(t, 401, "invalid_credentials")
	w.runOnce()
	mails := len(w.outbox.Messages())
	w.send("POST", w.in("/auth/passkey/finish/{app_id}"), body).want(t, 401, "invalid_credentials")
	w.runOnce()
	if again := len(w.outbox.Messages()) - mails; again != 0 {
		t.Errorf("got %d more mails of the same answer, want one in all", again)
	}
	if m := w.mailTo(p.email); m.Subject != "A passkey was refused at Demo" || strings.Contains(m.Text, "/auth/email/undo/") {
		t.Errorf("mail: got %q: %s", m.Subject, m.Text)
	}
}

func TestRequireSecondFactor(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	p := w.member(t, "ann@example.com")
	inside := w.engine.RequireSecondFactor(authkit.ForApp(w.app.ID), time.Hour)(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		id, _ := authkit.IdentityFrom(r.Context())
		fmt.Fprint(rw, strings.Join(id.Methods, " "), " ", id.Assurance)
	}))
	w.server = inside
	ask := func() answer { return w.send("GET", "/", "", bearer(p.token)) }
	api := *w
	api.server = http.StripPrefix("/id", w.engine.Handler())
	p.w = &api

	ask().want(t, 403, "reauthentication_required")
	p.enrolTOTP(t)
	w.clock.Advance(10 * time.Second) // the store's word is no older than Config.Tokens.LiveWithin
	if got := ask(); got.Code != 200 || got.Body.String() != "pwd mfa aal2" {
		t.Errorf("after the enrolment, with the token from before: got %d %s", got.Code, got.Body)
	}
	w.clock.Advance(10 * time.Minute)
	api.send("DELETE", w.in("/auth/totp/{app_id}"), "", bearer(p.token)).want(t, 403, "reauthentication_required")
}

// A thief signs up at the address and adds a TOTP. The app then requires one, and the owner comes by a link:
// the reset takes the thief's factor, and the same step adds the owner's.
func TestAFactorThatAResetReplacesIsKnownAsOne(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	thief := &factored{w: w, email: "ann@example.com"}
	thief.token = w.signUp(thief.email).text(t, "token")
	thief.enrolTOTP(t)
	w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired), MFARememberDays: new(30)})
	_, m := w.mailed(thief.email, "")
	due := w.verify(byLink(m, ""))
	due.want(t, 401, "mfa_enrollment_required")
	owner := fmt.Sprintf(`"mfa_token":%q,"binding":%q`, due.text(t, "mfa_token"), due.text(t, "binding"))
	begun := w.send("POST", w.in("/auth/totp/begin/{app_id}"), "{"+owner+"}")
	begun.want(t, 200, "")
	ann := &factored{w: w, email: thief.email, seed: seedOf(t, begun)}
	got := w.send("POST", w.in("/auth/totp/finish/{app_id}"), fmt.Sprintf(`{%s,"state":%q,"code":%q}`, owner, begun.text(t, "state"), ann.code()))
	got.want(t, 201, "")
	if got := w.userOf(ann.email).Factors; got != authkit.FactorTOTP {
		t.Errorf("factors of the user: got %d, want the TOTP: what wants a fresh sign-in goes by them", got)
	}
}

// beforeAccount does something once, just before an account is read.
type beforeAccount struct {
	authkit.Store

	does func()
}

func (b *beforeAccount) Account(ctx context.Context, app uuid.UUID, by authkit.AccountKey) (authkit.Account, error) {
	if does := b.does; does != nil {
		b.does = nil
		does()
	}
	return b.Store.Account(ctx, app, by)
}

func TestAStepUpBringsNoRemovedFactorBack(t *testing.T) {
	t.Parallel()
	store := &beforeAccount{Store: memory.New()}
	w := setup(t, withoutLimits, func(c *authkit.Config) { c.Store = store })
	p := w.member(t, "ann@example.com")
	p.enrolTOTP(t)
	in := p.second(t, p.first(), p.code(), "")
	in.want(t, 200, "")
	me, err := w.engine.Me(t.Context(), w.app.ID, in.text(t, "token"))
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := w.engine.Sessions(t.Context(), authkit.UserRef{App: w.app.ID, ID: me.ID})
	if err != nil {
		t.Fatal(err)
	}
	store.does = func() {
		if err := w.engine.RemoveTOTP(t.Context(), authkit.FactorRemoval{App: w.app.ID, User: me.ID}); err != nil {
			t.Error(err)
		}
	}
	up, err := w.engine.StepUpSession(t.Context(), authkit.StepUp{App: w.app.ID, User: me.ID, Session: sessions[0].ID, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	if got := amr(t, up.Token); got != "pwd otp aal1" {
		t.Errorf("methods: got %s, want pwd otp aal1, without the removed factor", got)
	}
}
