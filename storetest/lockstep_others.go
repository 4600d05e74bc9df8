package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// otherSteps are the steps on limits, mail and events.
type otherSteps struct{ *lockstep }

func (l *otherSteps) steps() []step {
	return []step{
		{"Hit", l.doHit},
		{"ClaimMail", l.doClaimMail},
		{"SettleMail", l.doSettleMail},
		{"look for due mail", l.lookMail},
		{"look for events", l.lookEvents},
	}
}

func (l *otherSteps) doHit() {
	app := l.app()
	in := []uuid.UUID{uuid.Nil}
	for _, id := range l.apps {
		if _, live := l.m[id]; live {
			in = append(in, id)
		}
	}
	var hits []authkit.Hit
	for range draw(l, "hits", 1, 2, 3) {
		hits = append(hits, authkit.Hit{
			Key: draw(l, "limit", "a", "b"), Limit: draw(l, "Limit", 2, 3), Window: 30 * time.Second, Cost: draw(l, "cost", 0, 1, 2, -1),
			App: draw(l, "in", in...),
		})
	}
	got, err := l.s.Hit(l.ctx, app, hits, l.at)
	if _, live := l.m[app]; l.found(err, live) {
		l.same("Hit", got, l.m.hit(app, hits, l.at))
	}
}

// mailOf mostly draws a mail that exists.
func (l *otherSteps) mailOf(app uuid.UUID) uuid.UUID {
	return drawID(l, "mail", l.model(app).mail, l.mails...)
}

func (l *otherSteps) doClaimMail() {
	app := l.app()
	id, until := l.mailOf(app), l.soon()
	a := l.model(app)
	want, ok := a.mail[id]
	ok = ok && isDue(want, l.at)
	if ok {
		want.DueAt = until
		want.Attempts++
		a.mail[id] = want
	}
	got, err := l.s.ClaimMail(l.ctx, app, id, l.at, until)
	if l.found(err, ok) {
		l.same("ClaimMail", got, want)
	}
}

func (l *otherSteps) doSettleMail() {
	app := l.app()
	id, done, next := l.mailOf(app), l.often(5, "done"), l.soon()
	a := l.model(app)
	x, ok := a.mail[id]
	switch {
	case ok && done:
		delete(a.mail, id)
	case ok:
		x.DueAt = next
		a.mail[id] = x
	}
	l.found(l.s.SettleMail(l.ctx, app, id, done, next), ok)
}

// lookMail accepts any order among mails of one app that are due at the same time.
func (l *otherSteps) lookMail() {
	after, limit := draw(l, "after", uuid.Nil, l.app()), draw(l, "limit", 1, 2, 3, 99)
	want := l.m.due(l.at, after, limit)
	got, err := l.s.DueMail(l.ctx, l.at, after, limit)
	l.answered(err, nil)
	if len(got) != len(want) {
		l.Fatalf("DueMail: got %d mails, want %d", len(got), len(want))
	}
	seen := map[authkit.MailRef]bool{}
	for i, ref := range got {
		x, ok := l.m[ref.App].mail[ref.ID]
		if !ok || seen[ref] || !isDue(x, l.at) || ref.App != want[i].App || !x.DueAt.Equal(want[i].DueAt) {
			l.Fatalf("DueMail[%d]: got %v, due at %v, want one of app %s that is due at %v", i, ref, x.DueAt, want[i].App, want[i].DueAt)
		}
		seen[ref] = true
	}
}

func (l *otherSteps) lookEvents() {
	app := l.app()
	q := authkit.EventQuery{Page: authkit.Page{Limit: draw(l, "limit", 1, 2, 99)}, Type: draw(l, "type", "", "a", "b")}
	q.UserID = l.userOrNone()
	if l.often(3, "since") {
		q.Since = now().Add(draw(l, "from", 0, time.Minute, time.Hour))
	}
	if l.often(3, "until") {
		q.Until = now().Add(draw(l, "to", time.Minute, time.Hour))
	}
	l.compareEvents(app, q)
}

func (l *otherSteps) compareEvents(app uuid.UUID, q authkit.EventQuery) {
	l.Helper()
	a, live := l.m[app]
	got, err := l.s.Events(l.ctx, app, q)
	if l.found(err, live) {
		l.same("Events", got, a.listEvents(q))
	}
}
