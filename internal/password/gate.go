package password

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ErrBusy means that a call did not get through the gate in time.
var ErrBusy = errors.New("password: too many hashes at once")

// Asker is the tenant that a call is for and the peer that caused it. An empty Peer means that
// the peer is unknown. The tenant then takes its place.
type Asker struct{ Tenant, Peer string }

// Gate lets a bounded number of calls run at once and a bounded number wait. Waiters take turns
// by tenant and by peer. So a peer that floods many tenants delays only itself, and so does a
// tenant that many peers flood. When the queue is full, a newcomer whose tenant and peer have
// fewer waiters displaces the newest waiter of the tenant or peer with the most. Without a
// gate, concurrent argon2 fills the memory and becomes slower for everyone.
type Gate struct {
	running, queue int
	wait           time.Duration

	mu    sync.Mutex
	free  int
	line  []*waiter // oldest first
	round int       // the round of the turn that was given last
	flows map[flowKey]*flow
}

// waiter is a call that waits. The channel gets true for its turn and false if it must leave.
type waiter struct {
	who  Asker
	turn chan bool
}

// flowKey names a tenant or a peer.
type flowKey struct {
	peer bool
	name string
}

// flow is a tenant or a peer with waiters.
type flow struct {
	waiting int
	round   int // of its next turn: each flow gets one turn in a round (start-time fair queuing)
}

// NewGate returns a gate for running calls at once and queue waiters, each of which waits at
// most as long as wait.
func NewGate(running, queue int, wait time.Duration) *Gate {
	return &Gate{running: running, queue: queue, wait: wait, free: running, flows: map[flowKey]*flow{}}
}

// Do calls f as soon as there is room. It returns [ErrBusy] if the queue is full or the wait
// too long. If ctx ends before f begins, f is not called, and the error wraps [ErrBusy] and that
// of ctx.
func (g *Gate) Do(ctx context.Context, who Asker, f func()) error {
	if err := g.enter(ctx, who); err != nil {
		return err
	}
	defer g.leave()
	f()
	return nil
}

func (g *Gate) enter(ctx context.Context, who Asker) error {
	if ctx.Err() != nil {
		return gone(ctx)
	}
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return nil
	}
	if len(g.line) >= g.queue && !g.displace(who) {
		g.mu.Unlock()
		return ErrBusy
	}
	me := &waiter{who, make(chan bool, 1)}
	g.add(me)
	g.mu.Unlock()

	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	var cause error
	select {
	case mine := <-me.turn:
		switch {
		case !mine:
			return ErrBusy
		case ctx.Err() != nil: // it ended at the same moment, or before it was seen to end
			g.leave()
			return gone(ctx)
		}
		return nil
	case <-timer.C:
		cause = ErrBusy
	case <-ctx.Done():
		cause = gone(ctx)
	}
	if !g.quit(me) && <-me.turn {
		g.leave() // the turn came at the same moment: pass it on
	}
	return cause
}

// gone is the error of a caller that has left.
func gone(ctx context.Context) error { return fmt.Errorf("%w: %w", ErrBusy, ctx.Err()) }

// keys returns the two flows that an asker belongs to.
func (a Asker) keys() (tenant, peer flowKey) {
	if a.Peer == "" {
		return flowKey{false, a.Tenant}, flowKey{false, a.Tenant}
	}
	return flowKey{false, a.Tenant}, flowKey{true, a.Peer}
}

// waiting returns how many waiters the asker's tenant and its peer have.
func (g *Gate) waiting(who Asker) (tenant, peer int) {
	t, p := who.keys()
	if f := g.flows[t]; f != nil {
		tenant = f.waiting
	}
	if f := g.flows[p]; f != nil {
		peer = f.waiting
	}
	return tenant, peer
}

// displace makes room in a full queue by sending one waiter away. It takes a waiter whose
// tenant or peer has more waiters than the newcomer's tenant and peer would each have. If there
// is no such waiter, the newcomer's own tenant has the most. Then it takes one of that tenant
// whose peer has more waiters than the newcomer's would. It reports false if there is none
// either.
func (g *Gate) displace(who Asker) bool {
	tenant, peer := g.waiting(who)
	most, mostPeer, out := max(tenant, peer)+1, 0, -1
	own, ownPeer := -1, peer+1
	for i, w := range g.line {
		t, p := g.waiting(w.who)
		if load := max(t, p); load > most || out >= 0 && load == most && p >= mostPeer {
			most, mostPeer, out = load, p, i
		}
		if w.who.Tenant == who.Tenant && (p > ownPeer || own >= 0 && p == ownPeer) {
			own, ownPeer = i, p
		}
	}
	if out < 0 {
		out = own
	}
	if out < 0 {
		return false
	}
	g.line[out].turn <- false
	g.remove(out)
	return true
}

// add puts a waiter at the end of the line.
func (g *Gate) add(w *waiter) {
	tenant, peer := w.who.keys()
	g.line = append(g.line, w)
	for _, key := range distinct(tenant, peer) {
		f := g.flows[key]
		if f == nil {
			f = &flow{round: g.round}
			g.flows[key] = f
		}
		f.waiting++
	}
}

// remove takes a waiter out of the line and drops flows that have no waiter left.
func (g *Gate) remove(i int) {
	tenant, peer := g.line[i].who.keys()
	g.line = slices.Delete(g.line, i, i+1)
	for _, key := range distinct(tenant, peer) {
		if g.flows[key].waiting--; g.flows[key].waiting == 0 {
			delete(g.flows, key)
		}
	}
}

// distinct returns both keys, or one if they are equal.
func distinct(a, b flowKey) []flowKey {
	if a == b {
		return []flowKey{a}
	}
	return []flowKey{a, b}
}

// quit takes a waiter out of the line. It reports false if the waiter got its turn or was sent
// away before.
func (g *Gate) quit(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.line, w)
	if i < 0 {
		return false
	}
	g.remove(i)
	return true
}

// leave passes the caller's place to the next waiter: the oldest of those whose tenant and peer
// both had their last turn longest ago.
func (g *Gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.line) == 0 {
		g.free++
		return
	}
	next, round, peerRound := -1, 0, 0
	for i, w := range g.line {
		tenant, peer := w.who.keys()
		p := g.flows[peer].round
		r := max(g.flows[tenant].round, p)
		if next < 0 || r < round || r == round && p < peerRound {
			next, round, peerRound = i, r, p
		}
	}
	w := g.line[next]
	tenant, peer := w.who.keys()
	g.round = round
	g.flows[tenant].round, g.flows[peer].round = round+1, round+1
	g.remove(next)
	w.turn <- true
}
