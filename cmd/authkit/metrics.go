package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/promauthkit"
)

// metricsEndpoint serves the numbers of the process, apart from the requests of clients. Without a
// listener it does nothing.
type metricsEndpoint struct {
	listener net.Listener
	http     *http.Server
}

// listenForMetrics listens where --metrics says. It returns nil if the flag is not set.
func (s *serve) listenForMetrics(ctx context.Context, log *slog.Logger) (net.Listener, error) {
	if s.Metrics == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	var l net.ListenConfig
	listener, err := l.Listen(ctx, "tcp", s.Metrics)
	if err != nil {
		return nil, fmt.Errorf("--metrics is %q: give HOST:PORT of this machine that is free, such as 127.0.0.1:9090: %w", s.Metrics, err)
	}
	log.Info("serving metrics", slog.String("addr", listener.Addr().String()))
	if host, _, err := net.SplitHostPort(listener.Addr().String()); err == nil && !loopback(host) {
		log.Warn("the metrics are served beyond loopback, without a password: let only Prometheus reach them", slog.String("addr", listener.Addr().String()))
	}
	return listener, nil
}

// metricsServer serves the numbers of the engine, of the Go runtime and of the process.
func metricsServer(engine *authkit.Engine, log *slog.Logger) *http.Server {
	registry := prometheus.NewRegistry()
	registry.MustRegister(promauthkit.New(engine), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}))
	return &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// serve serves until close. It tells ended, which has room, if it cannot go on.
func (m metricsEndpoint) serve(ended chan<- error) {
	if m.listener == nil {
		return
	}
	go func() {
		if err := m.http.Serve(m.listener); err != http.ErrServerClosed { //nolint:err113 // as net/http documents it
			ended <- fmt.Errorf("metrics: %w", err)
		}
	}()
}

func (m metricsEndpoint) close() {
	if m.listener == nil {
		return
	}
	if m.http != nil {
		_ = m.http.Close()
	}
	_ = m.listener.Close() // if the start failed, it was not served yet
}
