package storetest

import (
	"github.com/authkit-dev/authkit"
	"github.com/google/uuid"
)

func riderSentences() []sentence {
	return []sentence{
		{"rider: a verb that is accepted writes every kind, one that is refused writes none", riderAll},
		{"rider: one whose id is taken is a conflict, and the verb does nothing", riderTaken},
		{"rider: a verb that is refused, for whatever reason, does nothing", riderRefused},
	}
}

// ridden fails unless the riders were written, each kind or none.
func (b *bed) ridden(c call, app uuid.UUID, also authkit.Also, want bool) {
	b.Helper()
	h := b.holding(app, also.Events[0].Type)
	events, mail := 0, 0
	for _, e := range h.Events {
		if e.ID == also.Events[0].ID {
			events++
		}
	}
	for _, ref := range h.Due {
		if ref.ID == also.Mail[0].ID {
			mail++
		}
	}
	n := 0
	if want {
		n = 1
	}
	if len(h.Tokens) != n || mail != n || events != n {
		b.Fatalf("%s: got %d tokens, %d mails and %d events, want %d of each", c.name(), len(h.Tokens), mail, events, n)
	}
}

// riderAll calls each verb in an app of its own and in a foreign one. The riders of
// DeleteApp go where nobody can read them.
func riderAll(b *bed) {
	x := b.newThings()
	for _, c := range allCalls() {
		if !c.riders || c.method == "DeleteApp" {
			continue
		}
		for app, want := range map[uuid.UUID]error{b.furnish(x): c.own, b.bare(x): c.foreign} {
			also := b.riders(uuid.NewString())
			b.answers(c, c.do(caller{b.ctx, b.s, app, x, also}), want)
			b.ridden(c, app, also, want == nil)
		}
	}
}

// riderTaken puts the rider that is refused last, after good ones of its kind.
func riderTaken(b *bed) {
	x := b.newThings()
	app := b.furnish(x)
	was := b.holding(app, "t")
	token, mail, event := x.token, x.mail, x.event
	token.Slot = "another"
	for _, taken := range []authkit.Also{
		{Tokens: []authkit.Token{token}}, {Mail: []authkit.Mail{mail}}, {Events: []authkit.Event{event}},
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
			b.untouched(c, app, was, also.Events[0].Type)
		}
	}
	b.unused(app)
}

func riderRefused(b *bed) {
	x := b.newThings()
	app := b.furnish(x)
	was := b.holding(app, "t")
	for _, c := range refusals() {
		also := b.riders(uuid.NewString())
		b.answers(c, c.do(caller{b.ctx, b.s, app, x, also}), c.own)
		b.untouched(c, app, was, also.Events[0].Type)
	}
	b.unused(app)
}
