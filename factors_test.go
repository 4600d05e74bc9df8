package authkit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

func TestTOTP(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	p := w.member(t, "ann@example.com")
	other := p.first()
	p.enrolTOTP(t)

	t.Run("its enrolment ends the other sessions and marks this one", func(t *testing.T) {
		w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(other.text(t, "token"))).want(t, 401, "invalid_token")
		got := w.send("POST", w.in("/auth/refresh/{app_id}"), fmt.Sprintf(`{"refresh_token":%q}`, p.refresh))
		got.want(t, 200, "")
		if got := amr(t, got.text(t, "token")); got != "pwd otp mfa aal2" {
			t.Errorf("methods: got %s, want pwd otp mfa aal2", got)
		}
		p.token = got.text(t, "token")
	})
	t.Run("a right password is not enough", func(t *testing.T) {
		due := p.first()
		due.want(t, 401, "mfa_required")
		if got := fmt.Sprint(due.body["methods"], due.body["expires_in"]); got != "[totp recovery_code] 600" {
			t.Errorf("got %s", got)
		}
		for _, member := range []string{"token", "refresh_token", "user"} {
			if due.body[member] != nil {
				t.Errorf("the answer has %s", member)
			}
		}
	})
	t.Run("password and code sign in", func(t *testing.T) {
		got := p.second(t, p.first(), p.code(), "")
		got.want(t, 200, "")
		if got := amr(t, got.text(t, "token")); got != "pwd otp mfa aal2" {
			t.Errorf("methods: got %s, want pwd otp mfa aal2", got)
		}
	})
	t.Run("a code is used once", func(t *testing.T) {
		got := p.second(t, p.first(), p.code(), "") // the code of the sign-in above
		got.want(t, 401, "invalid_token")
		if got.body["reason"] != "wrong_code" || got.body["tries_left"] != 4.0 {
			t.Errorf("got %s", got.Body)
		}
		w.clock.Advance(30 * time.Second)
	})
	t.Run("a wrong code spends nothing", func(t *testing.T) {
		due := p.first()
		p.second(t, due, "000000", "").want(t, 401, "invalid_token")
		p.second(t, due, p.code(), "").want(t, 200, "")
		p.second(t, due, p.code(), "").want(t, 401, "invalid_token")
		w.clock.Advance(30 * time.Second)
	})
	t.Run("a recovery code signs in once, in any spelling", func(t *testing.T) {
		code := strings.ToUpper(strings.ReplaceAll(p.recovery[0], "-", " "))
		p.second(t, p.first(), code, "").want(t, 200, "")
		p.second(t, p.first(), p.recovery[0], "").want(t, 401, "invalid_token")
		got := w.send("GET", w.in("/auth/mfa/{app_id}"), "", bearer(p.token))
		if got.Body.String() == "" || got.body["recovery_codes_left"] != 9.0 || fmt.Sprint(got.body["methods"]) != "[totp]" {
			t.Errorf("got %s", got.Body)
		}
	})
	t.Run("a refreshed session keeps its second factor", func(t *testing.T) {
		got := p.second(t, p.first(), p.code(), "")
		w.clock.Advance(30 * time.Second)
		again := w.send("POST", w.in("/auth/refresh/{app_id}"), fmt.Sprintf(`{"refresh_token":%q}`, got.text(t, "refresh_token")))
		if got := amr(t, again.text(t, "token")); got != "pwd otp mfa aal2" {
			t.Errorf("methods: got %s", got)
		}
	})
	t.Run("its removal takes mfa out of running sessions", func(t *testing.T) {
		got := p.second(t, p.first(), p.code(), "")
		w.send("DELETE", w.in("/auth/totp/{app_id}"), "", bearer(got.text(t, "token"))).want(t, 204, "")
		again := w.send("POST", w.in("/auth/refresh/{app_id}"), fmt.Sprintf(`{"refresh_token":%q}`, got.text(t, "refresh_token")))
		if got := amr(t, again.text(t, "token")); got != "pwd otp aal1" {
			t.Errorf("methods: got %s, want pwd otp aal1", got)
		}
		p.first().want(t, 200, "")
	})
}

