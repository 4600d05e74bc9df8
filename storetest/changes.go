package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func changeSentences() []sentence {
	return []sentence{
		{"user: a stale Version changes nothing and writes no rider", userStale},
		{"user: a taken email in ChangeUser is a conflict and spends nothing", userEmailTaken},
		{"user: a sign-in raises no Version and sets LastLogin", userSignIn},
		{"user: a disabled user starts no session", userDisabled},
		{"user: End ends all sessions but Keep and all bound tokens, but not what its own step adds", userEnd},
		{"user: beyond MaxSessions the oldest sessions are ended", userMaxSessions},
		{"user: credentials are dropped before others are put, and only Data is replaced", userCredentials},
		{"user: Keep keeps one live session of the user, and no other user's", userKeep},
		{"user: a spent token may be put again in the same step, bound to the user", userRenews},
		{"user: a change that only spends a token, starts a session or proves one raises no Version, any other does", userRaises},
	}
}

func (b *bed) change(u authkit.User, f func(c *authkit.UserChange)) (authkit.User, error) {
	c := authkit.UserChange{Now: now(), App: b.app, ID: u.ID, Version: u.Version}
	f(&c)
	return b.s.ChangeUser(b.ctx, c)
}

func userStale(b *bed) {
	u := b.newUser("a@example.com")
	got, err := b.change(u, func(c *authkit.UserChange) { c.Name = new("new") })
	b.ok(err)
	equal(b, got.Version, 2)
	_, err = b.change(u, func(c *authkit.UserChange) { c.Name, c.Riders = new("no"), b.riders("x") })
	b.is(err, authkit.ErrStale)
	b.written("x", false)
	b.same(b.account(u.ID).User, got)
	_, err = b.change(authkit.User{ID: uuid.New(), Version: 1}, func(c *authkit.UserChange) { c.Name = new("no") })
	b.is(err, authkit.ErrStale)
}

func userEmailTaken(b *bed) {
	b.newUser("a@example.com")
	u := b.newUser("b@example.com")
	b.put(b.token("t"))
	tk := take("t")
	_, err := b.change(u, func(c *authkit.UserChange) {
		c.Email, c.Take, c.Riders = new("a@example.com"), &tk, b.riders("x")
	})
	b.is(err, authkit.ErrConflict)
	b.written("x", false)
	_, _, err = b.s.Token(b.ctx, b.app, tk, now())
	b.ok(err)
}

func userSignIn(b *bed) {
	u := b.newUser("a@example.com")
	b.signIn(u, "s")
	got := b.account(u.ID).User
	equal(b, got.Version, u.Version)
	equal(b, got.LastLogin, now())
}

func userDisabled(b *bed) {
	u := b.newUser("a@example.com")
	_, err := b.change(u, func(c *authkit.UserChange) { c.Disabled, c.Session = new(true), session(u, "s") })
	b.is(err, authkit.ErrStale)
	u, err = b.change(u, func(c *authkit.UserChange) { c.Disabled = new(true) })
	b.ok(err)
	_, err = b.change(u, func(c *authkit.UserChange) { c.Session = session(u, "s") })
	b.is(err, authkit.ErrStale)
}

func userRenews(b *bed) {
	u := b.newUser("a@example.com")
	old, tk := b.token("t"), take("t")
	old.Slot = "slot"
	b.put(old)
	renew := func(c *authkit.UserChange) {
		next := old
		next.UserID, next.Data = u.ID, []byte("anew")
		c.Take, c.Riders.Tokens = &tk, []authkit.Token{next}
	}
	_, err := b.change(u, renew)
	b.ok(err)
	got, _, err := b.s.Token(b.ctx, b.app, tk, now())
	b.ok(err)
	equal(b, got.UserID, u.ID)
	equal(b, string(got.Data), "anew")
	newest := b.token("newest")
	newest.Slot = "slot"
	b.put(newest)
	_, err = b.change(u, renew)
	b.is(err, authkit.ErrNotFound)
	_, _, err = b.s.Token(b.ctx, b.app, take("newest"), now())
	b.ok(err)
}

func userEnd(b *bed) {
	u := b.newUser("a@example.com")
	kept, lost := b.signIn(u, "kept"), b.signIn(u, "lost")
	old, fresh := b.token("old"), b.token("fresh")
	old.UserID, old.Epoch, fresh.UserID = u.ID, u.Epoch, u.ID
	b.put(old)
	s := session(u, "new")
	got, err := b.change(u, func(c *authkit.UserChange) {
		c.End, c.Keep, c.Session, c.Riders.Tokens = true, kept.ID, s, []authkit.Token{fresh}
	})
	b.ok(err)
	equal(b, got.Epoch, u.Epoch+1)
	for _, id := range []uuid.UUID{kept.ID, s.ID} {
		_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: id}, now())
		b.ok(err)
	}
	_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: lost.ID}, now())
	b.is(err, authkit.ErrNotFound)
	_, _, err = b.s.Token(b.ctx, b.app, take("old"), now())
	b.is(err, authkit.ErrNotFound)
	_, _, err = b.s.Token(b.ctx, b.app, take("fresh"), now())
	b.ok(err)
}

