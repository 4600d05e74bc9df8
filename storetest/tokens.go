package storetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func tokenSentences() []sentence {
	return []sentence{
		{"token: an unbound token is bound to a user once, in its place, and dies with the user's Epoch", tokenBind},
		{"token: several are bound in one step, and one that cannot be keeps no other from it", tokensBoundAtOnce},
		{"race: of concurrent callers that bind the same tokens exactly one binds each", raceBinds},
		{"token: a look is without effect, and a token is taken once, with its slot", tokenOnce},
		{"token: an expired token is unknown", tokenExpired},
		{"token: another kind or binding is unknown and counts nothing", tokenBinding},
		{"token: the newest token of a slot replaces the one before, with its attempts", tokenSlot},
		{"token: in a slot of several a spent token is displaced or, without one, the token that expires first", tokenMost},
		{"token: a class displaces no token of another, and taking one token spends those of every class", tokenClass},
		{"token: the newest token of a class replaces the one before, and no other class's", tokenNewestOfClass},
		{"token: a wrong proof counts an attempt and spends nothing", tokenTry},
		{"token: one that is spent, expired or of an old Epoch is found and tried where that is asked for, and never taken", tokenDead},
	}
}

func tokenOnce(b *bed) {
	one, two, three := b.token("one"), b.token("two"), b.token("three")
	one.Slot, two.Slot, two.Most, one.Data = "g", "g", 2, []byte("data")
	b.put(one, two, three)
	for range 2 {
		got, _, err := b.s.Token(b.ctx, b.app, take("one"), now())
		b.ok(err)
		b.sameBytes(got.Data, []byte("data"))
		equal(b, got.ExpiresAt, one.ExpiresAt)
	}
	_, err := b.s.TakeToken(b.ctx, b.app, take("one"), now())
	b.ok(err)
	for _, gone := range []string{"one", "two"} {
		_, err = b.s.TakeToken(b.ctx, b.app, take(gone), now())
		b.is(err, authkit.ErrNotFound)
	}
	_, err = b.s.TakeToken(b.ctx, b.app, take("three"), now())
	b.ok(err)
}

func tokenExpired(b *bed) {
	tok := b.token("x")
	tok.Proof = hash("code")
	b.put(tok)
	_, _, err := b.s.Token(b.ctx, b.app, take("x"), after(time.Hour+time.Second))
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.TryToken(b.ctx, b.app, authkit.Try{Take: take("x"), Proof: tok.Proof, Max: 5}, after(time.Hour+time.Second))
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.TakeToken(b.ctx, b.app, take("x"), after(time.Hour+time.Second))
	b.is(err, authkit.ErrNotFound)
}

func tokenBinding(b *bed) {
	tok := b.token("x")
	tok.Binding, tok.Proof = hash("browser"), hash("code")
	b.put(tok)
	wrong, right := take("x"), take("x")
	wrong.Binding, right.Binding = hash("other"), hash("browser")
	kind := take("x")
	kind.Kind = "state"
	for _, tk := range []authkit.Take{wrong, kind} {
		_, err := b.s.TryToken(b.ctx, b.app, authkit.Try{Take: tk, Proof: tok.Proof, Max: 1}, now())
		b.is(err, authkit.ErrNotFound)
		_, err = b.s.TakeToken(b.ctx, b.app, tk, now())
		b.is(err, authkit.ErrNotFound)
	}
	b.tried(authkit.Try{Take: right, Proof: tok.Proof, Max: 1}, true, 1)
}

func tokenSlot(b *bed) {
	one, two := b.token("one"), b.token("two")
	one.Slot, two.Slot, two.Proof = "s", "s", hash("code")
	one.Proof = hash("code")
	b.put(one)
	b.tried(authkit.Try{Take: take("one"), Proof: hash("no"), Max: 1}, false, 1)
	b.put(two)
	_, _, err := b.s.Token(b.ctx, b.app, take("one"), now())
	b.is(err, authkit.ErrNotFound)
	b.tried(authkit.Try{Take: take("two"), Proof: hash("code"), Max: 1}, true, 1)
	_, err = b.s.TakeToken(b.ctx, b.app, take("two"), now())
	b.ok(err)
	b.put(two)
	_, err = b.s.TakeToken(b.ctx, b.app, take("two"), now())
	b.ok(err)
}

