package authkittest

import (
	"io"
	"sync"
	"testing"
)

// testLog writes to a test's log until the test has ended: a server that the host is
// still closing by then may log, and a test's log panics.
type testLog struct {
	mu sync.Mutex
	to io.Writer
}

func newLog(tb testing.TB) *testLog {
	tb.Helper()
	l := &testLog{to: tb.Output()}
	tb.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.to = io.Discard
	})
	return l
}

func (l *testLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}
