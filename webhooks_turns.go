package authkit

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

const (
	webhooksAtOnce = 32  // webhooks that a process sends to at once
	slowAtOnce     = 16  // of those, the ones whose receiver was slow or did not answer well
	turnBatches    = 128 // batches that a webhook gets in one turn
)

// hookTurns says to which webhooks a process sends. A webhook has a turn, and waits for its next one
// until others had theirs. Those that were slow in their latest turn leave room for the others: a
// receiver that hangs holds its place for long. It is safe for concurrent use.
type hookTurns struct {
	mu    sync.Mutex
	busy  map[WebhookKey]chan struct{} // each is closed at the end of the turn
	last  map[WebhookKey]hookTurn      // the latest turn of the webhooks that were due in the latest look
	begun int64                        // turns
	slow  int                          // of busy, those that began as slow ones
}

// hookTurn is the latest turn of a webhook.
type hookTurn struct {
	at   int64 // its number among all
	slow bool
}

func newHookTurns() *hookTurns {
	return &hookTurns{busy: map[WebhookKey]chan struct{}{}, last: map[WebhookKey]hookTurn{}}
}

// order sorts the webhooks that are due: those first whose latest turn is the longest ago. It forgets
// the others.
func (h *hookTurns) order(due []WebhookKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := make(map[WebhookKey]hookTurn, len(due))
	for _, key := range due {
		if turn, ok := h.last[key]; ok {
			known[key] = turn
		}
	}
	for key := range h.busy {
		known[key] = h.last[key]
	}
	h.last = known
	slices.SortStableFunc(due, func(a, b WebhookKey) int { return cmp.Compare(known[a].at, known[b].at) })
}

// begin begins a turn. It reports false if the webhook has one, or there is no room: the next look
// finds it again.
func (h *hookTurns) begin(key WebhookKey) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	slow := h.last[key].slow
	if h.busy[key] != nil || len(h.busy) >= webhooksAtOnce || slow && h.slow >= slowAtOnce {
		return false
	}
	h.begun++
	h.last[key] = hookTurn{h.begun, slow}
	h.busy[key] = make(chan struct{})
	if slow {
		h.slow++
	}
	return true
}

// end ends a turn; slow: the receiver was slow.
func (h *hookTurns) end(key WebhookKey, slow bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	turn := h.last[key]
	if turn.slow {
		h.slow--
	}
	turn.slow = slow
	h.last[key] = turn
	close(h.busy[key])
	delete(h.busy, key)
}

// wait waits for the end of the turns that have begun.
func (h *hookTurns) wait() {
	h.mu.Lock()
	all := slices.Collect(maps.Values(h.busy))
	h.mu.Unlock()
	for _, done := range all {
		<-done
	}
}
