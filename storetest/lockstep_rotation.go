package storetest

import (
	"fmt"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/google/uuid"
)

// before is the nth token before the current one, as far as the model remembers it.
func (s *modelSession) before(n int) []byte {
	if i := len(s.turns) - n; i >= 0 && i < len(s.turns) {
		return s.turns[i].hash
	}
	return s.Current
}

// doRotateSession presents the current token, one of those before, or one that never was or
// was replaced.
func (l *lockstep) doRotateSession() {
	app := l.app()
	id := l.sessionOf(app)
	s, n := l.model(app).sessions[id], l.turns[id]
	r := l.rotation(app, id)
	r.Presented = draw(l, "token", s.Current, s.Current, s.Current, s.Current, s.before(1), s.before(1), s.before(2), s.before(3), secret(id, n-1), secret(id, -1))
	if r.Presented == nil {
		r.Presented = secret(id, 0)
	}
	r.Key = draw(l, "key", nil, nil, hash("key a"), hash("key b"), hash(fmt.Sprint("key ", n)), hash(fmt.Sprint("key ", n-1)))
	if l.often(3, "under a Version") {
		r.AppVersion = max(0, l.model(app).app.Version-draw[int64](l, "behind", 0, 0, 1))
	}
	l.rotated(r)
}

// doTurnBack takes the latest rotation back, or one that was not.
func (l *lockstep) doTurnBack() {
	app := l.app()
	id := l.sessionOf(app)
	s := l.model(app).sessions[id]
	r := l.rotation(app, id)
	r.Back, r.Presented = true, s.Current
	r.Next = draw(l, "to", s.before(1), s.before(1), s.before(2), secret(id, -1))
	if r.Presented == nil || r.Next == nil {
		r.Presented, r.Next = secret(id, 0), secret(id, 0)
	}
	l.rotated(r)
}

func (l *lockstep) rotation(app, id uuid.UUID) authkit.Rotation {
	l.turns[id]++
	n := l.turns[id]
	return authkit.Rotation{
		App: app, Family: hash("family " + id.String()), Next: secret(id, n), Sealed: []byte(fmt.Sprint("sealed ", n)), Now: l.at,
		Grace: 10 * time.Second, GraceMost: 25 * time.Second, RenewFor: 2 * time.Minute, Renewals: 2, IdleUntil: l.soon().Add(time.Minute),
	}
}

func (l *lockstep) rotated(r authkit.Rotation) {
	want, g := l.m.rotate(r)
	got, err := l.s.RotateSession(l.ctx, r)
	if l.answered(err, g) {
		l.same("RotateSession", got, want)
	}
}

func (l *lockstep) doUseSession() {
	app := l.app()
	id, until := l.sessionOf(app), l.soon().Add(time.Minute)
	l.found(l.s.UseSession(l.ctx, app, id, l.at, until), l.m.useSession(app, id, l.at, until))
}

func (l *lockstep) lookCookie() {
	app := l.app()
	id := l.sessionOf(app)
	a := l.model(app)
	want := a.sessions[id]
	got, user, err := l.s.SessionByCookie(l.ctx, app, cookieOf(id), l.at)
	if l.found(err, want.Cookie != nil && a.alive(want, l.at)) {
		l.same("SessionByCookie", got, want.Session)
		l.same("SessionByCookie", user, a.users[want.UserID])
	}
}