func TestSecondFactorAfterEveryFirst(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	p := w.member(t, "ann@example.com")
	p.enrolTOTP(t)
	for name, first := range map[string]func() answer{
		"a password": func() answer { return p.first() },
		"a link": func() answer {
			_, m := w.mailed(p.email, "")
			return w.verify(byLink(m, ""))
		},
		"a mailed code": func() answer {
			pending, m := w.mailed(p.email, "")
			return w.verify(byCode(p.email, pending, m, ""))
		},
		"a reset": func() answer {
			_, m := w.forgot(p.email)
			return w.send("POST", w.in("/auth/password/reset/{app_id}"), byLink(m, `,"password":"`+password+`"`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			due := first()
			due.want(t, 401, "mfa_required")
			got := p.second(t, due, p.code(), "")
			got.want(t, 200, "")
			w.clock.Advance(30 * time.Second)
		})
	}
	t.Run("but not the host's own that says it has done both", func(t *testing.T) {
		in, err := w.engine.StartSession(t.Context(), authkit.HostSignIn{App: w.app.ID, User: w.userOf(p.email).ID, Method: "hwk", SecondFactor: true})
		if err != nil || amr(t, in.Token) != "hwk mfa aal1" {
			t.Errorf("got %v, %v", err, amr(t, in.Token))
		}
		if _, err := w.engine.StartSession(t.Context(), authkit.HostSignIn{App: w.app.ID, User: w.userOf(p.email).ID, Method: "hwk"}); err == nil {
			t.Error("without it: got a sign-in, want mfa_required")
		}
	})
}

func TestAResetWaitsForTheSecondFactor(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	p := w.member(t, "ann@example.com")
	p.enrolTOTP(t)
	_, m := w.forgot(p.email)
	reset := func(pw string) answer {
		return w.send("POST", w.in("/auth/password/reset/{app_id}"), byLink(m, `,"password":"`+pw+`"`))
	}
	due := reset("another good passphrase")
	due.want(t, 401, "mfa_required")
	p.first().want(t, 401, "mfa_required") // the old password still counts
	w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(p.token)).want(t, 200, "")
	due = reset("another good passphrase") // the proof is unspent
	p.second(t, due, p.code(), "").want(t, 200, "")
	p.first().want(t, 401, "invalid_credentials")
	w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(p.token)).want(t, 401, "invalid_token")
	reset("yet another passphrase").want(t, 401, "invalid_token")
	w.clock.Advance(30 * time.Second)
	p.second(t, due, p.code(), "").want(t, 401, "invalid_token")
}

