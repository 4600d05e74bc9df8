package storetest

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// auditSteps are the steps on the chains of events.
type auditSteps struct{ *lockstep }

func (l *auditSteps) steps() []step {
	return []step{
		{"ChangeChain", l.doAppend},
		{"ChangeChain", l.doAppend},
		{"ChangeChain, cut", l.doCut},
		{"look for what is unchained", l.lookUnchained},
		{"look for chains", l.lookChains},
		{"look for links", l.lookLinks},
	}
}

// change draws a step of the app's chain, most often one that may be made.
func (l *auditSteps) change(app uuid.UUID) authkit.ChainChange {
	c := authkit.ChainChange{App: app, Secret: draw(l, "secret", theSecret(), theSecret(), theSecret(), theSecret(), secretID(2))}
	if was := l.model(app).chain; was != nil {
		c.Was, c.Next = was.Seal, *was
	}
	if l.often(1, "with another seal") {
		c.Was = draw(l, "seal", nil, []byte("none"))
	}
	l.made++
	c.Next.App, c.Next.Seal, c.Next.LinkedAt = app, []byte(strconv.Itoa(l.made)), l.at
	c.Next.Hash, c.Next.Before = l.blob(), l.blob()
	return c
}

// doAppend chains some of the events that are unchained.
func (l *auditSteps) doAppend() {
	app := l.app()
	c, ids := l.change(app), []uuid.UUID{}
	for _, e := range l.model(app).listUnchained(99) {
		if l.often(7, "with the next") {
			ids = append(ids, e.ID)
		}
	}
	if l.often(1, "with an unknown one") {
		ids = append(ids, key(0))
	}
	link := linkOf(c.Next.Next, ids...)
	c.Append, c.Next.Next = link, c.Next.Next+int64(len(ids))
	if len(ids) == 0 {
		c.Append = nil
	}
	if c.Next.Oldest.IsZero() {
		c.Next.Oldest = link.Last
	}
	c.Deliveries = l.deliveries(app)
	l.answered(l.s.ChangeChain(l.ctx, c), l.m.changeChain(c))
}

// doCut removes the oldest link.
func (l *auditSteps) doCut() {
	app := l.app()
	links := l.model(app).links
	if len(links) == 0 {
		return
	}
	c := l.change(app)
	c.Cut, c.Next.First, c.Next.Oldest = &links[0], links[0].Seq+links[0].Len(), time.Time{}
	l.answered(l.s.ChangeChain(l.ctx, c), l.m.changeChain(c))
}

// idAround is an id next to that of an app.
func (l *auditSteps) idAround() uuid.UUID {
	return draw(l, "after", uuid.Nil, l.apps[0], l.apps[1], idBefore(l.apps[0]), idBefore(l.apps[1]))
}

func (l *auditSteps) lookUnchained() {
	after, most := l.idAround(), draw(l, "limit", 1, 2, 99)
	got, err := l.s.Unchained(l.ctx, after, most)
	l.answered(err, nil)
	l.same("Unchained", got, l.m.unchained(after, most))
}

func (l *auditSteps) lookChains() {
	after, most := l.idAround(), draw(l, "limit", 1, 2, 99)
	got, err := l.s.Chains(l.ctx, after, most)
	l.answered(err, nil)
	l.same("Chains", got, l.m.chains(after, most))
	app := l.app()
	a, live := l.m[app]
	one, err := l.s.Chain(l.ctx, app)
	if l.found(err, live && a.chain != nil) {
		l.same("Chain", one, *a.chain)
	}
	n, err := l.s.CountAudit(l.ctx, app)
	if l.found(err, live) {
		want := authkit.AuditCount{Events: int64(len(a.events)), Unchained: int64(len(a.pending))}
		if a.chain != nil {
			want.Chain = *a.chain
		}
		l.same("CountAudit", n, want)
	}
}

func (l *auditSteps) lookLinks() {
	app := l.app()
	a, live := l.m[app]
	from, most := draw(l, "from", int64(0), 1, 2, 3, 5, 99), draw(l, "limit", 1, 2, 99)
	got, err := l.s.Links(l.ctx, app, from, most)
	if l.found(err, live) {
		l.same("Links", got, a.listLinks(from, most))
	}
	ids := []uuid.UUID{key(0)}
	for _, link := range got {
		ids = append(ids, link.IDs()...)
	}
	events, err := l.s.EventsByID(l.ctx, app, ids)
	if l.found(err, live) {
		slices.SortFunc(events, byEventID)
		l.same("EventsByID", events, a.eventsOf(ids))
	}
}

func byEventID(a, b authkit.Event) int { return bytes.Compare(a.ID[:], b.ID[:]) }

// eventsOf returns the events with the ids, by id.
func (a *modelApp) eventsOf(ids []uuid.UUID) (out []authkit.Event) {
	for _, e := range a.events {
		if slices.Contains(ids, e.ID) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, byEventID)
	return out
}

func (a *modelApp) listUnchained(most int) []authkit.Event {
	all := a.eventsOf(slices.Collect(maps.Keys(a.pending)))
	return all[:min(most, len(all))]
}

// sorted returns the ids of the live apps above one, in order.
func (m model) sorted(after uuid.UUID) []uuid.UUID {
	ids := slices.SortedFunc(maps.Keys(m), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return slices.DeleteFunc(ids, func(id uuid.UUID) bool { return bytes.Compare(id[:], after[:]) <= 0 })
}

func (m model) unchained(after uuid.UUID, most int) []authkit.Event {
	for _, id := range m.sorted(after) {
		if a := m[id]; len(a.pending) > 0 {
			return a.listUnchained(most)
		}
	}
	return nil
}

func (m model) chains(after uuid.UUID, most int) (out []authkit.Chain) {
	for _, id := range m.sorted(after) {
		if a := m[id]; a.chain != nil && len(out) < most {
			c := *a.chain
			c.Days = a.app.Settings.AuditDays
			out = append(out, c)
		}
	}
	return out
}

// listLinks returns links from the last one on that does not begin after a position.
func (a *modelApp) listLinks(from int64, most int) []authkit.Link {
	first := 0
	for i, link := range a.links {
		if link.Seq <= from {
			first = i
		}
	}
	return a.links[first:min(len(a.links), first+most)]
}

func (m model) changeChain(c authkit.ChainChange) against {
	return m.step(c.App, authkit.Riders{Secret: c.Secret, Deliveries: c.Deliveries}, func(a *modelApp, g *against) {
		g.when((a.chain == nil) != (c.Was == nil) || a.chain != nil && !bytes.Equal(a.chain.Seal, c.Was), authkit.ErrStale)
		a.chain = &c.Next
		if c.Append != nil {
			a.links = append(a.links, *c.Append)
			for _, id := range c.Append.IDs() {
				g.when(!a.pending[id], authkit.ErrStale)
				delete(a.pending, id)
			}
		}
		if c.Cut != nil {
			a.links = a.links[1:]
			for _, id := range c.Cut.IDs() {
				delete(a.events, id)
			}
		}
	})
}
