package memory

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/authkit-dev/authkit"
)

// RotateSession implements [authkit.SessionStore].
func (s *Store) RotateSession(ctx context.Context, r authkit.Rotation) (authkit.Rotated, error) {
	var out authkit.Rotated
	err := s.guarded(ctx, r.App, r.AppVersion, func(t *tenant) error {
		x, ok := t.sessions[t.families[string(r.Family)]]
		if !ok || !same(x.Family, r.Family) {
			return authkit.ErrNotFound
		}
		r.Now = micro(r.Now)
		u, ok := t.alive(x, r.Now)
		if !ok {
			return authkit.ErrNotFound
		}
		answer, err := x.rotate(r)
		if err == nil {
			answer.Session, answer.User = copySession(x.Session), copyUser(u)
			out = answer
		}
		return err
	})
	return out, err
}

// rotate exchanges the presented refresh token. A token that is not current, not in its grace and
// not presented with the key of its rotation ends the session (RFC 9700, section 4.14.2).
func (x *session) rotate(r authkit.Rotation) (authkit.Rotated, error) {
	latest := &x.before[0]
	switch {
	case r.Undo:
		return authkit.Rotated{}, x.undo(r)
	case same(x.Current, r.Presented):
		if r.Key != nil && slices.ContainsFunc(x.seen, func(k []byte) bool { return same(k, r.Key) }) {
			return authkit.Rotated{}, authkit.ErrConflict
		}
		x.before = [2]rotated{{hash: bytes.Clone(r.Presented), sealed: bytes.Clone(r.Sealed), key: bytes.Clone(r.Key), at: r.Now}, x.before[0]}
		x.see(r.Key)
		x.moveOn(r)
		return authkit.Rotated{}, nil
	case latest.inGrace(r):
		latest.again = r.Now
		return authkit.Rotated{Again: bytes.Clone(latest.sealed)}, nil
	case same(latest.hash, r.Presented) && same(latest.key, r.Key) && latest.renewals < r.Renewals && r.Now.Sub(latest.at).Abs() < r.RenewFor:
		latest.sealed, latest.renewed, latest.again = bytes.Clone(r.Sealed), r.Now, time.Time{}
		latest.renewals++
		x.moveOn(r)
		return authkit.Rotated{Renewed: true}, nil
	case x.before[1].inGrace(r):
		x.before[1].again = r.Now
		return authkit.Rotated{Again: bytes.Clone(x.before[1].sealed)}, nil
	}
	x.ended = r.Now
	return authkit.Rotated{}, authkit.ErrTokenReused
}

func (x *session) moveOn(r authkit.Rotation) {
	x.Current, x.LastUsedAt, x.IdleUntil = bytes.Clone(r.Next), r.Now, micro(r.IdleUntil)
}

func (x *session) see(key []byte) {
	if key != nil {
		x.seen = slices.Insert(x.seen[:min(len(x.seen), seenKeys-1)], 0, bytes.Clone(key))
	}
}

// undo makes the predecessor of the current token current again.
func (x *session) undo(r authkit.Rotation) error {
	if !same(x.Current, r.Presented) || !same(x.before[0].hash, r.Next) {
		return authkit.ErrNotFound
	}
	if x.before[0].key != nil {
		x.seen = x.seen[1:]
	}
	x.before[0] = rotated{hash: bytes.Clone(r.Presented), sealed: bytes.Clone(r.Sealed), at: r.Now}
	x.Current = bytes.Clone(r.Next)
	return nil
}

// inGrace reports whether this is the token presented, and is in its grace. If its successor was
// replaced, only the key of its rotation is accepted.
func (t rotated) inGrace(r authkit.Rotation) bool {
	begun := t.at
	if !t.renewed.IsZero() {
		begun = t.renewed
	}
	latest := begun
	if !t.again.IsZero() {
		latest = t.again
	}
	return same(t.hash, r.Presented) && (t.renewed.IsZero() || same(t.key, r.Key)) &&
		within(r.Now, latest, r.Grace) && within(r.Now, begun, r.GraceMost)
}

// within reports whether two times are less than d apart, whichever is later: a time in the future
// was written before the clock was set back.
func within(now, at time.Time, d time.Duration) bool {
	return now.Sub(at).Abs() < d.Truncate(time.Microsecond)
}