func TestPasskey(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	p := w.member(t, "ann@example.com")
	made := p.enrolPasskey(t)
	finish := func(body string) answer {
		return w.send("POST", w.in("/auth/passkey/finish/{app_id}"), "{"+body+"}")
	}
	t.Run("signs in, as both factors", func(t *testing.T) {
		got := finish(p.shows(t, ""))
		got.want(t, 200, "")
		if got := amr(t, got.text(t, "token")); got != "pop user mfa aal2" {
			t.Errorf("methods: got %s, want pop user mfa aal2", got)
		}
		if got.body["user"].(map[string]any)["auth_method"] != "passkey" {
			t.Errorf("got %s", got.Body)
		}
	})
	t.Run("answers a state once", func(t *testing.T) {
		body := p.shows(t, "")
		finish(body).want(t, 200, "")
		finish(body).want(t, 401, "invalid_credentials")
	})
	t.Run("does not switch a second factor on", func(t *testing.T) { p.first().want(t, 200, "") })
	t.Run("is not one of another app", func(t *testing.T) {
		other := w.tenant("Other", authkit.SessionBearer)
		begun := other.send("POST", other.in("/auth/passkey/begin/{app_id}"), `{}`)
		credential, err := p.device.Get(memberOf(t, begun, "options"), origin)
		if err != nil {
			t.Fatal(err)
		}
		other.send("POST", other.in("/auth/passkey/finish/{app_id}"), fmt.Sprintf(`{"state":%q,"binding":%q,"credential":%s}`, begun.text(t, "state"), begun.text(t, "binding"), credential)).
			want(t, 401, "invalid_credentials")
	})
	t.Run("is what makes a session of its user fresh", func(t *testing.T) {
		in := p.first()
		got := w.send("DELETE", w.in("/auth/passkeys/{app_id}/"+made.text(t, "id")), "", bearer(in.text(t, "token")))
		got.want(t, 403, "reauthentication_required")
		if fmt.Sprint(got.body["methods"]) != "[passkey sign_in]" {
			t.Errorf("methods: got %v", got.body["methods"])
		}
		up := w.send("POST", w.in("/auth/step-up/{app_id}"), "{"+p.shows(t, "")+"}", bearer(in.text(t, "token")))
		up.want(t, 200, "")
		if up.body["refresh_token"] != nil || amr(t, up.text(t, "token")) != "pwd pop user mfa aal2" {
			t.Errorf("got %s", up.Body)
		}
		w.send("POST", w.in("/auth/step-up/{app_id}"), `{"password":"`+password+`"}`, bearer(in.text(t, "token"))).want(t, 403, "reauthentication_required")
		w.send("DELETE", w.in("/auth/passkeys/{app_id}/"+made.text(t, "id")), "", bearer(up.text(t, "token"))).want(t, 204, "")
		finish(p.shows(t, "")).want(t, 401, "invalid_credentials")
	})
}

func TestCodesOfASessionTellNoTriesLeft(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	p := w.member(t, "ann@example.com")
	begun := p.post("/auth/totp/begin/{app_id}", `{}`)
	begun.want(t, 200, "")
	p.seed = seedOf(t, begun)
	finish := func(code string) answer {
		body := fmt.Sprintf(`{"state":%q,"binding":%q,"code":%q}`, begun.text(t, "state"), begun.text(t, "binding"), code)
		return p.post("/auth/totp/finish/{app_id}", body)
	}
	t.Run("at the end of an enrolment, whose state goes on", func(t *testing.T) {
		for range 6 {
			w.reasons(t, "wrong_code", finish("000000"))
		}
		finish(p.code()).want(t, 201, "")
	})
	t.Run("at a step-up, which only the limit of the day bounds", func(t *testing.T) {
		stepUp := func(code string) answer { return p.post("/auth/step-up/{app_id}", fmt.Sprintf(`{"code":%q}`, code)) }
		for range 6 {
			w.reasons(t, "wrong_code", stepUp("000000"))
		}
		w.clock.Advance(30 * time.Second)
		stepUp(p.code()).want(t, 200, "")
	})
}

func TestAPasskeyIsASecondFactor(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	p := w.member(t, "ann@example.com")
	p.enrolTOTP(t)
	p.enrolPasskey(t)
	due := p.first()
	due.want(t, 401, "mfa_required")
	got := w.send("POST", w.in("/auth/mfa/{app_id}"), fmt.Sprintf(`{"mfa_token":%q,%s}`, due.text(t, "mfa_token"), p.shows(t, due.text(t, "binding"))))
	got.want(t, 200, "")
	if got := amr(t, got.text(t, "token")); got != "pwd pop user mfa aal2" {
		t.Errorf("methods: got %s", got)
	}
}

