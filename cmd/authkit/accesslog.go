package main

import (
	"cmp"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// accessLog writes one line of the log for each request once it is answered. A line holds the
// pattern of the route, never the path or the query, which may hold a token.
type accessLog struct {
	next    http.Handler
	proxies httpio.Proxies
	log     *slog.Logger
}

func (a accessLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen := &answered{ResponseWriter: w, bodiless: r.Method == http.MethodHead}
	begun := time.Now()
	peer := a.proxies.Sender(r)
	defer func() {
		a.log.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String("method", bounded(r.Method)), slog.String("route", routeOf(r)),
			slog.Int("status", seen.status), slog.Float64("duration_ms", float64(time.Since(begun).Microseconds())/1000), slog.Int64("bytes", seen.bytes),
			slog.String("request_id", w.Header().Get("X-Request-ID")), slog.String("peer", cmp.Or(peer.Addr, peer.Key)))
	}()
	a.next.ServeHTTP(seen, r)
	if seen.status == 0 { // net/http sends the head now
		seen.status = http.StatusOK
	}
}

// routeOf returns the pattern that the handler's mux found, and "(none)" for every other path.
func routeOf(r *http.Request) string {
	_, path, found := strings.Cut(r.Pattern, " ")
	if !found {
		path = r.Pattern
	}
	if path == "" || path == "/" {
		return "(none)"
	}
	return path
}

// bounded shortens a method, whose text a client chooses.
func bounded(method string) string {
	const most = 32
	return method[:min(len(method), most)]
}

// answered is a ResponseWriter that notes the status and counts the bytes of the body.
type answered struct {
	http.ResponseWriter

	status   int // 0: the head was not written
	bytes    int64
	bodiless bool // net/http drops the body
}

// WriteHeader implements [http.ResponseWriter]. The status of an interim answer does not count.
func (a *answered) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (a *answered) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	if !a.bodiless {
		a.bytes += int64(n)
	}
	return n, err
}

// Unwrap serves [http.ResponseController].
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }
