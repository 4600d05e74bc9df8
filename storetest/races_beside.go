package storetest

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func besideSentences() []sentence {
	return []sentence{
		{"race: a sign-in beside a step that ends the sessions, disables or deletes the user leaves no live session", besideSignIn},
		{"race: a sign-in, a proof or a rotation beside DropMFA leaves no session with MFAAt", besideDropMFA},
		{"race: a rotation beside a step that ends the sessions or disables the user returns a matching session and user", besideRotation},
		{"race: what is written beside DeleteApp is gone with it", besideDeleteApp},
		{"race: concurrent sign-ins with MaxSessions all succeed, and no more than that many sessions live", besideMaxSessions},
		{"race: after concurrent rotations of API keys with overlap no more than MaxLive are active", besideMaxLive},
		{"race: of concurrent hits exactly Limit fit", besideHits},
		{"race: of concurrent times of use the latest is kept", besideTouch},
		{"race: of concurrent TakeToken calls on two tokens of one slot one succeeds", besideSlot},
		{"race: concurrent puts into the same slots in any order all succeed", besideOrder},
	}
}

// enders are the ways to end all sessions of a user.
func enders() map[string]func(c caller) error {
	change := func(f func(c *authkit.UserChange)) func(c caller) error {
		return func(c caller) error { return c.change(c.x.user, f) }
	}
	return map[string]func(c caller) error{
		"ends":                change(func(c *authkit.UserChange) { c.End = true }),
		"ends, without guard": change(func(c *authkit.UserChange) { c.End, c.Version = true, 0 }),
		"disables":            change(func(c *authkit.UserChange) { c.Disabled = new(true) }),
		"disables, unguarded": change(func(c *authkit.UserChange) { c.Disabled, c.Version = new(true), 0 }),
		"deletes": func(c caller) error {
			return c.s.DeleteUser(c.ctx, authkit.UserRemoval{App: c.app, ID: c.x.user.ID, Version: 1, Riders: c.riders})
		},
		"deletes, unguarded": func(c caller) error {
			return c.s.DeleteUser(c.ctx, authkit.UserRemoval{App: c.app, ID: c.x.user.ID, Riders: c.riders})
		},
	}
}

func besideSignIn(b *bed) {
	for how, end := range enders() {
		for range 2 {
			x := b.newThings()
			app := b.furnish(x)
			b.race(6, func(s authkit.Store, n int) error {
				c := caller{b.ctx, s, app, x, authkit.Riders{}}
				if n == 2 {
					return end(c)
				}
				return c.change(x.user, func(change *authkit.UserChange) { change.Session = session(x.user, strconv.Itoa(n)) })
			}, authkit.ErrStale)
			live, err := b.s.Sessions(b.ctx, app, x.user.ID, now())
			b.ok(err)
			if len(live) > 0 {
				b.Fatalf("what %s left %d live sessions, want none", how, len(live))
			}
		}
	}
}

func besideRotation(b *bed) {
	for how, end := range enders() {
		for range 2 {
			x := b.newThings()
			app := b.furnish(x)
			b.race(6, func(s authkit.Store, n int) error {
				if n == 2 {
					return end(caller{b.ctx, s, app, x, authkit.Riders{}})
				}
				r, err := s.RotateSession(b.ctx, rotation(app, hash("t0 s"), strconv.Itoa(n), now()))
				if err == nil && (r.User.Epoch != r.Session.Epoch || r.User.Disabled) {
					b.Errorf("beside what %s: got a session of Epoch %d with a user of Epoch %d, disabled: %v",
						how, r.Session.Epoch, r.User.Epoch, r.User.Disabled)
				}
				return err
			}, authkit.ErrNotFound)
		}
	}
}

// besideDeleteApp makes an app of the same id after the sweep: any row left behind would show.
func besideDeleteApp(b *bed) {
	for range 5 {
		x := b.newThings()
		app := b.furnish(x)
		b.race(8, func(s authkit.Store, n int) error {
			c := caller{b.ctx, s, app, x, b.riders(strconv.Itoa(n))}
			switch {
			case n == 3: // and sweeps at once, while others may still write
				return errors.Join(s.DeleteApp(b.ctx, app, now(), authkit.Riders{}), sweep(b.ctx, s, now()))
			case n < 3:
				return c.create(strconv.Itoa(n), nil)
			}
			return s.Put(b.ctx, authkit.Put{App: app, Riders: c.riders})
		}, authkit.ErrNotFound)
		b.ok(sweep(b.ctx, b.s, now()))
		a := anApp(uuid.NewString())
		a.ID = app
		b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: a, First: signingKey(1)}))
		h := b.holding(app, "0", "1", "2", "4", "5", "6", "7")
		equal(b, len(h.Accounts)+len(h.Sessions)+len(h.Tokens)+len(h.Events)+len(h.Due)+len(h.Keys)+len(h.Providers), 0)
		equal(b, len(h.App.Keys), 1)
	}
}

