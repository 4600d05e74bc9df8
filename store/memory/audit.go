package memory

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

func copyChain(c authkit.Chain) authkit.Chain {
	c.Hash, c.Before, c.Seal = bytes.Clone(c.Hash), bytes.Clone(c.Before), bytes.Clone(c.Seal)
	c.Oldest, c.LinkedAt, c.Days = micro(c.Oldest), micro(c.LinkedAt), 0
	return c
}

func copyLink(l authkit.Link) authkit.Link {
	l.Last, l.Hash, l.Entries = micro(l.Last), bytes.Clone(l.Hash), bytes.Clone(l.Entries)
	return l
}

// after returns the live apps whose id is above an id and that match, by id.
func (s *Store) after(id uuid.UUID, match func(*tenant) bool) []*tenant {
	var out []*tenant
	for _, t := range s.apps {
		if compareIDs(t.app.ID, id) > 0 && match(t) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *tenant) int { return compareIDs(a.app.ID, b.app.ID) })
	return out
}

// next returns the first of what after returns, or nil.
func (s *Store) next(id uuid.UUID, match func(*tenant) bool) (first *tenant) {
	for _, t := range s.apps {
		if compareIDs(t.app.ID, id) > 0 && (first == nil || compareIDs(t.app.ID, first.app.ID) < 0) && match(t) {
			first = t
		}
	}
	return first
}

// byIDs returns copies of the events with the ids, oldest first.
func (t *tenant) byIDs(ids []uuid.UUID) (out []authkit.Event) {
	for _, id := range ids {
		at, ok := t.eventTimes[id]
		if !ok {
			continue
		}
		n, _ := slices.BinarySearchFunc(t.events, age{at, id}, func(e authkit.Event, a age) int { return eventAge(e).compare(a) })
		out = append(out, copyEvent(t.events[n]))
	}
	slices.SortFunc(out, func(a, b authkit.Event) int { return eventAge(a).compare(eventAge(b)) })
	return slices.CompactFunc(out, func(a, b authkit.Event) bool { return a.ID == b.ID })
}

// Unchained implements [authkit.AuditStore].
func (s *Store) Unchained(ctx context.Context, after uuid.UUID, limit int) (out []authkit.Event, err error) {
	err = s.step(ctx, func() error {
		if t := s.next(after, func(t *tenant) bool { return len(t.unchained) > 0 }); t != nil {
			out = t.byIDs(t.unchained[:min(limit, len(t.unchained))])
			slices.SortFunc(out, func(a, b authkit.Event) int { return compareIDs(a.ID, b.ID) })
		}
		return nil
	})
	return out, err
}

// ChangeChain implements [authkit.AuditStore].
func (s *Store) ChangeChain(ctx context.Context, c authkit.ChainChange) error {
	return s.in(ctx, c.App, func(t *tenant) error {
		if !t.under(c.Secret) || (t.chain == nil) != (c.Was == nil) || t.chain != nil && !bytes.Equal(t.chain.Seal, c.Was) || c.Append != nil && !t.areUnchained(c.Append.IDs()) {
			return authkit.ErrStale
		}
		next := copyChain(c.Next)
		next.App = c.App
		t.chain = &next
		if c.Append != nil {
			t.append(copyLink(*c.Append))
		}
		if c.Cut != nil {
			t.cut(*c.Cut)
		}
		for _, d := range c.Deliveries {
			d = copyDelivery(d)
			d.App = c.App
			t.putDelivery(d)
		}
		return nil
	})
}

func (t *tenant) areUnchained(ids []uuid.UUID) bool {
	return !slices.ContainsFunc(ids, func(id uuid.UUID) bool {
		_, found := slices.BinarySearchFunc(t.unchained, id, compareIDs)
		return !found
	})
}

func (t *tenant) append(l authkit.Link) {
	t.links = append(t.links, l)
	t.unchained = without(t.unchained, l, func(id uuid.UUID) uuid.UUID { return id })
}

func (t *tenant) cut(l authkit.Link) {
	t.links = slices.DeleteFunc(t.links, func(x authkit.Link) bool { return x.Seq == l.Seq })
	t.events = without(t.events, l, func(e authkit.Event) uuid.UUID { return e.ID })
	for _, id := range l.IDs() {
		delete(t.eventTimes, id)
	}
}

// without removes what has an id of the link.
func without[T any](all []T, l authkit.Link, id func(T) uuid.UUID) []T {
	gone := map[uuid.UUID]struct{}{}
	for _, id := range l.IDs() {
		gone[id] = struct{}{}
	}
	return slices.DeleteFunc(all, func(x T) bool { _, ok := gone[id(x)]; return ok })
}

// EventsByID implements [authkit.EventStore].
func (s *Store) EventsByID(ctx context.Context, app uuid.UUID, ids []uuid.UUID) (out []authkit.Event, err error) {
	err = s.in(ctx, app, func(t *tenant) error { out = t.byIDs(ids); return nil })
	return out, err
}

// Chain implements [authkit.AuditStore].
func (s *Store) Chain(ctx context.Context, app uuid.UUID) (out authkit.Chain, err error) {
	err = s.in(ctx, app, func(t *tenant) error {
		if t.chain == nil {
			return authkit.ErrNotFound
		}
		out = copyChain(*t.chain)
		return nil
	})
	return out, err
}

// Chains implements [authkit.AuditStore].
func (s *Store) Chains(ctx context.Context, after uuid.UUID, limit int) (out []authkit.Chain, err error) {
	err = s.step(ctx, func() error {
		for _, t := range s.after(after, func(t *tenant) bool { return t.chain != nil }) {
			if len(out) < limit {
				c := copyChain(*t.chain)
				c.Days = t.app.Settings.AuditDays
				out = append(out, c)
			}
		}
		return nil
	})
	return out, err
}

// Links implements [authkit.AuditStore].
func (s *Store) Links(ctx context.Context, app uuid.UUID, from int64, limit int) (out []authkit.Link, err error) {
	err = s.in(ctx, app, func(t *tenant) error {
		at := len(t.links)
		for at > 0 && (at == len(t.links) || t.links[at].Seq > from) {
			at--
		}
		for _, l := range t.links[at:min(len(t.links), at+limit)] {
			out = append(out, copyLink(l))
		}
		return nil
	})
	return out, err
}

// CountAudit implements [authkit.AuditStore].
func (s *Store) CountAudit(ctx context.Context, app uuid.UUID) (n authkit.AuditCount, err error) {
	err = s.in(ctx, app, func(t *tenant) error {
		n = authkit.AuditCount{Events: int64(len(t.events)), Unchained: int64(len(t.unchained))}
		for _, id := range t.unchained {
			if _, there := t.eventTimes[id]; !there {
				n.Gone++
			}
		}
		if t.chain != nil {
			n.Chain = copyChain(*t.chain)
		}
		return nil
	})
	return n, err
}
