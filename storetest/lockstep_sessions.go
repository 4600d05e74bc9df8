package storetest

import (
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// sessionSteps are the steps on sessions. They are started by [userSteps].
type sessionSteps struct {
	*lockstep

	known []uuid.UUID       // all that were ever started
	count map[uuid.UUID]int // how many rotations of each were tried
}

func (l *sessionSteps) steps() []step {
	return []step{
		{"RotateSession", l.doRotateSession},
		{"RotateSession", l.doRotateSession},
		{"RotateSession, undo", l.doUndoRotation},
		{"UseSession", l.doUseSession},
		{"EndSession", l.doEndSession},
		{"look at a session", l.lookSession},
		{"look at a session by its cookie", l.lookCookie},
		{"look at sessions", l.lookSessions},
	}
}

// session draws a session that no step has started.
func (l *sessionSteps) session() *authkit.Session {
	id := l.fresh()
	s := authkit.Session{
		ID: id, AuthTime: l.at, CreatedAt: l.at, LastUsedAt: l.at, IdleUntil: l.soon().Add(time.Minute), Until: l.soon().Add(10 * time.Minute),
		AMR: []string{"pwd"}, UserAgent: "agent", MFAAt: draw(l, "MFAAt", time.Time{}, l.at),
	}
	if l.often(8, "with a refresh token") {
		s.Family, s.Current = hash("family "+id.String()), secret(id, 0)
	} else {
		s.Cookie = cookieOf(id)
	}
	l.known = append(l.known, id)
	return &s
}

// secret is the n-th refresh token of a session.
func secret(session uuid.UUID, n int) []byte { return hash(session.String() + strconv.Itoa(n)) }

func cookieOf(session uuid.UUID) []byte { return hash("cookie " + session.String()) }

// sessionOf mostly draws a live session, and otherwise a dead one or one of the other app.
func (l *sessionSteps) sessionOf(app uuid.UUID) uuid.UUID {
	live, a := map[uuid.UUID]modelSession{}, l.model(app)
	for id, s := range a.sessions {
		if a.alive(s, l.at) {
			live[id] = s
		}
	}
	return drawID(l, "session", live, l.known...)
}

// before returns the nth token before the current one, if the model remembers it.
func (s *modelSession) before(n int) []byte {
	if i := len(s.rotated) - n; i >= 0 && i < len(s.rotated) {
		return s.rotated[i].hash
	}
	return s.Current
}

// doRotateSession presents the current token, one of those before, one that never existed, or one
// that was replaced.
func (l *sessionSteps) doRotateSession() {
	app := l.app()
	id := l.sessionOf(app)
	s, n := l.model(app).sessions[id], l.count[id]
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

// doUndoRotation undoes the latest rotation, or tries to undo another one.
func (l *sessionSteps) doUndoRotation() {
	app := l.app()
	id := l.sessionOf(app)
	s := l.model(app).sessions[id]
	r := l.rotation(app, id)
	r.Undo, r.Presented = true, s.Current
	r.Next = draw(l, "to", s.before(1), s.before(1), s.before(2), secret(id, -1))
	if r.Presented == nil || r.Next == nil {
		r.Presented, r.Next = secret(id, 0), secret(id, 0)
	}
	l.rotated(r)
}

func (l *sessionSteps) rotation(app, id uuid.UUID) authkit.Rotation {
	l.count[id]++
	n := l.count[id]
	return authkit.Rotation{
		App: app, Family: hash("family " + id.String()), Next: secret(id, n), Sealed: []byte(fmt.Sprint("sealed ", n)), Now: l.at,
		Grace: 10 * time.Second, GraceMost: 25 * time.Second, RenewFor: 2 * time.Minute, Renewals: 2, IdleUntil: l.soon().Add(time.Minute),
	}
}

func (l *sessionSteps) rotated(r authkit.Rotation) {
	want, g := l.m.rotate(r)
	got, err := l.s.RotateSession(l.ctx, r)
	if l.answered(err, g) {
		l.same("RotateSession", got, want)
	}
}

func (l *sessionSteps) doUseSession() {
	app := l.app()
	id, until := l.sessionOf(app), l.soon().Add(time.Minute)
	l.found(l.s.UseSession(l.ctx, app, id, l.at, until), l.m.useSession(app, id, l.at, until))
}

func (l *sessionSteps) doEndSession() {
	app := l.app()
	id, user, riders := l.sessionOf(app), l.userOf(app), l.riders(app)
	if owner := l.model(app).sessions[id].UserID; owner != uuid.Nil && l.often(8, "by its user") {
		user = owner
	}
	end := authkit.SessionEnd{App: app, User: user, ID: id, Now: l.at, Riders: riders}
	l.answered(l.s.EndSession(l.ctx, end), l.m.endSession(end))
}

func (l *sessionSteps) lookSession() {
	app := l.app()
	id := l.sessionOf(app)
	a := l.model(app)
	want := a.sessions[id]
	got, user, err := l.s.Session(l.ctx, app, authkit.SessionKey{ID: id}, l.at)
	if l.found(err, a.alive(want, l.at)) {
		l.same("Session", got, want.Session)
		l.same("Session", user, a.users[want.UserID])
	}
}

func (l *sessionSteps) lookCookie() {
	app := l.app()
	id := l.sessionOf(app)
	a := l.model(app)
	want := a.sessions[id]
	got, user, err := l.s.Session(l.ctx, app, authkit.SessionKey{Cookie: cookieOf(id)}, l.at)
	if l.found(err, want.Cookie != nil && a.alive(want, l.at)) {
		l.same("SessionByCookie", got, want.Session)
		l.same("SessionByCookie", user, a.users[want.UserID])
	}
}

func (l *sessionSteps) lookSessions() {
	app := l.app()
	user := l.userOf(app)
	a, live := l.m[app]
	got, err := l.s.Sessions(l.ctx, app, user, l.at)
	if l.found(err, live) {
		l.same("Sessions", got, a.liveSessions(user, l.at))
	}
}
