package storetest

import (
	"bytes"
	"slices"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/google/uuid"
)

func smallSentences() []sentence {
	return []sentence{
		{"limit: Limit at once, then one every Window/Limit; a negative cost gives back", limitHits},
		{"limit: a Limit that does not divide its Window lets exactly Limit through, and no hit fits a Limit below 1", limitOdd},
		{"limit: a clock set far back locks out no caller, a clock that differs a little frees no caller", limitBack},
		{"limit: hits before the one that does not fit are counted, that one is not", limitOrder},
		{"limit: a hit is counted in the app that it names, in the step of another", limitElsewhere},
		{"limit: however many hits fit, they are counted once each, and no hit after one that does not fit", limitMany},
		{"mail: a claimed mail is not due until then, and is settled or retried", mailLife},
		{"mail: an expired mail is unknown, and mail without Expires never expires", mailExpired},
		{"mail: apps take turns, and each has its share, the earliest due first", mailTurns},
		{"mail: turns go on after the given app, to no more apps than asked for", mailTurnsGoOn},
		{"event: filters apply together, and pages lose and repeat nothing", eventPages},
		{"upkeep: Sweep in batches comes to an end, and leaves what lives", upkeepSweep},
		{"upkeep: Sweep removes the events before the given time, in batches, and no others", upkeepEvents},
		{"upkeep: Ping returns a time, and Contract is that of this suite", upkeepPing},
	}
}

func (b *bed) hit(at time.Time, hits ...authkit.Hit) authkit.HitResult {
	b.Helper()
	r, err := b.s.Hit(b.ctx, b.app, hits, at)
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
	res, err := b.s.Hit(b.ctx, other, []authkit.Hit{here}, now())
	b.ok(err)
	equal(b, res.Full, 0)
	own := here
	own.App = b.app
	equal(b, b.hit(now(), own).Full, 0)
	_, err = b.s.Hit(b.ctx, uuid.New(), []authkit.Hit{there}, now())
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

func mailLife(b *bed) {
	also := b.riders("x")
	id := also.Mail[0].ID
	b.ok(b.s.Put(b.ctx, b.app, also))
	m, err := b.s.ClaimMail(b.ctx, b.app, id, now(), after(time.Minute))
	b.ok(err)
	equal(b, m.Attempts, 1)
	b.sameBytes(m.Sealed, []byte("sealed"))
	due, err := b.s.DueMail(b.ctx, now(), uuid.Nil, 10)
	b.ok(err)
	equal(b, len(due), 0)
	b.ok(b.s.SettleMail(b.ctx, b.app, id, false, after(2*time.Minute)))
	_, err = b.s.ClaimMail(b.ctx, b.app, id, after(time.Minute), after(3*time.Minute))
	b.is(err, authkit.ErrNotFound)
	m, err = b.s.ClaimMail(b.ctx, b.app, id, after(2*time.Minute), after(3*time.Minute))
	b.ok(err)
	equal(b, m.Attempts, 2)
	b.ok(b.s.SettleMail(b.ctx, b.app, id, true, time.Time{}))
	_, err = b.s.ClaimMail(b.ctx, b.app, id, after(9*time.Minute), after(10*time.Minute))
	b.is(err, authkit.ErrNotFound)
}

func mailExpired(b *bed) {
	also := b.riders("x")
	b.ok(b.s.Put(b.ctx, b.app, also))
	due, err := b.s.DueMail(b.ctx, after(2*time.Hour), uuid.Nil, 10)
	b.ok(err)
	equal(b, len(due), 0)
	_, err = b.s.ClaimMail(b.ctx, b.app, also.Mail[0].ID, after(2*time.Hour), after(3*time.Hour))
	b.is(err, authkit.ErrNotFound)
	also = b.riders("y")
	also.Mail[0].Expires = time.Time{}
	b.ok(b.s.Put(b.ctx, b.app, also))
	_, err = b.s.Sweep(b.ctx, after(9999*time.Hour), time.Time{}, 1000)
	b.ok(err)
	due, err = b.s.DueMail(b.ctx, after(9999*time.Hour), uuid.Nil, 10)
	b.ok(err)
	equal(b, len(due), 1)
	_, err = b.s.ClaimMail(b.ctx, b.app, also.Mail[0].ID, after(9999*time.Hour), after(10000*time.Hour))
	b.ok(err)
}

// mails puts n mails into the app, due a second apart, the last one now.
func (b *bed) mails(app uuid.UUID, n int) (ids []uuid.UUID) {
	b.Helper()
	var also authkit.Also
	for i := range n {
		m := authkit.Mail{ID: uuid.New(), Sealed: []byte("sealed"), DueAt: after(time.Duration(i-n) * time.Second), Expires: after(time.Hour)}
		also.Mail, ids = append(also.Mail, m), append(ids, m.ID)
	}
	b.ok(b.s.Put(b.ctx, app, also))
	return ids
}

// sortedApps makes n apps and returns their ids in order.
func (b *bed) sortedApps(n int) (apps []uuid.UUID) {
	b.Helper()
	for range n {
		apps = append(apps, b.newApp(uuid.NewString()))
	}
	slices.SortFunc(apps, func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) })
	return apps
}