func TestRequiredSecondFactor(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	p := w.member(t, "ann@example.com")
	w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	due := p.first()
	due.want(t, 401, "mfa_enrollment_required")
	if fmt.Sprint(due.body["methods"]) != "[email_code]" {
		t.Fatalf("got %s, want a proof of the address first", due.Body)
	}
	w.send("POST", w.in("/auth/totp/begin/{app_id}"), fmt.Sprintf(`{"mfa_token":%q,"binding":%q}`, due.text(t, "mfa_token"), due.text(t, "binding"))).want(t, 401, "invalid_token")
	w.runOnce()
	m := w.mailTo(p.email)
	prove := func(code string) answer {
		return w.send("POST", w.in("/auth/mfa/{app_id}"), fmt.Sprintf(`{"mfa_token":%q,"binding":%q,"code":%q}`, due.text(t, "mfa_token"), due.text(t, "binding"), code))
	}
	wrong := prove("000000")
	wrong.want(t, 401, "invalid_token")
	next := prove(mail.Code(m))
	next.want(t, 401, "mfa_enrollment_required")
	if fmt.Sprint(next.body["methods"]) != "[totp]" {
		t.Fatalf("got %s, want the methods to enrol", next.Body)
	}
	owner := fmt.Sprintf(`"mfa_token":%q,"binding":%q`, next.text(t, "mfa_token"), next.text(t, "binding"))
	begun := w.send("POST", w.in("/auth/totp/begin/{app_id}"), "{"+owner+"}")
	begun.want(t, 200, "")
	p.seed = seedOf(t, begun)
	got := w.send("POST", w.in("/auth/totp/finish/{app_id}"), fmt.Sprintf(`{%s,"state":%q,"code":%q}`, owner, begun.text(t, "state"), p.code()))
	got.want(t, 201, "")
	in, _ := got.body["sign_in"].(map[string]any)
	if in == nil || amr(t, in["token"].(string)) != "pwd otp mfa aal2" {
		t.Fatalf("got %s, want a sign-in", got.Body)
	}
	w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(in["token"].(string))).want(t, 200, "")
}

func TestHooksAreToldOfFactors(t *testing.T) {
	t.Parallel()
	var told []string
	w := setup(t, withoutLimits, withPasskeys, func(c *authkit.Config) {
		c.Hooks.After = func(_ context.Context, m authkit.HookEvent) {
			if m.Kind == authkit.HookFactor {
				told = append(told, fmt.Sprintf("%s %q %t", m.Factor.Kind, m.Factor.Name, m.Factor.Removed))
			}
		}
	})
	p := w.member(t, "ann@example.com")
	p.enrolTOTP(t)
	made := p.enrolPasskey(t)
	w.send("DELETE", w.in("/auth/passkeys/{app_id}/"+made.text(t, "id")), "", bearer(p.token)).want(t, 204, "")
	w.send("DELETE", w.in("/users/{app_id}/"+w.userOf(p.email).ID.String()+"/mfa"), "", bearer(w.key)).want(t, 204, "")
	w.runOnce()
	if got, want := strings.Join(told, ", "), `totp "" false, passkey "Passkey" false, passkey "Passkey" true, all "" true`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	p.first().want(t, 200, "")
	w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(p.token)).want(t, 401, "invalid_token")
}

// A sign-up that waits for its factor ends as the sign-up that it is.
func TestASignUpThatWaitsForAFactorIsOne(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	_, m := w.mailed("ann@example.com", "")
	due := w.verify(byLink(m, ""))
	due.want(t, 401, "mfa_enrollment_required")
	owner := fmt.Sprintf(`"mfa_token":%q,"binding":%q`, due.text(t, "mfa_token"), due.text(t, "binding"))
	begun := w.send("POST", w.in("/auth/totp/begin/{app_id}"), "{"+owner+"}")
	begun.want(t, 200, "")
	p := &factored{w: w, seed: seedOf(t, begun)}
	got := w.send("POST", w.in("/auth/totp/finish/{app_id}"), fmt.Sprintf(`{%s,"state":%q,"code":%q}`, owner, begun.text(t, "state"), p.code()))
	got.want(t, 201, "")
	if in := got.body["sign_in"].(map[string]any); in["created"] != true {
		t.Errorf("created: got %v, want true", in["created"])
	}
}
