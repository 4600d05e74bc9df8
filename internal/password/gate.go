package password

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrBusy means that a call could not get through the gate in time.
var ErrBusy = errors.New("password: too many hashes at once")

// Gate lets a bounded number of calls run at once and a bounded number wait, in turn
// between tenants: one that floods the gate makes only itself wait, and is refused itself
// when the queue is full. Argon2 without a gate
// fills memory and gets slower for everyone.
type Gate struct {
	running, queue int
	wait           time.Duration

	mu      sync.Mutex
	free    int
	waiting int
	turns   []string               // tenants with waiters, the next first
	lines   map[string][]chan bool // the waiters of each, the oldest first; false sends one away
}

// NewGate makes a gate for so many calls at once, so many that wait, and so long a wait.
func NewGate(running, queue int, wait time.Duration) *Gate {
	return &Gate{running: running, queue: queue, wait: wait, free: running, lines: map[string][]chan bool{}}
}

// Do calls f once there is room. [ErrBusy]: the queue is full, or the wait was too long;
// the end of ctx is wrapped too.
func (g *Gate) Do(ctx context.Context, tenant string, f func()) error {
	if err := g.enter(ctx, tenant); err != nil {
		return err
	}
	defer g.leave()
	f()
	return nil
}

func (g *Gate) enter(ctx context.Context, tenant string) error {
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return nil
	}
	if g.waiting >= g.queue && !g.displace(tenant) {
		g.mu.Unlock()
		return ErrBusy
	}
	turn := make(chan bool, 1)
	g.line(tenant, turn)
	g.mu.Unlock()

	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	var cause error
	select {
	case mine := <-turn:
		if !mine {
			return ErrBusy
		}
		return nil
	case <-timer.C:
		cause = ErrBusy
	case <-ctx.Done():
		cause = fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
	if !g.quit(tenant, turn) && <-turn {
		g.leave() // the turn came at the same moment: pass it on
	}
	return cause
}

// displace makes room in a full queue for a tenant with fewer waiters than the one with the
// longest line, whose newest is sent away.
func (g *Gate) displace(tenant string) bool {
	var longest string
	for _, other := range g.turns {
		if len(g.lines[other]) > len(g.lines[longest]) {
			longest = other
		}
	}
	line := g.lines[longest]
	if len(line) <= len(g.lines[tenant])+1 {
		return false
	}
	last := len(line) - 1
	line[last] <- false
	g.keep(longest, line[:last])
	g.waiting--
	return true
}

func (g *Gate) line(tenant string, turn chan bool) {
	if len(g.lines[tenant]) == 0 {
		g.turns = append(g.turns, tenant)
	}
	g.lines[tenant] = append(g.lines[tenant], turn)
	g.waiting++
}

// quit takes a waiter out of the line; false: it was called already, or sent away.
func (g *Gate) quit(tenant string, turn chan bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	line := g.lines[tenant]
	for i, other := range line {
		if other == turn {
			g.keep(tenant, append(line[:i:i], line[i+1:]...))
			g.waiting--
			return true
		}
	}
	return false
}

// keep stores what is left of a line, and forgets a tenant without one.
func (g *Gate) keep(tenant string, line []chan bool) {
	if len(line) > 0 {
		g.lines[tenant] = line
		return
	}
	delete(g.lines, tenant)
	for i, other := range g.turns {
		if other == tenant {
			g.turns = append(g.turns[:i:i], g.turns[i+1:]...)
			return
		}
	}
}

// leave gives the place to the oldest waiter of the tenant whose turn it is.
func (g *Gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.turns) == 0 {
		g.free++
		return
	}
	tenant := g.turns[0]
	line := g.lines[tenant]
	line[0] <- true
	g.waiting--
	g.keep(tenant, line[1:])
	if len(line) > 1 { // to the end of the round
		g.turns = append(g.turns[1:len(g.turns):len(g.turns)], tenant)
	}
}
