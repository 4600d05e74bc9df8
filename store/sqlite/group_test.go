package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

var errRefused = errors.New("refused")

func TestAStepThatFailsLeavesItsNeighbours(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	answered := func(m *member) bool {
		select {
		case <-m.done:
			return true
		default:
			return false
		}
	}
	a := &member{f: h.doing(nil, adding("a"))}
	conflict := &member{f: h.doing(nil, adding("b"), adding("a"))}
	unknown := &member{f: h.doing(nil, adding("c"), "insert into nothing values (1)")}
	refused := &member{f: h.doing(func() error { return errRefused }, adding("d"))}
	panics := &member{f: h.doing(func() error { panic("odd") }, adding("e"))}
	ends := &member{f: h.doing(func() error {
		if answered(a) || h.names() != "" {
			t.Errorf("before the commit: got the answer %v and the names %q, want none", answered(a), h.names())
		}
		return nil
	}, adding("f"))}
	h.group(nil, a, conflict, unknown, refused, panics, ends)
	h.is(a.err, nil)
	h.is(ends.err, nil)
	h.is(conflict.err, authkit.ErrConflict)
	h.is(refused.err, errRefused)
	h.is(panics.panicked, "odd")
	h.is(unknown.err != nil && strings.Contains(unknown.err.Error(), "nothing"), true)
	h.is(h.names(), "a f")
}

func TestAStepThatEndsItsGoroutineLeavesItsNeighbours(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	gone := &member{f: h.doing(func() error { runtime.Goexit(); return nil }, adding("a"))}
	b, c := &member{f: h.doing(nil, adding("b"))}, &member{f: h.doing(nil, adding("c"))}
	done := make(chan struct{})
	go func() { // the goroutine of the leader ends
		defer close(done)
		_ = h.s.conn.Tx(t.Context(), true, func(sqlstore.Tx) error {
			runtime.Goexit()
			return nil
		})
	}()
	<-done
	h.group(nil, b, gone, c)
	h.is(gone.err, errGone)
	h.is(b.err, nil)
	h.is(c.err, nil)
	h.is(h.names(), "b c")
}

func TestACancelledStepIsWhollyDoneOrNotAtAll(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	cancelled := func(m *member) (*member, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		m.ctx = ctx
		return m, cancel
	}
	waiting, leave := cancelled(&member{f: h.doing(nil, adding("waiting"))})
	var end, late context.CancelFunc
	running, end := cancelled(&member{f: h.doing(func() error { end(); return nil }, adding("running"))})
	done, late := cancelled(&member{f: h.doing(nil, adding("done"))})
	after := &member{f: h.doing(func() error { late(); return nil }, adding("after"))}
	h.group(func() {
		leave()
		<-waiting.done // it does not wait for the others
	}, waiting, running, done, after)
	h.is(waiting.err, context.Canceled)
	h.is(running.err, context.Canceled)
	h.is(done.err, nil)
	h.is(after.err, nil)
	h.is(h.names(), "after done")
}

func TestStepsRunAgainIfSQLiteUndoesTheirTransaction(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	var pages int
	h.ok(h.s.conn.Rows(t.Context(), "pragma page_count", func(r sqlstore.Row) error { return r.Scan(&pages) }))
	h.ok(h.s.conn.w.line.pragma(fmt.Sprintf("max_page_count = %d", pages+10)))
	var ran atomic.Int64
	once := func() error { ran.Add(1); return nil }
	a, b := &member{f: h.doing(once, adding("a"))}, &member{f: h.doing(nil, adding("b"))}
	// A statement that can break no constraint has no journal of its own: SQLite undoes the transaction.
	full := &member{f: h.doing(nil, adding("c"), "insert into blobs values (zeroblob(100000))", adding("d"))}
	h.group(nil, a, full, b)
	h.is(code(full.err), 13) // SQLITE_FULL
	h.is(a.err, nil)
	h.is(b.err, nil)
	h.is(ran.Load(), int64(2))
	h.is(h.names(), "a b")
}

func TestACommitThatFailsIsTheAnswerOfAll(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	a := &member{f: h.doing(nil, adding("a"))}
	conflict := &member{f: h.doing(nil, adding("a"))}
	dangling := &member{f: h.doing(nil, "pragma defer_foreign_keys = 1", "insert into refs values ('nothing')")}
	h.group(nil, a, conflict, dangling)
	for _, m := range []*member{a, conflict, dangling} {
		h.is(code(m.err), 787) // SQLITE_CONSTRAINT_FOREIGNKEY
	}
	h.is(h.names(), "")
	h.ok(h.write(adding("b")))
	h.is(h.names(), "b")
}

func TestAGroupEndsThoughStepsWait(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	members := make([]*member, groupMost+20)
	var seen []int // by each step, of the names of those before it
	for i := range members {
		members[i] = &member{f: h.doing(func() error {
			seen = append(seen, len(strings.Fields(h.names())))
			return nil
		}, adding(strconv.Itoa(i)))}
	}
	h.group(nil, members...)
	for i, m := range members {
		if m.err != nil {
			t.Errorf("step %d: got %v, want nil", i, m.err)
		}
	}
	if !slices.IsSorted(seen) || seen[0] != 0 || seen[len(seen)-1] == 0 {
		t.Errorf("got %v names that were committed before each step, want several commits", seen)
	}
}