func tokenTry(b *bed) {
	tok := b.token("x")
	tok.Proof = hash("code")
	b.put(tok)
	for i := range 3 {
		b.tried(authkit.Try{Take: take("x"), Proof: hash("no"), Max: 3}, false, i+1)
	}
	for range 2 {
		b.tried(authkit.Try{Take: take("x"), Proof: hash("code"), Max: 3}, false, 4)
	}
	_, err := b.s.TakeToken(b.ctx, b.app, take("x"), now())
	b.ok(err)
}

// tried fails unless one attempt has that outcome.
func (b *bed) tried(t authkit.Try, right bool, count int) {
	b.Helper()
	got, err := b.s.TryToken(b.ctx, b.app, t, now())
	b.ok(err)
	equal(b, got.Right, right)
	equal(b, got.Count, count)
}

func tokenDead(b *bed) {
	u := b.newUser("a@example.com")
	alive, spent, stale, over := b.token("alive"), b.token("spent"), b.token("stale"), b.token("over")
	for _, t := range []*authkit.Token{&alive, &spent, &stale, &over} {
		t.Proof, t.Binding = hash("code"), hash("browser")
	}
	stale.UserID, stale.Epoch = u.ID, u.Epoch+1
	spent.UserID, spent.Epoch = u.ID, u.Epoch
	over.ExpiresAt = now()
	b.put(alive, spent, stale, over)
	_, err := b.s.TakeToken(b.ctx, b.app, take("spent"), now())
	b.ok(err)
	for name, want := range map[string]authkit.Token{"alive": alive, "spent": spent, "stale": stale, "over": over} {
		want.Dead = name != "alive"
		tk := take(name)
		tk.Binding, tk.Dead = hash("browser"), true
		got, holder, err := b.s.Token(b.ctx, b.app, tk, now())
		b.ok(err)
		b.same(got, want)
		b.same(holder, authkit.Account{})
		for i, proof := range []string{"wrong", "code", "code"} {
			tried, err := b.s.TryToken(b.ctx, b.app, authkit.Try{Take: tk, Proof: hash(proof), Max: 2}, now())
			b.ok(err)
			b.same(tried, authkit.Tried{Token: want, Right: i == 1, Count: i + 1})
		}
		_, err = b.s.TakeToken(b.ctx, b.app, tk, now())
		equal(b, err == nil, name == "alive")
		tk.Binding = hash("another")
		_, _, err = b.s.Token(b.ctx, b.app, tk, now())
		b.is(err, authkit.ErrNotFound)
		_, err = b.s.TryToken(b.ctx, b.app, authkit.Try{Take: tk, Proof: hash("code"), Max: 9}, now())
		b.is(err, authkit.ErrNotFound)
	}
}

func tokenMost(b *bed) {
	put := func(name string, minutes int) {
		tok := b.token(name)
		tok.Slot, tok.Most, tok.ExpiresAt = "s", 3, after(time.Duration(minutes)*time.Minute)
		b.put(tok)
	}
	alive := b.aliveTokens
	put("a", 20)
	put("b", 10)
	put("c", 30)
	alive("a", "b", "c")
	put("d", 40)
	alive("a", "c", "d")
	put("a", 50) // its own place
	alive("a", "c", "d")
	_, err := b.s.TakeToken(b.ctx, b.app, take("c"), now())
	b.ok(err)
	alive()
	put("e", 5)
	put("f", 6)
	alive("e", "f")
}