func mailTurns(b *bed) {
	apps := b.sortedApps(3)
	flood, one, two := b.mails(apps[0], 40), b.mails(apps[1], 1), b.mails(apps[2], 2)
	// Mail that is put off, expired, or of a deleted app takes no turn and no share.
	also := b.riders("later")
	also.Mail[0].DueAt = after(time.Second)
	b.ok(b.s.Put(b.ctx, b.app, also))
	over := b.newApp("over")
	also = b.riders("over")
	also.Mail[0].Expires = now()
	b.ok(b.s.Put(b.ctx, over, also))
	gone := b.newApp("gone")
	b.mails(gone, 1)
	b.ok(b.s.DeleteApp(b.ctx, gone, now(), authkit.Also{}))

	got, err := b.s.DueMail(b.ctx, now(), uuid.Nil, 10)
	b.ok(err)
	want := []authkit.MailRef{
		{App: apps[0], ID: flood[0]}, {App: apps[1], ID: one[0]}, {App: apps[2], ID: two[0]},
		{App: apps[0], ID: flood[1]}, {App: apps[2], ID: two[1]},
		{App: apps[0], ID: flood[2]},
	}
	if !slices.Equal(got, want) {
		b.Fatalf("got %v, want %v", got, want)
	}
}

func mailTurnsGoOn(b *bed) {
	apps := b.sortedApps(4)
	var firsts []authkit.MailRef
	for _, app := range apps {
		firsts = append(firsts, authkit.MailRef{App: app, ID: b.mails(app, 5)[0]})
	}
	for _, c := range []struct {
		after uuid.UUID
		max   int
		want  []authkit.MailRef
	}{
		{uuid.Nil, 1, firsts[:1]},
		{uuid.Nil, 3, firsts[:3]},
		{apps[0], 2, firsts[1:3]},
		{apps[1], 3, firsts[2:]}, // each of the two apps has a share of one
		{apps[3], 3, nil},
	} {
		got, err := b.s.DueMail(b.ctx, now(), c.after, c.max)
		b.ok(err)
		if !slices.Equal(got, c.want) {
			b.Fatalf("after %s, at most %d: got %v, want %v", c.after, c.max, got, c.want)
		}
	}
	got, err := b.s.DueMail(b.ctx, now(), uuid.Nil, 1000) // more than there are mails
	b.ok(err)
	equal(b, len(got), 20)
}

