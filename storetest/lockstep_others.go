package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// otherSteps are the steps on limits, mail, events, counts and explanations.
type otherSteps struct{ *lockstep }

func (l *otherSteps) steps() []step {
	return []step{
		{"Hit", l.doHit},
		{"ClaimMail", l.doClaimMail},
		{"SettleMail", l.doSettleMail},
		{"look for events", l.lookEvents},
		{"AddStats", l.doAddStats},
		{"look for stats", l.lookStats},
		{"AddExplanations", l.doExplain},
		{"look for an explanation", l.lookExplanation},
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
	got, err := l.s.Hit(l.ctx, authkit.Hits{App: app, Each: hits}, l.at)
	if _, live := l.m[app]; l.found(err, live) {
		l.same("Hit", got, l.m.hit(app, hits, l.at))
	}
}

// mailOf mostly draws a mail that exists.
func (l *otherSteps) mailOf(app uuid.UUID) uuid.UUID {
	return drawID(l, "mail", l.model(app).mail, l.mails...)
}

// doClaimMail accepts any order among mails of one app that are due at the same time.
func (l *otherSteps) doClaimMail() {
	c := authkit.MailClaim{Now: l.at, Until: l.soon(), After: draw(l, "after", uuid.Nil, l.app()), Max: draw(l, "limit", 1, 2, 3, 99)}
	want := l.m.due(c.Now, c.After, c.Max)
	got, err := l.s.ClaimMail(l.ctx, c)
	l.answered(err, nil)
	if len(got) != len(want) {
		l.Fatalf("ClaimMail: got %d mails, want %d", len(got), len(want))
	}
	seen := map[mailRef]bool{}
	for i, m := range got {
		ref := mailRef{m.App, m.ID}
		x, ok := l.model(m.App).mail[m.ID]
		if !ok || seen[ref] || !isDue(x, c.Now) || m.App != want[i].App || !x.DueAt.Equal(want[i].DueAt) {
			l.Fatalf("ClaimMail[%d]: got %v, due at %v, want one of app %s that is due at %v", i, ref, x.DueAt, want[i].App, want[i].DueAt)
		}
		seen[ref] = true
		x.DueAt = c.Until
		l.same("ClaimMail", m, x)
	}
	for ref := range seen {
		x := l.model(ref.App).mail[ref.ID]
		x.DueAt = c.Until
		l.model(ref.App).mail[ref.ID] = x
	}
}

func (l *otherSteps) doSettleMail() {
	var all []authkit.Settled
	for range draw(l, "mails", 1, 2) {
		app := l.app()
		s := authkit.Settled{App: app, ID: l.mailOf(app), Done: l.often(5, "done"), DueAt: l.soon(), Attempts: draw(l, "tries", 0, 1, 2)}
		a := l.model(app)
		x, ok := a.mail[s.ID]
		if s.Until = x.DueAt; l.often(3, "late") {
			s.Until = l.soon()
		}
		switch {
		case ok && s.Done:
			delete(a.mail, s.ID)
		case ok && s.Until.Equal(x.DueAt):
			x.DueAt, x.Attempts = s.DueAt, s.Attempts
			a.mail[s.ID] = x
		}
		all = append(all, s)
	}
	l.answered(l.s.SettleMail(l.ctx, all), nil)
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
