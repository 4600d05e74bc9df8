package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/httpio"
)

const (
	// drain is how long requests in flight may take after SIGTERM, and grace how long the
	// whole shutdown may take: docs/serve.md promises ten seconds, on a busy machine too.
	drain = 7 * time.Second
	grace = 8 * time.Second

	// parting is how long a mail that is being sent may take to arrive and be noted. A mail
	// that is cut after it was claimed waits a minute before another process sends it.
	parting = 5 * time.Second
)

// server holds what serving needs.
type server struct {
	listener net.Listener
	store    store
	engine   *authkit.Engine
	http     *http.Server
	log      *slog.Logger
	metrics  metricsEndpoint
}

// run serves until ctx ends.
func (srv *server) run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var working sync.WaitGroup
	working.Go(func() {
		if err := srv.engine.Run(background); err != nil {
			srv.log.Error("background work ended", slog.Any("error", err))
		}
	})
	ended := make(chan error, 2)
	go func() { ended <- srv.http.Serve(srv.listener) }()
	srv.metrics.serve(ended)
	select {
	case err := <-ended:
		stop()
		working.Wait()
		srv.close()
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		srv.log.Info("stopping")
		srv.finish(context.WithoutCancel(ctx), func() { stop(); working.Wait() })
		return nil
	}
}

// finish waits for the requests in flight, and then for the background work that they left.
// It cuts what takes too long. That is not an error: the store keeps the rest for the next
// start.
func (srv *server) finish(ctx context.Context, stopRun func()) {
	last, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	begin, cancelBegin := context.WithTimeout(last, grace-parting)
	defer cancelBegin()
	requests, cancelRequests := context.WithTimeout(last, drain)
	defer cancelRequests()
	if err := srv.http.Shutdown(requests); err != nil {
		srv.log.Warn("requests in flight are cut", slog.Any("error", errors.Join(err, srv.http.Close())))
	}
	done := make(chan struct{})
	go func() {
		stopRun()
		if err := srv.engine.RunOnce(begin); err != nil {
			srv.log.Warn("background work is left for the next start", slog.Any("error", err))
		}
		srv.close()
		close(done)
	}()
	select {
	case <-done:
	case <-last.Done():
	}
}

// close releases what start acquired.
func (srv *server) close() {
	if srv.listener != nil {
		_ = srv.listener.Close() // Serve may have closed it already
	}
	srv.metrics.close()
	if srv.store.close != nil {
		if err := srv.store.close(); err != nil {
			srv.log.Error("close the store", slog.Any("error", err))
		}
	}
}

// signInPage is the page on which a developer signs in, below the base URL.
const signInPage = "/auth/sign-in/console?session=cookie"

// front serves a handler, and sends a person who visits the root to the sign-in page. A program gets
// what the handler answers.
type front struct {
	http.Handler

	page string // the path of the page
}

// ServeHTTP implements [http.Handler].
func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead) && httpio.Navigates(r) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Location", f.page)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	f.Handler.ServeHTTP(w, r)
}

// mount serves the handler under the mount point. A path outside it gets the handler's 404.
func mount(prefix string, handler http.Handler) http.Handler {
	if prefix == "" {
		return handler
	}
	inside := http.StripPrefix(prefix, handler)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw := r.URL.RawPath // http.StripPrefix does not find a mount point with escapes
		if strings.HasPrefix(r.URL.Path, prefix+"/") && (raw == "" || strings.HasPrefix(raw, prefix+"/")) {
			inside.ServeHTTP(w, r)
			return
		}
		outside := r.Clone(r.Context())
		outside.URL.Path, outside.URL.RawPath = "", ""
		handler.ServeHTTP(w, outside)
	})
}