// aliveTokens fails unless these of the tokens a to f could be spent.
func (b *bed) aliveTokens(want ...string) {
	b.Helper()
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		_, _, err := b.s.Token(b.ctx, b.app, take(name), now())
		if got := err == nil; got != slices.Contains(want, name) {
			b.Fatalf("token %s alive: got %v, want those alive to be %v", name, got, want)
		}
	}
}

func tokenClass(b *bed) {
	put := func(name, slot string, most, class int) {
		tok := b.token(name)
		tok.Slot, tok.Most, tok.Class = slot, most, class
		b.put(tok)
	}
	put("a", "s", 2, 0)
	put("b", "s", 2, 0)
	put("c", "s", 2, 2)
	put("d", "s", 2, 2)
	put("e", "s", 2, 1)
	b.aliveTokens("a", "b", "c", "d", "e")
	put("a", "s", 2, 0) // its own place
	put("f", "s", 2, 1)
	b.aliveTokens("a", "b", "c", "d", "e", "f")
	moved := b.token("a")
	moved.Slot, moved.Most, moved.Class = "s", 2, 1
	b.is(b.s.Put(b.ctx, authkit.Put{App: b.app, Riders: authkit.Riders{Tokens: []authkit.Token{moved}}}), authkit.ErrConflict)
	_, err := b.s.TakeToken(b.ctx, b.app, take("f"), now())
	b.ok(err)
	b.aliveTokens()
}

func tokenNewestOfClass(b *bed) {
	put := func(name string, class int) {
		tok := b.token(name)
		tok.Slot, tok.Class = "s", class
		b.put(tok)
	}
	put("a", 0)
	put("b", 1)
	put("c", 1)
	b.aliveTokens("a", "c")
	_, err := b.s.TakeToken(b.ctx, b.app, take("a"), now())
	b.ok(err)
	b.aliveTokens()
}

// bindOne binds one token. [authkit.ErrNotFound]: it was not bound.
func bindOne(ctx context.Context, s authkit.Store, t authkit.Token, now time.Time) error {
	bound, err := s.BindTokens(ctx, []authkit.Token{t}, now)
	if err == nil && !bound[0] {
		err = authkit.ErrNotFound
	}
	return err
}

func tokenBind(b *bed) {
	u, other := b.newUser("a@example.com"), b.newUser("b@example.com")
	tok := b.token("x")
	tok.Slot, tok.Most, tok.Proof, tok.Data, tok.Binding = "slot", 2, hash("code"), []byte("d"), hash("browser")
	beside := b.token("y")
	beside.Slot, beside.Most = "slot", 2
	b.put(tok, beside)
	b.tried(authkit.Try{Take: take("x"), Proof: hash("wrong"), Max: 2}, false, 1)

	tok.UserID, tok.Epoch = u.ID, u.Epoch+1
	b.is(bindOne(b.ctx, b.s, tok, now()), authkit.ErrNotFound)
	tok.UserID, tok.Epoch = uuid.New(), u.Epoch
	b.is(bindOne(b.ctx, b.s, tok, now()), authkit.ErrNotFound)
	tok.UserID, tok.Proof, tok.Data = u.ID, hash("another code"), []byte("e")
	b.is(bindOne(b.ctx, b.s, tok, after(2*time.Hour)), authkit.ErrNotFound)
	b.ok(bindOne(b.ctx, b.s, tok, now()))
	got, _, err := b.s.Token(b.ctx, b.app, take("x"), now())
	b.ok(err)
	want := tok
	want.Most = 0
	b.same(got, want)
	b.tried(authkit.Try{Take: take("x"), Proof: hash("another code"), Max: 2}, true, 2)
	b.tried(authkit.Try{Take: take("x"), Proof: hash("another code"), Max: 2}, false, 3) // the earlier attempts count
	_, _, err = b.s.Token(b.ctx, b.app, take("y"), now())
	b.ok(err)

	bare := b.token("bare")
	b.put(bare)
	b.tried(authkit.Try{Take: take("bare"), Proof: hash("code"), Max: 2}, false, 1)
	bare.UserID, bare.Epoch, bare.Proof = other.ID, other.Epoch, hash("code")
	b.ok(bindOne(b.ctx, b.s, bare, now()))
	b.tried(authkit.Try{Take: take("bare"), Proof: hash("code"), Max: 2}, true, 2) // one that no code could pass counts as well

	tok.UserID, tok.Epoch = other.ID, other.Epoch
	b.is(bindOne(b.ctx, b.s, tok, now()), authkit.ErrNotFound) // it is bound to a user
	_, err = b.s.ChangeUser(b.ctx, authkit.UserChange{Now: now(), App: b.app, ID: u.ID, End: true})
	b.ok(err)
	_, _, err = b.s.Token(b.ctx, b.app, take("x"), now())
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.TakeToken(b.ctx, b.app, take("y"), now())
	b.ok(err)
	beside.UserID, beside.Epoch = other.ID, other.Epoch
	b.is(bindOne(b.ctx, b.s, beside, now()), authkit.ErrNotFound) // it is spent
}

