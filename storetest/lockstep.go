package storetest

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/authkit-dev/authkit"
)

func lockstepSentences() []sentence {
	return []sentence{{"model: any sequence of steps is answered as the model of this package answers it", lockstepCheck}}
}

// lockstepTime is for how long new runs begin, unless -rapid.checks says how many to make.
const lockstepTime = 3 * time.Second

// lockstepCheck runs random steps on the store and on a model beside it. The flags of
// rapid apply: -rapid.checks=5000 looks harder.
func lockstepCheck(b *bed) {
	begin, unhurried := time.Now(), flag.Lookup("rapid.checks").Value.String() != "100"
	broken := false // a run that was broken off is made smaller, for as long as that takes
	rapid.Check(b.T, func(t *rapid.T) {
		if !broken && !unhurried && time.Since(begin) > lockstepTime {
			return
		}
		broken = true
		lockstepRun(b, t)
		broken = false
	})
}

func lockstepRun(b *bed, t *rapid.T) {
	l := &lockstep{T: t, ctx: b.ctx, s: b.s, m: model{}, deleted: map[uuid.UUID]struct{}{}, developer: "host:" + uuid.NewString(), at: now(), turns: map[uuid.UUID]int{}}
	defer l.leave()
	_, err := l.s.NoteSecret(l.ctx, theSecret(), []string{theSecret()})
	l.answered(err, nil)
	for i := range l.apps {
		l.newApp(i)
	}
	steps := slices.Concat(l.appSteps(), l.userSteps(), l.otherSteps(), l.looks())
	t.Repeat(map[string]func(*rapid.T){"step": func(t *rapid.T) {
		l.T = t
		l.at = l.at.Add(time.Millisecond)
		draw(l, "step", steps...).do()
	}})
	l.finish()
}

// lockstep is a store and its model. Two apps hold the same few ids, emails, subjects
// and token names, so that steps meet each other all the time.
type lockstep struct {
	*rapid.T
	ctx context.Context
	s   authkit.Store
	m   model

	developer string
	apps      [2]uuid.UUID           // one may be deleted
	deleted   map[uuid.UUID]struct{} // since the last sweep
	at        time.Time
	made      int

	mails []uuid.UUID       // ever put
	known []uuid.UUID       // sessions ever started
	turns map[uuid.UUID]int // how often each session was to be rotated
}

// step is one of the steps that may come next.
type step struct {
	name string
	do   func()
}

// GoString names the step in the output of a failing run.
func (s step) GoString() string { return s.name }

// draw picks one of a few, each as likely as the other, which rapid's own draws are not.
func draw[T any](l *lockstep, label string, from ...T) T {
	return rapid.Custom(func(t *rapid.T) T {
		n := 0
		for range 8 {
			n <<= 1
			if rapid.Bool().Draw(t, "bit") {
				n++
			}
		}
		return from[n%len(from)]
	}).Draw(l.T, label)
}

// often is true n times out of ten.
func (l *lockstep) often(n int, label string) bool {
	return draw(l, label, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9) < n
}

// drawID picks one of the ids in a map, mostly, else one of the others.
func drawID[V any](l *lockstep, label string, there map[uuid.UUID]V, other ...uuid.UUID) uuid.UUID {
	ids := slices.Collect(maps.Keys(there))
	if len(ids) == 0 || len(other) > 0 && !l.often(8, "there") {
		ids = slices.Concat(other, []uuid.UUID{key(0)})
	}
	texts := make([]string, len(ids)) // which read better in the output
	for i, id := range ids {
		texts[i] = id.String()
	}
	slices.Sort(texts)
	return uuid.MustParse(draw(l, label, texts...))
}

func (l *lockstep) app() uuid.UUID { return l.apps[draw(l, "app", 0, 1)] }

// fresh is an id that no step has used. It follows from the steps before, so that a
// failing run is the same when it is run again.
func (l *lockstep) fresh() uuid.UUID {
	l.made++
	return key(l.made)
}

// user names one of the few users of each app, who may or may not be there.
func (l *lockstep) user() uuid.UUID { return key(-draw(l, "user", 1, 2, 3)) }

// userOf mostly names one who is there.
func (l *lockstep) userOf(app uuid.UUID) uuid.UUID {
	return drawID(l, "user", l.model(app).users, key(-1), key(-2), key(-3))
}

func (l *lockstep) userOrNone() uuid.UUID {
	if l.often(5, "of a user") {
		return l.user()
	}
	return uuid.Nil
}

func (l *lockstep) email() string { return draw(l, "email", "a@x", "ab@x", "b@x", "b%@x") }

func (l *lockstep) subject() authkit.Credential {
	return authkit.Credential{
		Kind: draw(l, "kind", "oauth", "password"), Subject: draw(l, "subject", "1", "2", "3"),
		Data: []byte(draw(l, "data", "x", "y")), CreatedAt: l.at,
	}
}

