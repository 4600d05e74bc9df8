package authkit

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/password"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

// oneSession is a SessionStore that has one session. Each question waits until a value is sent
// on free, where that is not nil.
type oneSession struct {
	SessionStore

	user  User
	err   error
	asked atomic.Int32
	free  chan struct{}
}

func (s *oneSession) Session(_ context.Context, app uuid.UUID, by SessionKey, _ time.Time) (Session, User, error) {
	s.asked.Add(1)
	if s.free != nil {
		<-s.free
	}
	return Session{App: app, ID: by.ID, UserID: s.user.ID}, s.user, s.err
}

// remembered is a liveness over one session, with an access token of it.
type remembered struct {
	*liveness

	store  *oneSession
	app    App
	loads  atomic.Int32
	proofs atomic.Int32
	token  string
	at     atomic.Int64 // the time, in nanoseconds since the beginning
	begin  time.Time
}

func (r *remembered) advance(d time.Duration) { r.at.Add(int64(d)) }

func (r *remembered) time() time.Time { return r.begin.Add(time.Duration(r.at.Load())) }

func remember(t *testing.T) *remembered {
	t.Helper()
	r := &remembered{store: &oneSession{user: User{ID: uuid.New()}}, begin: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	ring, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	keys := newSigning(ring, password.NewGate(1, 1, time.Second), 0, func(app uuid.UUID) string { return "https://id.example/" + app.String() })
	r.app = App{ID: uuid.New(), Settings: Settings{SessionMode: SessionEither}}
	key, err := keys.newKey(t.Context(), r.app.ID, "", 1, r.begin)
	if err != nil {
		t.Fatal(err)
	}
	r.app.Keys = []SigningKey{key}
	session := uuid.New()
	r.token, err = keys.mint(r.app, token.Access{
		Issuer: keys.issuer(r.app.ID), Audience: r.app.ID.String(), Subject: r.store.user.ID.String(), SessionID: session.String(),
		ID: uuid.NewString(), IssuedAt: r.begin, ExpiresAt: r.begin.Add(time.Hour), AuthTime: r.begin, AMR: []string{"pwd"},
	}, r.begin)
	if err != nil {
		t.Fatal(err)
	}
	load := func(context.Context, uuid.UUID) (App, error) { r.loads.Add(1); return r.app, nil }
	prove := func(context.Context, cookieUse) (provenCookie, error) {
		r.proofs.Add(1)
		if r.store.free != nil {
			<-r.store.free
		}
		id := &Identity{App: r.app.ID, User: r.store.user.ID, Session: session}
		return provenCookie{id, newSessionUser(Session{}, r.store.user)}, r.store.err
	}
	r.liveness = newLiveness(r.store, keys, r.time, load, prove)
	return r
}

// byTokens asks with the token n times at once, and returns how many were let through.
func (r *remembered) byTokens(t *testing.T, n int, within time.Duration) int {
	return r.together(n, func() error { _, err := r.byToken(t.Context(), r.app.ID, r.token, within); return err })
}

// byCookies is byTokens with a cookie.
func (r *remembered) byCookies(t *testing.T, n int, within time.Duration) int {
	return r.together(n, func() error {
		_, err := r.byCookie(t.Context(), cookieUse{app: r.app, value: "a cookie"}, within)
		return err
	})
}

func (r *remembered) together(n int, ask func() error) int {
	var all sync.WaitGroup
	var through atomic.Int32
	for range n {
		all.Go(func() {
			if ask() == nil {
				through.Add(1)
			}
		})
	}
	if r.store.free != nil {
		synctest.Wait()
		close(r.store.free)
	}
	all.Wait()
	return int(through.Load())
}

func TestConcurrentAskersShareOneQuestion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		within time.Duration
		want   int32
	}{"remembered": {5 * time.Second, 1}, "asked each time": {-1, 20}} {
		for _, way := range []string{"token", "cookie"} {
			t.Run(way+", "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r := remember(t)
					r.store.free = make(chan struct{})
					ask, asked := r.byTokens, &r.store.asked
					if way == "cookie" {
						ask, asked = r.byCookies, &r.proofs
					}
					if through := ask(t, 20, c.within); through != 20 || asked.Load() != c.want {
						t.Errorf("got %d let through by %d questions, want 20 by %d", through, asked.Load(), c.want)
					}
				})
			})
		}
	}
}

// A request that joins a question which was asked too long ago for it asks anew.
func TestAStaleSharedAnswerIsAskedAnew(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"token", "cookie"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := remember(t)
				r.store.free = make(chan struct{})
				ask, asked := func() error { _, err := r.byToken(t.Context(), r.app.ID, r.token, 5*time.Second); return err }, &r.store.asked
				if way == "cookie" {
					ask, asked = func() error {
						_, err := r.byCookie(t.Context(), cookieUse{app: r.app, value: "a cookie"}, 5*time.Second)
						return err
					}, &r.proofs
				}
				var first sync.WaitGroup
				first.Go(func() { _ = ask() })
				synctest.Wait()
				r.advance(5 * time.Second)
				if through := r.together(1, ask); through != 1 || asked.Load() != 2 {
					t.Errorf("got %d let through by %d questions, want 1 by 2", through, asked.Load())
				}
				first.Wait()
			})
		})
	}
}

