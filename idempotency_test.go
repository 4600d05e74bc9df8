package authkit_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/mail"
)

// creation is a route that takes an Idempotency-Key.
type creation struct {
	route, body, other string // other is a body that asks for something else
	count              func(w *world) int
}

func creations() map[string]creation {
	return map[string]creation{
		"a user": {"/users/{app_id}", `{"email":"ann@example.com","name":"Ann","roles":["admin"],"metadata":{"a":1}}`, `{"email":"bob@example.com"}`, func(w *world) int {
			return len(w.send("GET", w.in("/users/{app_id}"), "", bearer(w.key)).body["users"].([]any))
		}},
		"an app": {"/apps/", `{"name":"Once"}`, `{"name":"Twice"}`, func(w *world) int {
			return len(w.send("GET", "/apps/", "", bearer(w.token)).body["apps"].([]any)) - 1 // its own
		}},
		"an API key": {"/apps/{app_id}/api-keys", `{"name":"ci","overlap_seconds":3600}`, `{"name":"other"}`, func(w *world) int {
			return len(w.send("GET", w.in("/apps/{app_id}/api-keys"), "", bearer(w.token)).body["api_keys"].([]any)) - 1 // the first
		}},
	}
}

// create sends the creation with a key.
func (c creation) create(w *world, key, body string) answer {
	credential := w.token
	if strings.HasPrefix(c.route, "/users") {
		credential = w.key
	}
	return w.send("POST", w.in(c.route), body, bearer(credential), "Idempotency-Key: "+key)
}

func TestACreationIsRepeatedByItsKey(t *testing.T) {
	t.Parallel()
	const key, second = "0123456789abcdef", "fedcba9876543210"
	for name, c := range creations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, withoutLimits)
			first := c.create(w, key, c.body)
			first.want(t, 201, "")
			same := func(what string, got answer) {
				t.Helper()
				if got.Code != 201 || got.Body.String() != first.Body.String() {
					t.Errorf("%s: got %d %s, want the first answer, %s", what, got.Code, got.Body, first.Body)
				}
			}
			same("at once", c.create(w, key, c.body))
			w.clock.Advance(9 * time.Minute)
			same("later", c.create(w, key, strings.Replace(c.body, ":", " : ", 1)))
			if got := c.count(w); got != 1 {
				t.Errorf("got %d made, want 1", got)
			}
			c.create(w, key, c.other).want(t, 409, "idempotency_conflict")
			for _, bad := range []string{"", "short", strings.Repeat("x", 65), "0123456789abcdeé"} {
				got := c.create(w, bad, c.body)
				got.want(t, 400, "invalid_request")
				if field := got.body["errors"].([]any)[0].(map[string]any)["field"]; field != "Idempotency-Key" {
					t.Errorf("key %q: got field %v, want Idempotency-Key", bad, field)
				}
			}
			c.create(w, second, c.other).want(t, 201, "")
			if got := c.count(w); got != 2 {
				t.Errorf("with another key: got %d made, want 2", got)
			}
		})
	}
	t.Run("a request that is refused is not kept", func(t *testing.T) {
		t.Parallel()
		w := setup(t, withoutLimits)
		c := creations()["a user"]
		w.created("ann@example.com", "").want(t, 201, "")
		c.create(w, key, c.body).want(t, 409, "email_taken")
		c.create(w, key, `{"email":"no address"}`).want(t, 400, "invalid_request")
		c.create(w, key, c.other).want(t, 201, "")
	})
	t.Run("a key is forgotten after a day", func(t *testing.T) {
		t.Parallel()
		w := setup(t, withoutLimits)
		c := creations()["a user"]
		c.create(w, key, c.body).want(t, 201, "")
		w.clock.Advance(24*time.Hour - time.Second)
		c.create(w, key, c.body).want(t, 201, "")
		w.clock.Advance(2 * time.Second)
		if err := w.engine.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.create(w, key, c.body).want(t, 409, "email_taken")
		c.create(w, key, c.other).want(t, 201, "")
	})
	t.Run("an app that was deleted is made anew, and one of the day before is found", func(t *testing.T) {
		t.Parallel()
		w := setup(t, withoutLimits)
		make := func(name string) (authkit.App, answer) {
			got := creations()["an app"].create(w, key, `{"name":"`+name+`"}`)
			apps, err := w.engine.Apps(t.Context(), w.devID, authkit.Page{Limit: 1})
			if err != nil {
				t.Fatal(err)
			}
			return apps[0], got
		}
		app, first := make("Once")
		w.clock.Advance(20 * time.Hour) // past midnight
		w.token = w.signIn("console", "dev@example.com")
		if _, got := make("Once"); got.Body.String() != first.Body.String() {
			t.Errorf("on the next day: got %s, want %s", got.Body, first.Body)
		}
		if err := w.engine.DeleteApp(t.Context(), authkit.AppRef{Developer: w.devID, ID: app.ID}); err != nil {
			t.Fatal(err)
		}
		again, got := make("Once")
		if got.want(t, 201, ""); again.ID == app.ID {
			t.Errorf("after the app was deleted: got app %s again, want another", again.ID)
		}
	})
}

