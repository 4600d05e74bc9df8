package remote_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authkit-dev/authkit/internal/remote"
)

var errDown = errors.New("down")

// copied is a copy of a number that its source increases. The test can make the source fail.
type copied struct {
	remote.Copy[int]

	fetches int
	err     error
	panics  bool
	failed  int
}

func newCopy() *copied {
	c := &copied{}
	c.Copy = remote.Copy[int]{
		Fetch: func(context.Context) (int, time.Duration, error) {
			c.fetches++
			if c.panics {
				panic("boom")
			}
			return c.fetches, 10 * time.Minute, c.err
		},
		Failed: func(error) { c.failed++ },
		Now:    time.Now, Limit: 5 * time.Second, KeepFor: time.Hour, Cooldown: 30 * time.Second, Retry: 5 * time.Second,
	}
	return c
}

// want checks the answer of Find to a caller that accepts a copy of at least some number.
func (c *copied) want(t *testing.T, least, value int, ok, fails bool) {
	t.Helper()
	got, has, err := c.Find(t.Context(), func(n int) bool { return n >= least })
	if got != value || has != ok || (err != nil) != fails {
		t.Errorf("Find: got %d, %v, %v, want %d, %v, an error %v", got, has, err, value, ok, fails)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T, *copied){
		"a copy is fetched once while it is fresh": func(t *testing.T, c *copied) {
			c.want(t, 0, 1, true, false)
			time.Sleep(10*time.Minute - 1)
			c.want(t, 0, 1, true, false)
			time.Sleep(time.Nanosecond)
			c.want(t, 0, 2, true, false)
		},
		"a missing value causes one fetch in each cool-down": func(t *testing.T, c *copied) {
			c.want(t, 0, 1, true, false)
			for range 12 {
				c.want(t, 9, 2, false, false)
			}
			time.Sleep(30 * time.Second)
			c.want(t, 3, 3, true, false)
		},
		"a copy is used while its source is down": func(t *testing.T, c *copied) {
			c.want(t, 0, 1, true, false)
			c.err = errDown
			time.Sleep(10 * time.Minute)
			c.want(t, 0, 1, true, false)
			c.want(t, 9, 0, false, true) // the source may have it
			time.Sleep(50*time.Minute - 1)
			c.want(t, 0, 1, true, false)
			synctest.Wait()
			time.Sleep(time.Nanosecond)
			c.want(t, 0, 0, false, true)
		},
		"after a failure there is no new fetch at once": func(t *testing.T, c *copied) {
			c.err = errDown
			for range 9 {
				c.want(t, 0, 0, false, true)
			}
			if c.fetches != 1 || c.failed != 1 {
				t.Errorf("fetches: got %d, of which %d failed, want 1", c.fetches, c.failed)
			}
			c.err = nil
			time.Sleep(5 * time.Second)
			c.want(t, 0, 2, true, false)
		},
		"a panic is a failure": func(t *testing.T, c *copied) {
			c.panics = true
			c.want(t, 0, 0, false, true)
			c.panics = false
			time.Sleep(5 * time.Second)
			c.want(t, 0, 2, true, false)
		},
		"all who wait share a fetch": func(t *testing.T, c *copied) {
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() { c.want(t, 0, 1, true, false) })
			}
			wg.Wait()
		},
		"a caller that leaves gets the error of its context": func(t *testing.T, c *copied) {
			free := make(chan struct{})
			c.Fetch = func(context.Context) (int, time.Duration, error) { <-free; return 7, time.Minute, nil }
			ctx, leave := context.WithCancel(t.Context())
			leave()
			if _, _, err := c.Find(ctx, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("Find: got %v, want context.Canceled", err)
			}
			close(free)
			c.want(t, 0, 7, true, false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, newCopy()) })
		})
	}
}
