package authkit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/panics"
	"github.com/authkit-dev/authkit/internal/seal"
)

// The events of an app are chained in links. The hash of a link covers the hash of the link before
// it and every member of its events, so that an event that is removed, edited, moved or added shows.
// The hashes are not secret: a person who can write to the store could make all of them anew. So the
// beginning and the end of a chain are signed under the newest secret, which covers what lies
// between. A secret that is rotated signs nothing any more once [Engine.Reseal] has run.
//
// Events are written by requests, and chained by Run, so that no request waits for a chain: a row
// that names an unchained event is all that a request pays. The events themselves are not changed.
// They take their positions as they are chained: an event that was written later, or whose step
// took long, never comes before one that has a position already.

const (
	minAuditDays, maxAuditDays, defaultAuditDays = 7, 3650, 400

	maxLink   = 500 // events in a link
	maxPasses = 20  // over all apps, in one go of the upkeep

	linksAtOnce = 3 // of as many apps; the requests need connections to the store, too

	// headsEvery is how often the heads of the chains are logged, and old links removed.
	headsEvery = time.Hour
	chainsPage = 200

	chainLabel = "audit chain" // of the key that signs a chain
)

// auditChain chains the events of all apps. It is safe for concurrent use, by several processes
// too: of those that append to one chain at once, one does.
type auditChain struct {
	store auditStore
	ring  *seal.Ring
	now   func() time.Time
	log   *slog.Logger

	// deliveries returns what is to be sent of events that have the positions from first on.
	deliveries func(ctx context.Context, app uuid.UUID, events []Event, first int64) ([]Delivery, error)

	due nextTime // when the heads are next logged
}

// auditStore are the roles of the store that keep events and their chains.
type auditStore interface {
	AuditStore
	EventStore
}

func newAuditChain(store auditStore, ring *seal.Ring, now func() time.Time, log *slog.Logger) *auditChain {
	return &auditChain{store: store, ring: ring, now: now, log: log}
}

// link appends what is unchained, a link an app and pass, until there is no more or others wait. Links of
// several apps are appended at once, so that they can share a commit of the store.
func (a *auditChain) link(ctx context.Context) error {
	var all error
	for pass, full := 0, true; full && pass < maxPasses; pass++ {
		var err error
		full, err = a.linkEach(ctx)
		all = errors.Join(all, err)
	}
	return all
}

// linkEach appends a link to the chain of each app with unchained events. full reports whether one of
// them has more.
func (a *auditChain) linkEach(ctx context.Context) (full bool, all error) {
	var mu sync.Mutex
	var running sync.WaitGroup
	slots := make(chan struct{}, linksAtOnce)
	for after := uuid.Nil; ; {
		events, err := a.store.Unchained(ctx, after, maxLink)
		if err != nil || len(events) == 0 {
			running.Wait()
			if err != nil {
				err = fmt.Errorf("look for events to chain: %w", err)
			}
			return full, errors.Join(all, err)
		}
		after = events[0].App
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			done, err := a.appendTo(ctx, events)
			mu.Lock()
			defer mu.Unlock()
			all = errors.Join(all, err)
			full = full || done && len(events) == maxLink
		})
	}
}

// appendTo is append. done reports whether it has appended: another process may have been first, or the
// app is gone, which is no error.
func (a *auditChain) appendTo(ctx context.Context, events []Event) (done bool, err error) {
	app := events[0].App
	err = panics.Catch(func() error { return a.append(ctx, app, events) })
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, ErrStale), errors.Is(err, ErrNotFound):
		return false, nil
	}
	return false, fmt.Errorf("chain the events of app %s: %w", app, err)
}

