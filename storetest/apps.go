package storetest

import (
	"github.com/authkit-dev/authkit"
	"github.com/google/uuid"
)

func appSentences() []sentence {
	return []sentence{
		{"app: a taken id or name is a conflict and writes no rider", appConflict},
		{"app: a change is guarded by Version", appChange},
		{"app: a deleted app is unknown and its name free", appDelete},
		{"app: signing keys come ordered by Seq and a taken Seq is a conflict", appSigningKeys},
	}
}

func appConflict(b *bed) {
	same := anApp("first")
	b.is(b.s.CreateApp(b.ctx, same, signingKey(1), nil, authkit.Also{}), authkit.ErrConflict)
	same = anApp("second")
	same.ID = b.app
	b.is(b.s.CreateApp(b.ctx, same, signingKey(1), nil, authkit.Also{}), authkit.ErrConflict)
	other := anApp("first")
	other.Developer = "host:other"
	b.ok(b.s.CreateApp(b.ctx, other, signingKey(1), nil, authkit.Also{}))
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
	c.Also = b.riders("x")
	_, err = b.s.ChangeApp(b.ctx, c)
	b.is(err, authkit.ErrStale)
	c.Version, c.NameKey = 2, new("second")
	_, err = b.s.ChangeApp(b.ctx, c)
	b.is(err, authkit.ErrConflict)
	b.written("x", false)
}

func appDelete(b *bed) {
	b.ok(b.s.DeleteApp(b.ctx, b.app, now(), authkit.Also{}))
	_, err := b.s.App(b.ctx, b.app)
	b.is(err, authkit.ErrNotFound)
	b.is(b.s.DeleteApp(b.ctx, b.app, now(), authkit.Also{}), authkit.ErrNotFound)
	b.newApp("first")
	apps, err := b.s.Apps(b.ctx, "host:me", authkit.Page{Limit: 10})
	b.ok(err)
	equal(b, len(apps), 1)
}

func appSigningKeys(b *bed) {
	third := signingKey(3)
	third.Alone = true
	b.ok(b.s.AddSigningKey(b.ctx, b.app, third, authkit.Also{}))
	b.ok(b.s.AddSigningKey(b.ctx, b.app, signingKey(2), authkit.Also{}))
	b.is(b.s.AddSigningKey(b.ctx, b.app, signingKey(2), b.riders("x")), authkit.ErrConflict)
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
