package password

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ErrBusy means that a call did not get through the gate in time.
var ErrBusy = errors.New("password: too many hashes at once")

// Asker is the tenant that a call is for and the peer that caused it. An empty Peer means that
// the peer is unknown. The tenant then takes its place.
type Asker struct{ Tenant, Peer string }

// Load is what a call costs, where the hash that the gate was made for costs one of each. Turns
// count against the tenant and the peer while others wait: a call of 5 turns comes next as if they
// had made 5 calls. Places are the calls that run at once which it stands for; it has the gate for
// itself if it wants more than there are. Below 1 counts as 1.
type Load struct{ Turns, Places int }

// maxTurns bounds what one call counts.
const maxTurns = 64

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

	refused atomic.Uint64
}

// waiter is a call that waits. The channel gets true for its turn and false if it must leave. It
// holds its flows, since a refusal looks at every waiter while the gate is locked.
type waiter struct {
	tenant, peer  *flow // the same one if the peer is unknown
	turns, places int
	turn          chan bool
}

// flowKey names a tenant or a peer.
type flowKey struct {
	peer bool
	name string
}

// flow is a tenant or a peer with waiters.
type flow struct {
	key     flowKey
	waiting int
	round   int // of its next turn: each flow gets one turn in a round (start-time fair queuing)
}

// NewGate returns a gate for running calls at once and queue waiters, each of which waits at
// most as long as wait.
func NewGate(running, queue int, wait time.Duration) *Gate {
	return &Gate{running: running, queue: queue, wait: wait, free: running, flows: map[flowKey]*flow{}}
}

// Do is DoLoad for a call that costs one turn and one place.
func (g *Gate) Do(ctx context.Context, who Asker, f func()) error {
	return g.DoLoad(ctx, who, Load{}, f)
}

// DoLoad calls f as soon as there is room. It returns [ErrBusy] if the queue is full or the wait
// too long. If ctx ends before f begins, f is not called, and the error wraps [ErrBusy] and that
// of ctx.
func (g *Gate) DoLoad(ctx context.Context, who Asker, load Load, f func()) error {
	load = Load{min(max(load.Turns, 1), maxTurns), min(max(load.Places, 1), g.running)}
	if err := g.enter(ctx, who, load); err != nil {
		g.refused.Add(1)
		return err
	}
	defer g.leave(load.Places)
	f()
	return nil
}

// Numbers tell how busy a gate is.
type Numbers struct {
	Running int // places that are taken
	Places  int // that there are
	Waiting int
	Refused uint64 // calls that were not made, since the gate was made
}

// Numbers returns how busy the gate is now.
func (g *Gate) Numbers() Numbers {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Numbers{Running: g.running - g.free, Places: g.running, Waiting: len(g.line), Refused: g.refused.Load()}
}

func (g *Gate) enter(ctx context.Context, who Asker, load Load) error {
	if ctx.Err() != nil {
		return gone(ctx)
	}
	g.mu.Lock()
	if len(g.line) == 0 && g.free >= load.Places {
		g.free -= load.Places
		g.mu.Unlock()
		return nil
	}
	if len(g.line) >= g.queue && !g.displace(who) {
		g.mu.Unlock()
		return ErrBusy
	}
	me := g.add(who, load)
	g.admit() // the waiter that was sent away may have held the others up
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
			g.leave(load.Places)
			return gone(ctx)
		}
		return nil
	case <-timer.C:
		cause = ErrBusy
	case <-ctx.Done():
		cause = gone(ctx)
	}
	if !g.quit(me) && <-me.turn {
		g.leave(load.Places) // the turn came at the same moment: pass it on
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

// waiting returns how many waiters a tenant or a peer has.
func (g *Gate) waiting(key flowKey) int {
	if f := g.flows[key]; f != nil {
		return f.waiting
	}
	return 0
}

// displace makes room in a full queue by sending one waiter away. It takes a waiter whose
// tenant or peer has more waiters than the newcomer's tenant and peer would each have. If there
// is no such waiter, the newcomer's own tenant has the most. Then it takes one of that tenant
// whose peer has more waiters than the newcomer's would. It reports false if there is none
// either.
func (g *Gate) displace(who Asker) bool {
	tenant, peer := who.keys()
	same := g.flows[tenant] // nil: the newcomer's tenant has no waiter
	most, mostPeer, out := max(g.waiting(tenant), g.waiting(peer))+1, 0, -1
	own, ownPeer := -1, g.waiting(peer)+1
	for i, w := range g.line {
		p := w.peer.waiting
		if load := max(w.tenant.waiting, p); load > most || out >= 0 && load == most && p >= mostPeer {
			most, mostPeer, out = load, p, i
		}
		if w.tenant == same && (p > ownPeer || own >= 0 && p == ownPeer) {
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
func (g *Gate) add(who Asker, load Load) *waiter {
	tenant, peer := who.keys()
	w := &waiter{tenant: g.join(tenant), turns: load.Turns, places: load.Places, turn: make(chan bool, 1)}
	if w.peer = w.tenant; peer != tenant {
		w.peer = g.join(peer)
	}
	g.line = append(g.line, w)
	return w
}

// join counts one more waiter of a tenant or a peer.
func (g *Gate) join(key flowKey) *flow {
	f := g.flows[key]
	if f == nil {
		f = &flow{key: key, round: g.round}
		g.flows[key] = f
	}
	f.waiting++
	return f
}

// remove takes a waiter out of the line and drops flows that have no waiter left.
func (g *Gate) remove(i int) {
	w := g.line[i]
	g.line = slices.Delete(g.line, i, i+1)
	g.part(w.tenant)
	if w.peer != w.tenant {
		g.part(w.peer)
	}
}

// part counts one waiter of a tenant or a peer less.
func (g *Gate) part(f *flow) {
	if f.waiting--; f.waiting == 0 {
		delete(g.flows, f.key)
	}
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
	g.admit() // it may have held the others up
	return true
}

// leave gives places back and lets waiters in.
func (g *Gate) leave(places int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free += places
	g.admit()
}

// admit gives waiters their turns as long as there is room for the next one. One that wants more
// places than are free is waited for, so that smaller ones do not keep it waiting for ever.
func (g *Gate) admit() {
	for len(g.line) > 0 {
		next, round := g.next()
		w := g.line[next]
		if w.places > g.free {
			return
		}
		g.free -= w.places
		g.round = round
		w.tenant.round, w.peer.round = round+w.turns, round+w.turns
		g.remove(next)
		w.turn <- true
	}
}

// next finds the oldest waiter of those whose tenant and peer both had their last turn longest ago,
// and the round in which it gets its turn.
func (g *Gate) next() (next, round int) {
	next, peerRound := -1, 0
	for i, w := range g.line {
		p := w.peer.round
		r := max(w.tenant.round, p)
		if next < 0 || r < round || r == round && p < peerRound {
			next, round, peerRound = i, r, p
		}
	}
	return next, round
}