// append makes a link of the events, and queues them for webhooks in the same step: each event has one
// position and is queued once, whatever process chains it. A chain whose seal does not hold is left as it is.
func (a *auditChain) append(ctx context.Context, app uuid.UUID, events []Event) error {
	was, err := a.chain(ctx, app)
	if err != nil {
		return err
	}
	next, link := was, Link{Seq: was.Next}
	sums := make([][sha256.Size]byte, len(events))
	for i := range events {
		sums[i] = digestOf(&events[i])
		link.Entries = append(append(link.Entries, events[i].ID[:]...), sums[i][:LinkEntry-len(uuid.UUID{})]...)
		if events[i].Time.After(link.Last) {
			link.Last = events[i].Time
		}
	}
	link.Hash = linkHash(app, was.Hash, link, sums)
	next.Next, next.Hash, next.LinkedAt = was.Next+int64(len(events)), link.Hash, a.now().UTC().Truncate(time.Microsecond)
	if next.Oldest.IsZero() {
		next.Oldest = link.Last
	}
	sent, err := a.deliveries(ctx, app, events, was.Next)
	if err != nil {
		return fmt.Errorf("find the webhooks: %w", err)
	}
	return a.change(ctx, was, next, ChainChange{Append: &link, Deliveries: sent})
}

// change replaces a chain by another, which it seals.
func (a *auditChain) change(ctx context.Context, was, next Chain, c ChainChange) error {
	next.Seal = a.ring.Sign(chainLabel, next.signed()...)
	c.App, c.Was, c.Next, c.Secret = was.App, was.Seal, next, a.ring.IDs()[0]
	return a.store.ChangeChain(ctx, c)
}

// chain reads a chain and checks its seal. An app without one has a chain with the hash of no link.
func (a *auditChain) chain(ctx context.Context, app uuid.UUID) (Chain, error) {
	c, err := a.store.Chain(ctx, app)
	if errors.Is(err, ErrNotFound) {
		none := beginning(app)
		return Chain{App: app, Hash: none, Before: none}, nil
	}
	if err != nil {
		return Chain{}, err
	}
	return c, a.check(c)
}

// check returns an error unless the seal of the chain holds.
func (a *auditChain) check(c Chain) error {
	if err := a.ring.CheckSigned(chainLabel, c.Seal, c.signed()...); err != nil {
		return fmt.Errorf("the audit chain is not the one that was sealed: %w", err)
	}
	return nil
}

// signed returns what the seal of a chain covers.
func (c Chain) signed() [][]byte {
	number := func(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) } //nolint:gosec // the same bits
	return [][]byte{c.App[:], number(c.Next), c.Hash, number(c.First), c.Before, number(microsOf(c.Oldest)), number(microsOf(c.LinkedAt))}
}

func microsOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// head names the end of a chain, for the log and for [AuditCheck].
func (c Chain) head() string { return strconv.FormatInt(c.Next, 10) + ":" + hex.EncodeToString(c.Hash) }

// beginning is the hash of no link, which the first one of an app follows.
func beginning(app uuid.UUID) []byte {
	sum := sha256.Sum256(append([]byte("authkit audit chain v1"), app[:]...))
	return sum[:]
}

// linkHash returns the hash of a link after the one with the hash before, whose events have the
// digests.
func linkHash(app uuid.UUID, before []byte, l Link, sums [][sha256.Size]byte) []byte {
	d := parts{sha256.New()}
	d.text("authkit audit link v1")
	d.bytes(app[:])
	d.bytes(before)
	d.number(l.Seq)
	d.number(microsOf(l.Last))
	d.bytes(l.Entries)
	for i := range sums {
		d.bytes(sums[i][:])
	}
	return d.Sum(nil)
}

// digestOf returns a digest of every member of an event.
func digestOf(e *Event) (sum [sha256.Size]byte) {
	d := parts{sha256.New()}
	d.text("authkit audit event v1")
	d.bytes(e.App[:])
	d.bytes(e.ID[:])
	d.bytes(e.UserID[:])
	d.number(microsOf(e.Time))
	for _, text := range []string{e.Type, e.Actor, e.IP, e.Result, e.Reason, e.RequestID} {
		d.text(text)
	}
	d.bytes(e.Detail)
	d.Sum(sum[:0])
	return sum
}

// parts is a hash of parts, each preceded by its length.
type parts struct{ hash.Hash }

func (d parts) bytes(b []byte) {
	d.number(int64(len(b)))
	_, _ = d.Write(b)
}

func (d parts) text(s string) { d.bytes([]byte(s)) }

func (d parts) number(n int64) {
	_, _ = d.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) //nolint:gosec // the same bits
}
