package storetest

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func ownerSentences() []sentence {
	return []sentence{
		{"owner: an app is created only for a user who exists and is enabled", ownerEnabled},
		{"owner: a developer has no more than Most live apps", ownerMost},
		{"owner: API keys of an owner's apps are unknown while the owner is disabled", ownerDisabled},
		{"owner: a user who owns a live app cannot be deleted", ownerDeleted},
		{"owner: a moved app belongs to the other developer and has no active API key", ownerMove},
		{"owner: an app is moved only from its developer, and only to one who may have it", ownerMoveRefused},
		{"owner: a deletion is confirmed to the former developer, on any handle, until the id is free", ownerConfirms},
		{"race: confirmations of one deletion all succeed", raceOwnerConfirms},
		{"race: of concurrent apps of one developer no more than Most are created", raceOwnerMost},
		{"race: an app that is created or moved while its owner is disabled has no usable key", raceOwnerDisabled},
		{"race: a user is deleted or gets an app, never both", raceOwnerDeleted},
	}
}

// owned returns an app that the user owns, with an API key.
func (b *bed) owned(u authkit.User, name string) authkit.NewApp {
	a := anApp(name)
	a.Developer = "console:" + u.ID.String()
	k := b.apiKey(name, now())
	k.App = a.ID
	return authkit.NewApp{App: a, First: signingKey(1), Key: &k, Owner: authkit.UserRef{App: u.App, ID: u.ID}}
}

// disable disables or enables a user who owns apps.
func (b *bed) disable(s authkit.Store, u authkit.User, disabled bool) error {
	_, err := s.ChangeUser(b.ctx, authkit.UserChange{
		Now: now(), App: u.App, ID: u.ID, Disabled: &disabled, Owns: "console:" + u.ID.String(),
	})
	return err
}

// keyWorks looks up the API key of an app.
func (b *bed) keyWorks(n authkit.NewApp) error {
	_, err := b.s.APIKey(b.ctx, n.App.ID, n.Key.Hash, now())
	return err
}

func ownerEnabled(b *bed) {
	u := b.newUser("a@example.com")
	n := b.owned(u, "one")
	n.Owner.ID = uuid.New()
	b.is(b.s.CreateApp(b.ctx, n), authkit.ErrNotFound)
	n.Owner = authkit.UserRef{App: b.newApp("other"), ID: u.ID}
	b.is(b.s.CreateApp(b.ctx, n), authkit.ErrNotFound)
	n = b.owned(u, "one")
	_, err := b.s.ChangeUser(b.ctx, authkit.UserChange{Now: now(), App: b.app, ID: u.ID, Disabled: new(true)})
	b.ok(err)
	b.is(b.s.CreateApp(b.ctx, n), authkit.ErrNotFound)
	_, err = b.s.App(b.ctx, n.App.ID)
	b.is(err, authkit.ErrNotFound)
}

func ownerMost(b *bed) {
	u := b.newUser("a@example.com")
	for _, owned := range []bool{true, false} {
		var last authkit.NewApp
		for i := range 3 {
			last = b.owned(u, strconv.Itoa(i))
			last.Most = 2
			if !owned {
				last.Owner, last.App.Developer = authkit.UserRef{}, "host:else"
			}
			err := b.s.CreateApp(b.ctx, last)
			if i < 2 {
				b.ok(err)
			} else {
				b.is(err, authkit.ErrFull)
			}
		}
		apps, err := b.s.Apps(b.ctx, last.App.Developer, authkit.Page{Limit: 9})
		b.ok(err)
		equal(b, len(apps), 2)
		b.ok(b.s.DeleteApp(b.ctx, apps[0].ID, now(), authkit.Riders{}))
		b.ok(b.s.CreateApp(b.ctx, last))
	}
}

func ownerDisabled(b *bed) {
	u, other := b.newUser("a@example.com"), b.newUser("b@example.com")
	one, two, foreign := b.owned(u, "one"), b.owned(u, "two"), b.owned(other, "foreign")
	for _, n := range []authkit.NewApp{one, two, foreign} {
		b.ok(b.s.CreateApp(b.ctx, n))
	}
	_, err := b.s.ChangeUser(b.ctx, authkit.UserChange{Now: now(), App: b.app, ID: u.ID, Name: new("n"), Version: 1, Owns: one.App.Developer})
	b.ok(err)
	b.ok(b.keyWorks(one))
	b.ok(b.disable(b.s, u, true))
	b.is(b.keyWorks(one), authkit.ErrNotFound)
	b.is(b.keyWorks(two), authkit.ErrNotFound)
	b.ok(b.keyWorks(foreign))
	keys, err := b.s.APIKeys(b.ctx, one.App.ID)
	b.ok(err)
	equal(b, keys[0].Active, true)
	_, err = b.s.ChangeUser(b.ctx, authkit.UserChange{Now: now(), App: b.app, ID: u.ID, Version: 3, Disabled: new(false), Owns: one.App.Developer})
	b.ok(err)
	b.ok(b.keyWorks(one))
}

