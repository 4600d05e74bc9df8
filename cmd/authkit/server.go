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
)

const (
	// drain is how long requests in flight may take after SIGTERM, and grace how long
	// all of the end may: ten seconds are promised, on a busy machine too.
	drain = 7 * time.Second
	grace = 8 * time.Second

	// parting is how long a mail that has been begun may take to arrive and be noted: one
	// that is claimed and cut waits for a minute before anybody sends it again.
	parting = 5 * time.Second
)

// server is all that serving needs, ready.
type server struct {
	listener net.Listener
	store    store
	engine   *authkit.Engine
	http     *http.Server
	log      *slog.Logger
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
	ended := make(chan error, 1)
	go func() { ended <- srv.http.Serve(srv.listener) }()
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

// finish lets requests in flight end, and then the work that they have left behind. What
// takes too long is cut: to be stopped is no failure, and the store keeps the rest.
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
			srv.log.Warn("background work is left to the next start", slog.Any("error", err))
		}
		srv.close()
		close(done)
	}()
	select {
	case <-done:
	case <-last.Done():
	}
}

// close gives back what start took.
func (srv *server) close() {
	if srv.listener != nil {
		_ = srv.listener.Close() // Serve may have closed it
	}
	if srv.store.close != nil {
		if err := srv.store.close(); err != nil {
			srv.log.Error("close the store", slog.Any("error", err))
		}
	}
}

// mount strips the mount point. What lies outside it gets the handler's own 404.
func mount(prefix string, handler http.Handler) http.Handler {
	if prefix == "" {
		return handler
	}
	inside := http.StripPrefix(prefix, handler)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw := r.URL.RawPath // what is encoded in the mount point, http.StripPrefix does not find
		if strings.HasPrefix(r.URL.Path, prefix+"/") && (raw == "" || strings.HasPrefix(raw, prefix+"/")) {
			inside.ServeHTTP(w, r)
			return
		}
		outside := r.Clone(r.Context())
		outside.URL.Path, outside.URL.RawPath = "", ""
		handler.ServeHTTP(w, outside)
	})
}
