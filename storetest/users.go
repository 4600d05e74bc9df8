package storetest

import (
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func userSentences() []sentence {
	return []sentence{
		{"user: a created user is found by id, email and credential", userFound},
		{"user: several accounts are read at once, each as it would be alone", usersFoundAtOnce},
		{"user: credentials are ordered by kind and subject, byte by byte", userOrder},
		{"user: a taken email or subject is a conflict and writes no rider", userConflict},
		{"user: CreateUser spends a token with its slot, or creates nothing", userTake},
		{"user: a deleted user is gone with its sessions and tokens", userDelete},
		{"user: a stale Version deletes nothing and writes no rider", userDeleteStale},
		{"user: pages lose and repeat no user created at the same time", userPages},
		{"user: an external id finds one user, and is another app's as well", externalFound},
		{"user: a taken external id is a conflict, and changes and writes nothing", externalTaken},
		{"user: of many who take one external id at once, one does, on two handles too", externalRaced},
		{"user: the users of a role are listed newest first, by the roles that they have now", roleListed},
		{"user: a prefix takes percent and underscore literally", userPrefix},
	}
}

func (b *bed) account(id uuid.UUID) authkit.Account {
	b.Helper()
	a, err := b.s.Account(b.ctx, b.app, authkit.AccountKey{ID: id})
	b.ok(err)
	return a
}

func usersFoundAtOnce(b *bed) {
	other, gone := b.newApp("other"), b.newApp("gone")
	ann, bob := b.newUser("ann@example.com"), b.newUser("bob@example.com")
	app, err := b.s.App(b.ctx, b.app)
	b.ok(err)
	b.ok(b.s.DeleteApp(b.ctx, gone, now(), authkit.Riders{}))
	email := func(text string, version int64) authkit.AccountKey {
		return authkit.AccountKey{Email: text, AppVersion: version}
	}
	asked := []authkit.AccountRef{
		{App: b.app, AccountKey: email("bob@example.com", app.Version)},
		{App: b.app, AccountKey: email("cid@example.com", 0)},
		{App: other, AccountKey: email("ann@example.com", 0)},
		{App: gone, AccountKey: email("ann@example.com", 0)},
		{App: b.app, AccountKey: email("ann@example.com", app.Version+1)},
		{App: b.app, AccountKey: authkit.AccountKey{ID: ann.ID}},
		{App: b.app, AccountKey: authkit.AccountKey{Kind: "password", Subject: bob.ID.String()}},
	}
	got, err := b.s.Accounts(b.ctx, asked)
	b.ok(err)
	equal(b, len(got), len(asked))
	for i, of := range asked {
		want, err := b.s.Account(b.ctx, of.App, of.AccountKey)
		b.is(got[i].Err, err)
		b.same(got[i].Account, want)
	}
	for i, want := range []error{nil, authkit.ErrNotFound, authkit.ErrNotFound, authkit.ErrNotFound, authkit.ErrAppChanged, nil} {
		b.is(got[i].Err, want)
	}
	got, err = b.s.Accounts(b.ctx, nil)
	b.ok(err)
	equal(b, len(got), 0)
}

func userFound(b *bed) {
	u := b.aUser("a@example.com")
	u.Name, u.NameKey = `O'Brien "😀" \ %_ ß`, `o'brien "😀" \ %_ ss`
	got, err := b.s.CreateUser(b.ctx, authkit.NewUser{
		Now: now(), User: u, Credentials: []authkit.Credential{password(u, "old")},
	})
	b.ok(err)
	u.Version, u.Epoch = 1, 1
	b.same(got, u)
	for _, key := range []authkit.AccountKey{
		{ID: u.ID}, {Email: u.Email}, {Kind: "password", Subject: u.ID.String()},
	} {
		a, err := b.s.Account(b.ctx, b.app, key)
		b.ok(err)
		b.same(a.User, u)
		equal(b, len(a.Credentials), 1)
		b.sameBytes(a.Credentials[0].Data, []byte("old"))
	}
	_, err = b.s.Account(b.ctx, b.app, authkit.AccountKey{Email: "A@example.com"})
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.Account(b.ctx, b.app, authkit.AccountKey{ID: uuid.New()})
	b.is(err, authkit.ErrNotFound)
}

func userOrder(b *bed) {
	u := b.aUser("a@example.com")
	var creds []authkit.Credential
	for _, c := range [][2]string{{"password", "b"}, {"oauth", "é"}, {"oauth", "b"}, {"password", "a"}, {"oauth", "B"}, {"oauth", "a"}} {
		creds = append(creds, authkit.Credential{Kind: c[0], Subject: c[1]})
	}
	_, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: u, Credentials: creds})
	b.ok(err)
	var got []string
	for _, c := range b.account(u.ID).Credentials {
		got = append(got, c.Kind+" "+c.Subject)
	}
	b.same(got, []string{"oauth B", "oauth a", "oauth b", "oauth é", "password a", "password b"})
}