func tokensBoundAtOnce(b *bed) {
	app, gone := b.newApp("other"), b.newApp("gone")
	in := func(app uuid.UUID, email string) authkit.User {
		u, err := b.s.CreateUser(b.ctx, authkit.NewUser{Now: now(), User: authkit.User{App: app, ID: uuid.New(), Email: email, CreatedAt: now()}})
		b.ok(err)
		return u
	}
	ann, bob, cid := in(b.app, "ann@example.com"), in(app, "bob@example.com"), in(gone, "cid@example.com")
	var all []authkit.Token
	for i, c := range []struct {
		user  authkit.User
		epoch int64
	}{{cid, 1}, {bob, 1}, {ann, 1}, {ann, 2}, {bob, 1}, {ann, 1}} {
		t := b.token(string(rune('a' + i)))
		t.App = c.user.App
		b.ok(b.s.Put(b.ctx, authkit.Put{App: t.App, Riders: authkit.Riders{Tokens: []authkit.Token{t}}}))
		t.UserID, t.Epoch = c.user.ID, c.epoch
		all = append(all, t)
	}
	all[4].Hash = hash("unknown")
	b.ok(b.s.DeleteApp(b.ctx, gone, now(), authkit.Riders{}))
	bound, err := b.s.BindTokens(b.ctx, all, now())
	b.ok(err)
	want := []bool{false, true, true, false, false, true}
	if !slices.Equal(bound, want) {
		b.Errorf("bound: got %v, want %v", bound, want)
	}
	for i, was := range want {
		got, _, err := b.s.Token(b.ctx, all[i].App, authkit.Take{Kind: all[i].Kind, Hash: all[i].Hash}, now())
		if was {
			b.ok(err)
		}
		equal(b, err == nil && got.UserID == all[i].UserID, was)
	}
	bound, err = b.s.BindTokens(b.ctx, nil, now())
	b.ok(err)
	equal(b, len(bound), 0)
}

func raceBinds(b *bed) {
	const callers = 6
	var tokens []authkit.Token
	for i := range 5 {
		t := b.token(string(rune('a' + i)))
		b.put(t)
		tokens = append(tokens, t)
	}
	var users []authkit.User
	for i := range callers {
		users = append(users, b.newUser(string(rune('a'+i))+"@example.com"))
	}
	var mu sync.Mutex
	winners := make([]int, len(tokens))
	b.race(callers, func(s authkit.Store, i int) error {
		mine := slices.Clone(tokens)
		for n := range mine {
			mine[n].UserID, mine[n].Epoch = users[i].ID, users[i].Epoch
		}
		if i%2 == 1 {
			slices.Reverse(mine)
		}
		bound, err := s.BindTokens(b.ctx, mine, now())
		if i%2 == 1 {
			slices.Reverse(bound)
		}
		mu.Lock()
		defer mu.Unlock()
		for n, won := range bound {
			if won {
				winners[n]++
			}
		}
		return err
	})
	for _, n := range winners {
		equal(b, n, 1)
	}
}
