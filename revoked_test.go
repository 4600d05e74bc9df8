package authkit_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// settling counts writes that carry no data, and makes them fail on demand.
type settling struct {
	authkit.Store

	writes int
	fail   error
}

func (s *settling) Put(ctx context.Context, p authkit.Put) error {
	if len(p.Riders.Tokens)+len(p.Riders.Mail)+len(p.Riders.Events) > 0 {
		return s.Store.Put(ctx, p)
	}
	s.writes++
	return errors.Join(s.fail, s.Store.Put(ctx, p))
}

func (s *settling) ConfirmDeletion(ctx context.Context, app uuid.UUID, developer string) error {
	err := s.Store.ConfirmDeletion(ctx, app, developer)
	if err == nil {
		s.writes++
		err = s.fail
	}
	return err
}

// This test repeats a request whose first answer was lost. The second answer is not a refusal,
// and it is given only after a write was committed.
func TestWhatIsRevokedIsRevokedAgain(t *testing.T) {
	t.Parallel()
	open := map[string]func(testing.TB) (authkit.Store, func(uuid.UUID, int)){"memory": openMemory, "sqlite": openSQLite}
	if os.Getenv("AUTHKIT_TEST_POSTGRES") != "" {
		open["postgres"] = openPostgres
	}
	for name, open := range open {
		for _, f := range flows() {
			unknown := map[string]string{
				"revoke an API key": "/apps/{app_id}/api-keys/" + uuid.NewString(), "end a session": "/auth/sessions/{app_id}/" + uuid.NewString(),
				"remove a configuration": "/apps/{app_id}/oauth-configs/other",
			}[f.name]
			if unknown == "" {
				continue
			}
			t.Run(name+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				bare, _ := open(t)
				store := &settling{Store: bare}
				s := newStageOn(t, store, withoutLimits)
				ask := f.ready(s)
				f.wellDone(t, s.do(ask()))
				before := s.trail()
				store.fail = errors.New("the standby is gone")
				s.do(ask()).want(t, 503, "unavailable")
				store.fail = nil
				s.do(ask()).want(t, 204, "")
				if store.writes != 2 || s.trail() != before {
					t.Errorf("again: got %d writes and %d events more, want a write each time and no event", store.writes, s.trail()-before)
				}
				r := ask()
				r.URL.Path = "/id" + s.in(unknown)
				if got := s.do(r); got.Code != 404 {
					t.Errorf("one that never was: got %d, want 404", got.Code)
				}
			})
		}
	}
}

// trail returns the number of the app's events.
func (s *stage) trail() int {
	s.t.Helper()
	events, err := s.inner.Events(s.t.Context(), s.app.ID, authkit.EventQuery{Page: authkit.Page{Limit: 500}})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(events)
}

// This test repeats a deletion whose first answer was lost.
func TestADeletedAppIsDeletedAgain(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, bare authkit.Store) {
		store := &settling{Store: bare}
		var deletions atomic.Int32
		s := newStageOn(t, store, withoutLimits, func(c *authkit.Config) {
			c.Observer = func(e authkit.Event) {
				if e.Type == authkit.EventAppDelete {
					deletions.Add(1)
				}
			}
		})
		path, eve := s.in("/apps/{app_id}"), s.developer("eve@example.com")
		s.send("DELETE", path, "", bearer(s.token)).want(t, 204, "")
		store.fail = errors.New("the standby is gone")
		s.send("DELETE", path, "", bearer(s.token)).want(t, 503, "unavailable")
		store.fail = nil
		s.send("DELETE", path, "", bearer(s.token)).want(t, 204, "")
		if store.writes != 2 || deletions.Load() != 1 {
			t.Errorf("again: got %d writes and %d events, want a write each time and the one event", store.writes, deletions.Load())
		}
		if err := s.engine.DeleteApp(t.Context(), authkit.AppRef{Developer: s.devID, ID: s.app.ID}); err != nil || store.writes != 3 {
			t.Errorf("by the host: got error %v and %d writes, want none and 3", err, store.writes)
		}
		s.refusesOthers(store, path, eve)
		if _, err := bare.Sweep(t.Context(), s.clock.Now(), 500); err != nil {
			t.Fatal(err)
		}
		s.token = s.signIn("console", "dev@example.com")
		store.fail, store.writes = errors.New("the standby is gone"), 0
		s.send("DELETE", path, "", bearer(s.token)).want(t, 503, "unavailable")
		store.fail = nil
		s.send("DELETE", path, "", bearer(s.token)).want(t, 204, "")
		if store.writes != 2 {
			t.Errorf("once its rows are removed: got %d writes, want one each time", store.writes)
		}
		s.refusesOthers(store, path, eve)
		s.clock.Advance(time.Hour)
		s.send("DELETE", path, "", bearer(s.signIn("console", "dev@example.com"))).want(t, 404, "app_not_found")
	})
}