// TestAKeyIsOfItsCaller is an attack: someone repeats the key of another.
func TestAKeyIsOfItsCaller(t *testing.T) {
	t.Parallel()
	const key = "0123456789abcdef"
	w := setup(t, withoutLimits)
	other := *w
	other.devID = w.developer("eve@example.com")
	other.token = w.signIn("console", "eve@example.com")
	var err error
	if other.app, other.key, err = w.engine.CreateApp(t.Context(), other.devID, "Other"); err != nil {
		t.Fatal(err)
	}
	for name, c := range creations() {
		mine := c.create(w, key, c.body)
		mine.want(t, 201, "")
		theirs := c.create(&other, key, c.body)
		if theirs.want(t, 201, ""); theirs.Body.String() == mine.Body.String() {
			t.Errorf("%s: got the answer of another caller", name)
		}
	}

	// One key is good for each route, and the next owner of an app has not the former one's.
	if err := w.engine.MoveApp(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, other.devID); err != nil {
		t.Fatal(err)
	}
	c := creations()["an API key"]
	moved := other
	moved.app = w.app
	got := c.create(&moved, key, c.body)
	if got.want(t, 201, ""); got.text(t, "key") == w.key {
		t.Error("after a move: got the key of the former owner")
	}
}

// TestOneKeyMakesOneThing repeats a creation at once, at two processes.
func TestOneKeyMakesOneThing(t *testing.T) {
	t.Parallel()
	const n = 8
	for name, c := range creations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEveryStore(t, func(t *testing.T, store authkit.Store) {
				var shared authkit.Config
				w := setup(t, withoutLimits, func(cfg *authkit.Config) {
					cfg.Store, cfg.Secrets = authkittest.Timed(store, cfg.Now), [][]byte{make([]byte, 32)}
					shared = *cfg
				})
				shared.Mailer = mail.NewOutbox()
				process, err := authkit.New(shared)
				if err != nil {
					t.Fatal(err)
				}
				second := *w
				second.server = http.StripPrefix("/id", process.Handler())
				var all sync.WaitGroup
				answers := make([]answer, n)
				for i := range n {
					all.Go(func() {
						at := []*world{w, &second}[i%2]
						answers[i] = c.create(at, "0123456789abcdef", c.body)
					})
				}
				all.Wait()
				for i, got := range answers {
					if got.Code != 201 || got.Body.String() != answers[0].Body.String() {
						t.Errorf("request %d: got %d %s, want %s", i, got.Code, got.Body, answers[0].Body)
					}
				}
				if got := c.count(w); got != 1 {
					t.Errorf("got %d made, want 1", got)
				}
			})
		})
	}
}
