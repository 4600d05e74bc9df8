package network

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// times are the answers to one kind of request. It is safe for concurrent use.
type times struct {
	mu   sync.Mutex
	took map[int][]time.Duration // by status; 0: there was no answer
}

// note records an answer.
func (t *times) note(status int, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.took == nil {
		t.took = map[int][]time.Duration{}
	}
	t.took[status] = append(t.took[status], took)
}

// count returns how many answers had one of the statuses; without any, how many there were.
func (t *times) count(statuses ...int) (n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for status, took := range t.took {
		if len(statuses) == 0 || slices.Contains(statuses, status) {
			n += int64(len(took))
		}
	}
	return n
}

// percentile returns the time that a share of the answers with the statuses took at most;
// without statuses, of all answers.
func (t *times) percentile(p int, statuses ...int) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []time.Duration
	for status, took := range t.took {
		if len(statuses) == 0 || slices.Contains(statuses, status) {
			all = append(all, took...)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(len(all)-1, len(all)*p/100)]
}

// String lists the statuses with their numbers.
func (t *times) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []string
	for _, status := range slices.Sorted(maps.Keys(t.took)) {
		out = append(out, fmt.Sprintf("%d: %d", status, len(t.took[status])))
	}
	return strings.Join(out, ", ")
}

// each calls do n times, from so many workers at once.
func each(n, workers int, do func(i int)) {
	next, all := make(chan int), sync.WaitGroup{}
	for range workers {
		all.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}

// steady calls do at a steady rate until ctx ends, each call in a goroutine of its own, so that
// calls that take long do not thin out the load. It returns once all calls have.
func steady(ctx context.Context, aSecond int, do func(i int)) {
	var all sync.WaitGroup
	defer all.Wait()
	begun := time.Now()
	for i := 0; ctx.Err() == nil; i++ {
		at := begun.Add(time.Duration(i) * time.Second / time.Duration(aSecond))
		if !pause(ctx, time.Until(at)) {
			return
		}
		all.Go(func() { do(i) })
	}
}

// peer returns the i-th address of the clients of a group.
func peer(group byte, i int) string {
	return fmt.Sprintf("10.%d.%d.%d", group, i>>8&255, i&255)
}

// address returns the i-th email address of a kind.
func address(kind string, i int) string { return fmt.Sprintf("%s%d@example.com", kind, i) }

// ratio divides two times.
func ratio(a, b time.Duration) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// median returns the middle value.
func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// mb writes bytes in megabytes.
func mb(bytes int64) string { return fmt.Sprintf("%d MB", bytes>>20) }

// ms writes a time in milliseconds.
func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
