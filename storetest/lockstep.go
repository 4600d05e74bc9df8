package storetest

import (
	"context"
	"errors"
	"flag"
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/authkit-dev/authkit"
)

func lockstepSentences() []sentence {
	return []sentence{{"model: any sequence of steps is answered as the model of this package answers it", lockstepCheck}}
}

// lockstepTime is how long new runs begin, unless -rapid.checks says how many to make.
const lockstepTime = 3 * time.Second

// lockstepCheck runs random steps on the store and on a model, and compares the answers. The
// flags of rapid apply: -rapid.checks=5000 searches longer.
func lockstepCheck(b *bed) {
	begin, unhurried := time.Now(), flag.Lookup("rapid.checks").Value.String() != "100"
	broken := false // rapid shrinks a failed run, for as long as that takes
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
	l := &lockstep{dice: dice{T: t}, ctx: b.ctx, s: b.s, m: model{}, deleted: map[uuid.UUID]struct{}{}, developer: "host:" + uuid.NewString(), at: now()}
	defer l.leave()
	_, err := l.s.NoteSecret(l.ctx, theSecret(), []string{theSecret()})
	l.answered(err, nil)
	r := newRoles(l)
	for i := range l.apps {
		r.apps.newApp(i)
	}
	steps := r.steps()
	t.Repeat(map[string]func(*rapid.T){"step": func(t *rapid.T) {
		l.T = t
		l.at = l.at.Add(time.Millisecond)
		draw(l, "step", steps...).do()
	}})
	r.finish()
}

// lockstep is a store and its model. Two apps hold the same few ids, emails, subjects
// and token names, so that steps collide often.
type lockstep struct {
	dice

	ctx context.Context
	s   authkit.Store
	m   model

	developer string
	apps      [2]uuid.UUID           // one may be deleted
	deleted   map[uuid.UUID]struct{} // since the last sweep
	at        time.Time
	mails     []uuid.UUID // all that were ever put
}

// roles groups the steps of a run by what they concern.
type roles struct {
	apps     *appSteps
	keys     *keySteps
	users    *userSteps
	sessions *sessionSteps
	tokens   *tokenSteps
	others   *otherSteps
	audit    *auditSteps
	webhooks *webhookSteps
}

func newRoles(l *lockstep) roles {
	r := roles{keys: &keySteps{l}, sessions: &sessionSteps{lockstep: l, count: map[uuid.UUID]int{}}, tokens: &tokenSteps{l}, others: &otherSteps{l}, audit: &auditSteps{l}, webhooks: &webhookSteps{l}}
	r.users = &userSteps{l, r.sessions}
	r.apps = &appSteps{l, r.keys, r.users}
	return r
}

// steps returns the steps that may come next. A step that is listed twice comes twice as often.
func (r roles) steps() []step {
	return slices.Concat(r.apps.steps(), r.keys.steps(), r.users.steps(), r.sessions.steps(), r.tokens.steps(), r.others.steps(), r.audit.steps(), r.webhooks.steps())
}

// finish compares all lists of the apps.
func (r roles) finish() {
	r.apps.Helper()
	for _, app := range r.apps.apps {
		r.users.compareUsers(app, authkit.UserQuery{Page: authkit.Page{Limit: 100}})
		r.others.compareEvents(app, authkit.EventQuery{Page: authkit.Page{Limit: 1000}})
		r.keys.compareKeys(app)
		for _, id := range []int{-11, -12, -13} {
			r.webhooks.compareDeliveries(app, key(id), authkit.Page{Limit: 1000})
		}
	}
}

// step is one of the steps that may come next.
type step struct {
	name string
	do   func()
}

// GoString names the step in the output of a failing run.
func (s step) GoString() string { return s.name }

func (l *lockstep) app() uuid.UUID { return l.apps[draw(l, "app", 0, 1)] }

// model returns the model of an app; that of a deleted app is empty.
func (l *lockstep) model(app uuid.UUID) *modelApp {
	a := l.m[app]
	return &a
}

// soon draws a time: now or a little later.
func (l *lockstep) soon() time.Time {
	return l.at.Add(draw(l, "after", 0, time.Second, time.Minute, time.Hour))
}

// answered fails unless the step was refused for one of the reasons against it or, without such a
// reason, succeeded. It reports whether it succeeded.
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

// same fails unless the store's answer equals that of the model.
func (l *lockstep) same(what string, got, want any) {
	l.Helper()
	if d := difference(got, want); d != "" {
		l.Fatalf("%s%s", what, d)
	}
}

// found fails unless the store found what the model found. It reports whether they found it.
func (l *lockstep) found(got error, want bool) bool {
	l.Helper()
	if want {
		return l.answered(got, nil)
	}
	return l.answered(got, against{authkit.ErrNotFound})
}

// leave deletes the apps, whatever happened, so that the next run does not find their mail due.
func (l *lockstep) leave() {
	for _, app := range l.apps {
		_ = l.s.DeleteApp(l.ctx, app, l.at, authkit.Riders{})
	}
}
