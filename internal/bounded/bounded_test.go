package bounded_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/bounded"
)

func TestCache(t *testing.T) {
	t.Parallel()
	held := func(c *bounded.Cache[int, string], keys int) (n int) {
		for k := range keys {
			if _, ok := c.Get(k); ok {
				n++
			}
		}
		return n
	}
	t.Run("it returns what was put last, and nothing once it was dropped", func(t *testing.T) {
		t.Parallel()
		c := bounded.NewCache[int, string](2)
		if got, ok := c.Get(1); ok || got != "" {
			t.Errorf("Get of an empty cache: got %q, %v, want none", got, ok)
		}
		c.Put(1, "a")
		c.Put(1, "b")
		if got, ok := c.Get(1); !ok || got != "b" {
			t.Errorf("Get: got %q, %v, want b", got, ok)
		}
		c.Drop(1)
		c.Drop(2)
		if got, ok := c.Get(1); ok {
			t.Errorf("Get of what was dropped: got %q, want none", got)
		}
	})
	t.Run("when full it keeps the newest entry, and no more than it may", func(t *testing.T) {
		t.Parallel()
		c := bounded.NewCache[int, string](8)
		for k := range 1000 {
			c.Put(k, "x")
			if _, ok := c.Get(k); !ok {
				t.Fatalf("Get(%d) just after Put: got none", k)
			}
		}
		if got := held(c, 1000); got != 8 {
			t.Errorf("entries: got %d, want 8", got)
		}
	})
	t.Run("entries that are over do not pile up, and the others stay", func(t *testing.T) {
		t.Parallel()
		const alive = 100 // each entry is over once so many newer ones are there
		c := bounded.NewCache[int, int](1 << 20)
		for k := range 20_000 {
			c.Put(k, k)
			c.DropSome(func(v int) bool { return v <= k-alive })
			if _, ok := c.Get(max(0, k-alive+1)); !ok {
				t.Fatalf("Get of an entry that is not over: got none")
			}
		}
		n := 0
		for k := range 20_000 {
			if _, ok := c.Get(k); ok {
				n++
			}
		}
		if n > 4*alive {
			t.Errorf("entries: got %d, want at most %d", n, 4*alive)
		}
	})
	t.Run("a known key takes the place of no other", func(t *testing.T) {
		t.Parallel()
		c := bounded.NewCache[int, string](3)
		for k := range 3 {
			c.Put(k, "x")
		}
		for range 100 {
			c.Put(1, "y")
		}
		if got := held(c, 3); got != 3 {
			t.Errorf("entries: got %d, want 3", got)
		}
	})
	t.Run("many may use it at once", func(t *testing.T) {
		t.Parallel()
		c := bounded.NewCache[int, string](4)
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for k := range 200 {
					c.Put(k, "x")
					c.Get(k + i)
					c.Drop(k - 1)
				}
			})
		}
		all.Wait()
		if got := held(c, 200); got > 4 {
			t.Errorf("entries: got %d, want at most 4", got)
		}
	})
}

func TestSet(t *testing.T) {
	t.Parallel()
	t.Run("it gives each key once", func(t *testing.T) {
		t.Parallel()
		s := bounded.NewSet[int](10)
		for _, k := range []int{3, 1, 3, 2, 1} {
			s.Add(k)
		}
		if got := slices.Sorted(slices.Values(s.Take())); !slices.Equal(got, []int{1, 2, 3}) {
			t.Errorf("Take: got %v, want 1, 2 and 3", got)
		}
		if got := s.Take(); len(got) != 0 {
			t.Errorf("Take again: got %v, want none", got)
		}
	})
	t.Run("when full it forgets further keys, and takes them again once emptied", func(t *testing.T) {
		t.Parallel()
		s := bounded.NewSet[int](2)
		for k := range 100 {
			s.Add(k)
		}
		if got := slices.Sorted(slices.Values(s.Take())); !slices.Equal(got, []int{0, 1}) {
			t.Errorf("Take: got %v, want 0 and 1", got)
		}
		s.Add(7)
		if got := s.Take(); !slices.Equal(got, []int{7}) {
			t.Errorf("Take: got %v, want 7", got)
		}
	})
	t.Run("of concurrent callers each key goes to one", func(t *testing.T) {
		t.Parallel()
		s := bounded.NewSet[int](1000)
		for k := range 1000 {
			s.Add(k)
		}
		var taken atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { taken.Add(int64(len(s.Take()))) })
		}
		all.Wait()
		if got := taken.Load(); got != 1000 {
			t.Errorf("keys taken: got %d, want 1000", got)
		}
	})
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_700_000_000, 0)
	type use struct {
		key   string
		after time.Duration
		want  bool
	}
	for name, uses := range map[string][]use{
		"a key is first once a window": {
			{"a", 0, true}, {"a", 0, false}, {"a", time.Minute - 1, false}, {"a", time.Minute, true}, {"a", time.Minute + 1, false},
		},
		"a use that is not first does not lengthen the window": {
			{"a", 0, true}, {"a", 59 * time.Second, false}, {"a", time.Minute, true},
		},
		"keys are told apart":                {{"a", 0, true}, {"b", 0, true}, {"a", 1, false}, {"b", 1, false}},
		"more keys than it may know are not": {{"a", 0, true}, {"b", 1, true}, {"c", 2, false}, {"a", 3, false}},
		"there is room again once a window is over": {
			{"a", 0, true}, {"b", 30 * time.Second, true}, {"c", time.Minute, true}, {"d", time.Minute, false},
			{"a", time.Minute, false}, {"a", 90 * time.Second, true},
		},
		"a clock that is set back holds no key back": {{"a", time.Hour, true}, {"a", 0, true}, {"a", 1, false}},
		"a clock that is set back makes room":        {{"a", time.Hour, true}, {"b", time.Hour, true}, {"c", 0, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			throttle := bounded.NewThrottle[string](time.Minute, 2)
			for i, u := range uses {
				if got := throttle.First(u.key, start.Add(u.after)); got != u.want {
					t.Errorf("use %d, of %s after %v: got %v, want %v", i, u.key, u.after, got, u.want)
				}
			}
		})
	}
	t.Run("of concurrent uses one is first", func(t *testing.T) {
		t.Parallel()
		throttle := bounded.NewThrottle[int](time.Minute, 64)
		var first atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for k := range 100 {
					if throttle.First(k, start) {
						first.Add(1)
					}
				}
			})
		}
		all.Wait()
		if got := first.Load(); got != 64 {
			t.Errorf("first uses: got %d, want one for each of 64 keys", got)
		}
	})
}
