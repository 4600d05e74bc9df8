package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func limitSentences() []sentence {
	return []sentence{
		{"limit: Limit at once, then one every Window/Limit; a negative cost gives back", limitHits},
		{"limit: a Limit that does not divide its Window lets exactly Limit through, and no hit fits a Limit below 1", limitOdd},
		{"limit: a clock set far back locks out no caller, a clock that differs a little frees no caller", limitBack},
		{"limit: hits before the one that does not fit are counted, that one is not", limitOrder},
		{"limit: a hit is counted in the app that it names, in the step of another", limitElsewhere},
		{"limit: however many hits fit, they are counted once each, and no hit after one that does not fit", limitMany},
	}
}

func (b *bed) hit(at time.Time, hits ...authkit.Hit) authkit.HitResult {
	b.Helper()
	r, err := b.s.Hit(b.ctx, authkit.Hits{App: b.app, Each: hits}, at)
	b.ok(err)
	return r
}

func limitHits(b *bed) {
	h := authkit.Hit{Key: "k", Limit: 3, Window: 30 * time.Second}
	for range 3 {
		equal(b, b.hit(now(), h).Full, -1)
	}
	equal(b, b.hit(now(), h), authkit.HitResult{Full: 0, RetryAfter: 10 * time.Second})
	equal(b, b.hit(after(10*time.Second), h).Full, -1)
	equal(b, b.hit(after(10*time.Second), h).Full, 0)
	back := h
	back.Cost = -1
	equal(b, b.hit(after(10*time.Second), back).Full, -1)
	equal(b, b.hit(after(10*time.Second), h).Full, -1)
	equal(b, b.hit(after(10*time.Second), h).Full, 0)
	lower := back
	lower.Limit, lower.Window = 1, time.Second // the key is far above this limit
	equal(b, b.hit(after(10*time.Second), lower).Full, -1)
}

func limitOdd(b *bed) {
	h := authkit.Hit{Key: "k", Limit: 4, Window: 11 * time.Microsecond}
	for range h.Limit {
		equal(b, b.hit(now(), h).Full, -1)
	}
	equal(b, b.hit(now(), h).Full, 0)
	fast := authkit.Hit{Key: "fast", Limit: 10, Window: 5 * time.Microsecond}
	for range fast.Limit {
		equal(b, b.hit(now(), fast).Full, -1)
	}
	equal(b, b.hit(now(), fast).Full, 0)
	none := authkit.Hit{Key: "none", Limit: 0, Window: time.Minute}
	equal(b, b.hit(now(), none), authkit.HitResult{Full: 0, RetryAfter: time.Minute})
	none.Cost = -1
	equal(b, b.hit(now(), none).Full, -1)
	much := authkit.Hit{Key: "much", Limit: 3, Window: time.Minute, Cost: 4}
	equal(b, b.hit(now(), much).Full, 0)
	much.Cost = 3
	equal(b, b.hit(now(), much).Full, -1)
}

func limitBack(b *bed) {
	h := authkit.Hit{Key: "k", Limit: 2, Window: time.Minute}
	for range 2 {
		equal(b, b.hit(after(time.Hour), h).Full, -1)
	}
	equal(b, b.hit(after(time.Hour-5*time.Second), h).Full, 0)
	equal(b, b.hit(now(), h).Full, -1)
	equal(b, b.hit(now(), h).Full, -1)
	equal(b, b.hit(now(), h), authkit.HitResult{Full: 0, RetryAfter: 30 * time.Second})
}

func limitOrder(b *bed) {
	one := authkit.Hit{Key: "1", Limit: 2, Window: time.Hour}
	two := authkit.Hit{Key: "2", Limit: 1, Window: time.Hour}
	equal(b, b.hit(now(), one, two).Full, -1)
	equal(b, b.hit(now(), one, two).Full, 1)
	equal(b, b.hit(now(), one).Full, 0)
}

func limitElsewhere(b *bed) {
	other := b.newApp("other")
	here := authkit.Hit{Key: "k", Limit: 1, Window: time.Hour}
	there := here
	there.App = other
	equal(b, b.hit(now(), there, here).Full, -1)
	equal(b, b.hit(now(), there), authkit.HitResult{Full: 0, RetryAfter: time.Hour})
	equal(b, b.hit(now(), here).Full, 0)
	res, err := b.s.Hit(b.ctx, authkit.Hits{App: other, Each: []authkit.Hit{here}}, now())
	b.ok(err)
	equal(b, res.Full, 0)
	own := here
	own.App = b.app
	equal(b, b.hit(now(), own).Full, 0)
	_, err = b.s.Hit(b.ctx, authkit.Hits{App: uuid.New(), Each: []authkit.Hit{there}}, now())
	b.is(err, authkit.ErrNotFound)
}

func limitMany(b *bed) {
	hits := make([]authkit.Hit, 8)
	for i := range hits {
		hits[i] = authkit.Hit{Key: string(rune('a' + i)), Limit: 4, Window: time.Hour}
	}
	hits[5].Limit = 2
	equal(b, b.hit(now(), hits...).Full, -1)
	equal(b, b.hit(now(), hits...).Full, -1)
	equal(b, b.hit(now(), hits...), authkit.HitResult{Full: 5, RetryAfter: 30 * time.Minute})
	for i, left := range []int{1, 1, 1, 1, 1, 0, 2, 2} {
		for range left {
			equal(b, b.hit(now(), hits[i]).Full, -1)
		}
		equal(b, b.hit(now(), hits[i]).Full, 0)
	}
	two := []authkit.Hit{{Key: "x", Limit: 1, Window: time.Hour}, {Key: "y", Limit: 0, Window: time.Minute}}
	equal(b, b.hit(now(), two...), authkit.HitResult{Full: 1, RetryAfter: time.Minute})
	equal(b, b.hit(now(), two...).Full, 0)
}
