package storetest

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// rotate exchanges a refresh token.
func (m model) rotate(r authkit.Rotation) (authkit.Rotated, against) {
	a, ok := m[r.App]
	switch {
	case r.AppVersion != 0 && (!ok || r.AppVersion != a.app.Version):
		return authkit.Rotated{}, against{authkit.ErrAppChanged}
	case !ok:
		return authkit.Rotated{}, against{authkit.ErrNotFound}
	}
	for id, s := range a.sessions {
		if s.Family == nil || !bytes.Equal(s.Family, r.Family) || !a.alive(s, r.Now) {
			continue
		}
		s.rotated = slices.Clone(s.rotated)
		out, err := s.rotate(r)
		a.sessions[id] = s
		if err != nil {
			return authkit.Rotated{}, against{err}
		}
		out.Session, out.User = s.Session, a.users[s.UserID]
		return out, nil
	}
	return authkit.Rotated{}, against{authkit.ErrNotFound}
}

// rotate remembers the two latest rotations and the 64 latest keys only.
func (s *modelSession) rotate(r authkit.Rotation) (out authkit.Rotated, err error) {
	s.rotated = s.rotated[max(0, len(s.rotated)-2):]
	if r.Undo {
		return out, s.undo(r)
	}
	if bytes.Equal(s.Current, r.Presented) {
		if r.Key != nil && slices.Contains(s.seen, string(r.Key)) {
			return out, authkit.ErrConflict
		}
		s.rotated = append(s.rotated, modelRotated{hash: r.Presented, sealed: r.Sealed, key: r.Key, at: r.Now, begun: r.Now, used: r.Now})
		if r.Key != nil {
			s.seen = append(slices.Clone(s.seen[max(0, len(s.seen)-63):]), string(r.Key))
		}
		s.Current, s.LastUsedAt, s.IdleUntil = r.Next, r.Now, r.IdleUntil
		return out, nil
	}
	for i := range slices.Backward(s.rotated) {
		t, keyed := &s.rotated[i], false
		if !bytes.Equal(t.hash, r.Presented) {
			continue
		}
		keyed = t.key != nil && bytes.Equal(t.key, r.Key)
		if near(r.Now, t.used, r.Grace) && near(r.Now, t.begun, r.GraceMost) && (t.renewals == 0 || keyed) {
			t.used = r.Now
			return authkit.Rotated{Again: t.sealed}, nil
		}
		if i == len(s.rotated)-1 && keyed && t.renewals < r.Renewals && near(r.Now, t.at, r.RenewFor) {
			t.sealed, t.begun, t.used = r.Sealed, r.Now, r.Now
			t.renewals++
			s.Current, s.LastUsedAt, s.IdleUntil = r.Next, r.Now, r.IdleUntil
			return authkit.Rotated{Renewed: true}, nil
		}
	}
	s.ended = true
	return out, authkit.ErrTokenReused
}

func (s *modelSession) undo(r authkit.Rotation) error {
	n := len(s.rotated) - 1
	if !bytes.Equal(s.Current, r.Presented) || n < 0 || !bytes.Equal(s.rotated[n].hash, r.Next) {
		return authkit.ErrNotFound
	}
	if s.rotated[n].key != nil {
		s.seen = s.seen[:len(s.seen)-1]
	}
	s.rotated[n] = modelRotated{hash: r.Presented, sealed: r.Sealed, at: r.Now, begun: r.Now, used: r.Now}
	s.Current = r.Next
	return nil
}

func near(x, y time.Time, d time.Duration) bool { return x.Sub(y).Abs() < d }

func (m model) useSession(app, id uuid.UUID, now, idleUntil time.Time) bool {
	a := m[app]
	s, ok := a.sessions[id]
	if !ok || !a.alive(s, now) {
		return false
	}
	s.LastUsedAt, s.IdleUntil = now, idleUntil
	a.sessions[id] = s
	return true
}
