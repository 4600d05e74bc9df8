package storetest

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func auditSentences() []sentence {
	return []sentence{
		{"audit: an event is unchained until a link holds it, and the apps come in order", auditUnchained},
		{"audit: EventsByID returns what there is of the ids that are asked for", auditByID},
		{"audit: a link is appended and cut off with its events, and the rest stays", auditLinks},
		{"audit: Links begins with the one that holds the position", auditFrom},
		{"audit: a chain is changed from the state that it has, and otherwise not at all", auditStale},
		{"audit: a retired secret seals no chain", auditRetired},
		{"audit: of those who change a chain at once one wins", auditOneWinner},
		{"audit: CountAudit sees one moment while others write, chain and cut", auditCounts},
		{"audit: chains are listed by id, with the days of their app, and go with it", auditChains},
	}
}

// chainOf is a chain with that end and seal.
func chainOf(next int64, seal string) authkit.Chain {
	return authkit.Chain{Next: next, Hash: []byte("hash " + seal), Before: []byte("before"), Oldest: now(), LinkedAt: after(time.Second), Seal: []byte(seal)}
}

// linkOf is a link of events.
func linkOf(seq int64, ids ...uuid.UUID) *authkit.Link {
	l := authkit.Link{Seq: seq, Last: after(time.Duration(seq) * time.Second), Hash: []byte{byte(seq)}}
	for _, id := range ids {
		l.Entries = append(append(l.Entries, id[:]...), "digest!!"...)
	}
	return &l
}

// sealing notes the secret that seals the chains of these tests.
func sealing(b *bed) string {
	b.Helper()
	known, err := b.s.Secrets(b.ctx)
	b.ok(err)
	ids := []string{secretID(1)}
	for _, note := range known {
		ids = append(ids, note.ID)
	}
	_, err = b.s.NoteSecret(b.ctx, secretID(1), ids)
	b.ok(err)
	return secretID(1)
}

// eventsOf writes n events to an app, and returns their ids in order.
func eventsOf(b *bed, app uuid.UUID, n int) []uuid.UUID {
	b.Helper()
	var events []authkit.Event
	var ids []uuid.UUID
	for range n {
		e := authkit.Event{ID: uuid.New(), Time: now(), Type: "a", Result: "ok"}
		events, ids = append(events, e), append(ids, e.ID)
	}
	b.ok(b.s.Put(b.ctx, authkit.Put{App: app, Riders: authkit.Riders{Events: events}}))
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

// idBefore returns the id right before another one.
func idBefore(id uuid.UUID) uuid.UUID {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]--; id[i] != 0xff {
			break
		}
	}
	return id
}

// unchainedOf returns the ids of the unchained events after an app, and the app.
func unchainedOf(b *bed, after uuid.UUID, most int) (app uuid.UUID, ids []uuid.UUID) {
	b.Helper()
	events, err := b.s.Unchained(b.ctx, after, most)
	b.ok(err)
	for _, e := range events {
		app, ids = e.App, append(ids, e.ID)
	}
	return app, ids
}

