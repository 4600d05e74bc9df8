package authkit

import (
	"net/http"
	"time"
)

// Engine makes the decisions of authkit; its parts do the work. It is safe for concurrent use and
// holds nothing that another process over the same store needs.
type Engine struct {
	cfg   Config
	store storage

	// The parts, each with the state and the role of the store that it owns.
	secrets   *secrets    // what is sealed
	hasher    *hasher     // passwords
	signing   *signing    // signing keys
	limits    *limiter    // what is counted
	hooks     *notifier   // the host's hooks and observer, and counts by day
	audit     *auditChain // the chains of events
	outbox    *outbox     // mail
	factors   *factors    // second factors
	tokens    *tokens     // what may be used once: challenges, states, one-time codes
	sessions  *sessions   // sessions and their tokens
	live      *liveness   // what Require remembers
	keys      *apiKeys    // API keys
	providers *providers  // OAuth configurations
	webhooks  *webhooks   // where events are sent to
	courier   *courier    // what is on its way there
	http      *border     // what HTTP keeps
}

// Handler returns the handler of every endpoint, with paths relative to the mount point: a host
// that mounts it under a subpath strips that path first. It is safe for concurrent use.
func (e *Engine) Handler() http.Handler { return e.http.handler }

// now returns the time of the store.
func (e *Engine) now() time.Time { return e.store.clock.now() }
