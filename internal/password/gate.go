package password

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ErrBusy means that a call could not get through the gate in time.
var ErrBusy = errors.New("password: too many hashes at once")

// Asker is for whom a call is: the tenant, and the peer that caused it. An empty Peer is
// unknown, and the tenant stands for it.
type Asker struct{ Tenant, Peer string }

// Gate lets a bounded number of calls run at once and a bounded number wait. Turns go round
// by tenant and by peer: one peer that floods through many tenants makes only itself wait, and
// so does one tenant that is flooded by many peers. When the queue is full, the newest waiter
// of whichever has most gives way to one that has fewer. Argon2 without a gate fills memory
// and gets slower for everyone.
type Gate struct {
	running, queue int
	wait           time.Duration

	mu    sync.Mutex
	free  int
	line  []*waiter // oldest first
	round int       // of the turn that was given last
	flows map[flowKey]*flow
}

// waiter is a call that waits. Its turn is true; false sends it away.
type waiter struct {
	who  Asker
	turn chan bool
}

// flowKey is a tenant or a peer.
type flowKey struct {
	peer bool
	name string
}

// flow is a tenant or a peer with waiters.
type flow struct {
	waiting int
	round   int // in which it has its next turn: a round gives each flow one (start-time fair queuing)
}

// NewGate makes a gate for so many calls at once, so many that wait, and so long a wait.
func NewGate(running, queue int, wait time.Duration) *Gate {
	return &Gate{running: running, queue: queue, wait: wait, free: running, flows: map[flowKey]*flow{}}
}

// Do calls f once there is room. [ErrBusy]: the queue is full, or the wait was too long;
// the end of ctx is wrapped too.
func (g *Gate) Do(ctx context.Context, who Asker, f func()) error {
	if err := g.enter(ctx, who); err != nil {
		return err
	}
	defer g.leave()
	f()
	return nil
}

func (g *Gate) enter(ctx context.Context, who Asker) error {
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
		if !mine {
			return ErrBusy
		}
		return nil
	case <-timer.C:
		cause = ErrBusy
	case <-ctx.Done():
		cause = fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
	if !g.quit(me) && <-me.turn {
		g.leave() // the turn came at the same moment: pass it on
	}
	return cause
}

// keys are the flows that an asker is part of.
func (a Asker) keys() (tenant, peer flowKey) {
	if a.Peer == "" {
		return flowKey{false, a.Tenant}, flowKey{false, a.Tenant}
	}
	return flowKey{false, a.Tenant}, flowKey{true, a.Peer}
}

// waiting is how many waiters the asker's tenant and its peer have.
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

// displace makes room in a full queue, if it finds a waiter whose tenant or peer has more of
// them than both of the newcomer's would. Else the newcomer's own tenant is the one with most:
// there, a peer with more than the newcomer's gives way.
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

// remove takes a waiter out of the line, and forgets a flow without one.
func (g *Gate) remove(i int) {
	tenant, peer := g.line[i].who.keys()
	g.line = slices.Delete(g.line, i, i+1)
	for _, key := range distinct(tenant, peer) {
		if g.flows[key].waiting--; g.flows[key].waiting == 0 {
			delete(g.flows, key)
		}
	}
}

// distinct are the two keys, or the one that they are.
func distinct(a, b flowKey) []flowKey {
	if a == b {
		return []flowKey{a}
	}
	return []flowKey{a, b}
}

// quit takes a waiter out of the line; false: it was called already, or sent away.
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

// leave gives the place to the waiter whose turn it is: the oldest of those whose tenant and
// peer have both had their turns least lately.
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
