package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// writer runs steps on the one connection that writes. Steps that wait at the same time share a
// transaction, and with it the time of one synchronisation (see [group]).
//
// It has no goroutine of its own. The first caller leads: it runs a group of the steps that wait,
// and then hands over to the caller of a step that came meanwhile.
type writer struct {
	db   *sql.DB
	keep bool          // whether the connection is kept between groups; a host's is not
	most time.Duration // how long a group takes further steps
	line *line         // of the leader; nil: not taken

	closed bool // the connection is given back for good

	mu      sync.Mutex
	led     bool
	joined  uint64     // how many steps have joined
	waiting [3][]*step // by kind, first come first served
}

// kind is what the commit of a step has to do. The steps of a group are of one kind.
type kind int

const (
	relaxed kind = iota // the commit may be lost if the machine fails
	durable
	closing // there is no commit: the connection is given back
)

// step is one verb that waits for its turn.
type step struct {
	ctx    context.Context
	kind   kind
	f      func(sqlstore.Tx) error
	number uint64

	taken    bool      // it runs or leads, so its caller has to wait for the answer
	signal   chan bool // true: lead; false: the answer is there
	err      error
	panicked any
}

var (
	// errGone is the answer to a step whose function ended the goroutine that ran it.
	errGone = errors.New("sqlite: the goroutine of the writer has ended")

	errClosed = errors.New("sqlite: the store is closed")
)

// Tx runs f in a transaction, and again if SQLite undoes the transaction because of another step.
// A context that ends while f waits or runs undoes the step. After that the answer is that of the
// commit.
func (w *writer) Tx(ctx context.Context, k kind, f func(sqlstore.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.run(&step{ctx: ctx, kind: k, f: f, signal: make(chan bool, 1)})
}

// close waits for the group that runs, and refuses all steps after it.
func (w *writer) close() error {
	return w.run(&step{ctx: context.Background(), kind: closing, signal: make(chan bool, 1)})
}

func (w *writer) run(s *step) error {
	for lead := w.join(s); ; {
		if lead {
			w.lead(s)
		}
		select {
		case lead = <-s.signal:
		case <-s.ctx.Done():
			if w.leave(s) {
				return s.ctx.Err()
			}
			lead = <-s.signal
		}
		switch {
		case lead:
		case s.panicked != nil:
			panic(s.panicked)
		default:
			return s.err
		}
	}
}

// join queues the step and reports whether its caller leads.
func (w *writer) join(s *step) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.joined++
	s.number = w.joined
	w.waiting[s.kind] = append(w.waiting[s.kind], s)
	s.taken = !w.led
	w.led = true
	return s.taken
}

// leave takes the step out of its queue, unless it is taken already.
func (w *writer) leave(s *step) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !s.taken {
		w.waiting[s.kind] = slices.DeleteFunc(w.waiting[s.kind], func(o *step) bool { return o == s })
	}
	return !s.taken
}

// take takes the first step of a kind, or nil if there is none.
func (w *writer) take(k kind) *step {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting[k]) == 0 {
		return nil
	}
	s := w.waiting[k][0]
	w.waiting[k][0] = nil
	w.waiting[k] = w.waiting[k][1:]
	s.taken = true
	return s
}

// takeUntil takes all steps that joined no later than the one with the number.
func (w *writer) takeUntil(number uint64) (taken []*step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range []kind{relaxed, durable} {
		w.waiting[k] = slices.DeleteFunc(w.waiting[k], func(s *step) bool {
			if s.number <= number {
				s.taken = true
				taken = append(taken, s)
			}
			return s.number <= number
		})
	}
	return taken
}

// latest is the number of the step that joined last.
func (w *writer) latest() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.joined
}

// handOver puts back the steps that have to run again, and makes the caller of a waiting step the
// leader: of the other kind than last if there is one, so that neither kind waits for long.
func (w *writer) handOver(last kind, again []*step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range again {
		s.taken, s.err, s.panicked = false, nil, nil
	}
	w.waiting[last] = slices.Concat(again, w.waiting[last])
	w.led = false
	other := durable
	if last == durable {
		other = relaxed
	}
	for _, k := range []kind{closing, other, last} {
		if len(w.waiting[k]) > 0 {
			next := w.waiting[k][0]
			w.led, next.taken = true, true
			next.signal <- true
			return
		}
	}
}
