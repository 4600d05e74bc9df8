package authkit_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit"
)

// rolesIn returns the claim roles of an access token; nil: the token has none.
func rolesIn(t *testing.T, raw string) any {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(raw, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Claims.(jwt.MapClaims)["roles"]
}

// give gives a user roles.
func (w *world) give(user string, roles ...string) {
	w.t.Helper()
	w.patched(user, `{"roles":["`+strings.Join(roles, `","`)+`"]}`).want(w.t, 200, "")
}

func TestRolesGoByTheStore(t *testing.T) {
	t.Parallel()
	for _, held := range []string{"bearer", "cookie"} {
		t.Run("a role that is taken away counts for LiveWithin at most, on every process, "+held, func(t *testing.T) {
			t.Parallel()
			var shared authkit.Config
			w := withCookies(t, "either", withoutLimits, func(c *authkit.Config) {
				c.Tokens.LiveWithin, c.Secrets = 10*time.Second, [][]byte{make([]byte, 32)}
				shared = *c
			})
			shared.Now = w.clock.Now
			one := w.engine
			two, err := authkit.New(shared)
			if err != nil {
				t.Fatal(err)
			}
			id := w.created("ann@example.com", `,"email_verified":true,"roles":["admin","ops"]`).field("user_id")
			_, m := w.mailed("ann@example.com", "")
			header := ""
			if held == "bearer" {
				in := w.verify(`{"token":"` + linkToken(m) + `"}`)
				header = bearer(in.text(t, "token"))
				if got := fmt.Sprint(rolesIn(t, in.text(t, "token"))); got != "[admin ops]" {
					t.Errorf("claim roles: got %s, want [admin ops]", got)
				}
			} else {
				header = w.cookieOf(w.send("POST", w.in("/auth/verify/{app_id}?session=cookie"), `{"token":"`+linkToken(m)+`"}`))
			}
			status := func(e *authkit.Engine, roles ...string) int {
				_, status := identified(t, e.RequireRole(authkit.ForApp(w.app.ID), roles...), header)
				return status
			}
			for _, e := range []*authkit.Engine{one, two} {
				for want, roles := range map[int][][]string{200: {{"admin"}, {"none", "ops"}}, 403: {{"none"}, {"Admin"}, {""}, {}}} {
					for _, roles := range roles {
						if got := status(e, roles...); got != want {
							t.Errorf("RequireRole(%q): got %d, want %d", roles, got, want)
						}
					}
				}
				if who, _ := identified(t, e.Require(authkit.ForApp(w.app.ID)), header); !slices.Equal(who.Roles, []string{"admin", "ops"}) {
					t.Errorf("Identity.Roles: got %q, want admin and ops", who.Roles)
				}
			}
			w.give(id, "ops")
			live, _ := identified(t, two.RequireLive(authkit.ForApp(w.app.ID)), header)
			if !slices.Equal(live.Roles, []string{"ops"}) {
				t.Errorf("RequireLive: got roles %q, want ops at once", live.Roles)
			}
			w.clock.Advance(10 * time.Second)
			for _, e := range []*authkit.Engine{one, two} {
				if got := status(e, "admin"); got != 403 {
					t.Errorf("with the role taken away: got %d, want 403", got)
				}
				if got := status(e, "ops"); got != 200 {
					t.Errorf("with the other role: got %d, want 200", got)
				}
			}
			w.give(id, "admin")
			w.clock.Advance(10 * time.Second)
			if got := status(two, "admin"); got != 200 {
				t.Errorf("with the role given again, and a token that has it: got %d, want 200", got)
			}
		})
	}
	t.Run("a session that ends has no roles, and a stranger neither", func(t *testing.T) {
		t.Parallel()
		w := setup(t, withoutLimits)
		id := w.created("ann@example.com", `,"email_verified":true,"roles":["admin"]`).field("user_id")
		_, m := w.mailed("ann@example.com", "")
		header := bearer(w.verify(`{"token":"`+linkToken(m)+`"}`).text(t, "token"))
		w.patched(id, `{"disabled":true}`).want(t, 200, "")
		w.clock.Advance(time.Minute)
		for _, header := range []string{header, "Authorization: Bearer x", "X-None: 1"} {
			if _, got := identified(t, w.engine.RequireRole(authkit.ForApp(w.app.ID), "admin"), header); got != 401 {
				t.Errorf("%.20s: got %d, want 401", header, got)
			}
		}
	})
	t.Run("the roles of one app count in no other", func(t *testing.T) {
		t.Parallel()
		w := setup(t, withoutLimits)
		other, _, err := w.engine.CreateApp(t.Context(), w.devID, "Other")
		if err != nil {
			t.Fatal(err)
		}
		w.created("ann@example.com", `,"email_verified":true,"roles":["admin"]`).want(t, 201, "")
		_, m := w.mailed("ann@example.com", "")
		header := bearer(w.verify(`{"token":"`+linkToken(m)+`"}`).text(t, "token"))
		if _, got := identified(t, w.engine.RequireRole(authkit.ForApp(other.ID), "admin"), header); got != 401 {
			t.Errorf("in another app: got %d, want 401", got)
		}
	})
}

// TestRolesOfAnUnprovenAddress is an attack: someone signs up with an address of which the app
// knows that it is its admin's.
func TestRolesOfAnUnprovenAddress(t *testing.T) {
	t.Parallel()
	w := withCookies(t, "either", withoutLimits)
	up := w.signUp("boss@example.com")
	cookie := w.cookieOf(w.send("POST", w.in("/auth/credentials/{app_id}?session=cookie"), signInBody("boss@example.com", password, "sign_in")))
	id := up.body["user"].(map[string]any)["user_id"].(string)
	w.give(id, "admin")
	w.clock.Advance(time.Minute)
	token := func() string {
		in := w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody("boss@example.com", password, "sign_in"))
		return in.text(t, "token")
	}
	admin := func(header string) int {
		t.Helper()
		_, status := identified(t, w.engine.RequireRole(authkit.ForApp(w.app.ID), "admin"), header)
		return status
	}
	first := token()
	if got := rolesIn(t, first); got != nil {
		t.Errorf("claim roles while the address is unproven: got %v, want none", got)
	}
	for what, header := range map[string]string{"the token of before": bearer(up.text(t, "token")), "a new token": bearer(first), "the cookie": cookie} {
		who, status := identified(t, w.engine.Require(authkit.ForApp(w.app.ID)), header)
		if len(who.Roles) > 0 || status != http.StatusOK || admin(header) != 403 {
			t.Errorf("%s: got roles %q, and %d and %d, want none, 200 and 403", what, who.Roles, status, admin(header))
		}
	}
	w.send("POST", w.in("/auth/access-token/{app_id}"), `{}`, cookie).want(t, 200, "")

	// The app may say that it needs no proof; the roles count then, within LiveWithin.
	w.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailOff)})
	w.clock.Advance(time.Minute)
	lax := token()
	if got := fmt.Sprint(rolesIn(t, lax)); got != "[admin]" {
		t.Errorf("claim roles with verify_email off: got %s, want [admin]", got)
	}
	for _, header := range []string{bearer(first), bearer(lax), cookie} {
		if got := admin(header); got != 200 {
			t.Errorf("with verify_email off: got %d, want 200", got)
		}
	}
	w.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailAsk)})
	w.clock.Advance(time.Minute)
	for _, header := range []string{bearer(first), bearer(lax), cookie} {
		if got := admin(header); got != 403 {
			t.Errorf("with verify_email on again, and a token that has the role: got %d, want 403", got)
		}
	}

	// A proof of the address, which resets the account, makes them count.
	_, m := w.mailed("boss@example.com", "")
	proven := w.verify(`{"token":"`+linkToken(m)+`"}`).text(t, "token")
	if got := admin(bearer(proven)); got != 200 || fmt.Sprint(rolesIn(t, proven)) != "[admin]" {
		t.Errorf("with a proof: got %d and %v, want 200 and [admin]", got, rolesIn(t, proven))
	}
}