// refusesOthers tries to delete a deleted app without the right to, and makes other requests as
// its owner.
func (s *stage) refusesOthers(store *settling, path, eve string) {
	s.t.Helper()
	stranger, was := s.signIn("console", "eve@example.com"), store.writes
	answers := map[string]bool{}
	for _, p := range []string{path, "/apps/" + uuid.NewString()} {
		got := s.send("DELETE", p, "", bearer(stranger))
		got.want(s.t, 404, "app_not_found")
		answers[strings.ReplaceAll(got.Body.String(), got.text(s.t, "request_id"), "")] = true
	}
	if err := s.engine.DeleteApp(s.t.Context(), authkit.AppRef{Developer: eve, ID: s.app.ID}); !errors.Is(err, authkit.CodeAppNotFound) || len(answers) != 1 || store.writes != was {
		s.t.Errorf("by another: got error %v, %d answers and %d writes more, want app_not_found, one answer and no write", err, len(answers), store.writes-was)
	}
	s.send("DELETE", path, "").want(s.t, 401, "unauthenticated")
	for _, ask := range []struct{ method, path, body string }{
		{"GET", path, ""}, {"PATCH", path, `{"name":"x"}`}, {"POST", path + "/api-keys", "{}"}, {"DELETE", path + "/api-keys/" + uuid.NewString(), ""},
	} {
		s.send(ask.method, ask.path, ask.body, bearer(s.token)).want(s.t, 404, "app_not_found")
	}
	s.clock.Advance(11 * time.Minute)
	for id, want := range map[string]string{path: "reauthentication_required", "/apps/" + uuid.NewString(): "app_not_found"} {
		got := s.send("DELETE", id, "", bearer(s.token))
		got.want(s.t, map[string]int{"reauthentication_required": 403, "app_not_found": 404}[want], want)
	}
}

// Concurrent deletions all succeed, and one event reports them.
func TestConcurrentDeletionsOfAnApp(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		var deletions atomic.Int32
		s := newStageOn(t, store, withoutLimits, func(c *authkit.Config) {
			c.Observer = func(e authkit.Event) {
				if e.Type == authkit.EventAppDelete {
					deletions.Add(1)
				}
			}
		})
		got := make([]answer, 8)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() { got[i] = s.send("DELETE", s.in("/apps/{app_id}"), "", bearer(s.token)) })
		}
		wg.Wait()
		for _, a := range got {
			a.want(t, 204, "")
		}
		if n := deletions.Load(); n != 1 {
			t.Errorf("got %d events, want 1", n)
		}
	})
}

// A deleted app of the host stays unknown to a developer of the host who has the same id.
func TestADeletedAppOfTheHost(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Developers = hostDevelopers })
	app, err := w.engine.EnsureApp(t.Context(), "me", "The host's")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []uuid.UUID{app.ID, w.app.ID} {
		for range 2 {
			if err := w.engine.DeleteApp(t.Context(), authkit.AppRef{Developer: "me", ID: id}); err != nil {
				t.Fatal(err)
			}
		}
	}
	signedIn := "X-Signed-In: " + w.clock.Now().Format(time.RFC3339)
	w.send("DELETE", w.in("/apps/{app_id}"), "", "X-Developer: me", signedIn).want(t, 204, "")
	w.send("DELETE", "/apps/"+app.ID.String(), "", "X-Developer: me", signedIn).want(t, 404, "app_not_found")
}

// A forwarding server's address stands beside the session's id in what is kept of an event.
func TestASessionThatAServerEndsForItsUserIsEndedAgain(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		w := setup(t, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })
		b := w.backend(w.app.ID)
		other := b.as("198.51.100.7", "POST", "/auth/credentials/"+b.app, signInBody("ann@example.com", password, ""))
		w.clock.Advance(time.Second)
		in := bearer(b.as("198.51.100.8", "POST", "/auth/credentials/"+b.app, signInBody("ann@example.com", password, "")).field("token"))
		all, err := w.engine.Sessions(t.Context(), authkit.UserRef{App: w.app.ID, ID: userID(other)})
		if err != nil || len(all) != 2 {
			t.Fatalf("got %d sessions and %v, want 2", len(all), err)
		}
		path := "/auth/sessions/" + b.app + "/" + all[1].ID.String() // the older one
		for range 2 {
			b.as("198.51.100.8", "DELETE", path, "", in).want(t, 204, "")
		}
	})
}
