package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// A store that goes back to an earlier state has lost writes, and brings spent things back.
func TestALossIsFound(t *testing.T) {
	t.Parallel()
	w, ctx := newTestWorld(t), t.Context()
	store := w.sqlite()
	_, file, _ := strings.Cut(store, ":")
	c, err := w.child(ctx, spec{Store: store, Mail: w.post.url})
	if err != nil {
		t.Fatal(err)
	}
	r := &result{}
	s, err := newStorm(ctx, w, r, c, c.client)
	if err != nil {
		t.Fatal(err)
	}
	s.start(ctx, 1)
	written := func(n int64) {
		for enough := s.acked.Load() + n; s.acked.Load() < enough && ctx.Err() == nil; {
			time.Sleep(time.Millisecond)
		}
	}
	written(60)
	var was snapshot
	if err := c.freeze(func() (err error) {
		was.database, err = os.ReadFile(file)
		if err != nil {
			return err
		}
		was.log, err = os.ReadFile(file + "-wal")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	written(60)
	s.stop()
	if len(r.broken) > 0 {
		t.Errorf("before the loss: got %q, want nothing broken", r.broken)
	}
	err = errors.Join(c.kill(), os.Remove(file+"-shm"), os.WriteFile(file, was.database, 0o600), os.WriteFile(file+"-wal", was.log, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.check(ctx); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"is lost", "came back"} {
		if !slices.ContainsFunc(r.broken, func(b string) bool { return strings.Contains(b, want) }) {
			t.Errorf("after the loss: got %q, want one that %s", r.broken, want)
		}
	}
}

func TestACutCopyIsJudged(t *testing.T) {
	t.Parallel()
	at := func(order uint32, at int64) *write { return &write{what: "write", end: walEnd{order: order, at: at}} }
	s := snapshot{log: make([]byte, 900), end: walEnd{order: 2, at: 900}, writes: []*write{at(1, 500), at(2, 100), at(2, 300)}}
	for name, c := range map[string]struct {
		cut      int64
		had, has []bool
		writers  int
		want     int // broken promises
	}{
		"all that was acknowledged before the cut": {200, nil, []bool{true, true, false}, 1, 0},
		"more than that":             {200, nil, []bool{true, true, true}, 1, 0},
		"a loss":                     {300, nil, []bool{true, true, false}, 1, 1},
		"a loss from an earlier log": {50, nil, []bool{false, false, false}, 1, 1},
		"a gap":                      {50, nil, []bool{true, false, true}, 1, 1},
		"a gap between writers":      {50, nil, []bool{true, false, true}, 8, 0},
		"less than a shorter log":    {120, []bool{true, true, true}, []bool{true, true, false}, 8, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &result{}
			(&cutting{r: r, writers: c.writers}).judge(s, c.cut, c.has, c.had)
			if len(r.broken) != c.want {
				t.Errorf("got %q, want %d broken promises", r.broken, c.want)
			}
		})
	}
}
