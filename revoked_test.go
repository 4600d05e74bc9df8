package authkit_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// settling counts the writes that carry nothing, and fails them on demand.
type settling struct {
	authkit.Store

	writes int
	fail   error
}

func (s *settling) Put(ctx context.Context, app uuid.UUID, also authkit.Also) error {
	if len(also.Tokens)+len(also.Mail)+len(also.Events) > 0 {
		return s.Store.Put(ctx, app, also)
	}
	s.writes++
	return errors.Join(s.fail, s.Store.Put(ctx, app, also))
}

// TestWhatIsRevokedIsRevokedAgain repeats a request whose first answer was lost: the second
// is no refusal, and is given only once a write was committed.
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

// trail is how many events the app has.
func (s *stage) trail() int {
	s.t.Helper()
	events, err := s.inner.Events(s.t.Context(), s.app.ID, authkit.EventQuery{Page: authkit.Page{Limit: 500}})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(events)
}
