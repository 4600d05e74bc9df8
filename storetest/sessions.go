package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func sessionSentences() []sentence {
	return []sentence{
		{"session: a session lives until IdleUntil and Until", sessionLife},
		{"session: in the grace either of the two former refresh tokens is answered with its own successor", sessionGrace},
		{"session: a refresh token used after the grace ends the session", sessionLate},
		{"session: the token before that ends it too, by its own time", sessionLater},
		{"session: a token used a grace before its own rotation ends it too, by a clock that was set back", sessionEarly},
		{"session: while the user is disabled the session is not found, and no call rotates or ends it", sessionDisabled},
		{"session: an unknown token of a family ends the session, an unknown family is not found", sessionUnknown},
		{"session: slices that go into a rotation and come out of it are the caller's own", sessionSlices},
		{"session: an ended session is unknown, and another user cannot end it", sessionEnd},
		{"session: a session is found by the hash of its cookie, which is unique in the app", sessionCookie},
		{"session: use moves LastUsedAt and IdleUntil of a live session alone", sessionUse},
	}
}

func sessionLife(b *bed) {
	u := b.newUser("a@example.com")
	s := b.signIn(u, "s")
	got, who, err := b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: s.ID}, now())
	b.ok(err)
	equal(b, who.ID, u.ID)
	equal(b, got.Until, s.Until)
	equal(b, got.Epoch, u.Epoch)
	equal(b, len(got.AMR), 1)
	for _, d := range []time.Duration{time.Hour, 24 * time.Hour} {
		_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: s.ID}, after(d))
		b.is(err, authkit.ErrNotFound)
		_, err = b.s.RotateSession(b.ctx, b.rotation("t0 s", "t1", after(d)))
		b.is(err, authkit.ErrNotFound)
	}
	short := session(u, "short")
	short.Until = after(time.Minute)
	_, err = b.change(u, func(c *authkit.UserChange) { c.Session = short })
	b.ok(err)
	for d, want := range map[time.Duration]error{time.Minute - time.Microsecond: nil, time.Minute: authkit.ErrNotFound} {
		_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: short.ID}, after(d))
		b.is(err, want)
	}
}

// sessionSlices overwrites what it gave and what it got.
func sessionSlices(b *bed) {
	b.signIn(b.newUser("a@example.com"), "s")
	r := b.rotation("t0 s", "t1", now())
	out, err := b.s.RotateSession(b.ctx, r)
	b.ok(err)
	scribble(&r)
	scribble(&out)
	for range 2 {
		out, err = b.s.RotateSession(b.ctx, b.rotation("t0 s", "no", now()))
		b.ok(err)
		b.sameBytes(out.Again, []byte("t1"))
		b.sameBytes(out.Session.Current, hash("t1"))
		scribble(&out)
	}
	out, err = b.s.RotateSession(b.ctx, b.rotation("t1", "t2", now()))
	b.ok(err)
	equal(b, out.Again == nil, true)
}

func sessionGrace(b *bed) {
	b.signIn(b.newUser("a@example.com"), "s")
	for _, step := range []struct{ from, to, again string }{
		{"t0 s", "t1", ""}, {"t0 s", "no", "t1"}, {"t1", "t2", ""}, {"t0 s", "no", "t1"}, {"t1", "no", "t2"},
	} {
		r, err := b.s.RotateSession(b.ctx, b.rotation(step.from, step.to, after(time.Second)))
		b.ok(err)
		b.sameBytes(r.Again, []byte(step.again))
	}
	r, err := b.s.RotateSession(b.ctx, b.rotation("t2", "t3", after(time.Second)))
	b.ok(err)
	equal(b, r.Session.LastUsedAt, after(time.Second))
	equal(b, r.Session.IdleUntil, after(time.Second+time.Hour))
}

func sessionLate(b *bed) {
	s := b.signIn(b.newUser("a@example.com"), "s")
	_, err := b.s.RotateSession(b.ctx, b.rotation("t0 s", "t1", now()))
	b.ok(err)
	_, err = b.s.RotateSession(b.ctx, b.rotation("t0 s", "t2", after(11*time.Second)))
	b.is(err, authkit.ErrTokenReused)
	_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: s.ID}, after(11*time.Second))
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.RotateSession(b.ctx, b.rotation("t1", "t2", after(11*time.Second)))
	b.is(err, authkit.ErrNotFound)
}

// sessionLater presents the older of the two predecessors after its grace.
func sessionLater(b *bed) {
	b.signIn(b.newUser("a@example.com"), "s")
	for i, step := range []struct{ from, to string }{{"t0 s", "t1"}, {"t1", "t2"}} {
		_, err := b.s.RotateSession(b.ctx, b.rotation(step.from, step.to, after(time.Duration(i)*time.Second)))
		b.ok(err)
	}
	again, err := b.s.RotateSession(b.ctx, b.rotation("t0 s", "no", after(10*time.Second-time.Microsecond)))
	b.ok(err)
	b.sameBytes(again.Again, []byte("t1"))
	_, err = b.s.RotateSession(b.ctx, b.rotation("t0 s", "no", after(20*time.Second-time.Microsecond)))
	b.is(err, authkit.ErrTokenReused)
}

