package authkit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// Writes of a signed-in user or a developer add rows and events that stay, so they are bounded.
func TestLimitsOfWrites(t *testing.T) {
	t.Parallel()
	t.Run("a user writes 120 times a minute, by whatever route", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		ann, bob := w.signUp("ann@example.com").text(t, "token"), w.signUp("bob@example.com").text(t, "token")
		through, wait := flood(t, func(i int) answer {
			if i%2 == 0 {
				return w.from(fmt.Sprintf("198.51.100.%d:1", i%250)).send("DELETE", w.in("/auth/sessions/{app_id}/x"), "", bearer(ann))
			}
			return w.send("PATCH", w.in("/auth/me/{app_id}"), fmt.Sprintf(`{"name":"Ann %d"}`, i), bearer(ann))
		})
		if through != 120 || wait != 1 {
			t.Errorf("got %d through and then %d s to wait, want 120 and 1", through, wait)
		}
		w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(ann)).want(t, 200, "")
		w.send("PATCH", w.in("/auth/me/{app_id}"), `{"name":"Bob"}`, bearer(bob)).want(t, 200, "")
		w.clock.Advance(time.Second)
		w.send("PATCH", w.in("/auth/me/{app_id}"), `{"name":"Ann"}`, bearer(ann)).want(t, 200, "")
	})
	t.Run("a peer writes 600 times a minute for all its users, in all apps together", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		var tokens []string
		for i := range 8 {
			tokens = append(tokens, w.signUp(w.nth(i)).text(t, "token"))
		}
		through, _ := flood(t, func(i int) answer {
			return w.from("203.0.113.7:1").send("DELETE", w.in("/auth/sessions/{app_id}/x"), "", bearer(tokens[i%len(tokens)]))
		})
		if through != 600 {
			t.Errorf("got %d through, want 600", through)
		}
	})
	t.Run("a developer writes 300 times a minute, in all apps together", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		ids := w.apps(3)
		through, _ := flood(t, func(i int) answer {
			if i%4 == 3 {
				return w.send("POST", "/apps/", `{}`, bearer(w.token))
			}
			return w.send("PATCH", "/apps/"+ids[i%4], fmt.Sprintf(`{"name":"Tenant x%d"}`, i), bearer(w.token))
		})
		if through != 300 {
			t.Errorf("got %d through, want 300", through)
		}
		w.send("GET", "/apps/", "", bearer(w.token)).want(t, 200, "")
		w.developer("other@example.com")
		other := w.signIn("console", "other@example.com")
		w.send("POST", "/apps/", `{}`, bearer(other)).want(t, 400, "invalid_request")
	})
	t.Run("a host's own developer, too", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.Developers, c.Limits.Developer = hostDevelopers, "3/m" })
		through, _ := flood(t, func(int) answer { return w.send("POST", "/apps/", `{}`, "X-Developer: me") })
		if through != 3 {
			t.Errorf("got %d through, want 3", through)
		}
		w.send("POST", "/apps/", `{}`, "X-Developer: you").want(t, 400, "invalid_request")
	})
	t.Run("a session that is not fresh is told before the limit, and the limit before the body", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		ann := w.signUp("ann@example.com").text(t, "token")
		w.clock.Advance(11 * time.Minute)
		flood(t, func(int) answer { return w.send("DELETE", w.in("/auth/sessions/{app_id}/x"), "", bearer(ann)) })
		w.send("DELETE", w.in("/auth/me/{app_id}"), "", bearer(ann)).want(t, 403, "reauthentication_required")
		w.send("PATCH", w.in("/auth/me/{app_id}"), "x", bearer(ann), "Content-Type: text/plain").want(t, 429, "rate_limited")
	})
	t.Run("what an app's own server writes is not counted", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.Limits.User, c.Limits.Developer = "1/d", "1/d" })
		for i := range 50 {
			w.send("POST", w.in("/users/{app_id}"), `{"email":"`+w.nth(i)+`"}`, bearer(w.key)).want(t, 201, "")
		}
	})
	t.Run("off is off", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.Limits.User, c.Limits.Developer = "off", "off" })
		ann := w.signUp("ann@example.com").text(t, "token")
		for range 400 {
			w.send("DELETE", w.in("/auth/sessions/{app_id}/x"), "", bearer(ann)).want(t, 404, "")
			w.send("POST", "/apps/", `{}`, bearer(w.token)).want(t, 400, "")
		}
	})
	t.Run("a text that is no rate is told", func(t *testing.T) {
		t.Parallel()
		_, err := authkit.New(authkit.Config{Limits: authkit.LimitConfig{User: "120", Developer: "0/m"}})
		for _, want := range []string{
			`field Config.Limits.User is "120": "120" is no rate: write N/unit, such as 120/m, or off`,
			`field Config.Limits.Developer is "0/m": "0/m" begins with "0"`,
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("New: got %v, want %s", err, want)
			}
		}
	})
}

