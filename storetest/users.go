package storetest

import (
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/google/uuid"
)

func userSentences() []sentence {
	return []sentence{
		{"user: what was created is found by id, email and credential", userFound},
		{"user: a taken email or subject is a conflict and writes no rider", userConflict},
		{"user: a token is spent with its group by CreateUser, or nothing is created", userTake},
		{"user: a stale Version changes nothing and writes no rider", userStale},
		{"user: a taken email in ChangeUser is a conflict and spends nothing", userEmailTaken},
		{"user: a sign-in raises no Version and sets LastLogin", userSignIn},
		{"user: a disabled user starts no session", userDisabled},
		{"user: End kills sessions but Keep, and bound tokens, but not what it carries", userEnd},
		{"user: more than MaxSessions end the oldest", userMaxSessions},
		{"user: credentials are dropped before they are put", userCredentials},
		{"user: a deleted user is gone with its sessions and tokens", userDelete},
		{"user: pages neither lose nor repeat users created at one time", userPages},
		{"user: a prefix takes percent and underscore literally", userPrefix},
	}
}

func (b *bed) account(id uuid.UUID) authkit.Account {
	b.Helper()
	a, err := b.s.Account(b.ctx, b.app, authkit.AccountKey{ID: id})
	b.ok(err)
	return a
}

func (b *bed) change(u authkit.User, f func(c *authkit.UserChange)) (authkit.User, error) {
	c := authkit.UserChange{Now: now(), App: b.app, ID: u.ID, Version: u.Version}
	f(&c)
	return b.s.ChangeUser(b.ctx, c)
}

func userFound(b *bed) {
	u := b.aUser("a@example.com")
	u.Name, u.NameKey = `O'Brien "😀" \ %_ ß`, `o'brien "😀" \ %_ ss`
	got, err := b.s.CreateUser(b.ctx, authkit.NewUser{
		Now: now(), User: u, Credentials: []authkit.Credential{password(u, "old")},
	})
	b.ok(err)
	u.Version, u.Epoch = 1, 1
	equal(b, got, u)
	for _, key := range []authkit.AccountKey{
		{ID: u.ID}, {Email: u.Email}, {Kind: "password", Subject: u.ID.String()},
	} {
		a, err := b.s.Account(b.ctx, b.app, key)
		b.ok(err)
		equal(b, a.User, u)
		equal(b, len(a.Credentials), 1)
		b.sameBytes(a.Credentials[0].Data, []byte("old"))
	}
	_, err = b.s.Account(b.ctx, b.app, authkit.AccountKey{Email: "A@example.com"})
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.Account(b.ctx, b.app, authkit.AccountKey{ID: uuid.New()})
	b.is(err, authkit.ErrNotFound)
}

func userConflict(b *bed) {
	u := b.newUser("a@example.com")
	_, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: b.aUser("a@example.com"), Also: b.riders("x")})
	b.is(err, authkit.ErrConflict)
	other := b.aUser("b@example.com")
	held := password(other, "x")
	held.Subject = u.ID.String()
	_, err = b.s.CreateUser(b.ctx, authkit.NewUser{
		Now: now(), User: other, Credentials: []authkit.Credential{held}, Also: b.riders("x"),
	})
	b.is(err, authkit.ErrConflict)
	b.written("x", false)
	_, err = b.s.Account(b.ctx, b.app, authkit.AccountKey{ID: other.ID})
	b.is(err, authkit.ErrNotFound)
}

func userTake(b *bed) {
	one, two := b.token("one"), b.token("two")
	one.Slot, two.Slot, two.Most = "g", "g", 2
	b.put(one, two)
	u, tk := b.aUser("a@example.com"), take("one")
	got, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: u, Take: &tk, Session: session(u, "s")})
	b.ok(err)
	equal(b, got.LastLogin, now())
	_, err = b.s.Token(b.ctx, b.app, take("two"), now())
	b.is(err, authkit.ErrNotFound)
	other := b.aUser("b@example.com")
	_, err = b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: other, Take: &tk, Also: b.riders("x")})
	b.is(err, authkit.ErrNotFound)
	b.written("x", false)
	_, err = b.s.Account(b.ctx, b.app, authkit.AccountKey{ID: other.ID})
	b.is(err, authkit.ErrNotFound)
}

