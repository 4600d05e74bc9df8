package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// LimitStore counts against limits.
type LimitStore interface {
	// Hit takes the hits in order, counts each that still fits, and stops at the first that
	// does not: neither that one nor any after it is counted. The counting is GCRA: Limit
	// at once, then one every Window/Limit. It need not be durable. app must be live; the app
	// of a Hit that names another is not looked at.
	Hit(ctx context.Context, app uuid.UUID, hits []Hit, now time.Time) (HitResult, error)
}

// Hit is one count against one limit. A Cost of 0 counts 1; a negative one gives back
// and always fits. Apart from those, no hit fits a Limit below 1 or if its Cost is above Limit.
type Hit struct {
	App    uuid.UUID // that the key is counted in; the nil UUID: the app of the call
	Key    string
	Limit  int
	Window time.Duration
	Cost   int
}

// HitResult says which hit did not fit, by index, or -1, and how long to wait before trying
// that one again.
type HitResult struct {
	Full       int
	RetryAfter time.Duration
}

// MailStore is the outbox. Mail is put in as a rider.
type MailStore interface {
	// DueMail names mail of live apps that is due and not expired at now, so that the apps
	// take turns. Mail with a zero Expires never expires.
	//
	// The apps that have such mail are ordered by id. The call takes those after the given id, at
	// most max of them; fewer than max are the last ones. Each of them gets the same number of
	// mails, max divided by the number of these apps and rounded down: its earliest due ones. The
	// answer begins with the earliest mail of every app, in the order of the ids, then has the
	// second of every app, and so on.
	//
	// However much mail waits in one app, due or put off, the call takes no longer for it.
	DueMail(ctx context.Context, now time.Time, after uuid.UUID, max int) ([]MailRef, error)

	// ClaimMail takes a due mail until the given time, counts an attempt and returns it.
	// Of concurrent callers one succeeds; the rest, and any caller once it is expired, get
	// [ErrNotFound].
	ClaimMail(ctx context.Context, app, id uuid.UUID, now, until time.Time) (Mail, error)

	// SettleMail removes the mail (sent, or given up) or makes it due again at next.
	// [ErrNotFound]: there is no such mail.
	SettleMail(ctx context.Context, app, id uuid.UUID, done bool, next time.Time) error
}

// MailRef names a mail.
type MailRef struct{ App, ID uuid.UUID }

// EventStore keeps the audit trail. Events are put in as riders.
type EventStore interface {
	// Events lists events that match every filter, newest first (time, then id).
	Events(ctx context.Context, app uuid.UUID, q EventQuery) ([]Event, error)
}

// Upkeep is what Engine.Run and health checks need.
type Upkeep interface {
	// Sweep removes what is expired or ended at now, events whose Time is before events (the
	// zero time: no event), and the rows of deleted apps, at most max of each; more reports whether
	// a further call may have work. Repeated calls come to an end.
	Sweep(ctx context.Context, now, events time.Time, max int) (more bool, err error)

	// Ping answers the store's clock, the one exception to "never reads the clock". It fails
	// while the store cannot write.
	Ping(ctx context.Context) (time.Time, error)
}

// EventQuery filters events. A zero field does not filter; Since is inclusive, Until is not.
type EventQuery struct {
	Page
	Type         string
	UserID       uuid.UUID
	Since, Until time.Time
}
