package network

import (
	"context"
	"fmt"
	"time"
)

const (
	spareGoroutines = 20
	spareHeap       = 8 // MB
	leaveWithin     = 20 * time.Second
)

// gone waits until the child is as it was before: no request in progress, and no goroutine,
// connection or memory left of those that have ended.
func (s *server) gone(ctx context.Context, report *Report, what string, before state) error {
	s.http.CloseIdleConnections()
	var now state
	var err error
	for give := time.Now().Add(leaveWithin); ; pause(ctx, 100*time.Millisecond) {
		if now, err = s.collected(ctx); err != nil {
			return err
		}
		s.http.CloseIdleConnections()
		if now.Serving == 0 && now.Goroutines <= before.Goroutines+spareGoroutines && now.Conns <= before.Conns+2 || time.Now().After(give) {
			break
		}
	}
	report.equal(what+": requests in progress afterwards", now.Serving, 0)
	report.atMost(what+": goroutines afterwards", int64(now.Goroutines), int64(before.Goroutines+spareGoroutines))
	report.atMost(what+": connections afterwards", now.Conns, before.Conns+2)
	report.hold((now.Heap-before.Heap)>>20 <= spareHeap, what+": heap above idle afterwards", mb(now.Heap-before.Heap), fmt.Sprintf("≤ %d MB", spareHeap))
	return nil
}
