package memory

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

type (
	session struct {
		authkit.Session
		before [2]turn // the two latest predecessors of Current, the latest first
		ended  time.Time
	}

	// turn is a refresh token that was rotated, with its successor.
	turn struct {
		hash, sealed []byte
		at           time.Time
	}
)

func sessionAge(x authkit.Session) age { return age{x.CreatedAt, x.ID} }

// checkSession says whether startSession would meet a unique key.
func (t *tenant) checkSession(x *authkit.Session) error {
	if x == nil {
		return nil
	}
	_, id := t.sessions[x.ID]
	_, family := t.families[string(x.Family)]
	if id || family && x.Family != nil {
		return authkit.ErrConflict
	}
	return nil
}

func (t *tenant) startSession(u authkit.User, x authkit.Session) {
	x = copySession(x)
	x.App, x.UserID, x.Epoch = u.App, u.ID, u.Epoch
	t.sessions[x.ID] = &session{Session: x}
	t.ofUser.add(u.ID, x.ID)
	if x.Family != nil {
		t.families[string(x.Family)] = x.ID
	}
}

func (t *tenant) dropSession(id uuid.UUID) {
	x := t.sessions[id]
	delete(t.sessions, id)
	t.ofUser.remove(x.UserID, id)
	if x.Family != nil {
		delete(t.families, string(x.Family))
	}
}

// alive says who is signed in with a session.
func (t *tenant) alive(x *session, now time.Time) (authkit.User, bool) {
	a, ok := t.users[x.UserID]
	if !ok {
		return authkit.User{}, false
	}
	ok = x.ended.IsZero() && x.IdleUntil.After(now) && x.Until.After(now) && x.Epoch == a.user.Epoch && !a.user.Disabled
	return a.user, ok
}

// liveSessions are copies, newest first.
func (t *tenant) liveSessions(user uuid.UUID, now time.Time) []authkit.Session {
	var out []authkit.Session
	for id := range t.ofUser[user] {
		if _, ok := t.alive(t.sessions[id], now); ok {
			out = append(out, copySession(t.sessions[id].Session))
		}
	}
	slices.SortFunc(out, func(a, b authkit.Session) int { return sessionAge(b).compare(sessionAge(a)) })
	return out
}

// endOldest leaves at most limit sessions, the one that just started among them.
func (t *tenant) endOldest(u authkit.User, started uuid.UUID, now time.Time, limit int) {
	if limit <= 0 {
		return
	}
	others := slices.DeleteFunc(t.liveSessions(u.ID, now), func(x authkit.Session) bool { return x.ID == started })
	for _, x := range others[min(limit-1, len(others)):] {
		t.sessions[x.ID].ended = now
	}
}

// Session implements [authkit.SessionStore].
func (s *Store) Session(ctx context.Context, app, id uuid.UUID, now time.Time) (authkit.Session, authkit.User, error) {
	var out authkit.Session
	var user authkit.User
	err := s.in(ctx, app, func(t *tenant) error {
		x, ok := t.sessions[id]
		if !ok {
			return authkit.ErrNotFound
		}
		u, ok := t.alive(x, micro(now))
		if !ok {
			return authkit.ErrNotFound
		}
		out, user = copySession(x.Session), u
		return nil
	})
	return out, user, err
}

// Sessions implements [authkit.SessionStore].
func (s *Store) Sessions(ctx context.Context, app, user uuid.UUID, now time.Time) ([]authkit.Session, error) {
	var out []authkit.Session
	err := s.in(ctx, app, func(t *tenant) error { out = t.liveSessions(user, micro(now)); return nil })
	return out, err
}

// RotateSession implements [authkit.SessionStore].
func (s *Store) RotateSession(ctx context.Context, r authkit.Rotation) (authkit.Rotated, error) {
	var out authkit.Rotated
	err := s.in(ctx, r.App, func(t *tenant) error {
		if r.AppVersion != 0 && r.AppVersion != t.app.Version {
			return authkit.ErrStale
		}
		x, ok := t.sessions[t.families[string(r.Family)]]
		if !ok || !same(x.Family, r.Family) {
			return authkit.ErrNotFound
		}
		now := micro(r.Now)
		u, ok := t.alive(x, now)
		if !ok {
			return authkit.ErrNotFound
		}
		again, err := x.rotate(r, now)
		if err == nil {
			out = authkit.Rotated{Session: copySession(x.Session), User: u, Again: again}
		}
		return err
	})
	return out, err
}

// rotate turns the refresh token. One that is neither current nor in its grace ends the
// session (RFC 9700 section 4.14.2).
func (x *session) rotate(r authkit.Rotation, now time.Time) ([]byte, error) {
	if same(x.Current, r.Presented) {
		x.before = [2]turn{{bytes.Clone(r.Presented), bytes.Clone(r.Sealed), now}, x.before[0]}
		x.Current, x.LastUsedAt, x.IdleUntil = bytes.Clone(r.Next), now, micro(r.IdleUntil)
		return nil, nil
	}
	for _, b := range x.before {
		// One that was rotated well in the future was so before the clock was set back: how long
		// ago that was nobody knows.
		if same(b.hash, r.Presented) && now.Sub(b.at).Abs() < r.Grace.Truncate(time.Microsecond) {
			return bytes.Clone(b.sealed), nil
		}
	}
	x.ended = now
	return nil, authkit.ErrTokenReused
}

// EndSession implements [authkit.SessionStore].
func (s *Store) EndSession(ctx context.Context, app, user, id uuid.UUID, now time.Time, also authkit.Also) error {
	return s.in(ctx, app, func(t *tenant) error {
		x, ok := t.sessions[id]
		if !ok || x.UserID != user || !x.ended.IsZero() {
			return authkit.ErrNotFound
		}
		also = t.own(also)
		if err := t.check(also, nil); err != nil {
			return err
		}
		x.ended = micro(now)
		t.write(also)
		return nil
	})
}
