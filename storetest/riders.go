package storetest

import (
	"slices"

	"github.com/authkit-dev/authkit"
	"github.com/google/uuid"
)

func riderSentences() []sentence {
	return []sentence{
		{"rider: one whose id is taken is a conflict, and the verb does nothing", riderTaken},
		{"rider: a verb that is refused, for whatever reason, does nothing", riderRefused},
	}
}

// ridden fails unless the riders were written, each kind or none.
func (b *bed) ridden(c call, app uuid.UUID, also authkit.Also, want bool) {
	b.Helper()
	name := also.Events[0].Type
	_, missing := b.s.Token(b.ctx, app, take(name), now())
	due, err := b.s.DueMail(b.ctx, now(), uuid.Nil, 1000)
	b.ok(err)
	events, err := b.s.Events(b.ctx, app, authkit.EventQuery{Page: authkit.Page{Limit: 1}, Type: name})
	b.ok(err)
	token, mail, event := missing == nil, slices.Contains(due, authkit.MailRef{App: app, ID: also.Mail[0].ID}), len(events) == 1
	if token != want || mail != want || event != want {
		b.Fatalf("%s wrote riders: got %v for the token, %v for the mail, %v for the event, want %v", c.name(), token, mail, event, want)
	}
}

// riderTaken puts the rider that is refused last, after good ones of its kind.
func riderTaken(b *bed) {
	x := b.newThings()
	app := b.furnish(x)
	was := b.holding(app, "t")
	token := x.token
	token.Slot = "another"
	for _, taken := range []authkit.Also{
		{Tokens: []authkit.Token{token}}, {Mail: []authkit.Mail{x.mail}}, {Events: []authkit.Event{x.event}},
	} {
		for _, c := range allCalls() {
			if !c.riders || c.own != nil {
				continue
			}
			also := b.riders(uuid.NewString())
			also.Tokens = append(also.Tokens, taken.Tokens...)
			also.Mail = append(also.Mail, taken.Mail...)
			also.Events = append(also.Events, taken.Events...)
			b.answers(c, c.do(caller{b.ctx, b.s, app, x, also}), authkit.ErrConflict)
			b.ridden(c, app, also, false)
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
		also := b.riders(uuid.NewString())
		b.answers(c, c.do(caller{b.ctx, b.s, app, x, also}), c.own)
		b.ridden(c, app, also, false)
	}
	b.same(b.holding(app, "t"), was)
	b.unused(app)
}
