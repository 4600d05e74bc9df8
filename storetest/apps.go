package storetest

import (
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func appSentences() []sentence {
	return []sentence{
		{"app: a taken id or name is a conflict and writes no rider", appConflict},
		{"app: a change is guarded by Version", appChange},
		{"app: a deleted app is unknown and its name is free", appDelete},
		{"app: signing keys are ordered by Seq, and a taken Seq is a conflict", appSigningKeys},
		{"app: a new signing key removes the older ones below a Seq, never itself or another app's", appSigningKeysDrop},
		{"app: a signing key that is not the newest, or of a taken KID, is a conflict and removes no key", appSigningKeysLate},
	}
}

func appConflict(b *bed) {
	same := anApp("first")
	b.is(b.s.CreateApp(b.ctx, authkit.NewApp{App: same, First: signingKey(1)}), authkit.ErrConflict)
	same = anApp("second")
	same.ID = b.app
	b.is(b.s.CreateApp(b.ctx, authkit.NewApp{App: same, First: signingKey(1)}), authkit.ErrConflict)
	other := anApp("first")
	other.Developer = "host:other"
	b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: other, First: signingKey(1)}))
	_, err := b.s.App(b.ctx, uuid.New())
	b.is(err, authkit.ErrNotFound)
}

func appChange(b *bed) {
	b.newApp("second")
	a, err := b.s.App(b.ctx, b.app)
	b.ok(err)
	equal(b, a.Version, 1)
	set := authkit.Settings{SignupClosed: true, Origins: []string{"https://é.example"}}
	c := authkit.AppChange{App: b.app, Version: 1, Name: new("N"), NameKey: new("n"), Settings: &set}
	a, err = b.s.ChangeApp(b.ctx, c)
	b.ok(err)
	equal(b, a.Version, 2)
	equal(b, a.Settings.SignupClosed, true)
	equal(b, len(a.Settings.Origins), 1)
	equal(b, len(a.ForeignHashes), 0)
	for i, hashes := range []*[]string{{"a", "b"}, nil, {"c"}} {
		a, err = b.s.ChangeApp(b.ctx, authkit.AppChange{App: b.app, Version: a.Version, ForeignHashes: hashes})
		b.ok(err)
		b.same(a.ForeignHashes, [][]string{{"a", "b"}, {"a", "b"}, {"c"}}[i])
	}
	c.Riders = b.riders("x")
	_, err = b.s.ChangeApp(b.ctx, c)
	b.is(err, authkit.ErrStale)
	c.Version, c.NameKey = a.Version, new("second")
	_, err = b.s.ChangeApp(b.ctx, c)
	b.is(err, authkit.ErrConflict)
	b.written("x", false)
}

func appDelete(b *bed) {
	b.ok(b.s.DeleteApp(b.ctx, b.app, now(), authkit.Riders{}))
	_, err := b.s.App(b.ctx, b.app)
	b.is(err, authkit.ErrNotFound)
	b.is(b.s.DeleteApp(b.ctx, b.app, now(), authkit.Riders{}), authkit.ErrNotFound)
	b.newApp("first")
	apps, err := b.s.Apps(b.ctx, "host:me", authkit.Page{Limit: 10})
	b.ok(err)
	equal(b, len(apps), 1)
}

func appSigningKeys(b *bed) {
	third := signingKey(3)
	third.Alone = true
	b.ok(b.s.AddSigningKey(b.ctx, b.app, signingKey(2), 0, authkit.Riders{}))
	b.ok(b.s.AddSigningKey(b.ctx, b.app, third, 0, authkit.Riders{}))
	b.is(b.s.AddSigningKey(b.ctx, b.app, signingKey(2), 0, b.riders("x")), authkit.ErrConflict)
	b.written("x", false)
	a, err := b.s.App(b.ctx, b.app)
	b.ok(err)
	equal(b, a.Version, 3)
	equal(b, len(a.Keys), 3)
	for i, k := range a.Keys {
		equal(b, k.Seq, int64(i+1))
		equal(b, k.From, now())
		equal(b, k.Alone, k.Seq == 3)
	}
}

// seqs fails unless the app's keys have these Seqs, in this order.
func (b *bed) seqs(app uuid.UUID, want ...int64) {
	b.Helper()
	a, err := b.s.App(b.ctx, app)
	b.ok(err)
	got := make([]int64, len(a.Keys))
	for i, k := range a.Keys {
		got[i] = k.Seq
	}
	if !slices.Equal(got, want) {
		b.Fatalf("got the keys %v, want %v", got, want)
	}
}

func appSigningKeysDrop(b *bed) {
	other := b.newApp("other")
	for seq := int64(2); seq <= 4; seq++ {
		for _, app := range []uuid.UUID{b.app, other} {
			b.ok(b.s.AddSigningKey(b.ctx, app, signingKey(seq), 0, authkit.Riders{}))
		}
	}
	was, err := b.s.App(b.ctx, b.app)
	b.ok(err)
	b.ok(b.s.AddSigningKey(b.ctx, b.app, signingKey(5), 3, b.riders("x")))
	b.written("x", true)
	b.seqs(b.app, 3, 4, 5)
	is, err := b.s.App(b.ctx, b.app)
	b.ok(err)
	b.same(is.Keys[:2], was.Keys[2:])
	equal(b, is.Version, was.Version+1)

	b.ok(b.s.AddSigningKey(b.ctx, b.app, signingKey(6), 3, authkit.Riders{})) // no key is below it
	b.seqs(b.app, 3, 4, 5, 6)
	b.ok(b.s.AddSigningKey(b.ctx, b.app, signingKey(7), 7, authkit.Riders{}))
	b.seqs(b.app, 7)
	b.ok(b.s.AddSigningKey(b.ctx, b.app, signingKey(9), 1<<40, authkit.Riders{}))
	b.seqs(b.app, 9)
	b.seqs(other, 1, 2, 3, 4)
}

// appSigningKeysLate adds keys that were decided on before others were added and removed: no key
// has their Seq any more.
func appSigningKeysLate(b *bed) {
	first, err := b.s.App(b.ctx, b.app)
	b.ok(err)
	b.ok(b.s.AddSigningKey(b.ctx, b.app, signingKey(2), 0, authkit.Riders{}))
	b.ok(b.s.AddSigningKey(b.ctx, b.app, signingKey(5), 2, authkit.Riders{}))
	was := b.holding(b.app)
	for _, seq := range []int64{1, 2, 3, 4, 5} {
		b.is(b.s.AddSigningKey(b.ctx, b.app, signingKey(seq), 99, b.riders("x")), authkit.ErrConflict)
	}
	taken := signingKey(6)
	taken.KID = was.App.Keys[0].KID // of a key that would be removed
	b.is(b.s.AddSigningKey(b.ctx, b.app, taken, 6, b.riders("x")), authkit.ErrConflict)
	b.written("x", false)
	b.same(b.holding(b.app), was)

	again := signingKey(6)
	again.KID = first.Keys[0].KID // of a key that was removed
	b.ok(b.s.AddSigningKey(b.ctx, b.app, again, 0, authkit.Riders{}))
	b.seqs(b.app, 2, 5, 6)
}
