package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// AuditStore keeps the chains of events. Each app has one chain: links, each of which holds some
// events, and one [Chain] with the beginning and the end. The n-th event that was ever chained has
// the position n, from 0 on. An event is unchained from the step that writes it until a link holds
// it. What links mean, and whether they fit, is not the store's to know.
type AuditStore interface {
	// Unchained returns unchained events of one app: of the live app with the least id above after
	// that has any. It returns those with the least ids, ordered by id, at most max. It
	// takes no longer for how many others wait.
	Unchained(ctx context.Context, after uuid.UUID, max int) ([]Event, error)

	// ChangeChain replaces the Chain of an app and appends or cuts off a link, in one step. Of
	// concurrent callers with one c.Was exactly one succeeds. [ErrStale]: the chain has another Seal
	// than c.Was, or there is none; with a nil c.Was, there is one; or an event of c.Append is not
	// unchained.
	ChangeChain(ctx context.Context, c ChainChange) error

	// Chain returns the chain of an app. [ErrNotFound]: it has no chain yet.
	Chain(ctx context.Context, app uuid.UUID) (Chain, error)

	// Chains lists the chains of live apps whose id is above after, by id, at most max. Days is set.
	Chains(ctx context.Context, after uuid.UUID, max int) ([]Chain, error)

	// Links lists links in order, at most max: from the last one that begins at from or before it,
	// or from the first one.
	Links(ctx context.Context, app uuid.UUID, from int64, max int) ([]Link, error)

	// CountAudit counts the events of an app, those that are unchained, and those of which a store has
	// nothing but that they are unchained. It returns the chain of the app, or the zero Chain. All are
	// as they are at one moment.
	CountAudit(ctx context.Context, app uuid.UUID) (AuditCount, error)
}

// Chain is the state of an app's chain. The zero Chain is one without a link.
type Chain struct {
	App    uuid.UUID
	Next   int64  // the position of the next event
	Hash   []byte // of the last link
	First  int64  // the position of the first event that is kept
	Before []byte // the hash of the link that ended there; of no link, where First is 0

	Oldest   time.Time // the time of the latest event in the first link; zero: there is no link
	LinkedAt time.Time // when the last link was appended
	Seal     []byte    // of all of these, under a secret; it begins with the head of a sealed blob

	// Days is the setting of the app for how long its events are kept, where [AuditStore.Chains] lists
	// the chain. It is not stored with it.
	Days int
}

// Link is a part of a chain.
type Link struct {
	Seq  int64     // the position of its first event
	Last time.Time // the time of its latest event
	Hash []byte

	// Entries has [LinkEntry] bytes for each event, in the order of the positions: the id, and the
	// beginning of a digest of the event.
	Entries []byte
}

// LinkEntry is the size of an entry of a [Link], in bytes.
const LinkEntry = 24

// Len is how many events the link holds.
func (l Link) Len() int64 { return int64(len(l.Entries) / LinkEntry) }

// IDs returns the ids of the link's events, in the order of their positions.
func (l Link) IDs() []uuid.UUID {
	ids := make([]uuid.UUID, l.Len())
	for i := range ids {
		copy(ids[i][:], l.Entries[i*LinkEntry:])
	}
	return ids
}

// ChainChange is a step of a chain.
type ChainChange struct {
	App  uuid.UUID
	Was  []byte // the Seal of the chain that the caller decided by; nil: there is no chain
	Next Chain

	// Secret names the secret that sealed Next. While it is retired or not noted, the step is
	// refused with [ErrStale].
	Secret string

	Append *Link // its events are not unchained any more
	Cut    *Link // it is removed, with its events

	Deliveries []Delivery // of the events that are appended, to the webhooks that want them
}

// AuditCount says how many events an app has at one moment.
type AuditCount struct {
	Events    int64
	Unchained int64 // those that are gone are among them
	Gone      int64 // unchained, and no event: it was removed by other means than the store's
	Chain     Chain
}
