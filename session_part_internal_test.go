package authkit

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// answering is a SessionStore that answers every question alike, and notes what was written.
type answering struct {
	SessionStore

	session Session
	user    User
	err     error
	used    []time.Time
	rotated Rotation
}

func (a *answering) Session(context.Context, uuid.UUID, SessionKey, time.Time) (Session, User, error) {
	return a.session, a.user, a.err
}

func (a *answering) UseSession(_ context.Context, _, _ uuid.UUID, now, _ time.Time) error {
	a.used = append(a.used, now)
	return a.err
}

func (a *answering) RotateSession(_ context.Context, r Rotation) (Rotated, error) {
	a.rotated = r
	return Rotated{}, a.err
}

// hourly are sessions with idle times of an hour, at a time that a test moves.
func hourly(store SessionStore) (s *sessions, now *time.Time) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s = newSessions(store, nil, nil, TokenConfig{AccessTTL: time.Minute, SessionIdle: time.Hour, SessionAbsolute: day}, func() time.Time { return at })
	return s, &at
}

func TestOneReaderOfASession(t *testing.T) {
	t.Parallel()
	user := User{ID: uuid.New()}
	value := token.Encode(token.Random(cookieSize))
	for name, c := range map[string]struct {
		user   uuid.UUID
		cookie string
		err    error
		live   error // of live
		of     error // of liveOf
		by     error // of byCookie
	}{
		"a live one":                   {user.ID, value, nil, nil, nil, nil},
		"another user's":               {uuid.New(), value, nil, nil, CodeInvalidToken, nil},
		"one that has ended":           {user.ID, value, ErrNotFound, CodeInvalidToken, CodeInvalidToken, CodeInvalidToken},
		"a store that fails":           {user.ID, value, errors.New("down"), CodeUnavailable, CodeUnavailable, CodeUnavailable},
		"no value of a cookie":         {user.ID, "", nil, nil, nil, CodeInvalidToken},
		"a value of another length":    {user.ID, value + "AA", nil, nil, nil, CodeInvalidToken},
		"a malformed one, store fails": {user.ID, "%", errors.New("down"), CodeUnavailable, CodeUnavailable, CodeInvalidToken},
	} {
		s, _ := hourly(&answering{user: user, err: c.err})
		_, _, live := s.live(t.Context(), uuid.New(), uuid.New())
		_, _, of := s.liveOf(t.Context(), SessionRef{App: uuid.New(), User: c.user, ID: uuid.New()})
		_, _, by := s.byCookie(t.Context(), uuid.New(), c.cookie)
		if !errors.Is(live, c.live) || !errors.Is(of, c.of) || !errors.Is(by, c.by) {
			t.Errorf("%s: got %v, %v, %v, want %v, %v, %v", name, live, of, by, c.live, c.of, c.by)
		}
	}
}

func TestTheUseOfASessionIsWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	store := &answering{}
	s, now := hourly(store)
	session := Session{LastUsedAt: *now, IdleUntil: now.Add(time.Minute)}
	for _, step := range []struct {
		name   string
		after  time.Duration
		writes int
	}{
		{"at once", 0, 0}, {"just before", useEvery - 1, 0}, {"after a minute", 1, 1}, {"again at once", 0, 1}, {"a clock set back", -useEvery, 2},
	} {
		*now = now.Add(step.after)
		if err := s.use(t.Context(), App{}, &session); err != nil || len(store.used) != step.writes {
			t.Errorf("%s: got %d writes and %v, want %d", step.name, len(store.used), err, step.writes)
		}
	}
	if !session.LastUsedAt.Equal(*now) || !session.IdleUntil.Equal(now.Add(time.Hour)) {
		t.Errorf("got %v, idle until %v, want the time of the use and an hour later", session.LastUsedAt, session.IdleUntil)
	}
	*now, store.err = now.Add(useEvery), ErrNotFound
	if err := s.use(t.Context(), App{}, &session); !errors.Is(err, CodeInvalidToken) {
		t.Errorf("an ended session: got %v, want %v", err, CodeInvalidToken)
	}
}