func TestWhatIsRememberedForRequire(t *testing.T) {
	t.Parallel()
	const within = 5 * time.Second
	for name, c := range map[string]struct {
		change func(*remembered)
		code   Code
		asked  int32 // questions about the session after the first
		loads  int32 // of the app
	}{
		"at once, nothing is asked":       {func(*remembered) {}, "", 0, 0},
		"just before its time is over":    {func(r *remembered) { r.advance(within - 1) }, "", 0, 0},
		"when its time is over":           {func(r *remembered) { r.advance(within) }, "", 1, 1},
		"once the clock was set back":     {func(r *remembered) { r.advance(-1) }, "", 1, 1},
		"once the session is forgotten":   {func(r *remembered) { r.forget(r.app.ID, r.session()) }, "", 1, 0},
		"once the token has expired":      {func(r *remembered) { r.advance(time.Hour + time.Minute) }, CodeInvalidToken, 0, 1},
		"an ended session, once asked":    {func(r *remembered) { r.advance(within); r.store.err = ErrNotFound }, CodeInvalidToken, 1, 1},
		"another user's, once asked":      {func(r *remembered) { r.advance(within); r.store.user.ID = uuid.New() }, CodeInvalidToken, 1, 1},
		"a store that fails, once asked":  {func(r *remembered) { r.advance(within); r.store.err = errors.New("down") }, CodeUnavailable, 1, 1},
		"a store that fails, until then":  {func(r *remembered) { r.store.err = errors.New("down") }, "", 0, 0},
		"a key that counts no more":       {func(r *remembered) { r.advance(within); r.app.Keys[0].KID = "another" }, CodeInvalidToken, 0, 1},
		"a token that says another app's": {func(r *remembered) { r.app.ID = uuid.New() }, CodeInvalidToken, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := remember(t)
			if r.byTokens(t, 1, within) != 1 {
				t.Fatal("the first request was refused")
			}
			asked, loads := r.store.asked.Load(), r.loads.Load()
			c.change(r)
			_, err := r.byToken(t.Context(), r.app.ID, r.token, within)
			if (c.code == "") != (err == nil) || (c.code != "" && !errors.Is(err, c.code)) {
				t.Errorf("got %v, want %q", err, c.code)
			}
			if a, l := r.store.asked.Load()-asked, r.loads.Load()-loads; a != c.asked || l != c.loads {
				t.Errorf("got %d questions and %d reads of the app, want %d and %d", a, l, c.asked, c.loads)
			}
		})
	}
}

// session is the session of the token.
func (r *remembered) session() uuid.UUID {
	v, _ := r.signing.verified.Get(digest(r.token))
	return v.id.Session
}

// A refusal is not remembered, and drops what was known.
func TestARefusalIsNotRemembered(t *testing.T) {
	t.Parallel()
	r := remember(t)
	r.store.err = ErrNotFound
	if r.byTokens(t, 3, 5*time.Second) != 0 {
		t.Error("an ended session was let through")
	}
	r.store.err = nil
	if r.byTokens(t, 1, 5*time.Second) != 1 {
		t.Error("the session is live, and was refused")
	}
}

func TestAnAppIsReadAnew(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	loads, answer := 0, error(nil)
	id := uuid.New()
	c := newAppCache(func(_ context.Context, id uuid.UUID) (App, error) { loads++; return App{ID: id}, answer }, func() time.Time { return now }, 8)
	step := func(name string, want int, ask func() error) {
		t.Helper()
		before := loads
		if err := ask(); !errors.Is(err, answer) || loads-before != want {
			t.Errorf("%s: got %d reads and %v, want %d and %v", name, loads-before, err, want, answer)
		}
	}
	known := func() error { _, _, err := c.known(t.Context(), id); return err }
	recently := func() error { _, _, err := c.recent(t.Context(), id, now, time.Second); return err }
	step("an unknown app", 1, known)
	step("a known one", 0, known)
	now = now.Add(rememberFor)
	step("one that was remembered for long enough", 1, known)
	step("a recent one", 0, recently)
	now = now.Add(time.Second)
	step("one that was read long ago", 1, recently)
	now = now.Add(-1)
	step("one that was read in the future", 1, recently)
	c.forget(id)
	step("a forgotten one", 1, known)
	answer = errors.New("down")
	step("a store that fails", 1, func() error { _, err := c.read(t.Context(), id); return err })
	answer = nil
	step("which forgets nothing", 0, known)
	answer = unknownApp("deleted")
	step("a deleted one", 1, func() error { _, err := c.read(t.Context(), id); return err })
	step("is forgotten", 1, known)
}

// What a process remembers is bounded, whatever it is asked about.
func TestTheAppCacheIsBounded(t *testing.T) {
	t.Parallel()
	loads := 0
	c := newAppCache(func(_ context.Context, id uuid.UUID) (App, error) { loads++; return App{ID: id}, nil }, time.Now, 8)
	ids := make([]uuid.UUID, 100)
	for i := range ids {
		ids[i] = uuid.New()
		if _, err := c.read(t.Context(), ids[i]); err != nil {
			t.Fatal(err)
		}
	}
	loads = 0
	for _, id := range ids {
		if _, _, err := c.known(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if loads < len(ids)-8 {
		t.Errorf("got %d of %d apps remembered, want at most 8", len(ids)-loads, len(ids))
	}
}
