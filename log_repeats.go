package authkit

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	repeatEvery = time.Minute
	repeatBurst = 5    // lines of one kind in each repeatEvery
	repeatMost  = 1024 // kinds that are told apart
)

// repeats writes log lines that come over and over while something is out of order. Of each
// kind it writes five a minute; the next one that it writes says in "left_out" how many it
// did not. It is safe for concurrent use, and its memory is bounded.
type repeats struct {
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	kinds map[string]repeated
}

// repeated is what is known of one kind of line.
type repeated struct {
	from             time.Time
	written, leftOut int
}

func newRepeats(log *slog.Logger, now func() time.Time) *repeats {
	return &repeats{log: log, now: now, kinds: map[string]repeated{}}
}

// line writes a line, unless its kind has had its five. The kind is what makes two lines say
// the same, such as the message with a code; it is not written.
func (r *repeats) line(ctx context.Context, level slog.Level, kind, message string, attrs ...slog.Attr) {
	leftOut, ok := r.take(kind)
	if !ok {
		return
	}
	if leftOut > 0 {
		attrs = append(attrs, slog.Int("left_out", leftOut))
	}
	r.log.LogAttrs(ctx, level, message, attrs...)
}

// take reports whether a line may be written, and how many of its kind were not before it.
func (r *repeats) take(kind string) (leftOut int, ok bool) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.kinds[kind]; !known && !r.room(now) {
		kind = "" // which all share that find no room
	}
	k := r.kinds[kind]
	if k.over(now) {
		k = repeated{from: now, leftOut: k.leftOut}
	}
	if k.written == repeatBurst {
		k.leftOut++
		r.kinds[kind] = k
		return 0, false
	}
	k.written++
	leftOut, k.leftOut = k.leftOut, 0
	r.kinds[kind] = k
	return leftOut, true
}

// over reports whether a new minute begins, also for a clock that was set back.
func (k repeated) over(now time.Time) bool {
	return now.Before(k.from) || now.Sub(k.from) >= repeatEvery
}

// room reports whether there is room for another kind, once those are forgotten whose minute
// is over.
func (r *repeats) room(now time.Time) bool {
	if len(r.kinds) < repeatMost {
		return true
	}
	for kind, k := range r.kinds {
		if k.over(now) {
			delete(r.kinds, kind)
		}
	}
	return len(r.kinds) < repeatMost
}
