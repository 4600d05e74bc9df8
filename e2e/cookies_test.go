package e2e_test

import (
	"context"
	"crypto/sha1" // RFC 6455 requires it
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
)

// signsUp has a page of the host sign a user up into a session cookie.
func (c *chromium) signsUp(window context.Context, app, email string) int {
	c.t.Helper()
	script := fmt.Sprintf(`fetch(%q,{method:"POST",headers:{"Content-Type":"application/json"},body:%q}).then(r=>r.status)`,
		c.base+"/auth/credentials/"+app, `{"email":"`+email+`","password":"`+password+`","intent":"sign_up"}`)
	status, err := chromedp.Run(window, chromedp.Evaluate[int](script, chromedp.EvalAwaitPromise))
	if err != nil {
		c.t.Fatal(err)
	}
	return status
}

// socket serves a WebSocket of the host behind Require. It opens and sends no message.
func (c *chromium) socket() string {
	c.t.Helper()
	srv := httptest.NewServer(c.engine.Require(authkit.ForApp(c.app.ID))(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			c.t.Errorf("take the connection over: %v", err)
			return
		}
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
		_ = conn.Close()
	})))
	c.t.Cleanup(srv.Close)
	return "ws" + strings.TrimPrefix(srv.URL, "http")
}

// A page on another port is of the same site but another origin, so that the browser sends the
// cookie with its handshake.
func TestAWebSocketInChromium(t *testing.T) {
	t.Parallel()
	c := newChromium(t)
	change := func(p authkit.AppPatch) {
		if _, err := c.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: c.devID, ID: c.app.ID}, p); err != nil {
			t.Fatal(err)
		}
	}
	change(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	to, window := c.socket(), c.window()
	opens := func(page string) bool {
		do(t, window, chromedp.Navigate(page))
		script := fmt.Sprintf(`new Promise(done=>{const s=new WebSocket(%q);s.onopen=()=>done(true);s.onerror=()=>done(false)})`, to)
		open, err := chromedp.Run(window, chromedp.Evaluate[bool](script, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		return open
	}
	home := c.host + "/a-page-of-the-host"
	if opens(home) {
		t.Error("signed out: got a socket, want none")
	}
	if status := c.signsUp(window, c.app.ID.String(), "ann@example.com"); status != http.StatusCreated {
		t.Fatalf("sign-up: got %d, want 201", status)
	}
	if !opens(home) {
		t.Error("a page of this origin: got no socket, want one")
	}
	if opens(c.goal) {
		t.Error("a page of a sibling origin: got a socket, want none")
	}
	u, err := url.Parse(c.goal)
	if err != nil {
		t.Fatal(err)
	}
	change(authkit.AppPatch{Origins: &[]string{"http://" + u.Host}})
	c.clock.Advance(10_000_000_000) // beyond LiveWithin
	if !opens(c.goal) {
		t.Error("a page of one of the app's origins: got no socket, want one")
	}
}

// Each path of the origin answers, however many apps sign a visitor in.
func TestABrowserFullOfSessionsInChromium(t *testing.T) {
	t.Parallel()
	c := newChromium(t)
	window := c.window()
	do(t, window, chromedp.Navigate(c.host+"/a-page-of-the-host"))
	for i := range 18 {
		app, err := c.engine.EnsureApp(t.Context(), c.devID, fmt.Sprintf("App %d", i))
		if err == nil {
			_, err = c.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: c.devID, ID: app.ID}, authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
		}
		if err != nil {
			t.Fatal(err)
		}
		want := http.StatusCreated
		if i >= 16 {
			want = http.StatusConflict
		}
		if got := c.signsUp(window, app.ID.String(), "ann@example.com"); got != want {
			t.Errorf("app %d: got %d, want %d", i, got, want)
		}
	}
	seen, err := chromedp.Run(window, chromedp.Evaluate[string](`document.cookie`))
	if err != nil || seen != "" {
		t.Errorf("scripts see %q, %v, want nothing", seen, err)
	}
	status, err := chromedp.Run(window, chromedp.Evaluate[int](fmt.Sprintf(`fetch(%q).then(r=>r.status)`, c.base+"/healthz"), chromedp.EvalAwaitPromise))
	if err != nil || status != http.StatusOK {
		t.Errorf("another path: got %d, %v, want 200", status, err)
	}
}
