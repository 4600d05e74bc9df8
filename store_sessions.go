package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// SessionStore keeps sessions. They are started by [UserStore].
type SessionStore interface {
	// Session returns a live session and its user, in one statement.
	Session(ctx context.Context, app uuid.UUID, by SessionKey, now time.Time) (Session, User, error)

	// UseSession moves LastUsedAt of a live session to now, and IdleUntil to idleUntil.
	// [ErrNotFound]: it is not alive at now. It need not be durable.
	UseSession(ctx context.Context, app, id uuid.UUID, now, idleUntil time.Time) error

	// Sessions lists the live sessions of a user, newest first.
	Sessions(ctx context.Context, app, user uuid.UUID, now time.Time) ([]Session, error)

	// RotateSession rotates the refresh token of the live session of r.Family. The first of
	// these cases that holds decides:
	//
	//   - Presented is current: Next becomes current, LastUsedAt and IdleUntil move on, and
	//     the session remembers r.Key as one that it has seen. [ErrConflict]: r.Key is one of
	//     the 64 that the session saw last; nothing happens.
	//   - Presented is either of the two before, in its grace: the answer's Again is its own
	//     successor, and its grace is counted from now on.
	//   - Presented is the one before, was rotated less than r.RenewFor ago with r.Key, and
	//     its successor was replaced fewer than r.Renewals times: Next becomes current in the
	//     successor's place, as in the first case. The answer is Renewed. From then on, the
	//     grace of Presented begins anew, and is for r.Key alone.
	//   - In every other case this step ends the session: [ErrTokenReused].
	//
	// A token is in its grace for less than r.Grace from its rotation, or from its latest use
	// in it, and for less than r.GraceMost from its rotation. A time after r.Now counts
	// like one as long before it, since a clock may have been set back.
	//
	// Unknown or dead family: [ErrNotFound].
	RotateSession(ctx context.Context, r Rotation) (Rotated, error)

	// EndSession ends one session of the user. [ErrNotFound]: the user has no such session, or
	// it is ended already, or over at e.Now.
	EndSession(ctx context.Context, e SessionEnd) error
}

// SessionKey finds a session by its ID or, if that is the nil UUID, by the hash of its cookie. A nil
// or empty hash finds nothing.
type SessionKey struct {
	ID         uuid.UUID
	Cookie     []byte
	AppVersion int64 // the guard; 0: no guard
}

// SessionEnd says what [SessionStore.EndSession] does.
type SessionEnd struct {
	App, User, ID uuid.UUID // ID is the session's
	Now           time.Time
	Riders        Riders
}

// Rotation says what [SessionStore.RotateSession] does. Family, Presented, Next and Key are
// hashes.
type Rotation struct {
	App                     uuid.UUID
	AppVersion              int64 // the guard; 0: no guard
	Family, Presented, Next []byte
	Sealed                  []byte // Next in the clear, sealed under the presented token
	Key                     []byte // of the idempotency key, 32 bytes; nil: there is no key
	Now                     time.Time
	Grace, GraceMost        time.Duration
	RenewFor                time.Duration
	Renewals                int
	IdleUntil               time.Time

	// With Undo, Presented is the current token, which no client has received, and Next is the token
	// before it. The step makes Next current again. Presented becomes the token before it and is in
	// its grace. The key of the rotation from Next to Presented counts as never seen.
	// [ErrNotFound]: Presented is not current, or Next is not the one before it; nothing happens.
	Undo bool
}

// Rotated is the outcome of a rotation. Again is nil if Next became current; otherwise it is
// what was Sealed when the presented token was rotated.
type Rotated struct {
	Session Session
	User    User
	Again   []byte
	Renewed bool // Next took the place of a successor that was never used
}