func userMaxSessions(b *bed) {
	u := b.newUser("a@example.com")
	for i := range 4 {
		s := session(u, uuid.NewString())
		s.CreatedAt = after(time.Duration(i) * time.Second)
		_, err := b.change(u, func(c *authkit.UserChange) { c.Session, c.MaxSessions = s, 2 })
		b.ok(err)
	}
	live, err := b.s.Sessions(b.ctx, b.app, u.ID, now())
	b.ok(err)
	equal(b, len(live), 2)
	equal(b, live[0].CreatedAt, after(3*time.Second))
	equal(b, live[1].CreatedAt, after(2*time.Second))
	// An ended session does not count against MaxSessions.
	b.ok(b.s.EndSession(b.ctx, authkit.SessionEnd{App: b.app, User: u.ID, ID: live[0].ID, Now: now()}))
	s := session(u, uuid.NewString())
	s.CreatedAt = after(4 * time.Second)
	_, err = b.change(u, func(c *authkit.UserChange) { c.Session, c.MaxSessions = s, 2 })
	b.ok(err)
	live, err = b.s.Sessions(b.ctx, b.app, u.ID, now())
	b.ok(err)
	equal(b, len(live), 2)
	equal(b, live[1].CreatedAt, after(2*time.Second))
}

func userCredentials(b *bed) {
	u := b.newUser("a@example.com")
	u, err := b.change(u, func(c *authkit.UserChange) {
		c.DropCredentials, c.Put = true, []authkit.Credential{password(u, "new")}
	})
	b.ok(err)
	a := b.account(u.ID)
	equal(b, len(a.Credentials), 1)
	b.sameBytes(a.Credentials[0].Data, []byte("new"))
	again := password(u, "newer")
	again.CreatedAt = after(time.Hour)
	u, err = b.change(u, func(c *authkit.UserChange) { c.Put = []authkit.Credential{again} })
	b.ok(err)
	a = b.account(u.ID)
	b.sameBytes(a.Credentials[0].Data, []byte("newer"))
	equal(b, a.Credentials[0].CreatedAt, now())
	_, err = b.change(u, func(c *authkit.UserChange) {
		c.Drop = []authkit.Credential{password(u, ""), {Kind: "oauth", Subject: "none"}}
	})
	b.ok(err)
	equal(b, len(b.account(u.ID).Credentials), 0)
}

// userKeep names sessions in Keep that are another user's, or not alive.
func userKeep(b *bed) {
	u, other := b.newUser("a@example.com"), b.newUser("b@example.com")
	dead, theirs := b.signIn(u, "dead"), b.signIn(other, "theirs")
	u, err := b.change(u, func(c *authkit.UserChange) { c.End, c.Keep = true, theirs.ID })
	b.ok(err)
	ended := b.signIn(u, "ended")
	b.ok(b.s.EndSession(b.ctx, authkit.SessionEnd{App: b.app, User: u.ID, ID: ended.ID, Now: now()}))
	for _, keep := range []uuid.UUID{dead.ID, ended.ID, theirs.ID, uuid.New()} {
		u, err = b.change(u, func(c *authkit.UserChange) { c.End, c.Keep = true, keep })
		b.ok(err)
		live, err := b.s.Sessions(b.ctx, b.app, u.ID, now())
		b.ok(err)
		equal(b, len(live), 0)
	}
	equal(b, b.onlySession(other).ID, theirs.ID)
}

func userRaises(b *bed) {
	u := b.newUser("a@example.com")
	s := b.signIn(u, "s")
	for name, step := range map[string]struct {
		by int64
		f  func(c *authkit.UserChange)
	}{
		"a token":             {0, func(c *authkit.UserChange) { c.Take = new(take("t")) }},
		"a session":           {0, func(c *authkit.UserChange) { c.Session, c.AuthMethod = session(u, uuid.NewString()), "oauth" }},
		"a token and session": {0, func(c *authkit.UserChange) { c.Take, c.Session = new(take("t")), session(u, uuid.NewString()) }},
		"a proof":             {0, func(c *authkit.UserChange) { c.Prove = proof(s) }},
		"a token and proof":   {0, func(c *authkit.UserChange) { c.Take, c.Prove = new(take("t")), proof(s) }},
		"a proof and DropMFA": {1, func(c *authkit.UserChange) { c.Prove, c.DropMFA = proof(s), true }},
		"DropMFA":             {1, func(c *authkit.UserChange) { c.DropMFA = true }},
		"factors as they are": {1, func(c *authkit.UserChange) { c.Factors = new(u.Factors) }},
		"nothing":             {1, func(*authkit.UserChange) {}},
		"riders":              {1, func(c *authkit.UserChange) { c.Riders = b.riders(uuid.NewString()) }},
		"a session and name":  {1, func(c *authkit.UserChange) { c.Session, c.Name = session(u, uuid.NewString()), new("x") }},
		"a token and End":     {1, func(c *authkit.UserChange) { c.Take, c.End, c.Keep = new(take("t")), true, s.ID }},
		"a field as it was":   {1, func(c *authkit.UserChange) { c.Verified = new(u.Verified) }},
		"a missing drop":      {1, func(c *authkit.UserChange) { c.Drop = []authkit.Credential{{Kind: "oauth", Subject: "none"}} }},
	} {
		b.put(b.token("t"))
		got, err := b.change(u, step.f)
		b.ok(err)
		if got.Version != u.Version+step.by {
			b.Fatalf("%s: got Version %d after %d, want it to rise by %d", name, got.Version, u.Version, step.by)
		}
		u = got
	}
}
