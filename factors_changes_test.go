package authkit_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testworld"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

const shop = "https://shop.example.com" // the origin of the pages in which the ceremonies run

// ceremony begins what takes two requests, and returns whose it is and the second one.
type ceremony func(t *testing.T, w *world) (*factored, func(w *world) answer)

// ceremonies are those of second factors.
func ceremonies() map[string]ceremony {
	send := func(path, body string, headers ...string) func(*world) answer {
		return func(w *world) answer { return w.send("POST", w.in(path), body, headers...) }
	}
	// of makes a user with a TOTP and a passkey.
	of := func(begin func(t *testing.T, p *factored) func(*world) answer) ceremony {
		return func(t *testing.T, w *world) (*factored, func(*world) answer) {
			t.Helper()
			p := w.member(t, "ann@example.com")
			p.from = shop
			p.enrolTOTP(t)
			p.enrolPasskey(t)
			return p, begin(t, p)
		}
	}
	// waits makes a user whose sign-in waits for the enrolment of a factor.
	waits := func(begin func(p *factored, owner string) func(*world) answer) ceremony {
		return func(t *testing.T, w *world) (*factored, func(*world) answer) {
			t.Helper()
			p := w.member(t, "ann@example.com")
			return p, begin(p, p.mustEnrol())
		}
	}
	return map[string]ceremony{
		"a sign-in by a passkey": of(func(t *testing.T, p *factored) func(*world) answer {
			t.Helper()
			return send(passkeyFinish, "{"+p.shows(t, "")+"}")
		}),
		"a second factor by a passkey": of(func(t *testing.T, p *factored) func(*world) answer {
			t.Helper()
			due := p.first()
			due.want(t, 401, "mfa_required")
			return send(secondFactor, fmt.Sprintf(`{"mfa_token":%q,%s}`, due.text(t, "mfa_token"), p.shows(t, due.text(t, "binding"))))
		}),
		"a second factor by a code": of(func(t *testing.T, p *factored) func(*world) answer {
			t.Helper()
			return send(secondFactor, fmt.Sprintf(`{%s,"code":%q}`, p.due("mfa_required"), p.code()))
		}),
		"a new passkey": of(func(_ *testing.T, p *factored) func(*world) answer {
			return send(newPasskeyEnd, p.newPasskey("", shop, bearer(p.token)), bearer(p.token))
		}),
		"a new TOTP": of(func(_ *testing.T, p *factored) func(*world) answer {
			return send(totpFinish, p.newTOTP("", bearer(p.token)), bearer(p.token))
		}),
		"a step-up by a passkey": of(func(t *testing.T, p *factored) func(*world) answer {
			t.Helper()
			return send(stepUp, "{"+p.shows(t, "")+"}", bearer(p.token))
		}),
		"a step-up by a code": of(func(_ *testing.T, p *factored) func(*world) answer {
			return send(stepUp, fmt.Sprintf(`{"code":%q}`, p.code()), bearer(p.token))
		}),
		"a passkey that a sign-in waits for": waits(func(p *factored, owner string) func(*world) answer {
			return send(newPasskeyEnd, p.newPasskey(owner, shop))
		}),
		"a TOTP that a sign-in waits for": waits(func(p *factored, owner string) func(*world) answer {
			return send(totpFinish, p.newTOTP(owner))
		}),
	}
}

