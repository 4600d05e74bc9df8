package coalesce_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authkit-dev/authkit/internal/coalesce"
)

func TestCallersOfOneKeyShareACall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var group coalesce.Group[string, int]
		var calls atomic.Int32
		free := make(chan struct{})
		ask := func(context.Context) (int, error) {
			<-free
			return int(calls.Add(1)), nil
		}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if got, err := group.Do(t.Context(), "key", time.Minute, ask); got != 1 || err != nil {
					t.Errorf("Do: got %d, %v, want 1", got, err)
				}
			})
		}
		synctest.Wait()
		close(free)
		wg.Wait()
		if got, err := group.Do(t.Context(), "key", time.Minute, ask); got != 2 || err != nil {
			t.Errorf("Do afterwards: got %d, %v, want a call of its own", got, err)
		}
	})
}

func TestACallGoesOnWhenACallerLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var group coalesce.Group[string, string]
		free := make(chan struct{})
		ask := func(ctx context.Context) (string, error) {
			<-free
			return "answer", ctx.Err()
		}
		first, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := group.Do(first, "key", time.Minute, ask); !errors.Is(err, context.Canceled) {
				t.Errorf("the first, which leaves: got %v, want context.Canceled", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if got, err := group.Do(t.Context(), "key", time.Minute, ask); got != "answer" || err != nil {
				t.Errorf("the second: got %q, %v, want the answer", got, err)
			}
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		close(free)
		wg.Wait()
	})
}

// If a failed call kept its key, that key would have no answer until a restart.
func TestACallThatFailsLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call func(context.Context) (int, error)
		want string
	}{
		"by a panic":       {func(context.Context) (int, error) { panic("boom") }, "panic: boom (" + "github.com/authkit-dev/authkit/internal/coalesce_test.TestACallThatFails"},
		"by an index":      {func(context.Context) (int, error) { return []int{}[len(t.Name())], nil }, "coalesce_test.TestACallThatFails"},
		"by a Goexit":      {func(context.Context) (int, error) { runtime.Goexit(); return 1, nil }, coalesce.ErrNoAnswer.Error()},
		"by its own limit": {func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, context.DeadlineExceeded.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var group coalesce.Group[string, int]
				var wg sync.WaitGroup
				for range 8 {
					wg.Go(func() {
						if got, err := group.Do(t.Context(), "key", time.Second, c.call); err == nil || got != 0 || !strings.Contains(err.Error(), c.want) {
							t.Errorf("Do: got %d, %v, want an error with %q", got, err, c.want)
						}
					})
				}
				wg.Wait()
				if got, err := group.Do(t.Context(), "key", time.Second, func(context.Context) (int, error) { return 7, nil }); got != 7 || err != nil {
					t.Errorf("Do afterwards: got %d, %v, want 7", got, err)
				}
			})
		})
	}
}

func TestOnDoneIsCalledBeforeCallersReturn(t *testing.T) {
	t.Parallel()
	landed := 0
	f := coalesce.Start(t.Context(), time.Minute, func(context.Context) (int, error) { panic("boom") }, func(int, error) { landed++ })
	if _, err := f.Wait(t.Context()); err == nil || landed != 1 {
		t.Errorf("Wait: got %v with %d landings, want a panic and 1", err, landed)
	}
}
