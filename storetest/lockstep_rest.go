package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func (l *lockstep) otherSteps() []step {
	return []step{
		{"Put", l.doPut},
		{"Put", l.doPut},
		{"Put", l.doPut},
		{"TryToken", l.doTryToken},
		{"TryToken", l.doTryToken},
		{"TakeToken", l.doTakeToken},
		{"Hit", l.doHit},
		{"ClaimMail", l.doClaimMail},
		{"SettleMail", l.doSettleMail},
		{"time moves", l.doWait},
	}
}

// doWait moves the clock, and sweeps now and then.
func (l *lockstep) doWait() {
	l.at = l.at.Add(draw(l, "by", time.Second, 5*time.Second, 10*time.Second, 20*time.Second, time.Minute, time.Hour))
	if !l.often(2, "and sweeps") {
		return
	}
	var events time.Time
	if l.often(2, "and old events") {
		events = l.at.Add(-time.Minute)
	}
	l.answered(sweep(l.ctx, l.s, l.at, events), nil)
	l.m.sweep(l.at, events)
	clear(l.deleted)
}

func (l *lockstep) doPut() {
	app := l.app()
	also := l.also(app)
	// Whether one token of a step may give its place to another that takes its hash elsewhere
	// is not promised, since hashes are random.
	if t := l.token(app); len(also.Tokens) == 0 || !l.model(app).elsewhere(t) {
		also.Tokens = append(also.Tokens, t)
	}
	l.answered(l.s.Put(l.ctx, app, also), l.m.step(app, also, func(*modelApp, *against) {}))
}

func (l *lockstep) doTryToken() {
	app := l.app()
	tk, proof, most := l.take(app), draw(l, "proof", hash("code"), hash("code"), hash("code"), hash("wrong"), nil), draw(l, "max", 1, 2, 3)
	want, ok := l.model(app).try(tk, proof, most, l.at)
	got, err := l.s.TryToken(l.ctx, app, authkit.Try{Take: tk, Proof: proof, Max: most}, l.at)
	if l.found(err, ok) {
		l.same("TryToken", got, want.Token)
	}
}

func (l *lockstep) doTakeToken() {
	app := l.app()
	tk := l.take(app)
	a := l.model(app)
	want, ok := a.token(tk, l.at)
	if ok {
		a.spend(want)
	}
	got, err := l.s.TakeToken(l.ctx, app, tk, l.at)
	if l.found(err, ok) {
		l.same("TakeToken", got, want.Token)
	}
}

func (l *lockstep) doHit() {
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

// mailOf mostly names a mail that is there.
func (l *lockstep) mailOf(app uuid.UUID) uuid.UUID {
	return drawID(l, "mail", l.model(app).mail, l.mails...)
}

func (l *lockstep) doClaimMail() {
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

func (l *lockstep) doSettleMail() {
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

// looks are steps without effect.
func (l *lockstep) looks() []step {
	return []step{
		{"look at an app", l.lookApp},
		{"look at API keys", l.lookKeys},
		{"look at providers", l.lookProviders},
		{"look at an account", l.lookAccount},
		{"look for users", l.lookUsers},
		{"look at a token", l.lookToken},
		{"look at a session", l.lookSession},
		{"look at a session by its cookie", l.lookCookie},
		{"look at sessions", l.lookSessions},
		{"look for due mail", l.lookMail},
		{"look for events", l.lookEvents},
	}
}