// What begins under one state of the app, the user or the server goes on under the one at its end.
func TestWhatChangesWithinACeremony(t *testing.T) {
	t.Parallel()
	const (
		noToken, noPasskey, noUser = "401 invalid_token", "401 invalid_credentials", "401 invalid_token"
		forbidden, noApp           = "403 forbidden", "404 app_not_found"
	)
	went := map[string]string{
		"a sign-in by a passkey": "200", "a second factor by a passkey": "200", "a second factor by a code": "200",
		"a new passkey": "201", "a new TOTP": "201", "a step-up by a passkey": "200", "a step-up by a code": "200",
		"a passkey that a sign-in waits for": "201", "a TOTP that a sign-in waits for": "201",
	}
	but := func(other map[string]string) map[string]string {
		out := maps.Clone(went)
		maps.Copy(out, other)
		return out
	}
	all := func(code string, other map[string]string) map[string]string {
		out := map[string]string{}
		for name := range went {
			out[name] = code
		}
		maps.Copy(out, other)
		return out
	}
	settings := func(patch authkit.AppPatch) func(*testing.T, *factored, authkit.Store) *world {
		return func(_ *testing.T, p *factored, _ authkit.Store) *world { p.w.settings(patch); return p.w }
	}
	user := func(patch authkit.UserPatch) func(*testing.T, *factored, authkit.Store) *world {
		return func(t *testing.T, p *factored, _ authkit.Store) *world {
			t.Helper()
			if _, err := p.w.engine.ChangeUser(t.Context(), authkit.UserRef{App: p.w.app.ID, ID: p.w.userOf(p.email).ID}, patch); err != nil {
				t.Fatal(err)
			}
			return p.w
		}
	}
	for name, c := range map[string]struct {
		change func(*testing.T, *factored, authkit.Store) *world
		want   map[string]string
	}{
		"nothing": {settings(authkit.AppPatch{}), went},
		"the relying party": {settings(authkit.AppPatch{PasskeyRPID: new("localhost"), StrandPasskeys: true}), but(map[string]string{
			"a sign-in by a passkey": noPasskey, "a second factor by a passkey": noToken, "a step-up by a passkey": noToken,
			"a new passkey": noToken, "a passkey that a sign-in waits for": noToken,
		})},
		"the origin": {settings(authkit.AppPatch{Origins: &[]string{"https://id.example.com"}}), but(map[string]string{
			"a sign-in by a passkey": noPasskey, "a second factor by a passkey": noPasskey, "a step-up by a passkey": noPasskey,
			"a new passkey": noPasskey, "a passkey that a sign-in waits for": noPasskey,
		})},
		"second factors are required": {settings(authkit.AppPatch{MFA: new(authkit.MFARequired)}), went},
		"second factors are optional": {settings(authkit.AppPatch{MFA: new(authkit.MFAOptional)}), went},
		"second factors are off": {settings(authkit.AppPatch{MFA: new(authkit.MFAOff)}), but(map[string]string{
			"a new passkey": forbidden, "a new TOTP": forbidden, "a passkey that a sign-in waits for": forbidden, "a TOTP that a sign-in waits for": forbidden,
		})},
		"the app is deleted": {func(t *testing.T, p *factored, _ authkit.Store) *world {
			t.Helper()
			if err := p.w.engine.DeleteApp(t.Context(), authkit.AppRef{Developer: p.w.devID, ID: p.w.app.ID}); err != nil {
				t.Fatal(err)
			}
			return p.w
		}, all(noApp, nil)},
		"the user is disabled": {user(authkit.UserPatch{Disabled: new(true)}), all(noUser, map[string]string{"a sign-in by a passkey": "403 user_disabled"})},
		"the user is deleted": {func(t *testing.T, p *factored, _ authkit.Store) *world {
			t.Helper()
			if err := p.w.engine.DeleteUser(t.Context(), authkit.UserRef{App: p.w.app.ID, ID: p.w.userOf(p.email).ID}); err != nil {
				t.Fatal(err)
			}
			return p.w
		}, all(noUser, map[string]string{"a sign-in by a passkey": noPasskey})},
		"the address": {func(t *testing.T, p *factored, _ authkit.Store) *world {
			t.Helper()
			const next = "moved@example.com"
			pending, m := p.w.posted("/auth/email/change/{app_id}", `{"new_email":"`+next+`"}`, next, bearer(p.token))
			body := fmt.Sprintf(`{"code":%q,"binding":%q}`, mail.Code(m), pending.text(t, "binding"))
			p.w.send("POST", p.w.in("/auth/email/confirm/{app_id}"), body, bearer(p.token)).want(t, 200, "")
			return p.w
		}, but(map[string]string{
			"a second factor by a passkey": noToken, "a second factor by a code": noToken,
			"a passkey that a sign-in waits for": noToken, "a TOTP that a sign-in waits for": noToken,
		})},
		"the secret": {func(t *testing.T, p *factored, store authkit.Store) *world {
			t.Helper()
			made := testworld.New(t, base, p.w.clock.Now(), withoutLimits, withPasskeys, func(c *authkit.Config) {
				c.Store, c.Secrets, c.Now = store, [][]byte{bytes.Repeat([]byte("another."), 4), make([]byte, 32)}, p.w.clock.Now
			})
			if _, err := made.Engine.Reseal(t.Context()); err != nil {
				t.Fatal(err)
			}
			other := *p.w
			other.engine, other.server = made.Engine, http.StripPrefix("/id", made.Engine.Handler())
			return &other
		}, went},
	} {
		for of, begin := range ceremonies() {
			t.Run(name+" changes in "+of, func(t *testing.T) {
				t.Parallel()
				store := memory.New()
				w := setup(t, withoutLimits, withPasskeys, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })
				w.settings(authkit.AppPatch{Origins: &[]string{"https://id.example.com", shop}, PasskeyRPID: new("example.com")})
				p, finish := begin(t, w)
				got := finish(c.change(t, p, store))
				code, _ := got.body["code"].(string)
				said := strconv.Itoa(got.Code)
				if code != "" {
					said += " " + code
				}
				if said != c.want[of] {
					t.Errorf("got %s, want %s\n%s", said, c.want[of], got.Body)
				}
			})
		}
	}
}