// sweep calls Sweep until there is no more work. A call may remove only one deleted app, and the
// earlier runs of the lockstep have left some hundreds.
func sweep(ctx context.Context, s authkit.Store, at time.Time) error {
	for range 2000 {
		if more, err := s.Sweep(ctx, at, 100); err != nil || !more {
			return err
		}
	}
	return errors.New("more work after 2000 calls")
}

func besideMaxSessions(b *bed) {
	u := b.newUser("a@example.com")
	equal(b, b.race(12, func(s authkit.Store, n int) error {
		x := session(u, strconv.Itoa(n))
		x.CreatedAt = after(time.Duration(n) * time.Second)
		_, err := s.ChangeUser(b.ctx, authkit.UserChange{Now: now(), App: b.app, ID: u.ID, Version: 1, Session: x, MaxSessions: 3})
		return err
	}), 12)
	live, err := b.s.Sessions(b.ctx, b.app, u.ID, now())
	b.ok(err)
	equal(b, len(live), 3)
}

func besideMaxLive(b *bed) {
	b.race(8, func(s authkit.Store, n int) error {
		k := b.apiKey(strconv.Itoa(n), after(time.Duration(n)*time.Second))
		return s.RotateAPIKey(b.ctx, authkit.KeyRotation{App: b.app, Next: k, OldUntil: after(time.Hour), MaxLive: 3})
	})
	equal(b, b.activeKeys(), 3)
}

func besideHits(b *bed) {
	h := []authkit.Hit{{Key: "a", Limit: 100, Window: time.Hour}, {Key: "b", Limit: 5, Window: time.Hour}}
	var fit atomic.Int64
	b.race(16, func(s authkit.Store, _ int) error {
		r, err := s.Hit(b.ctx, authkit.Hits{App: b.app, Each: h}, now())
		if r.Full == -1 {
			fit.Add(1)
		}
		return err
	})
	equal(b, fit.Load(), 5)
}

func besideTouch(b *bed) {
	k, other := b.apiKey("k", now()), b.apiKey("other", now())
	b.rotate(k, time.Time{})
	b.ok(b.s.RotateAPIKey(b.ctx, authkit.KeyRotation{App: b.app, Next: other, OldUntil: after(time.Hour), MaxLive: 2}))
	b.race(16, func(s authkit.Store, n int) error {
		at := after(time.Duration(n*7%16) * time.Minute)
		return s.TouchAPIKeys(b.ctx, b.app, map[uuid.UUID]time.Time{k.ID: at, other.ID: at})
	})
	keys, err := b.s.APIKeys(b.ctx, b.app)
	b.ok(err)
	for _, got := range keys {
		equal(b, got.LastUsedAt, after(15*time.Minute))
	}
}

func besideSlot(b *bed) {
	for range 5 {
		names := []string{uuid.NewString(), uuid.NewString()}
		var tokens []authkit.Token
		for _, name := range names {
			tok := b.token(name)
			tok.Slot, tok.Most = names[0], 2
			tokens = append(tokens, tok)
		}
		b.put(tokens...)
		equal(b, b.race(8, func(s authkit.Store, n int) error {
			tk := take(names[n/2%2])
			if n < 4 {
				return caller{b.ctx, s, b.app, things{}, authkit.Riders{}}.create(uuid.NewString(), &tk)
			}
			_, err := s.TakeToken(b.ctx, b.app, tk, now())
			return err
		}, authkit.ErrNotFound), 1)
	}
}

func besideOrder(b *bed) {
	for range 20 {
		equal(b, b.race(8, func(s authkit.Store, n int) error {
			one, two := b.token(uuid.NewString()), b.token(uuid.NewString())
			one.Slot, two.Slot = "one", "two"
			tokens := []authkit.Token{one, two}
			if n/2%2 == 1 {
				tokens = []authkit.Token{two, one}
			}
			return s.Put(b.ctx, authkit.Put{App: b.app, Riders: authkit.Riders{Tokens: tokens}})
		}), 8)
	}
}
