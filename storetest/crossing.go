package storetest

import (
	"errors"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func crossingSentences() []sentence {
	return []sentence{
		{"crossing: what belongs to one app is unknown in another, no step there changes it, and a refused step writes no rider", crossForeign},
		{"crossing: two apps may hold the same ids, emails and hashes, and a step in one, with all its riders, changes no other", crossTwins},
		{"crossing: every method but ConfirmDeletion returns ErrNotFound for a deleted app, and no list names it", crossDeleted},
		{"crossing: a developer's apps are no other developer's", crossDevelopers},
	}
}

// answers fails unless a call returned the error that it should.
func (b *bed) answers(c call, got, want error) {
	b.Helper()
	if !errors.Is(got, want) {
		b.Fatalf("%s: got error %v, want %v", c.name(), got, want)
	}
}

// called makes a call in an app and looks for the riders: all must be written or, if the call is
// refused, no rider.
func (b *bed) called(c call, app uuid.UUID, x things, want error) {
	b.Helper()
	riders := b.riders(uuid.NewString())
	b.answers(c, c.do(caller{b.ctx, b.s, app, x, riders}), want)
	if c.riders && c.method != "DeleteApp" { // its riders become unknown with the app
		b.ridden(c, app, riders, want == nil)
	}
}

func crossForeign(b *bed) {
	x := b.newThings()
	home := b.furnish(x)
	was := b.holding(home, "t")
	for _, c := range allCalls() {
		b.called(c, b.bare(x), x, c.foreign)
	}
	b.same(b.holding(home, "t"), was)
	b.unused(home)
}

// crossTwins calls each method where it succeeds. The records name b's app, which no verb names,
// and which must still be empty afterwards.
func crossTwins(b *bed) {
	x := b.newThings()
	twin := b.furnish(x)
	was, none := b.holding(twin, "t"), b.holding(b.app, "t")
	b.allOf(twin, was)
	for _, c := range allCalls() {
		b.called(c, b.furnish(x), x, c.own)
	}
	b.same(b.holding(twin, "t"), was)
	b.same(b.holding(b.app, "t"), none)
	b.unused(twin)
}

// allOf fails unless every record names the app.
func (b *bed) allOf(app uuid.UUID, h holding) {
	b.Helper()
	got := []uuid.UUID{h.App.ID, h.Keys[0].App, h.Providers[0].App, h.Sessions[0].App, h.Tokens[0].App, h.Due[0].App, h.Events[0].App}
	for _, a := range h.Accounts {
		got = append(got, a.User.App)
		for _, c := range a.Credentials {
			got = append(got, c.App)
		}
	}
	for _, id := range got {
		equal(b, id, app)
	}
}

func crossDeleted(b *bed) {
	x := b.newThings()
	app := b.furnish(x)
	b.ok(b.s.DeleteApp(b.ctx, app, now(), authkit.Riders{}))
	for _, c := range allCalls() {
		b.answers(c, c.do(caller{b.ctx, b.s, app, x, b.riders(uuid.NewString())}), c.dead)
	}
	equal(b, len(b.due()), 0)
	apps, err := b.s.Apps(b.ctx, "host:me", authkit.Page{Limit: 10})
	b.ok(err)
	equal(b, len(apps), 1)
	equal(b, apps[0].ID, b.app)
}

func crossDevelopers(b *bed) {
	other := anApp("first")
	other.Developer = "host:other"
	b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: other, First: signingKey(1)}))
	for developer, want := range map[string]uuid.UUID{"host:me": b.app, "host:other": other.ID} {
		apps, err := b.s.Apps(b.ctx, developer, authkit.Page{Limit: 10})
		b.ok(err)
		equal(b, len(apps), 1)
		equal(b, apps[0].ID, want)
	}
	for _, developer := range []string{"", "host:", "HOST:me", "host:me "} {
		apps, err := b.s.Apps(b.ctx, developer, authkit.Page{Limit: 10})
		b.ok(err)
		equal(b, len(apps), 0)
	}
}
