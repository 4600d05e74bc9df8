package authkit

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/thinlog"
)

// Engine is authkit at work. It is safe for concurrent use and holds nothing that
// another process over the same store needs.
type Engine struct {
	cfg   Config
	store Store
	clock *storeClock
	log   *slog.Logger
	base  *url.URL

	sessions  *sessions
	ring      *seal.Ring
	secrets   *secrets
	hasher    *hasher
	limits    *limiter
	signing   *signing
	providers *providers
	live      *liveness
	keys      *apiKeys
	hooks     *notifier
	outbox    *outbox
	tokens    *tokens
	repeats   *thinlog.Logger // thins the log
	http      *border

	awaiting chan struct{} // returns from a provider that wait for the same one
}

// Handler serves every endpoint, with paths relative to the mount point: a host that
// mounts it under a subpath strips that first. It is safe for concurrent use.
func (e *Engine) Handler() http.Handler { return e.http.handler }

// now is the store's time.
func (e *Engine) now() time.Time { return e.clock.now() }
