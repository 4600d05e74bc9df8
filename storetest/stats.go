package storetest

import (
	"math"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func statSentences() []sentence {
	return []sentence{
		{"stats: batches add up, by day, kind and key, and a range of days holds both its ends", statsAdd},
		{"stats: a user is counted once a day among the active ones, whatever names them again", statsActive},
		{"stats: concurrent batches of several handles add up exactly", statsRace},
		{"stats: Sweep removes counts after StatDays, and the users of a day once the next one is over, in batches", statsSweep},
		{"stats: they go with their app, and a later app of the id has none", statsGone},
		{"stats: keys that differ only by case, normal form or a space are counted apart", statsText},
	}
}

// today is the day of now.
func today() int64 { return dayOf(now()) }

func dayOf(at time.Time) int64 { return at.Unix() / int64(24*time.Hour/time.Second) }

// allStats returns every count of an app.
func allStats(b *bed, app uuid.UUID) []authkit.Stat {
	b.Helper()
	all, err := b.s.Stats(b.ctx, app, math.MinInt32, math.MaxInt32)
	b.ok(err)
	return all
}

// counted fails unless the app has exactly these counts.
func counted(b *bed, app uuid.UUID, want ...authkit.Stat) {
	b.Helper()
	b.same(allStats(b, app), want)
}

func signIns(day int64, method string, n int64) authkit.Stat {
	return authkit.Stat{Day: day, Kind: authkit.StatSignIn, Key: method, N: n}
}

func activeUsers(day, n int64) authkit.Stat {
	return authkit.Stat{Day: day, Kind: authkit.StatActive, N: n}
}

func statsAdd(b *bed) {
	other := b.newApp("other")
	counted(b, b.app)
	b.ok(b.s.AddStats(b.ctx, b.app, authkit.StatBatch{}))
	counted(b, b.app)
	batch := authkit.StatBatch{Counts: []authkit.Stat{
		signIns(9, "oauth", 1), signIns(8, "oauth", 2), signIns(8, "credentials", 1<<40),
		{Day: 8, Kind: authkit.StatSignUp, N: 3}, {Day: 7, Kind: authkit.StatRefused, Key: "oauth", N: 4},
		signIns(8, "oauth", 5), // once more in one batch
	}}
	b.ok(b.s.AddStats(b.ctx, b.app, batch))
	b.ok(b.s.AddStats(b.ctx, b.app, batch))
	equal(b, batch.Counts[0], signIns(9, "oauth", 1)) // it is the caller's own
	want := []authkit.Stat{
		{Day: 7, Kind: authkit.StatRefused, Key: "oauth", N: 8},
		signIns(8, "credentials", 1<<41), signIns(8, "oauth", 14), {Day: 8, Kind: authkit.StatSignUp, N: 6},
		signIns(9, "oauth", 2),
	}
	counted(b, b.app, want...)
	counted(b, other)
	for _, r := range []struct{ first, last, from, to int64 }{{7, 9, 0, 5}, {7, 7, 0, 1}, {8, 8, 1, 4}, {8, 9, 1, 5}, {9, 7, 0, 0}, {10, 99, 0, 0}} {
		got, err := b.s.Stats(b.ctx, b.app, r.first, r.last)
		b.ok(err)
		b.same(append([]authkit.Stat{}, got...), want[r.from:r.to])
	}
}

func statsActive(b *bed) {
	other := b.newApp("other")
	users := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	add := func(app uuid.UUID, active ...authkit.ActiveUser) {
		b.Helper()
		b.ok(b.s.AddStats(b.ctx, app, authkit.StatBatch{Active: active}))
	}
	add(b.app, authkit.ActiveUser{Day: 8, User: users[0]}, authkit.ActiveUser{Day: 8, User: users[1]}, authkit.ActiveUser{Day: 8, User: users[0]})
	counted(b, b.app, activeUsers(8, 2))
	add(b.app, authkit.ActiveUser{Day: 8, User: users[1]})
	counted(b, b.app, activeUsers(8, 2))
	add(b.app, authkit.ActiveUser{Day: 9, User: users[1]}, authkit.ActiveUser{Day: 8, User: users[2]}, authkit.ActiveUser{Day: 9, User: users[0]})
	add(other, authkit.ActiveUser{Day: 8, User: users[0]})
	counted(b, b.app, activeUsers(8, 3), activeUsers(9, 2))
	counted(b, other, activeUsers(8, 1))
}

func statsRace(b *bed) {
	const callers, batches = 16, 10
	users := make([]authkit.ActiveUser, 25)
	for i := range users {
		users[i] = authkit.ActiveUser{Day: 8 + int64(i%2), User: uuid.New()}
	}
	equal(b, b.race(callers, func(s authkit.Store, n int) error {
		for i := range batches {
			own := []authkit.ActiveUser{{Day: 9, User: uuid.New()}}
			for j := range 5 { // others name them at the same time, in another order
				own = append(own, users[(7*n+i+(1+n%3)*j)%len(users)])
			}
			counts := []authkit.Stat{signIns(8, "b", 2), signIns(8, "a", 1)}
			if n%2 == 0 {
				counts[0], counts[1] = counts[1], counts[0]
			}
			if err := s.AddStats(b.ctx, b.app, authkit.StatBatch{Counts: counts, Active: own}); err != nil {
				return err
			}
		}
		return nil
	}), callers)
	counted(b, b.app, activeUsers(8, 13), signIns(8, "a", callers*batches), signIns(8, "b", 2*callers*batches), activeUsers(9, 12+callers*batches))
}

func statsSweep(b *bed) {
	var counts []authkit.Stat
	var active []authkit.ActiveUser
	for _, day := range []int64{today() - authkit.StatDays - 1, today() - authkit.StatDays, today() - 2, today() - 1, today()} {
		for i := range 3 {
			counts = append(counts, signIns(day, strconv.Itoa(i), 1))
			active = append(active, authkit.ActiveUser{Day: day, User: key(i)})
		}
	}
	b.ok(b.s.AddStats(b.ctx, b.app, authkit.StatBatch{Counts: counts, Active: active}))
	equal(b, len(allStats(b, b.app)), 5*4)
	more, calls := true, 0
	for ; more; calls++ {
		var err error
		more, err = b.s.Sweep(b.ctx, now(), 2)
		b.ok(err)
		if calls > 100 {
			b.Fatal("got more work after 100 calls, want an end")
		}
	}
	if calls < 4 {
		b.Fatalf("got an end after %d calls for 2 of 9 users each, want more", calls)
	}
	all := allStats(b, b.app)
	equal(b, len(all), 4*4)
	equal(b, all[0].Day, today()-authkit.StatDays)
	// The users of a day that was swept are counted anew; those of the other days are still noted.
	b.ok(b.s.AddStats(b.ctx, b.app, authkit.StatBatch{Active: active[6:]}))
	for _, c := range allStats(b, b.app) {
		if want := map[int64]int64{today() - authkit.StatDays: 3, today() - 2: 6, today() - 1: 3, today(): 3}; c.Kind == authkit.StatActive {
			equal(b, c, activeUsers(c.Day, want[c.Day]))
		}
	}
}

func statsGone(b *bed) {
	batch := authkit.StatBatch{Counts: []authkit.Stat{signIns(8, "oauth", 1)}, Active: []authkit.ActiveUser{{Day: 8, User: uuid.New()}}}
	b.ok(b.s.AddStats(b.ctx, b.app, batch))
	b.ok(b.s.DeleteApp(b.ctx, b.app, now(), authkit.Riders{}))
	b.is(b.s.AddStats(b.ctx, b.app, batch), authkit.ErrNotFound)
	b.ok(sweep(b.ctx, b.s, now()))
	again := anApp("again")
	again.ID = b.app
	b.ok(b.s.CreateApp(b.ctx, authkit.NewApp{App: again, First: signingKey(1)}))
	counted(b, b.app)
	b.ok(b.s.AddStats(b.ctx, b.app, batch))
	counted(b, b.app, activeUsers(8, 1), signIns(8, "oauth", 1))
}

func statsText(b *bed) {
	for i, text := range lookalikes() {
		b.ok(b.s.AddStats(b.ctx, b.app, authkit.StatBatch{Counts: []authkit.Stat{signIns(8, text, int64(i+1)), {Day: 8, Kind: authkit.StatKind(text), N: int64(i + 1)}}}))
	}
	all := allStats(b, b.app)
	equal(b, len(all), 2*len(lookalikes()))
	for i, text := range lookalikes() {
		found := 0
		for _, c := range all {
			if c == signIns(8, text, int64(i+1)) || c == (authkit.Stat{Day: 8, Kind: authkit.StatKind(text), N: int64(i + 1)}) {
				found++
			}
		}
		equal(b, found, 2)
	}
}
