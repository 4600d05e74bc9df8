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
	// at once, then one every Window/Limit. It need not be durable. h.App must be live; the app
	// of a Hit that names another is not looked at.
	Hit(ctx context.Context, h Hits, now time.Time) (HitResult, error)
}

// Hits are the counts of one call.
type Hits struct {
	App        uuid.UUID
	AppVersion int64 // the guard; 0: no guard
	Each       []Hit
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
	// ClaimMail takes mail of live apps that is due and not expired at c.Now, so that the apps
	// take turns, and returns it. It is due again at c.Until, unless it is settled before. Mail
	// with a zero Expires never expires. Of concurrent callers exactly one gets a mail. The
	// others do not wait for that one: they get other mail, or less than their share.
	//
	// The apps that have such mail are ordered by id. The call takes those after c.After, at most
	// c.Max of them; fewer than c.Max are the last ones. Each of them gets the same number of
	// mails, c.Max divided by the number of these apps and rounded down: its earliest due ones.
	// The answer begins with the earliest mail of every app, in the order of the ids, then has
	// the second of every app, and so on.
	//
	// However much mail waits in one app, due or put off, the call takes no longer for it. A
	// claim need not be durable. If it is lost, or the process is before the mail is settled, the
	// mail is claimed again: mail that had left then leaves twice.
	ClaimMail(ctx context.Context, c MailClaim) ([]Mail, error)

	// SettleMail settles claimed mails in one durable step. It does not touch a mail that is gone,
	// or of a deleted app; nor one that was claimed anew since, unless it is Done.
	SettleMail(ctx context.Context, mails []Settled) error
}

// MailClaim says which mail is taken, and until when.
type MailClaim struct {
	Now, Until time.Time
	After      uuid.UUID // the app after which the turn begins; the nil UUID: with the first
	Max        int       // how many mails at most
}

// Settled says what became of a claimed mail. It is removed if it is Done, that is, sent or given
// up. Otherwise it gets the time at which it is due again and the number of tries.
type Settled struct {
	App, ID  uuid.UUID
	Until    time.Time // of its claim
	Done     bool
	DueAt    time.Time
	Attempts int
}

// EventStore keeps the audit trail. Events are put in as riders.
type EventStore interface {
	// Events lists events that match every filter, newest first (time, then id).
	Events(ctx context.Context, app uuid.UUID, q EventQuery) ([]Event, error)

	// EventsByID returns the events with these ids, in any order. It leaves out ids that are unknown.
	EventsByID(ctx context.Context, app uuid.UUID, ids []uuid.UUID) ([]Event, error)
}

// Upkeep is what Engine.Run and health checks need.
type Upkeep interface {
	// Sweep removes what is expired or ended at now, the old counts that [StatStore] names, and the
	// rows of deleted apps, at most max of each; more reports whether a further call may have work.
	// It removes no event of a live app. Repeated calls come to an end. An idle session may stay for
	// up to a day longer and a limit for up to an hour, which changes no answer.
	Sweep(ctx context.Context, now time.Time, max int) (more bool, err error)

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