// sessionEarly presents a token before its own rotation, by a clock that was set back: within the
// grace it is accepted.
func sessionEarly(b *bed) {
	b.signIn(b.newUser("a@example.com"), "s")
	for i, step := range []struct{ from, to string }{{"t0 s", "t1"}, {"t1", "t2"}} {
		_, err := b.s.RotateSession(b.ctx, b.rotation(step.from, step.to, after(time.Minute+time.Duration(i)*time.Second)))
		b.ok(err)
	}
	for _, step := range []struct {
		from, again string
		at          time.Time
	}{
		{"t0 s", "t1", after(50*time.Second + time.Microsecond)},
		{"t1", "t2", after(51*time.Second + time.Microsecond)},
	} {
		r, err := b.s.RotateSession(b.ctx, b.rotation(step.from, "no", step.at))
		b.ok(err)
		b.sameBytes(r.Again, []byte(step.again))
	}
	_, err := b.s.RotateSession(b.ctx, b.rotation("t1", "no", after(41*time.Second)))
	b.is(err, authkit.ErrTokenReused)
}

// sessionDisabled presents a token that would end a live session.
func sessionDisabled(b *bed) {
	u := b.newUser("a@example.com")
	s := b.signIn(u, "s")
	u, err := b.change(u, func(c *authkit.UserChange) { c.Disabled = new(true) })
	b.ok(err)
	for _, presented := range []string{"t0 s", "never"} {
		_, err = b.s.RotateSession(b.ctx, b.rotation(presented, "t1", now()))
		b.is(err, authkit.ErrNotFound)
	}
	_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: s.ID}, now())
	b.is(err, authkit.ErrNotFound)
	u, err = b.change(u, func(c *authkit.UserChange) { c.Disabled = new(false) })
	b.ok(err)
	equal(b, b.onlySession(u).ID, s.ID)
	_, err = b.s.RotateSession(b.ctx, b.rotation("t0 s", "t1", now()))
	b.ok(err)
}

func sessionUnknown(b *bed) {
	s := b.signIn(b.newUser("a@example.com"), "s")
	r := b.rotation("t0 s", "t1", now())
	r.Family = hash("none")
	_, err := b.s.RotateSession(b.ctx, r)
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.RotateSession(b.ctx, b.rotation("never", "t1", now()))
	b.is(err, authkit.ErrTokenReused)
	_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: s.ID}, now())
	b.is(err, authkit.ErrNotFound)
}

func sessionEnd(b *bed) {
	u, other := b.newUser("a@example.com"), b.newUser("b@example.com")
	s := b.signIn(u, "s")
	b.is(b.s.EndSession(b.ctx, authkit.SessionEnd{App: b.app, User: other.ID, ID: s.ID, Now: now(), Riders: b.riders("x")}), authkit.ErrNotFound)
	b.is(b.s.EndSession(b.ctx, authkit.SessionEnd{App: b.app, User: u.ID, ID: uuid.New(), Now: now(), Riders: b.riders("x")}), authkit.ErrNotFound)
	b.written("x", false)
	b.ok(b.s.EndSession(b.ctx, authkit.SessionEnd{App: b.app, User: u.ID, ID: s.ID, Now: now(), Riders: b.riders("x")}))
	b.written("x", true)
	_, _, err := b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: s.ID}, now())
	b.is(err, authkit.ErrNotFound)
}

func sessionCookie(b *bed) {
	u := b.newUser("a@example.com")
	s := b.signIn(u, "s")
	got, who, err := b.s.Session(b.ctx, b.app, authkit.SessionKey{Cookie: hash("cookie s")}, now())
	b.ok(err)
	equal(b, got.ID, s.ID)
	equal(b, who.ID, u.ID)
	b.sameBytes(got.Cookie, hash("cookie s"))
	for _, cookie := range [][]byte{hash("none"), {}, nil} {
		_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{Cookie: cookie}, now())
		b.is(err, authkit.ErrNotFound)
	}
	same := session(u, "t")
	same.Cookie = hash("cookie s")
	_, err = b.change(u, func(c *authkit.UserChange) { c.Session = same })
	b.is(err, authkit.ErrConflict)
	for _, name := range []string{"one", "two"} { // sessions without a cookie do not conflict
		bare := session(u, name)
		bare.Cookie = nil
		_, err = b.change(u, func(c *authkit.UserChange) { c.Session = bare })
		b.ok(err)
	}
	b.ok(b.s.EndSession(b.ctx, authkit.SessionEnd{App: b.app, User: u.ID, ID: s.ID, Now: now()}))
	_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{Cookie: hash("cookie s")}, now())
	b.is(err, authkit.ErrNotFound)
}

func sessionUse(b *bed) {
	u := b.newUser("a@example.com")
	s := b.signIn(u, "s")
	b.ok(b.s.UseSession(b.ctx, b.app, s.ID, after(time.Minute), after(2*time.Hour)))
	got, _, err := b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: s.ID}, after(90*time.Minute))
	b.ok(err)
	equal(b, got.LastUsedAt, after(time.Minute))
	equal(b, got.IdleUntil, after(2*time.Hour))
	equal(b, got.CreatedAt, s.CreatedAt)
	b.is(b.s.UseSession(b.ctx, b.app, s.ID, after(2*time.Hour), after(3*time.Hour)), authkit.ErrNotFound)
	b.is(b.s.UseSession(b.ctx, b.app, uuid.New(), now(), after(time.Hour)), authkit.ErrNotFound)
	_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: s.ID}, after(2*time.Hour))
	b.is(err, authkit.ErrNotFound)
	b.ok(b.s.EndSession(b.ctx, authkit.SessionEnd{App: b.app, User: u.ID, ID: s.ID, Now: now()}))
	b.is(b.s.UseSession(b.ctx, b.app, s.ID, now(), after(time.Hour)), authkit.ErrNotFound)
}