func userStale(b *bed) {
	u := b.newUser("a@example.com")
	got, err := b.change(u, func(c *authkit.UserChange) { c.Name = new("new") })
	b.ok(err)
	equal(b, got.Version, 2)
	_, err = b.change(u, func(c *authkit.UserChange) { c.Name, c.Also = new("no"), b.riders("x") })
	b.is(err, authkit.ErrStale)
	b.written("x", false)
	equal(b, b.account(u.ID).User, got)
	_, err = b.change(authkit.User{ID: uuid.New(), Version: 1}, func(c *authkit.UserChange) { c.Name = new("no") })
	b.is(err, authkit.ErrStale)
}

func userEmailTaken(b *bed) {
	b.newUser("a@example.com")
	u := b.newUser("b@example.com")
	b.put(b.token("t"))
	tk := take("t")
	_, err := b.change(u, func(c *authkit.UserChange) {
		c.Email, c.Take, c.Also = new("a@example.com"), &tk, b.riders("x")
	})
	b.is(err, authkit.ErrConflict)
	b.written("x", false)
	_, err = b.s.Token(b.ctx, b.app, tk, now())
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

func userEnd(b *bed) {
	u := b.newUser("a@example.com")
	kept, lost := b.signIn(u, "kept"), b.signIn(u, "lost")
	old, fresh := b.token("old"), b.token("fresh")
	old.UserID, old.Epoch, fresh.UserID = u.ID, u.Epoch, u.ID
	b.put(old)
	s := session(u, "new")
	got, err := b.change(u, func(c *authkit.UserChange) {
		c.End, c.Keep, c.Session, c.Also.Tokens = true, kept.ID, s, []authkit.Token{fresh}
	})
	b.ok(err)
	equal(b, got.Epoch, u.Epoch+1)
	for _, id := range []uuid.UUID{kept.ID, s.ID} {
		_, _, err = b.s.Session(b.ctx, b.app, id, now())
		b.ok(err)
	}
	_, _, err = b.s.Session(b.ctx, b.app, lost.ID, now())
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.Token(b.ctx, b.app, take("old"), now())
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.Token(b.ctx, b.app, take("fresh"), now())
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
	_, err = b.change(u, func(c *authkit.UserChange) {
		c.Drop = []authkit.Credential{password(u, ""), {Kind: "oauth", Subject: "none"}}
	})
	b.ok(err)
	equal(b, len(b.account(u.ID).Credentials), 0)
}

func userDelete(b *bed) {
	u := b.newUser("a@example.com")
	s := b.signIn(u, "s")
	tok := b.token("t")
	tok.UserID, tok.Epoch = u.ID, u.Epoch
	b.put(tok)
	b.ok(b.s.DeleteUser(b.ctx, b.app, u.ID, authkit.Also{}))
	_, _, err := b.s.Session(b.ctx, b.app, s.ID, now())
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.TakeToken(b.ctx, b.app, take("t"), now())
	b.is(err, authkit.ErrNotFound)
	b.is(b.s.DeleteUser(b.ctx, b.app, u.ID, b.riders("x")), authkit.ErrNotFound)
	b.written("x", false)
	b.newUser("a@example.com")
}

func userPages(b *bed) {
	for range 7 {
		b.newUser(uuid.NewString() + "@example.com")
	}
	for limit := 1; limit <= 8; limit++ {
		seen := map[uuid.UUID]bool{}
		p := authkit.Page{Limit: limit}
		for range 10 {
			users, err := b.s.Users(b.ctx, b.app, authkit.UserQuery{Page: p})
			b.ok(err)
			if len(users) > limit {
				b.Fatalf("got %d users, want at most %d", len(users), limit)
			}
			for _, u := range users {
				equal(b, seen[u.ID], false)
				seen[u.ID] = true
				p.Time, p.ID = u.CreatedAt, u.ID
			}
		}
		equal(b, len(seen), 7)
	}
}

func userPrefix(b *bed) {
	for _, e := range []string{"a%b@x", "aab@x", "a_b@x", `a\b@x`, "😀@x", "z\U0010FFFFz@x", "\U0010FFFF@x", "\uD7FF@x"} {
		b.newUser(e)
	}
	for prefix, want := range map[string]int{"a": 4, "a%": 1, "a_": 1, `a\`: 1, "😀": 1, "A": 0, "a'": 0, "z\U0010FFFF": 1, "\U0010FFFF": 1, "\uD7FF": 1} {
		for _, q := range []authkit.UserQuery{{EmailPrefix: prefix}, {NamePrefix: prefix}, {EmailPrefix: prefix, NamePrefix: prefix}} {
			q.Limit = 10
			users, err := b.s.Users(b.ctx, b.app, q)
			b.ok(err)
			b.Run(prefix, func(t *testing.T) {
				if len(users) != want {
					t.Fatalf("got %d users, want %d", len(users), want)
				}
			})
		}
	}
}
