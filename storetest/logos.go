package storetest

import (
	"errors"
	"strconv"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func logoSentences() []sentence {
	return []sentence{
		{"logo: a change of the app puts, replaces and removes it, with its hash, and one without it leaves it alone", logoChange},
		{"logo: a change that is refused leaves it as it was", logoStale},
		{"logo: it goes with its app, and a later app of the id has none", logoGone},
		{"logo: a reader finds the picture of the hash, whatever is written beside", logoRead},
	}
}

// logo returns the logo of an app, or the zero Logo.
func (b *bed) logo(app uuid.UUID) authkit.Logo {
	b.Helper()
	l, err := b.s.Logo(b.ctx, app)
	if !errors.Is(err, authkit.ErrNotFound) {
		b.ok(err)
	}
	return l
}

// changeLogo changes the app and returns it.
func changeLogo(b *bed, app uuid.UUID, l *authkit.Logo) authkit.App {
	b.Helper()
	was, err := b.s.App(b.ctx, app)
	b.ok(err)
	is, err := b.s.ChangeApp(b.ctx, authkit.AppChange{App: app, Version: was.Version, Name: new("changed"), Logo: l})
	b.ok(err)
	equal(b, is.Version, was.Version+1)
	return is
}

func logoChange(b *bed) {
	other := b.newApp("other")
	changeLogo(b, other, new(logo("other")))
	_, err := b.s.Logo(b.ctx, b.app)
	b.is(err, authkit.ErrNotFound)
	for _, step := range []struct {
		change *authkit.Logo
		want   authkit.Logo
	}{
		{&authkit.Logo{}, authkit.Logo{}},
		{new(logo("a")), logo("a")},
		{nil, logo("a")},
		{new(logo("a")), logo("a")},
		{new(logo("b")), logo("b")},
		{&authkit.Logo{}, authkit.Logo{}},
		{nil, authkit.Logo{}},
		{new(logo("c")), logo("c")},
	} {
		changed := changeLogo(b, b.app, step.change)
		equal(b, changed.Logo, step.want.Hash)
		b.same(b.logo(b.app), step.want)
		apps, err := b.s.Apps(b.ctx, "host:me", authkit.Page{Limit: 10})
		b.ok(err)
		for _, a := range apps {
			if a.ID == b.app {
				equal(b, a.Logo, step.want.Hash)
			}
		}
	}
	b.same(b.logo(other), logo("other"))
}

func logoStale(b *bed) {
	changeLogo(b, b.app, new(logo("a")))
	b.newApp("taken")
	for _, c := range []struct {
		change authkit.AppChange
		want   error
	}{
		{authkit.AppChange{Version: 1, Logo: new(logo("b"))}, authkit.ErrStale},
		{authkit.AppChange{Version: 1, Logo: &authkit.Logo{}}, authkit.ErrStale},
		{authkit.AppChange{Version: 2, Logo: new(logo("b")), NameKey: new("taken")}, authkit.ErrConflict},
		{authkit.AppChange{Version: 2, Logo: &authkit.Logo{}, NameKey: new("taken")}, authkit.ErrConflict},
	} {
		c.change.App, c.change.Riders = b.app, b.riders("x")
		_, err := b.s.ChangeApp(b.ctx, c.change)
		b.is(err, c.want)
		b.written("x", false)
		b.same(b.logo(b.app), logo("a"))
	}
}

func logoGone(b *bed) {
	changeLogo(b, b.app, new(logo("a")))
	b.ok(b.s.DeleteApp(b.ctx, b.app, now(), authkit.Riders{}))
	_, err := b.s.Logo(b.ctx, b.app)
	b.is(err, authkit.ErrNotFound)
	b.ok(sweep(b.ctx, b.s, now()))
	again := anApp("again")
	again.ID, again.Logo = b.app, logo("a").Hash // which no picture was given for
	b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: again, First: signingKey(1)}))
	_, err = b.s.Logo(b.ctx, b.app)
	b.is(err, authkit.ErrNotFound)
	equal(b, changeLogo(b, b.app, nil).Logo, "")
	_, err = b.s.Logo(b.ctx, b.app)
	b.is(err, authkit.ErrNotFound)
}

func logoRead(b *bed) {
	changeLogo(b, b.app, new(logo("0")))
	b.race(16, func(s authkit.Store, n int) error {
		for i := range 8 {
			if n%2 == 0 {
				was, err := s.App(b.ctx, b.app)
				if err != nil {
					return err
				}
				_, err = s.ChangeApp(b.ctx, authkit.AppChange{App: b.app, Version: was.Version, Logo: new(logo(strconv.Itoa(8*n + i)))})
				if err != nil && !errors.Is(err, authkit.ErrStale) {
					return err
				}
				continue
			}
			got, err := s.Logo(b.ctx, b.app)
			if err != nil {
				return err
			}
			if name := string(got.PNG[len("png "):]); logo(name).Hash != got.Hash {
				return errors.New("got the picture " + name + " under the hash " + got.Hash)
			}
		}
		return nil
	})
	app, err := b.s.App(b.ctx, b.app)
	b.ok(err)
	equal(b, app.Logo, b.logo(b.app).Hash)
}
