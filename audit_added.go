package authkit

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// maxWaitingShown is up to how many events that wait are read, to name one that was added.
const maxWaitingShown = 100_000

// others looks for events that are neither in a link nor waiting for one, and for an empty log without a
// chain. The step that creates an app writes an event, and the chain stays once the age of that event has
// removed it. The numbers are of one moment, so that they differ only if an event was added, or one that
// waited is gone.
func (w *auditWalk) others(ctx context.Context, n AuditCount) error {
	if n.Gone > 0 { // an event that was added would make up for each in the numbers
		return &AuditFault{-1, uuid.Nil, fmt.Sprintf("%d events that were not yet chained were removed", n.Gone)}
	}
	if n.Events == 0 && w.chain.Next == 0 && w.chain.App != Console {
		return &AuditFault{0, uuid.Nil, "it is empty: the event of the app's creation was removed"}
	}
	kept := w.chain.Next - w.chain.First
	if n.Events == kept+n.Unchained {
		return nil
	}
	id, err := w.added(ctx)
	if err != nil {
		return err
	}
	return &AuditFault{-1, id, "it is in no link and waits for none: it was added"}
}

// twice looks for an event that is chained twice, or is chained and waits to be so once more. In the
// numbers it would make up for one that was added.
func (w *auditWalk) twice(ctx context.Context) error {
	slices.Sort(w.seen)
	for i := 1; i < len(w.seen); i++ {
		if w.seen[i] == w.seen[i-1] {
			if err := w.repeats(ctx, w.seen[i]); err != nil {
				return err
			}
		}
	}
	// Ids grow with time, so that an event that is chained comes before those that wait.
	waiting, err := w.store.Unchained(ctx, idBefore(w.chain.App), maxLink)
	if err != nil {
		return err
	}
	for i := range waiting {
		short := shortID(waiting[i].ID)
		if _, found := slices.BinarySearch(w.seen, short); found && waiting[i].App == w.chain.App {
			if err := w.repeats(ctx, short, waiting[i].ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// repeats returns a fault if two of the events with a short id have one id: of those in the chain and
// those that wait for it.
func (w *auditWalk) repeats(ctx context.Context, short uint64, waiting ...uuid.UUID) error {
	first := map[uuid.UUID]int64{}
	for at := w.chain.First; at < w.chain.Next; {
		links, err := w.store.Links(ctx, w.chain.App, at, 1)
		if err != nil || len(links) == 0 || links[0].Len() == 0 {
			return err
		}
		for i, id := range links[0].IDs() {
			if shortID(id) != short {
				continue
			}
			if place, ok := first[id]; ok {
				return &AuditFault{place, id, "it is chained twice"}
			}
			first[id] = links[0].Seq + int64(i)
		}
		at = links[0].Seq + links[0].Len()
	}
	for _, id := range waiting {
		if place, ok := first[id]; ok {
			return &AuditFault{place, id, "it is chained, and waits to be chained twice"}
		}
	}
	return nil
}

// added returns the oldest event that is in no link and waits for none. It is the nil UUID if so many
// wait that it cannot be told. It takes eight bytes of memory for each event, and is asked only once
// one is known to be there.
func (w *auditWalk) added(ctx context.Context) (found uuid.UUID, err error) {
	linked := map[uint64]struct{}{}
	if err := w.addLinked(ctx, linked, w.chain.First); err != nil {
		return uuid.Nil, err
	}
	var others []uuid.UUID // the newest first
	q := EventQuery{Page: Page{Limit: maxLink}}
	for more := true; more; {
		events, err := w.store.Events(ctx, w.chain.App, q)
		if err != nil {
			return uuid.Nil, err
		}
		for i := range events {
			if _, ok := linked[shortID(events[i].ID)]; !ok && len(others) <= maxWaitingShown {
				others = append(others, events[i].ID)
			}
			q.Time, q.ID = events[i].Time, events[i].ID
		}
		more = len(events) == q.Limit
	}
	if len(others) > maxWaitingShown {
		return uuid.Nil, nil
	}
	// What is chained from now on waited before, or is in a link after the chain's end.
	waiting, err := w.store.Unchained(ctx, idBefore(w.chain.App), maxWaitingShown)
	if err != nil {
		return uuid.Nil, err
	}
	for i := range waiting {
		linked[shortID(waiting[i].ID)] = struct{}{}
	}
	if err := w.addLinked(ctx, linked, w.chain.Next); err != nil {
		return uuid.Nil, err
	}
	for _, id := range others {
		if _, ok := linked[shortID(id)]; !ok {
			found = id
		}
	}
	return found, nil
}

// addLinked adds the events of the links from a position on.
func (w *auditWalk) addLinked(ctx context.Context, linked map[uint64]struct{}, from int64) error {
	for {
		links, err := w.store.Links(ctx, w.chain.App, from, 1)
		if err != nil || len(links) == 0 || links[0].Seq < from {
			return err
		}
		for _, id := range links[0].IDs() {
			linked[shortID(id)] = struct{}{}
		}
		from += links[0].Len()
	}
}

// shortID is the random half of an id.
func shortID(id uuid.UUID) uint64 { return binary.BigEndian.Uint64(id[8:]) }

// idBefore returns the id right before another one.
func idBefore(id uuid.UUID) uuid.UUID {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]--
		if id[i] != 0xff {
			break
		}
	}
	return id
}
