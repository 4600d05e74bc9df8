package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func factorSentences() []sentence {
	return []sentence{
		{"factor: a proof sets AMR, AuthTime and MFAAt of a live session of the user, and of no other", factorProof},
		{"factor: a proof of a session that is not alive, or ends with the step, is stale, and nothing happens", factorStale},
		{"factor: DropMFA takes MFAAt from every session of the user, but not what its own step proves", factorDrop},
		{"factor: factors stay until a step names others", factorSet},
		{"factor: a passkey is elsewhere unless its subject begins with the relying party's id and a space", factorElsewhere},
	}
}

// sessions reads each of the sessions of a user in every way.
func (b *bed) sessions(u authkit.User) map[uuid.UUID]authkit.Session {
	b.Helper()
	live, err := b.s.Sessions(b.ctx, b.app, u.ID, now())
	b.ok(err)
	all := map[uuid.UUID]authkit.Session{}
	for _, s := range live {
		for _, key := range []authkit.SessionKey{{ID: s.ID}, {Cookie: s.Cookie}} {
			got, _, err := b.s.Session(b.ctx, b.app, key, now())
			b.ok(err)
			b.same(got, s)
		}
		all[s.ID] = s
	}
	return all
}

// proven is a session as a proof leaves it.
func proven(s authkit.Session, p *authkit.SessionProof) authkit.Session {
	s.AMR, s.AuthTime, s.MFAAt = p.AMR, p.AuthTime, p.MFAAt
	return s
}

func factorProof(b *bed) {
	u := b.newUser("a@example.com")
	s, beside := b.signIn(u, "s"), b.signIn(u, "beside")
	was := b.sessions(u)
	equal(b, was[s.ID].MFAAt.IsZero(), true)
	p := proof(s)
	u, err := b.change(u, func(c *authkit.UserChange) { c.Prove = p })
	b.ok(err)
	want := proven(was[s.ID], proof(s))
	scribble(&p.AMR)
	got := b.sessions(u)
	b.same(got[s.ID], want)
	b.same(got[beside.ID], was[beside.ID])
	equal(b, u.LastLogin.IsZero(), false)
	for _, again := range []bool{false, true} { // the second time, the token is in its grace
		r, err := b.s.RotateSession(b.ctx, b.rotation("t0 s", uuid.NewString(), now()))
		b.ok(err)
		equal(b, r.Again != nil, again)
		equal(b, r.Session.MFAAt, want.MFAAt)
		equal(b, len(r.Session.AMR), 3)
	}
	u, err = b.change(u, func(c *authkit.UserChange) { c.End, c.Keep, c.Prove = true, s.ID, &authkit.SessionProof{ID: s.ID} })
	b.ok(err)
	left := b.onlySession(u)
	equal(b, left.Epoch, u.Epoch)
	b.same([]any{left.AMR, left.AuthTime, left.MFAAt}, []any{[]string(nil), time.Time{}, time.Time{}})
}

func factorStale(b *bed) {
	u, other := b.newUser("a@example.com"), b.newUser("b@example.com")
	s, ended, theirs := b.signIn(u, "s"), b.signIn(u, "ended"), b.signIn(other, "theirs")
	b.ok(b.s.EndSession(b.ctx, authkit.SessionEnd{App: b.app, User: u.ID, ID: ended.ID, Now: now()}))
	b.put(b.token("t"))
	was, sessions := b.account(u.ID), b.sessions(u)
	for name, f := range map[string]func(c *authkit.UserChange){
		"unknown":            func(c *authkit.UserChange) { c.Prove.ID = uuid.New() },
		"ended":              func(c *authkit.UserChange) { c.Prove.ID = ended.ID },
		"of another":         func(c *authkit.UserChange) { c.Prove.ID = theirs.ID },
		"idle":               func(c *authkit.UserChange) { c.Now = s.IdleUntil },
		"ended by the step":  func(c *authkit.UserChange) { c.End = true },
		"not kept":           func(c *authkit.UserChange) { c.End, c.Keep = true, ended.ID },
		"disabled":           func(c *authkit.UserChange) { c.Disabled = new(true) },
		"beyond MaxSessions": func(c *authkit.UserChange) { c.Session, c.MaxSessions = session(u, "new"), 1 },
	} {
		event := uuid.NewString()
		_, err := b.change(u, func(c *authkit.UserChange) {
			c.Prove, c.Name, c.Factors, c.DropMFA, c.Riders = proof(s), new("new"), new(authkit.FactorTOTP), true, b.riders(event)
			c.Put = []authkit.Credential{totp(u, "seed")}
			if name != "idle" { // the token is over by then, too
				c.Take = new(take("t"))
			}
			f(c)
		})
		if err == nil {
			b.Fatalf("%s: got no error, want ErrStale", name)
		}
		b.is(err, authkit.ErrStale)
		b.written(event, false)
		b.same(b.account(u.ID), was)
		b.same(b.sessions(u)[s.ID], sessions[s.ID])
	}
	_, _, err := b.s.Token(b.ctx, b.app, take("t"), now())
	b.ok(err)
}

