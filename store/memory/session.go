package memory

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

type (
	session struct {
		authkit.Session
		before [2]rotated // the two latest predecessors of Current, the latest first
		seen   [][]byte   // the latest idempotency keys, the latest first
		ended  time.Time
	}

	// rotated is a refresh token that was rotated, with its successor.
	rotated struct {
		hash, sealed, key []byte
		at, again         time.Time // when it was rotated, and used again in its grace
		renewed           time.Time // when its successor was replaced
		renewals          int
	}
)

// seenKeys is how many idempotency keys a session remembers.
const seenKeys = 64

func sessionAge(x authkit.Session) age { return age{x.CreatedAt, x.ID} }

// checkSession returns [authkit.ErrConflict] if another session holds a unique key of this one.
func (t *tenant) checkSession(x *authkit.Session) error {
	if x == nil {
		return nil
	}
	_, id := t.sessions[x.ID]
	_, family := t.families[string(x.Family)]
	_, cookie := t.cookies[string(x.Cookie)]
	if id || family && x.Family != nil || cookie && x.Cookie != nil {
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
	if x.Cookie != nil {
		t.cookies[string(x.Cookie)] = x.ID
	}
}

func (t *tenant) dropSession(id uuid.UUID) {
	x := t.sessions[id]
	delete(t.sessions, id)
	t.ofUser.remove(x.UserID, id)
	if x.Family != nil {
		delete(t.families, string(x.Family))
	}
	if x.Cookie != nil {
		delete(t.cookies, string(x.Cookie))
	}
}

// alive returns the user who is signed in with a session; ok is false if it is not alive.
func (t *tenant) alive(x *session, now time.Time) (authkit.User, bool) {
	a, ok := t.users[x.UserID]
	if !ok {
		return authkit.User{}, false
	}
	ok = x.ended.IsZero() && x.IdleUntil.After(now) && x.Until.After(now) && x.Epoch == a.user.Epoch && !a.user.Disabled
	return a.user, ok
}

// liveSessions returns copies, newest first.
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

// endOldest ends the oldest sessions beyond limit; the one that just started counts and stays.
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
func (s *Store) Session(ctx context.Context, app uuid.UUID, by authkit.SessionKey, now time.Time) (authkit.Session, authkit.User, error) {
	var out authkit.Session
	var user authkit.User
	err := s.guarded(ctx, app, by.AppVersion, func(t *tenant) error {
		id := by.ID
		if id == uuid.Nil && len(by.Cookie) > 0 {
			id = t.cookies[string(by.Cookie)]
		}
		x, ok := t.sessions[id]
		if !ok {
			return authkit.ErrNotFound
		}
		u, ok := t.alive(x, micro(now))
		if !ok {
			return authkit.ErrNotFound
		}
		out, user = copySession(x.Session), copyUser(u)
		return nil
	})
	return out, user, err
}

// UseSession implements [authkit.SessionStore].
func (s *Store) UseSession(ctx context.Context, app, id uuid.UUID, now, idleUntil time.Time) error {
	return s.in(ctx, app, func(t *tenant) error {
		x, ok := t.sessions[id]
		if !ok {
			return authkit.ErrNotFound
		}
		if _, ok := t.alive(x, micro(now)); !ok {
			return authkit.ErrNotFound
		}
		x.LastUsedAt, x.IdleUntil = micro(now), micro(idleUntil)
		return nil
	})
}

// Sessions implements [authkit.SessionStore].
func (s *Store) Sessions(ctx context.Context, app, user uuid.UUID, now time.Time) ([]authkit.Session, error) {
	var out []authkit.Session
	err := s.in(ctx, app, func(t *tenant) error { out = t.liveSessions(user, micro(now)); return nil })
	return out, err
}

// EndSession implements [authkit.SessionStore].
func (s *Store) EndSession(ctx context.Context, e authkit.SessionEnd) error {
	return s.in(ctx, e.App, func(t *tenant) error {
		x, ok := t.sessions[e.ID]
		now := micro(e.Now)
		if !ok || x.UserID != e.User || !x.ended.IsZero() || !x.IdleUntil.After(now) || !x.Until.After(now) {
			return authkit.ErrNotFound
		}
		riders := t.own(e.Riders)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		x.ended = micro(e.Now)
		t.write(riders)
		return nil
	})
}
