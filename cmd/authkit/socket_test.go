package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// startAt starts a process that listens at a Unix socket, behind a proxy that forwards the
// X-Forwarded-For of the test.
func startAt(t *testing.T, socket string, args ...string) *process {
	t.Helper()
	p := launch(t, newLines(), append([]string{
		"--store", "memory", "--addr", "unix:" + socket, "--base-url", "http://127.0.0.1:8080",
	}, args...)...)
	p.line(p.stdout, `^listening on http://127.0.0.1:8080$`)
	var d net.Dialer
	toSocket := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "unix", socket)
	}}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Transport: toSocket,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "authkit"
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
		},
	})
	t.Cleanup(func() { proxy.Close(); toSocket.CloseIdleConnections() })
	p.addr = strings.TrimPrefix(proxy.URL, "http://")
	return p
}

// newSocket returns the path of a socket in a folder with a short name: such a path has about
// 100 bytes at most.
func newSocket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "authkit") //nolint:usetesting // t.TempDir is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

func TestAProxyOnAUnixSocket(t *testing.T) {
	t.Parallel()
	const most = 20 // sign-ins in a minute, of one address
	for name, c := range map[string]struct {
		args  []string
		other int // the status of another client after one has exhausted its limit
	}{
		"is one peer by default":             {nil, 429},
		"tells its clients if it is trusted": {[]string{"--trusted-proxies", "unix"}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startAt(t, newSocket(t), c.args...)
			signIn := func(client string) answer {
				return p.send("POST", "/auth/credentials/console", `{}`, "X-Forwarded-For: "+client)
			}
			for range most {
				signIn("203.0.113.7").want(t, 400, "invalid_request")
			}
			signIn("203.0.113.7").want(t, 429, "rate_limited")
			signIn("203.0.113.8").want(t, c.other, "")
		})
	}
}

func TestASocketThatAKilledProcessLeft(t *testing.T) {
	t.Parallel()
	socket := newSocket(t)
	startAt(t, socket).kill()
	if _, err := os.Lstat(socket); err != nil {
		t.Fatalf("socket: got %v, want one that is left", err)
	}
	next := startAt(t, socket)
	next.send("GET", "/healthz", "").want(t, 200, "")
	next.stop()
	if _, err := os.Lstat(socket); err == nil {
		t.Error("socket: got one after the end, want none")
	}
}