// A change that changes nothing writes nothing, on every store.
func TestAChangeOfNothingWritesNothing(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		token := s.signUp("ann@example.com").text(s.t, "token")
		owner, key, ctx := bearer(s.token), bearer(s.key), s.t.Context()
		users, err := s.engine.Users(ctx, s.app.ID, authkit.UserFilter{Page: authkit.Page{Limit: 1}})
		if err != nil {
			s.t.Fatal(err)
		}
		user := s.in("/users/{app_id}/") + users[0].ID.String()
		const configs = "/apps/{app_id}/oauth-configs"
		s.send("POST", s.in(configs), `{"provider":"github","client_id":"c","client_secret":"s","redirect_uri":"https://app.example.com/cb"}`, owner).want(s.t, 201, "")
		for name, c := range map[string]struct{ path, credential, body, other string }{
			"the own name":          {s.in("/auth/me/{app_id}"), bearer(token), `{"name":"Ann"}`, `{"name":"Anna"}`},
			"a user":                {user, key, `{"name":"Ann","disabled":false,"disabled_reason":""}`, `{"name":"Anne"}`},
			"an app's name":         {s.in("/apps/{app_id}"), owner, `{"name":"Demo 1"}`, `{"name":"Demo 2"}`},
			"an app's settings":     {s.in("/apps/{app_id}"), owner, `{"signup":"open","access_token_seconds":600,"limits":{"mail":"1/h/ip"}}`, `{"access_token_seconds":601}`},
			"an app's lists":        {s.in("/apps/{app_id}"), owner, `{"origins":["https://a.example"],"redirect_urls":[]}`, `{"origins":[]}`},
			"a sign-in at provider": {s.in(configs + "/github"), owner, `{"client_id":"c2","scopes":["user:email"],"enabled":true}`, `{"client_id":"c3"}`},
			"nothing at all":        {s.in("/apps/{app_id}"), owner, `{}`, `{"signup":"closed"}`},
		} {
			send := func(body string) (answer, string) {
				got := s.send("PATCH", c.path, body, c.credential)
				got.want(s.t, 200, "")
				return got, s.state()
			}
			first, was := send(c.body)
			again, is := send(c.body)
			if was != is {
				s.t.Errorf("%s: got\n%s\nwant it as it was:\n%s", name, is, was)
			}
			if first.Body.String() != again.Body.String() {
				s.t.Errorf("%s: got %s, want the first answer, %s", name, again.Body, first.Body)
			}
			if _, is := send(c.other); is == was {
				s.t.Errorf("%s: a change is not in %s", name, is)
			}
		}
	})
}

// A change that takes a right away is written again, because the commit of the first answer may
// be lost.
func TestDisablingAgainIsWrittenAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	in := s.signUp("ann@example.com")
	user := in.body["user"].(map[string]any)["user_id"].(string)
	disable := func() {
		s.send("PATCH", s.in("/users/{app_id}/")+user, `{"disabled":true}`, bearer(s.key)).want(t, 200, "")
	}
	disable()
	was := s.state()
	disable()
	if s.state() == was {
		t.Error("disabled twice: the second wrote nothing")
	}
}

// A refresh that is repeated with its key is an event, and a client can repeat it any number of
// times. Events beyond what a user may write are not kept.
func TestRepeatedRefreshesWriteNoMoreThanAUserMay(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(c *authkit.Config) { c.Limits.User = "5/d" })
	token := s.signUp("ann@example.com").text(t, "refresh_token")
	for i := range 12 {
		key := fmt.Sprintf("0123456789abcdef%04d", i)
		first := s.keyed(token, key).text(t, "refresh_token")
		s.clock.Advance(12 * time.Second)
		again := s.keyed(token, key)
		again.want(t, 200, "")
		if token = again.text(t, "refresh_token"); token == first {
			t.Fatalf("refresh %d: got the first successor, want a new one", i)
		}
	}
	if got := s.events(authkit.EventSessionRenew); got != 5 {
		t.Errorf("events: got %d, want 5", got)
	}
}