func ownerDeleted(b *bed) {
	u := b.newUser("a@example.com")
	n := b.owned(u, "one")
	b.ok(b.s.CreateApp(b.ctx, n))
	gone := authkit.UserRemoval{App: b.app, ID: u.ID, Owns: n.App.Developer, Riders: b.riders("x")}
	b.is(b.s.DeleteUser(b.ctx, gone), authkit.ErrConflict)
	b.written("x", false)
	b.ok(b.s.DeleteApp(b.ctx, n.App.ID, now(), authkit.Riders{}))
	b.ok(b.s.DeleteUser(b.ctx, gone))
	b.written("x", true)
	b.is(b.s.CreateApp(b.ctx, b.owned(u, "two")), authkit.ErrNotFound)
}

func ownerMove(b *bed) {
	u, other := b.newUser("a@example.com"), b.newUser("b@example.com")
	n := b.owned(u, "one")
	b.ok(b.s.CreateApp(b.ctx, n))
	b.ok(b.disable(b.s, u, true))
	m := authkit.AppMove{
		Now: now(), App: n.App.ID, From: n.App.Developer, To: "console:" + other.ID.String(), Owner: authkit.UserRef{App: b.app, ID: other.ID},
		Riders: authkit.Riders{Events: []authkit.Event{{ID: uuid.New(), Time: now(), Type: "moved"}}},
	}
	b.ok(b.s.MoveApp(b.ctx, m))
	a, err := b.s.App(b.ctx, n.App.ID)
	b.ok(err)
	equal(b, a.Developer, m.To)
	equal(b, a.Version, 2)
	b.is(b.keyWorks(n), authkit.ErrNotFound)
	next := b.apiKey("next", after(time.Second))
	b.ok(b.s.RotateAPIKey(b.ctx, authkit.KeyRotation{App: n.App.ID, Next: next, MaxLive: 1}))
	_, err = b.s.APIKey(b.ctx, n.App.ID, next.Hash, now())
	b.ok(err)
	keys, err := b.s.APIKeys(b.ctx, n.App.ID)
	b.ok(err)
	equal(b, len(keys), 2)
	equal(b, keys[1].Active, false)
	events, err := b.s.Events(b.ctx, n.App.ID, authkit.EventQuery{Page: authkit.Page{Limit: 9}, Type: "moved"})
	b.ok(err)
	equal(b, len(events), 1)
	b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: func() authkit.App { a := anApp("one"); a.Developer = m.From; return a }(), First: signingKey(1)})) // the name is free
}

func ownerMoveRefused(b *bed) {
	u, other := b.newUser("a@example.com"), b.newUser("b@example.com")
	n := b.owned(u, "one")
	b.ok(b.s.CreateApp(b.ctx, n))
	move := func(f func(m *authkit.AppMove)) error {
		m := authkit.AppMove{
			Now: now(), App: n.App.ID, From: n.App.Developer, To: "console:" + other.ID.String(), Owner: authkit.UserRef{App: b.app, ID: other.ID},
		}
		f(&m)
		return b.s.MoveApp(b.ctx, m)
	}
	b.is(move(func(m *authkit.AppMove) { m.From = "host:me" }), authkit.ErrNotFound)
	b.is(move(func(m *authkit.AppMove) { m.App = uuid.New() }), authkit.ErrNotFound)
	b.is(move(func(m *authkit.AppMove) { m.Owner.ID = uuid.New() }), authkit.ErrNotFound)
	b.ok(b.s.CreateApp(b.ctx, b.owned(other, "two")))
	b.is(move(func(m *authkit.AppMove) { m.Most = 1 }), authkit.ErrFull)
	b.ok(b.s.CreateApp(b.ctx, b.owned(other, "one")))
	b.is(move(func(*authkit.AppMove) {}), authkit.ErrConflict)
	third := b.newUser("c@example.com")
	b.ok(b.disable(b.s, third, true))
	b.is(move(func(m *authkit.AppMove) { m.To, m.Owner.ID = "console:"+third.ID.String(), third.ID }), authkit.ErrNotFound)
	b.ok(b.keyWorks(n))
}

