package authkit_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// The writer behind Require decides the caching headers and leaves everything else alone.
func TestWhatAHandlerBehindRequireWrites(t *testing.T) {
	t.Parallel()
	w := withCookies(t, "cookie")
	cookie := w.cookieOf(w.signUp("ann@example.com"))
	id := w.app.ID.String()
	sets := func(rw http.ResponseWriter, name string) {
		rw.Header().Set("Cache-Control", "public, max-age=60")
		rw.Header().Add("Set-Cookie", "mine=1")
		rw.Header().Add("Set-Cookie", name+"=x; Path=/")
	}
	for name, h := range map[string]struct {
		write func(http.ResponseWriter)
		want  string
	}{
		"with WriteHeader":  {func(rw http.ResponseWriter) { sets(rw, "authkit-"+id); rw.WriteHeader(http.StatusOK) }, "no-store"},
		"with Write":        {func(rw http.ResponseWriter) { sets(rw, "__Host-authkit-"+id); _, _ = io.WriteString(rw, "x") }, "no-store"},
		"a device":          {func(rw http.ResponseWriter) { sets(rw, "__Host-authkit-d"); _, _ = io.WriteString(rw, "x") }, "no-store"},
		"with ReadFrom":     {func(rw http.ResponseWriter) { sets(rw, "authkit-"+id); _, _ = io.Copy(rw, strings.NewReader("x")) }, "no-store"},
		"with Flush":        {func(rw http.ResponseWriter) { sets(rw, "authkit-"+id); rw.(http.Flusher).Flush() }, "no-store"},
		"with a controller": {func(rw http.ResponseWriter) { sets(rw, "authkit-"+id); _ = http.NewResponseController(rw).Flush() }, "no-store"},
		"after a first hint": {func(rw http.ResponseWriter) {
			rw.WriteHeader(http.StatusEarlyHints)
			sets(rw, "authkit-"+id)
			rw.WriteHeader(http.StatusOK)
		}, "no-store"},
		"with nothing":     {func(rw http.ResponseWriter) { sets(rw, "authkit-"+id) }, "no-store"},
		"a binding":        {func(rw http.ResponseWriter) { sets(rw, "authkit-b"); rw.WriteHeader(http.StatusOK) }, "no-store"},
		"of its own alone": {func(rw http.ResponseWriter) { sets(rw, "theirs"); rw.WriteHeader(http.StatusOK) }, "public, max-age=60"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(w.engine.Require(authkit.ForApp(w.app.ID))(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { h.write(rw) })))
			defer srv.Close()
			got := fetched(t, srv.URL, cookie)
			_ = got.Body.Close()
			if got.StatusCode != http.StatusOK || got.Header.Get("Cache-Control") != h.want {
				t.Errorf("got %d with Cache-Control %q, want 200 with %q", got.StatusCode, got.Header.Get("Cache-Control"), h.want)
			}
		})
	}
}

func fetched(t *testing.T, to, cookie string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, value, _ := strings.Cut(cookie, ": ")
	r.Header.Set("Cookie", value)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAConnectionIsTakenOverBehindRequire(t *testing.T) {
	t.Parallel()
	w := withCookies(t, "cookie")
	cookie := w.cookieOf(w.signUp("ann@example.com"))
	for name, take := range map[string]func(http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error){
		"by type": func(rw http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) { return rw.(http.Hijacker).Hijack() },
		"by a controller": func(rw http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) {
			return http.NewResponseController(rw).Hijack()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(w.engine.Require(authkit.ForApp(w.app.ID))(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				conn, _, err := take(rw)
				if err != nil {
					t.Errorf("got %v, want the connection", err)
					return
				}
				_, _ = fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmine")
				_ = conn.Close()
			})))
			defer srv.Close()
			got := fetched(t, srv.URL, cookie)
			defer func() { _ = got.Body.Close() }()
			if b, err := io.ReadAll(got.Body); err != nil || string(b) != "mine" {
				t.Errorf("got %q, %v, want what the handler wrote itself", b, err)
			}
		})
	}
	t.Run("and not where the server cannot", func(t *testing.T) {
		t.Parallel()
		got := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		_, value, _ := strings.Cut(cookie, ": ")
		r.Header.Set("Cookie", value)
		w.engine.Require(authkit.ForApp(w.app.ID))(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			if _, _, err := rw.(http.Hijacker).Hijack(); err == nil {
				t.Error("got a connection of a recorder")
			}
			rw.WriteHeader(http.StatusTeapot)
		})).ServeHTTP(got, r)
		if got.Code != http.StatusTeapot {
			t.Errorf("got %d", got.Code)
		}
	})
}
