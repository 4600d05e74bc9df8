package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func eventSentences() []sentence {
	return []sentence{
		{"event: filters apply together, and pages lose and repeat nothing", eventPages},
	}
}

func upkeepSentences() []sentence {
	return []sentence{
		{"upkeep: Sweep in batches comes to an end, and leaves what lives", upkeepSweep},
		{"upkeep: Sweep removes no event of a live app", upkeepEvents},
		{"upkeep: Ping returns a time, and Contract is that of this suite", upkeepPing},
	}
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
	b.ok(b.s.Put(b.ctx, authkit.Put{App: b.app, Riders: authkit.Riders{Events: events}}))
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
	b.ok(b.s.DeleteApp(b.ctx, b.newApp("gone"), now(), authkit.Riders{}))
	more, err := true, error(nil)
	for i := 0; more; i++ {
		more, err = b.s.Sweep(b.ctx, after(2*time.Minute), 2)
		b.ok(err)
		if i < 2 && !more {
			b.Fatalf("got no more work after %d calls for 2 of 5 tokens each, want some", i+1)
		}
		if i > 100 {
			b.Fatal("got more work after 100 calls, want an end")
		}
	}
	_, _, err = b.s.Session(b.ctx, b.app, authkit.SessionKey{ID: s.ID}, now())
	b.ok(err)
	_, _, err = b.s.Token(b.ctx, b.app, take("live"), now())
	b.ok(err)
	equal(b, b.hit(after(2*time.Minute), full).Full, 0)
}

func upkeepEvents(b *bed) {
	var events []authkit.Event
	for i := range 7 {
		events = append(events, authkit.Event{ID: uuid.New(), App: b.app, Time: after(time.Duration(i) * time.Hour), Type: "a", Result: "ok"})
	}
	b.ok(b.s.Put(b.ctx, authkit.Put{App: b.app, Riders: authkit.Riders{Events: events}}))
	b.ok(sweep(b.ctx, b.s, after(9999*time.Hour)))
	equal(b, b.countEvents(authkit.EventQuery{Page: authkit.Page{Limit: 10}}), 7)
}

func upkeepPing(b *bed) {
	at, err := b.s.Ping(b.ctx)
	b.ok(err)
	equal(b, at.IsZero(), false)
	equal(b, b.s.Contract(), authkit.StoreContract)
}