// answered fails unless a step was refused for one of the reasons against it.
func (l *lockstep) answered(got error, g against) bool {
	l.Helper()
	switch {
	case len(g) == 0 && got != nil:
		l.Fatalf("got error %v, want none", got)
	case len(g) > 0 && !slices.ContainsFunc(g, func(reason error) bool { return errors.Is(got, reason) }):
		l.Fatalf("got error %v, want one of %v", got, []error(g))
	}
	return got == nil
}

// same fails unless what was answered is what the model answers.
func (l *lockstep) same(what string, got, want any) {
	l.Helper()
	if d := difference(got, want); d != "" {
		l.Fatalf("%s%s", what, d)
	}
}

// found fails unless the store found what the model found; it says whether they did.
func (l *lockstep) found(got error, want bool) bool {
	l.Helper()
	if want {
		return l.answered(got, nil)
	}
	return l.answered(got, against{authkit.ErrNotFound})
}

// also draws riders: mostly none, now and then one whose id is taken.
func (l *lockstep) also(app uuid.UUID) authkit.Also {
	var also authkit.Also
	if l.often(4, "with a token") {
		also.Tokens = append(also.Tokens, l.token(app))
	}
	if l.often(3, "with mail") {
		x := authkit.Mail{ID: l.fresh(), Sealed: []byte(strconv.Itoa(l.made)), DueAt: l.soon(), Expires: l.soon().Add(time.Minute)}
		switch {
		case l.often(2, "that never expires"):
			x.Expires = time.Time{}
		case l.often(1, "of a taken id") && len(l.mails) > 0:
			x.ID = draw(l, "mail", l.mails...)
		}
		l.mails = append(l.mails, x.ID)
		also.Mail = append(also.Mail, x)
	}
	if l.often(3, "with an event") {
		also.Events = append(also.Events, authkit.Event{
			ID: l.fresh(), Time: l.at.Truncate(time.Minute), Type: draw(l, "type", "a", "b"), UserID: l.userOrNone(),
		})
	}
	also.Secret = draw(l, "secret", "", "", "", "", "", "", theSecret(), theSecret(), theSecret(), secretID(2))
	return also
}

// soon is now or a little later.
func (l *lockstep) soon() time.Time {
	return l.at.Add(draw(l, "after", 0, time.Second, time.Minute, time.Hour))
}

// token draws a token. Its slot follows from its name; no two expire at once, so that it
// is plain which one gives way.
func (l *lockstep) token(app uuid.UUID) authkit.Token {
	name := draw(l, "token", "a", "b", "c", "d")
	l.made++
	t := authkit.Token{
		Kind: draw[authkit.TokenKind](l, "kind", "link", "code"), Hash: hash(name), Slot: map[bool]string{true: "low", false: "high"}[name < "c"],
		Data: []byte(strconv.Itoa(l.made)), ExpiresAt: l.soon().Add(time.Minute + time.Duration(l.made)*time.Microsecond),
	}
	if t.Kind == "link" {
		t.Most = 2
	}
	t.Class = draw(l, "class", 0, 0, 1)
	if l.often(8, "with a proof") {
		t.Proof = hash("code")
	}
	if l.often(3, "bound to a browser") {
		t.Binding = hash("browser")
	}
	if l.often(4, "bound to a user") {
		t.UserID = l.userOf(app)
		t.Epoch = l.model(app).users[t.UserID].Epoch - draw[int64](l, "behind", 0, 0, 0, 1)
	}
	return t
}

// take mostly names a token that is there.
func (l *lockstep) take(app uuid.UUID) authkit.Take {
	k := authkit.Take{Kind: draw[authkit.TokenKind](l, "kind", "link", "code"), Hash: hash(draw(l, "token", "a", "b", "c", "d"))}
	tokens := l.model(app).tokens
	if len(tokens) > 0 && l.often(8, "there") {
		ids := slices.SortedFunc(maps.Keys(tokens), func(x, y modelTokenID) int {
			return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.hash, y.hash))
		})
		t := tokens[draw(l, "token", ids...)]
		k = authkit.Take{Kind: t.Kind, Hash: t.Hash, Binding: t.Binding}
	}
	switch {
	case l.often(2, "without a binding"):
		k.Binding = nil
	case l.often(1, "with a wrong binding"):
		k.Binding = hash("other")
	}
	return k
}

// model is that of an app; that of a deleted one is empty.
func (l *lockstep) model(app uuid.UUID) *modelApp {
	a := l.m[app]
	return &a
}

// finish compares all that is listed.
func (l *lockstep) finish() {
	l.Helper()
	for _, app := range l.apps {
		l.compareUsers(app, authkit.UserQuery{Page: authkit.Page{Limit: 100}})
		l.compareEvents(app, authkit.EventQuery{Page: authkit.Page{Limit: 1000}})
		l.compareKeys(app)
	}
}

// leave deletes the apps, whatever happened, so that their mail is not found due by the
// run after this.
func (l *lockstep) leave() {
	for _, app := range l.apps {
		_ = l.s.DeleteApp(l.ctx, app, l.at, authkit.Also{})
	}
}
