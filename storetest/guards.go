package storetest

import (
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func guardSentences() []sentence {
	return []sentence{
		{"guard: a verb that was decided by another Version of the app does nothing, whatever it is about", guardChanged},
		{"guard: a verb that was decided by an app which is gone is told so", guardGone},
		{"guard: the Version of the app, and 0, let the verb through", guardHolds},
	}
}

// guardedCall is a call of a verb that takes an AppVersion.
type guardedCall struct {
	method, how string
	do          func(c caller, version int64) error
	missing     bool // what the call asks for is not there
}

func guardedCalls() []guardedCall { return slices.Concat(guardedReads(), guardedWrites()) }

func guardedReads() []guardedCall {
	account := func(by authkit.AccountKey) func(caller, int64) error {
		return func(c caller, version int64) error {
			by.AppVersion = version
			_, err := c.s.Account(c.ctx, c.app, by)
			return err
		}
	}
	session := func(by func(things) authkit.SessionKey) func(caller, int64) error {
		return func(c caller, version int64) error {
			key := by(c.x)
			key.AppVersion = version
			_, _, err := c.s.Session(c.ctx, c.app, key, now())
			return err
		}
	}
	return []guardedCall{
		{"Account", "by id", func(c caller, v int64) error { return account(authkit.AccountKey{ID: c.x.user.ID})(c, v) }, false},
		{"Account", "by an unknown id", account(authkit.AccountKey{ID: uuid.New()}), true},
		{"Account", "by an unknown email", account(authkit.AccountKey{Email: "unknown@example.com"}), true},
		{"Account", "by an unknown credential", account(authkit.AccountKey{Kind: "kind", Subject: "unknown"}), true},
		{"Session", "by id", session(func(x things) authkit.SessionKey { return authkit.SessionKey{ID: x.session.ID} }), false},
		{"Session", "by its cookie", session(func(x things) authkit.SessionKey { return authkit.SessionKey{Cookie: x.session.Cookie} }), false},
		{"Session", "by nothing", session(func(things) authkit.SessionKey { return authkit.SessionKey{} }), true},
		{"Session", "by an unknown id", session(func(things) authkit.SessionKey { return authkit.SessionKey{ID: uuid.New()} }), true},
		{"Token", "", guardedToken("t"), false},
		{"Token", "which is unknown", guardedToken("unknown"), true},
	}
}

// guardedWrites are those that write, in an order in which each finds what it needs.
func guardedWrites() []guardedCall {
	return []guardedCall{
		{"TryToken", "", func(c caller, v int64) error {
			t := authkit.Try{Take: take("t"), Proof: hash("code"), Max: 2}
			t.AppVersion = v
			_, err := c.s.TryToken(c.ctx, c.app, t, now())
			return err
		}, false},
		{"Put", "", func(c caller, v int64) error {
			return c.s.Put(c.ctx, authkit.Put{App: c.app, AppVersion: v, Riders: c.riders})
		}, false},
		{"Put", "without riders", func(c caller, v int64) error {
			return c.s.Put(c.ctx, authkit.Put{App: c.app, AppVersion: v})
		}, false},
		{"Hit", "", func(c caller, v int64) error {
			h := theHit()
			h.Limit = 2
			_, err := c.s.Hit(c.ctx, authkit.Hits{App: c.app, AppVersion: v, Each: []authkit.Hit{h}}, now())
			return err
		}, false},
		{"RotateSession", "of an unknown family", func(c caller, v int64) error {
			r := rotation(c.app, hash("t0 s"), "t1", now())
			r.Family, r.AppVersion = hash("none"), v
			_, err := c.s.RotateSession(c.ctx, r)
			return err
		}, true},
		{"RotateSession", "", func(c caller, v int64) error {
			r := rotation(c.app, hash("t0 s"), "t1", now())
			r.AppVersion = v
			_, err := c.s.RotateSession(c.ctx, r)
			return err
		}, false},
		{"TakeToken", "", func(c caller, v int64) error {
			t := take("t")
			t.AppVersion = v
			_, err := c.s.TakeToken(c.ctx, c.app, t, now())
			return err
		}, false},
	}
}

func guardedToken(name string) func(caller, int64) error {
	return func(c caller, version int64) error {
		t := take(name)
		t.AppVersion = version
		_, _, err := c.s.Token(c.ctx, c.app, t, now())
		return err
	}
}

// guarded calls every guarded verb on a furnished app, and fails unless the error of each is the
// one wanted.
func (b *bed) guarded(app uuid.UUID, x things, version int64, want func(guardedCall) error) {
	b.Helper()
	for _, c := range guardedCalls() {
		err := c.do(caller{b.ctx, b.s, app, x, b.riders(uuid.NewString())}, version)
		if wanted := want(c); wanted == nil && err != nil || wanted != nil && !errors.Is(err, wanted) {
			b.Errorf("%s %s at Version %d: got error %v, want %v", c.method, c.how, version, err, wanted)
		}
	}
}

func changed(guardedCall) error { return authkit.ErrAppChanged }

func guardChanged(b *bed) {
	x := b.newThings()
	app := b.furnish(x)
	_, err := b.s.ChangeApp(b.ctx, authkit.AppChange{App: app, Version: furnished, Name: new("Renamed"), NameKey: new("renamed")})
	b.ok(err)
	was := b.holding(app, "t")
	b.guarded(app, x, furnished, changed)
	b.guarded(app, x, furnished+2, changed)
	b.same(b.holding(app, "t"), was)
	b.unused(app)
}

func guardGone(b *bed) {
	x := b.newThings()
	app := b.furnish(x)
	b.ok(b.s.DeleteApp(b.ctx, app, now(), authkit.Riders{}))
	b.guarded(app, x, furnished, changed)
	b.guarded(uuid.New(), x, furnished, changed)
}

func guardHolds(b *bed) {
	for _, version := range []int64{furnished, 0} {
		x := b.newThings()
		b.guarded(b.furnish(x), x, version, func(c guardedCall) error {
			if c.missing {
				return authkit.ErrNotFound
			}
			return nil
		})
	}
}