func raceOwnerMost(b *bed) {
	u := b.newUser("a@example.com")
	for _, owned := range []bool{true, false} {
		equal(b, b.race(16, func(s authkit.Store, i int) error {
			n := b.owned(u, strconv.Itoa(i))
			n.Most = 5
			if !owned {
				n.Owner, n.App.Developer = authkit.UserRef{}, "host:else"
			}
			return s.CreateApp(b.ctx, n)
		}, authkit.ErrFull), 5)
	}
}

func raceOwnerDisabled(b *bed) {
	giver := b.newUser("giver@example.com")
	for round := range 5 {
		u := b.newUser(strconv.Itoa(round) + "@example.com")
		apps := make([]authkit.NewApp, 8)
		for i := range apps {
			apps[i] = b.owned(u, strconv.Itoa(round*100+i))
		}
		moved := b.owned(giver, "moved "+strconv.Itoa(round))
		b.ok(b.s.CreateApp(b.ctx, moved))
		b.race(len(apps), func(s authkit.Store, i int) error {
			switch i {
			case 3:
				return b.disable(s, u, true)
			case 4:
				return s.MoveApp(b.ctx, authkit.AppMove{Now: now(), App: moved.App.ID, From: moved.App.Developer, To: "console:" + u.ID.String(), Owner: apps[0].Owner})
			}
			return s.CreateApp(b.ctx, apps[i])
		}, authkit.ErrNotFound)
		for _, n := range apps {
			b.is(b.keyWorks(n), authkit.ErrNotFound)
		}
		a, err := b.s.App(b.ctx, moved.App.ID)
		b.ok(err)
		if a.Developer == moved.App.Developer {
			continue // the move came too late
		}
		k := b.apiKey(uuid.NewString(), now())
		b.ok(b.s.RotateAPIKey(b.ctx, authkit.KeyRotation{App: a.ID, Next: k, MaxLive: 1}))
		_, err = b.s.APIKey(b.ctx, a.ID, k.Hash, now())
		b.is(err, authkit.ErrNotFound)
	}
}

func raceOwnerDeleted(b *bed) {
	for round := range 5 {
		u := b.newUser(strconv.Itoa(round) + "@example.com")
		b.race(6, func(s authkit.Store, i int) error {
			if i == 2 {
				return s.DeleteUser(b.ctx, authkit.UserRemoval{App: b.app, ID: u.ID, Owns: "console:" + u.ID.String()})
			}
			return s.CreateApp(b.ctx, b.owned(u, strconv.Itoa(i)))
		}, authkit.ErrNotFound, authkit.ErrConflict)
		apps, err := b.s.Apps(b.ctx, "console:"+u.ID.String(), authkit.Page{Limit: 9})
		b.ok(err)
		_, err = b.s.Account(b.ctx, b.app, authkit.AccountKey{ID: u.ID})
		equal(b, len(apps) > 0, err == nil)
	}
}

// ownerConfirms confirms on both handles. It confirms twice, since the first answer may be lost.
func ownerConfirms(b *bed) {
	moved, kept := anApp("moved"), anApp("kept")
	for _, a := range []authkit.App{moved, kept} {
		b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: a, First: signingKey(1)}))
	}
	b.ok(b.s.MoveApp(b.ctx, authkit.AppMove{Now: now(), App: moved.ID, From: "host:me", To: "host:else"}))
	b.is(b.s.ConfirmDeletion(b.ctx, moved.ID, "host:else"), authkit.ErrNotFound)
	b.ok(b.s.DeleteApp(b.ctx, moved.ID, now(), authkit.Riders{}))
	for _, s := range []authkit.Store{b.s, b.other()} {
		b.ok(s.ConfirmDeletion(b.ctx, moved.ID, "host:else"))
		for _, developer := range []string{"host:me", "host:", "", "HOST:else"} {
			b.is(s.ConfirmDeletion(b.ctx, moved.ID, developer), authkit.ErrNotFound)
		}
		b.is(s.ConfirmDeletion(b.ctx, kept.ID, "host:me"), authkit.ErrNotFound)
		b.is(s.ConfirmDeletion(b.ctx, uuid.New(), "host:else"), authkit.ErrNotFound)
	}
	_, err := b.s.App(b.ctx, moved.ID)
	b.is(err, authkit.ErrNotFound)
	_, err = b.s.App(b.ctx, kept.ID)
	b.ok(err)
	b.ok(sweep(b.ctx, b.s, now()))
	b.is(b.s.ConfirmDeletion(b.ctx, moved.ID, "host:else"), authkit.ErrNotFound)
}

func raceOwnerConfirms(b *bed) {
	b.ok(b.s.DeleteApp(b.ctx, b.app, now(), authkit.Riders{}))
	equal(b, b.race(16, func(s authkit.Store, _ int) error { return s.ConfirmDeletion(b.ctx, b.app, "host:me") }), 16)
}