func TestWhatHoldsANewSession(t *testing.T) {
	t.Parallel()
	s, now := hourly(&answering{})
	app := App{ID: uuid.New(), Settings: Settings{SessionAbsolute: 2 * time.Hour}}
	for _, cookie := range []bool{false, true} {
		session, secret := s.start(app, sessionStart{user: uuid.New(), cookie: cookie, by: Client{UserAgent: "a\x00b"}}, *now)
		if (session.Cookie != nil) != cookie || (session.Family == nil) != cookie || (session.Current == nil) != cookie {
			t.Errorf("cookie %t: got %+v", cookie, session)
		}
		if session.IdleUntil != now.Add(time.Hour) || session.Until != now.Add(2*time.Hour) || session.UserAgent != "ab" {
			t.Errorf("cookie %t: got %v, %v, %q", cookie, session.IdleUntil, session.Until, session.UserAgent)
		}
		again, ok := sessionSecretOf(secret.Bytes())
		if !ok || !bytes.Equal(again.cookie, secret.cookie) || again.refresh != secret.refresh || len(secret.Bytes()) >= 64 {
			t.Errorf("cookie %t: got another secret from its bytes", cookie)
		}
		var in SignIn
		in.hold(secret, *session, *now)
		if (in.Cookie != "") != cookie || (in.RefreshToken == "") != cookie {
			t.Errorf("cookie %t: got %q and %q", cookie, in.Cookie, in.RefreshToken)
		}
	}
}

func TestErrorsOfARotation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ store, want error }{
		{nil, nil}, {ErrStale, ErrStale}, {ErrNotFound, ErrNotFound}, {ErrTokenReused, ErrTokenReused}, {ErrConflict, ErrConflict},
		{errors.New("down"), CodeUnavailable}, {ErrFull, CodeUnavailable},
	} {
		s, _ := hourly(&answering{err: c.store})
		first := token.NewRefresh()
		_, err := s.rotate(t.Context(), App{}, rotation{presented: first, next: first.Next()})
		if !errors.Is(err, c.want) || (c.want == nil && err != nil) {
			t.Errorf("%v: got %v, want %v", c.store, err, c.want)
		}
	}
}

// The store keeps the successor sealed under the token that was presented, and of one app.
func TestTheSuccessorOfARefreshToken(t *testing.T) {
	t.Parallel()
	store := &answering{}
	s, _ := hourly(store)
	first := token.NewRefresh()
	r := rotation{app: uuid.New(), presented: first, next: first.Next(), key: "0123456789abcdef"}
	if _, err := s.rotate(t.Context(), App{ID: r.app, Version: 7}, r); err != nil {
		t.Fatal(err)
	}
	if w := store.rotated; w.AppVersion != 7 || w.Undo || len(w.Key) == 0 || bytes.Contains(w.Sealed, r.next.Bytes()) {
		t.Errorf("got %+v, want the Version as guard, a hash of the key and a sealed successor", w)
	}
	got, err := r.successor(Rotated{})
	if err != nil || got != r.next {
		t.Errorf("a first use: got another token, or %v", err)
	}
	repeated := rotation{app: r.app, presented: first, next: first.Next()}
	if got, err = repeated.successor(Rotated{Again: store.rotated.Sealed}); err != nil || got != r.next {
		t.Errorf("a repeated use: got another token, or %v", err)
	}
	for name, other := range map[string]rotation{
		"another token": {app: r.app, presented: r.next}, "another app": {app: uuid.New(), presented: first},
	} {
		if _, err := other.successor(Rotated{Again: store.rotated.Sealed}); !errors.Is(err, CodeInternal) {
			t.Errorf("%s: got %v, want %v", name, err, CodeInternal)
		}
	}
	if keyless := (rotation{presented: first}); keyless.keyHash() != nil || bytes.Equal(r.keyHash(), rotation{presented: token.NewRefresh(), key: r.key}.keyHash()) {
		t.Error("the hash of an idempotency key: want nil without a key, and another one in each session")
	}
}
