package sqlite

import (
	"slices"
	"time"
)

// group is one transaction with the steps that share it. Each step is a savepoint: what fails is
// undone alone. All are answered after the commit, since an answer may come from what a neighbour
// has written; if the commit fails, it is their answer.
type group struct {
	*writer
	kind    kind
	since   time.Time // when it began
	steps   []*step
	own     *step // the leader's
	running *step
	open    bool // whether the transaction has begun and has not ended
	lost    bool // whether SQLite has rolled it back because of the running step
}

// The bounds of a group. Its steps wait for the last one, and its leader for all.
const (
	groupMost = 128
	groupTime = 5 * time.Millisecond
)

// lead runs a group of the steps that wait, of which own is the first.
func (w *writer) lead(own *step) {
	g := &group{writer: w, kind: own.kind, own: own}
	defer g.end()
	if g.kind == closing {
		g.closed = true
		g.steps = []*step{g.take(closing)}
		own.err = g.hangUp()
		return
	}
	asked := w.latest()
	if err := g.begin(); err != nil {
		g.refuse(err, asked)
		return
	}
	for s := g.next(); s != nil; s = g.next() {
		g.running = s
		if g.lost = w.line.perform(s); g.lost {
			return
		}
		g.running = nil
	}
	g.commit()
}

func (g *group) begin() (err error) {
	if g.closed {
		return errClosed
	}
	if g.line == nil {
		if g.line, err = dial(g.own.ctx, g.db); err != nil {
			return err
		}
	}
	if err = g.line.durably(g.kind == durable); err == nil {
		err = g.line.begin(g.own.ctx)
	}
	g.open, g.since = err == nil, time.Now()
	return err
}

// refuse answers the leader if its context has ended, and otherwise all who have waited for the
// transaction as long.
func (g *group) refuse(err error, asked uint64) {
	gone := g.own.ctx.Err() != nil
	if gone {
		g.steps = append(g.steps, g.take(g.kind))
	} else {
		g.steps = g.takeUntil(asked)
	}
	for _, s := range g.steps {
		s.err = err
	}
	if code(err) == 0 && !gone { // the connection is broken
		g.drop()
	}
}

// next takes the next step into the group.
func (g *group) next() *step {
	if len(g.steps) >= groupMost || time.Since(g.since) > g.most {
		return nil
	}
	s := g.take(g.kind)
	if s != nil {
		g.steps = append(g.steps, s)
	}
	return s
}

func (g *group) commit() {
	err := g.line.commit()
	if err != nil {
		g.rollback()
	}
	g.open = false
	for _, s := range g.steps {
		if undone := s.err != nil && s.ctx.Err() != nil; err != nil && !undone {
			s.err = err
		}
	}
}

// end answers the steps and hands over. If the transaction is still open, the running step has
// made SQLite roll it back, or has ended the goroutine of the leader: that step is answered, and
// the others run again, but not that of a goroutine which ends.
func (g *group) end() {
	var again []*step
	if g.open {
		g.rollback()
		again = slices.DeleteFunc(slices.Clone(g.steps), func(s *step) bool { return s == g.running || s == g.own && !g.lost })
		g.steps = []*step{g.running}
	}
	if !g.keep {
		_ = g.hangUp() // a connection that cannot be restored is closed
	}
	g.handOver(g.kind, again)
	for _, s := range g.steps {
		s.signal <- false
	}
}

func (g *group) rollback() {
	if err := g.line.rollback(); err != nil {
		g.drop()
	}
}

// hangUp gives the connection back.
func (g *group) hangUp() (err error) {
	if g.line != nil {
		err = g.line.hangUp()
	}
	g.line = nil
	return err
}

// drop closes the connection. The next group takes another.
func (g *group) drop() {
	if g.line != nil {
		_ = g.line.discard() // what matters is that it is not used again
	}
	g.line = nil
}

// perform runs the step in a savepoint. It reports whether SQLite has rolled back the whole
// transaction: then the savepoint is gone too.
func (l *line) perform(s *step) (lost bool) {
	if s.err = s.ctx.Err(); s.err != nil {
		return false
	}
	if _, s.err = l.exec("savepoint step"); s.err != nil {
		return true
	}
	s.call(&tx{line: l})
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err != nil {
		if _, err := l.exec("rollback to step"); err != nil {
			return true
		}
	}
	_, err := l.exec("release step")
	if s.err == nil {
		s.err = err
	}
	return err != nil
}

// call runs the function of the step, and keeps its panic for the caller of the step.
func (s *step) call(t *tx) {
	defer func() {
		if v := recover(); v != nil {
			s.panicked = v
		}
	}()
	s.err = errGone // unless f returns
	s.err = s.f(t)
	if s.err == nil {
		s.err = t.failed
	}
}
