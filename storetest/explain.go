package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func explainSentences() []sentence {
	return []sentence{
		{"explain: an explanation comes back field by field until it expires, and the first one of a request stays", explainRound},
		{"explain: an app keeps its newest, whatever order they come in, and no other app loses any", explainMost},
		{"explain: concurrent batches of several handles are kept whole, as far as there is room", explainRace},
		{"explain: Sweep removes those that are expired, in batches", explainSweep},
		{"explain: they go with their app, and a later app of the id has none", explainGone},
	}
}

// numbered is the id of the n-th request.
func numbered(n int) uuid.UUID { return uuid.UUID{6: 0x70, 8: 0x80, 14: byte(n >> 8), 15: byte(n)} }

// explained is an explanation of the n-th request.
func explained(n int) authkit.Explanation {
	return authkit.Explanation{
		RequestID: numbered(n), Rule: "rule", Received: "received é'", Allowed: "allowed", Setting: "origins", Fix: "do it\nthen", Expires: after(time.Hour),
	}
}

// explains reports whether the app explains the n-th request.
func explains(b *bed, app uuid.UUID, n int) bool {
	b.Helper()
	_, err := b.s.Explanation(b.ctx, app, numbered(n), now())
	if err != nil {
		b.is(err, authkit.ErrNotFound)
	}
	return err == nil
}

func explainRound(b *bed) {
	want := explained(1)
	b.ok(b.s.AddExplanations(b.ctx, b.app, nil, 9))
	b.ok(b.s.AddExplanations(b.ctx, b.app, []authkit.Explanation{want, {RequestID: numbered(2), Expires: after(time.Hour)}}, 9))
	later := want
	later.Rule = "another"
	b.ok(b.s.AddExplanations(b.ctx, b.app, []authkit.Explanation{later}, 9))
	got, err := b.s.Explanation(b.ctx, b.app, want.RequestID, after(time.Hour-time.Microsecond))
	b.ok(err)
	b.same(got, want)
	got, err = b.s.Explanation(b.ctx, b.app, numbered(2), now())
	b.ok(err)
	b.same(got, authkit.Explanation{RequestID: numbered(2), Expires: after(time.Hour)})
	_, err = b.s.Explanation(b.ctx, b.app, want.RequestID, after(time.Hour))
	b.is(err, authkit.ErrNotFound)
	equal(b, explains(b, b.app, 3), false)
	equal(b, explains(b, b.newApp("other"), 1), false)
}

func explainMost(b *bed) {
	other := b.newApp("other")
	b.ok(b.s.AddExplanations(b.ctx, other, []authkit.Explanation{explained(1)}, 3))
	for _, n := range []int{5, 1, 4, 2, 3} {
		b.ok(b.s.AddExplanations(b.ctx, b.app, []authkit.Explanation{explained(n)}, 3))
	}
	for n := 1; n <= 5; n++ {
		equal(b, explains(b, b.app, n), n >= 3)
	}
	b.ok(b.s.AddExplanations(b.ctx, b.app, []authkit.Explanation{explained(9), explained(7), explained(8), explained(6)}, 3))
	for n := 1; n <= 9; n++ {
		equal(b, explains(b, b.app, n), n >= 7)
	}
	equal(b, explains(b, other, 1), true)
}

func explainRace(b *bed) {
	const callers, each, most = 12, 20, 100
	equal(b, b.race(callers, func(s authkit.Store, n int) error {
		var list []authkit.Explanation
		for i := range each {
			list = append(list, explained(1+n*each+i))
		}
		return s.AddExplanations(b.ctx, b.app, list, most)
	}), callers)
	b.ok(b.s.AddExplanations(b.ctx, b.app, nil, most))
	for n := 1; n <= callers*each; n++ {
		equal(b, explains(b, b.app, n), n > callers*each-most)
	}
}

func explainSweep(b *bed) {
	var list []authkit.Explanation
	for n := range 7 {
		e := explained(n + 1)
		e.Expires = after(time.Duration(n) * time.Hour)
		list = append(list, e)
	}
	b.ok(b.s.AddExplanations(b.ctx, b.app, list, 9))
	for more, calls := true, 0; more; calls++ {
		var err error
		more, err = b.s.Sweep(b.ctx, after(4*time.Hour), 2)
		b.ok(err)
		if calls < 1 && !more || calls > 100 {
			b.Fatalf("got more work %v after %d calls for 2 of 5 each, want an end after some", more, calls+1)
		}
	}
	for n := 1; n <= 7; n++ {
		_, err := b.s.Explanation(b.ctx, b.app, numbered(n), after(-time.Hour))
		equal(b, err == nil, n > 5)
	}
}

func explainGone(b *bed) {
	b.ok(b.s.AddExplanations(b.ctx, b.app, []authkit.Explanation{explained(1)}, 9))
	b.ok(b.s.DeleteApp(b.ctx, b.app, now(), authkit.Riders{}))
	b.is(b.s.AddExplanations(b.ctx, b.app, []authkit.Explanation{explained(2)}, 9), authkit.ErrNotFound)
	equal(b, explains(b, b.app, 1), false)
	b.ok(sweep(b.ctx, b.s, now()))
	again := anApp("again")
	again.ID = b.app
	b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: again, First: signingKey(1)}))
	equal(b, explains(b, b.app, 1), false)
}