func auditUnchained(b *bed) {
	secret, apps := sealing(b), []uuid.UUID{b.newApp("one"), b.newApp("two")}
	slices.SortFunc(apps, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	first, second := eventsOf(b, apps[0], 3), eventsOf(b, apps[1], 230)
	before := idBefore(apps[0])
	app, ids := unchainedOf(b, before, 10)
	b.same(ids, first)
	b.same(app, apps[0])
	_, ids = unchainedOf(b, before, 2)
	b.same(ids, first[:2])
	app, ids = unchainedOf(b, apps[0], 500)
	b.same(ids, second)
	b.same(app, apps[1])
	b.ok(b.s.ChangeChain(b.ctx, authkit.ChainChange{App: apps[0], Next: chainOf(2, "1"), Append: linkOf(0, first[:2]...), Secret: secret}))
	b.ok(b.s.ChangeChain(b.ctx, authkit.ChainChange{App: apps[1], Next: chainOf(229, "1"), Append: linkOf(0, second[1:]...), Secret: secret}))
	_, ids = unchainedOf(b, before, 10)
	b.same(ids, first[2:])
	_, ids = unchainedOf(b, apps[0], 10)
	b.same(ids, second[:1])
	b.ok(b.s.DeleteApp(b.ctx, apps[0], now(), authkit.Riders{}))
	app, _ = unchainedOf(b, before, 10)
	b.same(app, apps[1])
}

func auditByID(b *bed) {
	ids, other := eventsOf(b, b.app, 250), eventsOf(b, b.newApp("other"), 1)
	for _, n := range []int{1, 99, 100, 101, 250} {
		got, err := b.s.EventsByID(b.ctx, b.app, append(slices.Clone(ids[:n]), other[0], uuid.New()))
		b.ok(err)
		equal(b, len(got), n)
	}
	got, err := b.s.EventsByID(b.ctx, b.app, other)
	b.ok(err)
	equal(b, len(got), 0)
}

// twoLinksOf chains five events in links of two and three.
func twoLinksOf(b *bed, secret string) (ids []uuid.UUID, links [2]*authkit.Link) {
	b.Helper()
	ids = eventsOf(b, b.app, 5)
	links = [2]*authkit.Link{linkOf(0, ids[:2]...), linkOf(2, ids[2:]...)}
	b.ok(b.s.ChangeChain(b.ctx, authkit.ChainChange{App: b.app, Next: chainOf(2, "1"), Append: links[0], Secret: secret}))
	b.ok(b.s.ChangeChain(b.ctx, authkit.ChainChange{App: b.app, Was: []byte("1"), Next: chainOf(5, "2"), Append: links[1], Secret: secret}))
	return ids, links
}

func auditLinks(b *bed) {
	_, err := b.s.Chain(b.ctx, b.app)
	b.is(err, authkit.ErrNotFound)
	secret := sealing(b)
	ids, links := twoLinksOf(b, secret)
	was, err := b.s.Chain(b.ctx, b.app)
	b.ok(err)
	want := chainOf(5, "2")
	want.App = b.app
	b.same(was, want)
	got, err := b.s.Links(b.ctx, b.app, 0, 10)
	b.ok(err)
	b.same(got, []authkit.Link{*links[0], *links[1]})
	equal(b, b.countEvents(authkit.EventQuery{Page: authkit.Page{Limit: 10}}), 5)
	next := chainOf(5, "3")
	next.First = 2
	b.ok(b.s.ChangeChain(b.ctx, authkit.ChainChange{App: b.app, Was: was.Seal, Next: next, Cut: links[0], Secret: secret}))
	got, err = b.s.Links(b.ctx, b.app, 0, 10)
	b.ok(err)
	b.same(got, []authkit.Link{*links[1]})
	left, err := b.s.EventsByID(b.ctx, b.app, ids)
	b.ok(err)
	equal(b, len(left), 3)
	n, err := b.s.CountAudit(b.ctx, b.app)
	b.ok(err)
	next.App = b.app
	b.same(n, authkit.AuditCount{Events: 3, Chain: next})
}

func auditFrom(b *bed) {
	got, err := b.s.Links(b.ctx, b.app, 0, 10)
	b.ok(err)
	equal(b, len(got), 0)
	twoLinksOf(b, sealing(b))
	for from, seq := range map[int64]int64{0: 0, 1: 0, 2: 2, 4: 2, 5: 2, 99: 2} {
		got, err := b.s.Links(b.ctx, b.app, from, 1)
		b.ok(err)
		equal(b, len(got), 1)
		equal(b, got[0].Seq, seq)
	}
}

func auditStale(b *bed) {
	secret := sealing(b)
	ids, links := twoLinksOf(b, secret)
	for _, was := range []string{"", "1", "3"} {
		c := authkit.ChainChange{App: b.app, Next: chainOf(9, "9"), Append: linkOf(5, uuid.New()), Cut: links[0], Secret: secret}
		if was != "" {
			c.Was = []byte(was)
		}
		b.is(b.s.ChangeChain(b.ctx, c), authkit.ErrStale)
	}
	for _, ids := range [][]uuid.UUID{{ids[0]}, {uuid.New()}, {eventsOf(b, b.newApp("foreign"), 1)[0]}} {
		b.is(b.s.ChangeChain(b.ctx, authkit.ChainChange{App: b.app, Was: []byte("2"), Next: chainOf(9, "9"), Append: linkOf(5, ids...), Secret: secret}), authkit.ErrStale)
	}
	other := b.newApp("other")
	b.is(b.s.ChangeChain(b.ctx, authkit.ChainChange{App: other, Was: []byte("2"), Next: chainOf(9, "9"), Secret: secret}), authkit.ErrStale)
	n, err := b.s.CountAudit(b.ctx, b.app)
	b.ok(err)
	want := chainOf(5, "2")
	want.App = b.app
	b.same(n, authkit.AuditCount{Events: int64(len(ids)), Chain: want})
	got, err := b.s.Links(b.ctx, b.app, 0, 10)
	b.ok(err)
	equal(b, len(got), 2)
}

func auditRetired(b *bed) {
	secret := sealing(b)
	twoLinksOf(b, secret)
	b.ok(b.s.RetireSecret(b.ctx, secret))
	b.is(b.s.ChangeChain(b.ctx, authkit.ChainChange{App: b.app, Was: []byte("2"), Next: chainOf(5, "3"), Secret: secret}), authkit.ErrStale)
	b.is(b.s.ChangeChain(b.ctx, authkit.ChainChange{App: b.app, Was: []byte("2"), Next: chainOf(5, "3"), Secret: secretID(8)}), authkit.ErrStale)
	heads, err := b.s.SealedHeads(b.ctx, now(), now())
	b.ok(err)
	equal(b, slices.ContainsFunc(heads, func(h []byte) bool { return string(h) == "2" }), true)
}

func auditOneWinner(b *bed) {
	secret := sealing(b)
	ids := eventsOf(b, b.app, 12)
	for round, was := range [][]byte{nil, []byte("round 0")} {
		equal(b, b.race(6, func(s authkit.Store, n int) error {
			next := chainOf(int64(round+1), "round "+string(rune('0'+round)))
			return s.ChangeChain(b.ctx, authkit.ChainChange{App: b.app, Was: was, Next: next, Append: linkOf(int64(round), ids[6*round+n]), Secret: secret})
		}, authkit.ErrStale), 1)
	}
	n, err := b.s.CountAudit(b.ctx, b.app)
	b.ok(err)
	equal(b, n.Unchained, 10)
	links, err := b.s.Links(b.ctx, b.app, 0, 10)
	b.ok(err)
	equal(b, len(links), 2)
}

func auditCounts(b *bed) {
	secret := sealing(b)
	eventsOf(b, b.app, 10)
	b.race(4, func(s authkit.Store, n int) error {
		for i := range 10 {
			switch n {
			case 0:
				e := authkit.Event{ID: uuid.New(), Time: now(), Type: "a", Result: "ok"}
				if err := s.Put(b.ctx, authkit.Put{App: b.app, Riders: authkit.Riders{Events: []authkit.Event{e}}}); err != nil {
					return err
				}
			case 1:
				if err := chainOne(b, s, secret, i == 7); err != nil {
					return err
				}
			default:
				got, err := s.CountAudit(b.ctx, b.app)
				if err != nil {
					return err
				}
				equal(b, got.Events, got.Unchained+got.Chain.Next-got.Chain.First)
			}
		}
		return nil
	})
}

// chainOne chains one event of the app, or cuts the first link off.
func chainOne(b *bed, s authkit.Store, secret string, cut bool) error {
	n, err := s.CountAudit(b.ctx, b.app)
	if err != nil {
		return err
	}
	c := authkit.ChainChange{App: b.app, Was: n.Chain.Seal, Next: n.Chain, Secret: secret}
	c.Next.Hash, c.Next.Before, c.Next.Seal = []byte("h"), []byte("b"), []byte(uuid.NewString())
	before := idBefore(b.app)
	events, err := s.Unchained(b.ctx, before, 1)
	if err != nil {
		return err
	}
	if cut {
		links, err := s.Links(b.ctx, b.app, 0, 1)
		if err != nil {
			return err
		}
		c.Next.First, c.Cut = n.Chain.First+1, &links[0]
	} else {
		c.Next.Next, c.Append = n.Chain.Next+1, linkOf(n.Chain.Next, events[0].ID)
	}
	return s.ChangeChain(b.ctx, c)
}

func auditChains(b *bed) {
	secret, apps := sealing(b), []uuid.UUID{b.newApp("one"), b.newApp("two"), b.newApp("three")}
	slices.SortFunc(apps, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	_, err := b.s.ChangeApp(b.ctx, authkit.AppChange{App: apps[1], Version: 1, Settings: &authkit.Settings{AuditDays: 30}})
	b.ok(err)
	for _, app := range apps {
		b.ok(b.s.ChangeChain(b.ctx, authkit.ChainChange{App: app, Next: chainOf(1, "1"), Append: linkOf(0, eventsOf(b, app, 1)...), Secret: secret}))
	}
	before := idBefore(apps[0])
	list := func(after uuid.UUID, most int) (ids []uuid.UUID, days []int) {
		chains, err := b.s.Chains(b.ctx, after, most)
		b.ok(err)
		for _, c := range chains {
			if slices.Contains(apps, c.App) {
				ids, days = append(ids, c.App), append(days, c.Days)
			}
		}
		return ids, days
	}
	ids, days := list(before, 1000)
	b.same(ids, apps)
	b.same(days, []int{0, 30, 0})
	ids, _ = list(before, 1)
	b.same(ids, apps[:1])
	b.ok(b.s.DeleteApp(b.ctx, apps[0], now(), authkit.Riders{}))
	ids, _ = list(before, 1000)
	b.same(ids, apps[1:])
	b.ok(sweep(b.ctx, b.s, now()))
	again := anApp("again")
	again.ID = apps[0]
	b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: again, First: signingKey(1)}))
	_, err = b.s.Chain(b.ctx, apps[0])
	b.is(err, authkit.ErrNotFound)
	n, err := b.s.CountAudit(b.ctx, apps[0])
	b.ok(err)
	b.same(n, authkit.AuditCount{})
}
