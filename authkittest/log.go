package authkittest

import (
	"io"
	"sync"
	"testing"
)

// testLog writes to a test's log until the test has ended. Then it discards: a server that the
// host is still closing may log, and the log of a finished test panics.
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
