package storetest

import (
	"errors"

	"github.com/authkit-dev/authkit"
	"github.com/google/uuid"
)

func crossingSentences() []sentence {
	return []sentence{
		{"crossing: what belongs to one app is unknown in another, and no step there touches it", crossForeign},
		{"crossing: the same ids, emails and hashes live side by side, and a step in one app changes no other", crossTwins},
		{"crossing: every method answers not found for a deleted app, and no list names it", crossDeleted},
		{"crossing: a developer's apps are no other developer's", crossDevelopers},
	}
}

// answers fails unless a call answered what it should.
func (b *bed) answers(c call, got, want error) {
	b.Helper()
	if !errors.Is(got, want) {
		b.Fatalf("%s: got error %v, want %v", c.name(), got, want)
	}
}

// untouched fails unless the app holds what it held before the call, and none of these
// tokens.
func (b *bed) untouched(c call, app uuid.UUID, was holding, tokens ...string) {
	b.Helper()
	if d := difference(b.holding(app, append(tokens, "t")...), was); d != "" {
		b.Fatalf("%s touched it: %s", c.name(), d)
	}
}

func crossForeign(b *bed) {
	x := b.newThings()
	home := b.furnish(x)
	was := b.holding(home, "t")
	for _, c := range allCalls() {
		b.answers(c, c.do(caller{b.ctx, b.s, b.bare(x), x, b.riders(uuid.NewString())}), c.foreign)
		b.untouched(c, home, was)
	}
	b.unused(home)
}

// crossTwins calls each method where it succeeds. The records name b's app, which is none
// of those that the verbs name, and must come out of it empty.
func crossTwins(b *bed) {
	x := b.newThings()
	twin := b.furnish(x)
	was, none := b.holding(twin, "t"), b.holding(b.app, "t")
	for _, c := range allCalls() {
		b.answers(c, c.do(caller{b.ctx, b.s, b.furnish(x), x, b.riders(uuid.NewString())}), c.own)
		b.untouched(c, twin, was)
	}
	b.unused(twin)
	b.same(b.holding(b.app, "t"), none)
}

func crossDeleted(b *bed) {
	x := b.newThings()
	app := b.furnish(x)
	b.ok(b.s.DeleteApp(b.ctx, app, now(), authkit.Also{}))
	for _, c := range allCalls() {
		b.answers(c, c.do(caller{b.ctx, b.s, app, x, b.riders(uuid.NewString())}), c.dead)
	}
	due, err := b.s.DueMail(b.ctx, now(), 10)
	b.ok(err)
	equal(b, len(due), 0)
	apps, err := b.s.Apps(b.ctx, "host:me", authkit.Page{Limit: 10})
	b.ok(err)
	equal(b, len(apps), 1)
	equal(b, apps[0].ID, b.app)
}

func crossDevelopers(b *bed) {
	other := anApp("first")
	other.Developer = "host:other"
	b.ok(b.s.CreateApp(b.ctx, other, signingKey(1), nil, authkit.Also{}))
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