func userConflict(b *bed) {
	u := b.newUser("a@example.com")
	_, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: b.aUser("a@example.com"), Riders: b.riders("x")})
	b.is(err, authkit.ErrConflict)
	other := b.aUser("b@example.com")
	held := password(other, "x")
	held.Subject = u.ID.String()
	_, err = b.s.CreateUser(b.ctx, authkit.NewUser{
		Now: now(), User: other, Credentials: []authkit.Credential{held}, Riders: b.riders("x"),
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
	_, _, err = b.s.Token(b.ctx, b.app, take("two"), now())
	b.is(err, authkit.ErrNotFound)
	other := b.aUser("b@example.com")
	_, err = b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: other, Take: &tk, Riders: b.riders("x")})
	b.is(err, authkit.ErrNotFound)
	b.written("x", false)
	_, err = b.s.Account(b.ctx, b.app, authkit.AccountKey{ID: other.ID})
	b.is(err, authkit.ErrNotFound)
}

func userDelete(b *bed) {
	u := b.newUser("a@example.com")
	s := b.signIn(u, "s")
	tok := b.token("t")
	tok.UserID, tok.Epoch = u.ID, u.Epoch
	b.put(tok)
	b.ok(b.s.DeleteUser(b.ctx, authkit.UserRemoval{App: b.app, ID: u.ID}))
	_, _, err := b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: s.ID}, now())
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.TakeToken(b.ctx, b.app, take("t"), now())
	b.is(err, authkit.ErrNotFound)
	for _, version := range []int64{0, u.Version} {
		b.is(b.s.DeleteUser(b.ctx, authkit.UserRemoval{App: b.app, ID: u.ID, Version: version, Riders: b.riders("x")}), authkit.ErrNotFound)
	}
	b.written("x", false)

	// A later user of the same id has no records of the deleted one.
	_, err = b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: u})
	b.ok(err)
	equal(b, len(b.account(u.ID).Credentials), 0)
	_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: s.ID}, now())
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.TakeToken(b.ctx, b.app, take("t"), now())
	b.is(err, authkit.ErrNotFound)
}

// userDeleteStale also tries the Versions next to the user's own.
func userDeleteStale(b *bed) {
	u := b.newUser("a@example.com")
	s := b.signIn(u, "s")
	tok := b.token("t")
	tok.UserID, tok.Epoch = u.ID, u.Epoch
	b.put(tok)
	u, err := b.change(u, func(c *authkit.UserChange) { c.Verified = new(true) })
	b.ok(err)
	was := b.holding(b.app, "t")
	for _, version := range []int64{u.Version - 1, u.Version + 1, -u.Version} {
		b.is(b.s.DeleteUser(b.ctx, authkit.UserRemoval{App: b.app, ID: u.ID, Version: version, Riders: b.riders("x")}), authkit.ErrStale)
	}
	b.written("x", false)
	b.same(b.holding(b.app, "t"), was)
	equal(b, b.onlySession(u).ID, s.ID) // a sign-in raises no Version
	b.ok(b.s.DeleteUser(b.ctx, authkit.UserRemoval{App: b.app, ID: u.ID, Version: u.Version}))
	_, err = b.s.Account(b.ctx, b.app, authkit.AccountKey{ID: u.ID})
	b.is(err, authkit.ErrNotFound)
}

func userPages(b *bed) {
	const all = 60
	for range all {
		b.newUser(uuid.NewString() + "@example.com")
	}
	for _, limit := range []int{1, 7, 50, 51, 52, all - 1, all, all + 1} {
		seen := map[uuid.UUID]bool{}
		p := authkit.Page{Limit: limit}
		for range all/limit + 1 {
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
		equal(b, len(seen), all)
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
