// Package thinlog writes log lines that repeat while something is out of order.
//
//	log := thinlog.New(slog.Default(), time.Now)
//	log.Line(ctx, slog.LevelWarn, "mail", "mail", slog.Any("error", err))
//
// Of each kind it writes five lines a minute. The next one that it writes says in "left_out"
// how many it did not.
package thinlog

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	window = time.Minute
	burst  = 5    // lines of one kind in each window
	most   = 1024 // kinds that are told apart
)

// Logger is a log whose repeated lines are left out. It is safe for concurrent use, and its
// memory is bounded.
type Logger struct {
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	kinds map[string]kind
}

// kind is what is known of one kind of line.
type kind struct {
	from             time.Time // when its window began
	written, leftOut int
}

// New makes a Logger that writes to log.
func New(log *slog.Logger, now func() time.Time) *Logger {
	return &Logger{log: log, now: now, kinds: map[string]kind{}}
}

// Line writes a line, unless its kind has had its five. The kind says which lines count as the
// same, such as the message with a code; it is not written.
func (l *Logger) Line(ctx context.Context, level slog.Level, kind, message string, attrs ...slog.Attr) {
	leftOut, ok := l.Take(kind)
	if !ok {
		return
	}
	if leftOut > 0 {
		attrs = append(attrs, slog.Int("left_out", leftOut))
	}
	l.log.LogAttrs(ctx, level, message, attrs...)
}

// Take counts a line of the kind, which the caller writes if ok. leftOut is how many lines of
// the kind before it were not written.
func (l *Logger) Take(name string) (leftOut int, ok bool) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.kinds[name]; !known && !l.room(now) {
		name = "" // the kind that all share for which there is no room
	}
	k := l.kinds[name]
	if k.over(now) {
		k = kind{from: now, leftOut: k.leftOut}
	}
	if k.written == burst {
		k.leftOut++
		l.kinds[name] = k
		return 0, false
	}
	k.written++
	leftOut, k.leftOut = k.leftOut, 0
	l.kinds[name] = k
	return leftOut, true
}

// over reports whether a new window begins, also for a clock that was set back.
func (k kind) over(now time.Time) bool {
	return now.Before(k.from) || now.Sub(k.from) >= window
}

// room reports whether there is room for another kind, once those are forgotten whose window
// is over.
func (l *Logger) room(now time.Time) bool {
	if len(l.kinds) < most {
		return true
	}
	for name, k := range l.kinds {
		if k.over(now) {
			delete(l.kinds, name)
		}
	}
	return len(l.kinds) < most
}
