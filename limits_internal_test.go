package authkit

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/seal"
)

// hits is a LimitStore in which nothing is given back by time.
type hits struct {
	used  map[string]int
	calls int
	fault error
}

func (h *hits) Hit(_ context.Context, all Hits, _ time.Time) (HitResult, error) {
	h.calls++
	if h.used == nil {
		h.used = map[string]int{}
	}
	for i, one := range all.Each {
		id := fmt.Sprint(keyOf(all.App, one))
		cost := one.Cost
		if cost == 0 {
			cost = 1
		}
		if h.used[id]+cost > one.Limit {
			return HitResult{Full: i, RetryAfter: time.Minute}, h.fault
		}
		h.used[id] += cost
	}
	return HitResult{Full: -1}, h.fault
}

// sum is what all limits hold together.
func (h *hits) sum() (n int) {
	for _, used := range h.used {
		n += used
	}
	return n
}

// testLimiter counts by the default limits.
func testLimiter(t *testing.T, store LimitStore, ring *seal.Ring) *limiter {
	t.Helper()
	var c LimitConfig
	var bad problems
	if c.fill(&bad); len(bad) > 0 {
		t.Fatal(bad)
	}
	return newLimiter(c, store, ring, atTestTime)
}

func TestARefundRestoresRoom(t *testing.T) {
	t.Parallel()
	store := &hits{}
	l := testLimiter(t, store, testRing(t))
	app := App{ID: newID(testTime)}
	one := l.countFor(limit{limitAppsToday, 1, day}, "dev")
	for i, want := range []bool{true, false} {
		if err := l.hit(t.Context(), app, one); (err == nil) != want {
			t.Errorf("hit %d: got %v, want it through: %v", i+1, err, want)
		}
	}
	if err := l.refund(t.Context(), app, one); err != nil {
		t.Fatal(err)
	}
	if err := l.hit(t.Context(), app, one); err != nil {
		t.Errorf("after the refund: got %v, want it through", err)
	}
	if err := l.refund(t.Context(), app); err != nil || store.calls != 4 {
		t.Errorf("a refund of nothing: got %v and %d calls, want no call", err, store.calls)
	}
	store.fault = errors.New("the disk is full")
	if err := l.refund(t.Context(), app, one); !errors.Is(err, CodeUnavailable) {
		t.Errorf("a store that is out of order: got %v, want unavailable", err)
	}
	l.off = true
	if err := l.refund(t.Context(), app, one); err != nil {
		t.Errorf("limits that are off: got %v, want nothing done", err)
	}
}

func TestAnExhaustedLimitIsRemembered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		limit limit
		want  int // calls of the store for four hits
	}{
		{"one of which only time makes room", limit{"credentials/day", 2, day}, 3},
		{"one that is refundable", limit{limitAppsToday, 2, day}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			store := &hits{}
			l := testLimiter(t, store, testRing(t))
			for range 4 {
				_ = l.hit(t.Context(), App{ID: Console}, l.countFor(c.limit, "subject"))
			}
			if store.calls != c.want {
				t.Errorf("calls: got %d, want %d", store.calls, c.want)
			}
		})
	}
}