func eventPages(b *bed) {
	who := uuid.New()
	var events []authkit.Event
	for i := range 6 {
		e := authkit.Event{ID: uuid.New(), App: b.app, Time: after(time.Duration(i/3) * time.Second), Type: "a", Result: "ok"}
		if i%2 == 0 {
			e.UserID, e.Type = who, "b"
		}
		events = append(events, e)
	}
	b.ok(b.s.Put(b.ctx, b.app, authkit.Also{Events: events}))
	for limit := 1; limit <= 7; limit++ {
		equal(b, b.countEvents(authkit.EventQuery{Page: authkit.Page{Limit: limit}}), 6)
		equal(b, b.countEvents(authkit.EventQuery{Page: authkit.Page{Limit: limit}, Type: "b", UserID: who}), 3)
		equal(b, b.countEvents(authkit.EventQuery{Page: authkit.Page{Limit: limit}, Since: after(time.Second)}), 3)
		equal(b, b.countEvents(authkit.EventQuery{Page: authkit.Page{Limit: limit}, Until: after(time.Second)}), 3)
	}
}

// countEvents counts the events of all pages; a repeated event fails the test.
func (b *bed) countEvents(q authkit.EventQuery) int {
	b.Helper()
	seen := map[uuid.UUID]bool{}
	for {
		events, err := b.s.Events(b.ctx, b.app, q)
		b.ok(err)
		if len(events) == 0 {
			return len(seen)
		}
		for _, e := range events {
			equal(b, seen[e.ID], false)
			seen[e.ID] = true
			q.Time, q.ID = e.Time, e.ID
		}
	}
}

func upkeepSweep(b *bed) {
	u := b.newUser("a@example.com")
	s := b.signIn(u, "s")
	for range 5 {
		tok := b.token(uuid.NewString())
		tok.ExpiresAt = after(time.Minute)
		b.put(tok)
	}
	b.put(b.token("live"))
	full := theHit()
	equal(b, b.hit(now(), full).Full, -1)
	b.ok(b.s.DeleteApp(b.ctx, b.newApp("gone"), now(), authkit.Also{}))
	more, err := true, error(nil)
	for i := 0; more; i++ {
		more, err = b.s.Sweep(b.ctx, after(2*time.Minute), time.Time{}, 2)
		b.ok(err)
		if i < 2 && !more {
			b.Fatalf("got no more work after %d calls for 2 of 5 tokens each, want some", i+1)
		}
		if i > 100 {
			b.Fatal("got more work after 100 calls, want an end")
		}
	}
	_, _, err = b.s.Session(b.ctx, b.app, s.ID, now())
	b.ok(err)
	_, err = b.s.Token(b.ctx, b.app, take("live"), now())
	b.ok(err)
	equal(b, b.hit(after(2*time.Minute), full).Full, 0)
}

func upkeepEvents(b *bed) {
	var events []authkit.Event
	for i := range 7 {
		events = append(events, authkit.Event{ID: uuid.New(), App: b.app, Time: after(time.Duration(i) * time.Hour), Type: "a", Result: "ok"})
	}
	b.ok(b.s.Put(b.ctx, b.app, authkit.Also{Events: events}))
	_, err := b.s.Sweep(b.ctx, after(9999*time.Hour), time.Time{}, 1000)
	b.ok(err)
	all := authkit.EventQuery{Page: authkit.Page{Limit: 10}}
	equal(b, b.countEvents(all), 7)
	more := true
	for calls := 0; more; calls++ {
		more, err = b.s.Sweep(b.ctx, now(), after(5*time.Hour), 2)
		b.ok(err)
		if want := max(2, 7-2*(calls+1)); b.countEvents(all) != want {
			b.Fatalf("events after %d calls of 2: got %d, want %d", calls+1, b.countEvents(all), want)
		}
	}
	equal(b, b.countEvents(all), 2)
	equal(b, b.countEvents(authkit.EventQuery{Page: authkit.Page{Limit: 10}, Since: after(5 * time.Hour)}), 2)
}

func upkeepPing(b *bed) {
	at, err := b.s.Ping(b.ctx)
	b.ok(err)
	equal(b, at.IsZero(), false)
	equal(b, b.s.Contract(), authkit.StoreContract)
}
