package authkit

import (
	"context"

	"github.com/google/uuid"
)

// StatDays is how many days before today the counts of a [StatStore] are kept.
const StatDays = 400

// StatStore counts what happens in apps, by day. A day is a number of days since 1970, in UTC.
// [Upkeep.Sweep] removes the counts of days more than [StatDays] before now, and the note of which
// users were active on a day before yesterday. Their number stays.
type StatStore interface {
	// AddStats adds a batch to what is stored, in one step. Of any number of concurrent callers
	// each adds all of its batch. A user whom batches name more than once for one day is counted
	// once among the active users of that day.
	AddStats(ctx context.Context, app uuid.UUID, b StatBatch) error

	// Stats returns the counts of the days from first to last, both included, ordered by day, kind
	// and key. A count of zero may be absent.
	Stats(ctx context.Context, app uuid.UUID, first, last int64) ([]Stat, error)
}

// StatBatch is what a process has counted in an app since its last batch.
type StatBatch struct {
	Counts []Stat       // of any kind but [StatActive]
	Active []ActiveUser // each raises the count of StatActive of its day, unless it was added before
}

// Stat is a count of one day.
type Stat struct {
	Day  int64
	Kind StatKind
	Key  string // what distinguishes counts of a kind; the kinds say which keys they have
	N    int64
}

// ActiveUser is a user who was active on a day.
type ActiveUser struct {
	Day  int64
	User uuid.UUID
}

// StatKind is what a [Stat] counts.
type StatKind string

// The kinds of counts.
const (
	StatSignUp  StatKind = "sign_up" // no key
	StatSignIn  StatKind = "sign_in" // by method
	StatRefused StatKind = "refused" // by [Code]
	StatActive  StatKind = "active"  // users who signed in or refreshed; no key
)
