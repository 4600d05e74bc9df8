package main

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"time"
)

// mostStart is how long a start may take in a long form.
const mostStart = 2 * time.Second

// killSQLite kills authkit in a storm, over SQLite.
func killSQLite(ctx context.Context, w *world, r *result) error {
	return kills{victims: []string{"authkit"}}.run(ctx, w, r, w.sqlite(), nil)
}

// killPostgres kills authkit, Postgres, and both, in a storm.
func killPostgres(ctx context.Context, w *world, r *result) error {
	c, err := w.cluster(ctx)
	if err != nil {
		return err
	}
	if err := c.start(ctx); err != nil {
		return err
	}
	return kills{victims: []string{"authkit", "postgres", "both"}}.run(ctx, w, r, c.dsn(), c)
}

// kills is a row of crashes. Each victim has its turn.
type kills struct{ victims []string }

func (k kills) run(ctx context.Context, w *world, r *result, store string, db *cluster) error {
	c, err := w.child(ctx, spec{Store: store, Mail: w.post.url})
	if err != nil {
		return err
	}
	s, err := newStorm(ctx, w, r, c, c.client)
	if err != nil {
		return err
	}
	s.start(ctx, 2)
	times := map[string]time.Duration{}
	n := w.of(6, 60)
	for i := range n {
		// A crash is of use once something was written after the last one.
		for before := s.acked.Load(); s.acked.Load() < before+int64(w.of(25, 50)) && ctx.Err() == nil; {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(mathrand.IntN(50)) * time.Millisecond) //nolint:gosec // nothing depends on it
		victim := k.victims[i%len(k.victims)]
		took, err := crash(ctx, victim, c, db)
		if err != nil {
			return err
		}
		times[victim] = max(times[victim], took)
		if w.long && took > mostStart {
			r.brokef("start %d after a crash of %s took %v, want at most %v", i, victim, took, mostStart)
		}
		if err := s.sample(ctx, 20); err != nil {
			return err
		}
	}
	s.stop()
	r.notef("%d kills; the longest way back: %v", n, rounded(times))
	if least := int64(w.of(150, 2000)); s.acked.Load() < least {
		r.brokef("got %d acknowledged writes, want at least %d", s.acked.Load(), least)
	}
	return s.check(ctx)
}

// crash kills, starts again, and returns how long it took until authkit was ready. Where only
// Postgres is killed, that is from when Postgres answers: authkit heals by itself.
func crash(ctx context.Context, victim string, c *child, db *cluster) (time.Duration, error) {
	if victim != "postgres" {
		if err := c.kill(); err != nil {
			return 0, err
		}
	}
	if victim != "authkit" {
		if err := db.crash(); err != nil {
			return 0, err
		}
		if err := db.start(ctx); err != nil {
			return 0, err
		}
	}
	if victim != "postgres" {
		return c.start(ctx)
	}
	return healed(ctx, c)
}

// healed waits until a process is ready again, and returns how long that took.
func healed(ctx context.Context, c *child) (time.Duration, error) {
	began := time.Now()
	for {
		_, err := c.ready(ctx)
		if err == nil {
			return time.Since(began), nil
		}
		if time.Since(began) > readyPatience || ctx.Err() != nil {
			return 0, fmt.Errorf("%s did not heal: %w", c.name, err)
		}
		time.Sleep(retryWait)
	}
}

func rounded(times map[string]time.Duration) map[string]time.Duration {
	out := map[string]time.Duration{}
	for name, d := range times {
		out[name] = d.Round(time.Millisecond)
	}
	return out
}
