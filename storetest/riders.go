package storetest

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func riderSentences() []sentence {
	return []sentence{
		{"rider: a rider whose id is taken is a conflict, and the verb does nothing", riderTaken},
		{"rider: a Put without riders is a write that changes nothing, and is refused like any other", riderNone},
		{"race: Puts without riders all succeed beside each other and beside other steps", raceRiderNone},
		{"rider: a verb that is refused, for whatever reason, does nothing", riderRefused},
	}
}

// ridden fails unless the riders of each kind were written, or are missing, as wanted.
func (b *bed) ridden(c call, app uuid.UUID, riders authkit.Riders, want bool) {
	b.Helper()
	name := riders.Events[0].Type
	_, _, missing := b.s.Token(b.ctx, app, take(name), now())
	events, err := b.s.Events(b.ctx, app, authkit.EventQuery{Page: authkit.Page{Limit: 1}, Type: name})
	b.ok(err)
	sent, err := b.s.Deliveries(b.ctx, app, riders.Deliveries[0].Webhook, authkit.Page{Limit: 1})
	b.ok(err)
	token, mail, event, delivery := missing == nil, slices.Contains(b.due(), mailRef{app, riders.Mail[0].ID}), len(events) == 1, len(sent) == 1
	if token != want || mail != want || event != want || delivery != want {
		b.Fatalf("%s wrote riders: got %v for the token, %v for the mail, %v for the event, %v for the delivery, want %v", c.name(), token, mail, event, delivery, want)
	}
}

// riderTaken puts the refused rider last, after good ones of its kind.
func riderTaken(b *bed) {
	x := b.newThings()
	app := b.furnish(x)
	was := b.holding(app, "t")
	token := x.token
	token.Slot = "another"
	for _, taken := range []authkit.Riders{
		{Tokens: []authkit.Token{token}}, {Mail: []authkit.Mail{x.mail}}, {Events: []authkit.Event{x.event}}, {Deliveries: []authkit.Delivery{x.delivery}},
	} {
		for _, c := range allCalls() {
			if !c.riders || c.own != nil {
				continue
			}
			riders := b.riders(uuid.NewString())
			riders.Tokens = append(riders.Tokens, taken.Tokens...)
			riders.Mail = append(riders.Mail, taken.Mail...)
			riders.Events = append(riders.Events, taken.Events...)
			riders.Deliveries = append(riders.Deliveries, taken.Deliveries...)
			b.answers(c, c.do(caller{b.ctx, b.s, app, x, riders}), authkit.ErrConflict)
			b.ridden(c, app, riders, false)
		}
	}
	b.same(b.holding(app, "t"), was)
	b.unused(app)
}

func riderRefused(b *bed) {
	x := b.newThings()
	app := b.furnish(x)
	was := b.holding(app, "t")
	for _, c := range refusals() {
		riders := b.riders(uuid.NewString())
		b.answers(c, c.do(caller{b.ctx, b.s, app, x, riders}), c.own)
		b.ridden(c, app, riders, false)
	}
	b.same(b.holding(app, "t"), was)
	b.unused(app)
}

// riderNone puts no rider, on both handles.
func riderNone(b *bed) {
	x := b.newThings()
	app := b.furnish(x)
	was := b.holding(app, "t")
	_, err := b.s.NoteSecret(b.ctx, theSecret(), []string{theSecret()})
	b.ok(err)
	for _, s := range []authkit.Store{b.s, b.other()} {
		b.ok(s.Put(b.ctx, authkit.Put{App: app}))
		b.ok(s.Put(b.ctx, authkit.Put{App: app, Riders: authkit.Riders{Secret: theSecret()}}))
		b.is(s.Put(b.ctx, authkit.Put{App: app, Riders: authkit.Riders{Secret: secretID(9)}}), authkit.ErrStale)
		b.is(s.Put(b.ctx, authkit.Put{App: uuid.New()}), authkit.ErrNotFound)
	}
	over, cancel := context.WithCancel(b.ctx)
	cancel()
	if err := b.s.Put(over, authkit.Put{App: app}); err == nil {
		b.Fatal("with a context that is over: got no error, want one")
	}
	b.same(b.holding(app, "t"), was)
	b.unused(app)
	b.ok(b.s.DeleteApp(b.ctx, app, now(), authkit.Riders{}))
	b.is(b.s.Put(b.ctx, authkit.Put{App: app}), authkit.ErrNotFound)
}

// raceRiderNone finds a step that takes a share lock on the app's row and then writes to it: such
// steps would deadlock.
func raceRiderNone(b *bed) {
	const callers = 18
	for range 5 {
		equal(b, b.race(callers, func(s authkit.Store, n int) error {
			if n%6 == 5 {
				return s.Put(b.ctx, authkit.Put{App: b.app, Riders: authkit.Riders{Events: []authkit.Event{{ID: uuid.New(), Time: now(), Type: "beside"}}}})
			}
			return s.Put(b.ctx, authkit.Put{App: b.app})
		}), callers)
	}
	events, err := b.s.Events(b.ctx, b.app, authkit.EventQuery{Page: authkit.Page{Limit: 100}, Type: "beside"})
	b.ok(err)
	equal(b, len(events), 5*callers/6)
}