func factorDrop(b *bed) {
	u, other := b.newUser("a@example.com"), b.newUser("b@example.com")
	with := func(u authkit.User, name string) authkit.Session {
		s := session(u, name)
		s.MFAAt = now()
		_, err := b.change(u, func(c *authkit.UserChange) { c.Session = s })
		b.ok(err)
		return *s
	}
	one, two, theirs := with(u, "one"), with(u, "two"), with(other, "theirs")
	started := session(u, "started")
	started.MFAAt = now()
	u, err := b.change(u, func(c *authkit.UserChange) { c.DropMFA, c.Session, c.Prove = true, started, proof(one) })
	b.ok(err)
	got := b.sessions(u)
	equal(b, got[one.ID].MFAAt, proof(one).MFAAt)
	equal(b, got[two.ID].MFAAt.IsZero(), true)
	equal(b, got[started.ID].MFAAt, now())
	b.sameBytes([]byte(got[two.ID].AMR[0]), []byte("pwd"))
	u, err = b.change(u, func(c *authkit.UserChange) { c.DropMFA = true })
	b.ok(err)
	for _, s := range b.sessions(u) {
		equal(b, s.MFAAt.IsZero(), true)
	}
	equal(b, b.sessions(other)[theirs.ID].MFAAt, now())
}

func factorSet(b *bed) {
	u := b.aUser("a@example.com")
	u.Factors = authkit.FactorPasskey
	u, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: u, Session: session(u, "s")})
	b.ok(err)
	equal(b, u.Factors, authkit.FactorPasskey)
	for _, step := range []struct {
		to   *authkit.Factors
		want authkit.Factors
	}{
		{nil, authkit.FactorPasskey}, {new(authkit.FactorTOTP | authkit.FactorPasskey), 3}, {nil, 3}, {new(authkit.Factors(0)), 0}, {nil, 0}, {new(authkit.Factors(255)), 255},
	} {
		u, err = b.change(u, func(c *authkit.UserChange) { c.Name, c.Factors = new("x"), step.to })
		b.ok(err)
		equal(b, u.Factors, step.want)
		b.same(b.account(u.ID).User, u)
		_, who, err := b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: b.onlySession(u).ID}, now())
		b.ok(err)
		b.same(who, u)
	}
	r, err := b.s.RotateSession(b.ctx, b.rotation("t0 s", "t1", now()))
	b.ok(err)
	b.same(r.User, u)
}

func factorElsewhere(b *bed) {
	u, other := b.newUser("a@example.com"), b.newApp("other")
	elsewhere := func(app uuid.UUID, rpID string) bool {
		b.Helper()
		found, err := b.s.PasskeysElsewhere(b.ctx, app, rpID)
		b.ok(err)
		return found
	}
	equal(b, elsewhere(b.app, "example.com"), false)
	here := []authkit.Credential{
		{Kind: "passkey", Subject: "example.com "}, {Kind: "passkey", Subject: "example.com A-_z"}, {Kind: "passkey", Subject: "example.com \U0010ffff"},
		{Kind: "oauth", Subject: "elsewhere.example x"}, {Kind: "passkeys", Subject: "elsewhere.example x"},
	}
	u, err := b.change(u, func(c *authkit.UserChange) { c.Put = here })
	b.ok(err)
	equal(b, elsewhere(b.app, "example.com"), false)
	for _, rpID := range []string{"", "example.co", "example.com.", "Example.com", "xample.com", "example%", "\U0010ffff"} {
		equal(b, elsewhere(b.app, rpID), true)
	}
	equal(b, elsewhere(other, "no.example"), false)
	for _, subject := range []string{"example.com", "example.com!x", "example.com\tx", "example.com.evil.example x", "example.co x", "example.comx y", "EXAMPLE.COM x", "a.example x", "z.example x", ""} {
		at := []authkit.Credential{{Kind: "passkey", Subject: subject}}
		u, err = b.change(u, func(c *authkit.UserChange) { c.Put = at })
		b.ok(err)
		if !elsewhere(b.app, "example.com") {
			b.Fatalf("a passkey %q: got none elsewhere, want one", subject)
		}
		u, err = b.change(u, func(c *authkit.UserChange) { c.Drop = at })
		b.ok(err)
	}
	equal(b, elsewhere(b.app, "example.com"), false)
	_, err = b.s.PasskeysElsewhere(b.ctx, uuid.New(), "example.com")
	b.is(err, authkit.ErrNotFound)
}
