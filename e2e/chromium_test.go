package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// chromium is a real browser, which obeys content security policies and the rules of cookies.
// Each of its windows has a profile of its own.
type chromium struct {
	*world

	ctx  context.Context
	goal string // a page of the application
}

func newChromium(t *testing.T) *chromium {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(rw, "<h1 id=arrived>arrived</h1>")
	}))
	t.Cleanup(app.Close)
	c := &chromium{world: setup(t, subpath), goal: app.URL + "/landed"}
	if _, err := c.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: c.devID, ID: c.app.ID}, authkit.AppPatch{RedirectURLs: &[]string{c.goal, c.host + "/landed"}}); err != nil {
		t.Fatal(err)
	}
	c.ctx = launch(t)
	return c
}

// launch starts the browser, with flags beside those of the harness.
func launch(t *testing.T, flags ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], flags...)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium (apt-get install chromium): %v", err)
	}
	return ctx
}

// window opens a window with a new profile.
func (c *chromium) window() context.Context {
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	c.t.Cleanup(cancel)
	return ctx
}

func do(t *testing.T, window context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(window, steps...); err != nil {
		t.Fatal(err)
	}
}

// asks has a window ask for a mail from a page of the same origin.
func (c *chromium) asks(window context.Context, path, body, to string) mail.Message {
	c.t.Helper()
	do(c.t, window, chromedp.Navigate(c.host+"/a-page-of-the-host"))
	script := fmt.Sprintf(`fetch(%q,{method:"POST",headers:{"Content-Type":"application/json"},body:%q}).then(r=>r.status)`, c.base+c.at(path), body)
	status, err := chromedp.Run(window, chromedp.Evaluate[int](script, chromedp.EvalAwaitPromise))
	if err != nil || status != http.StatusAccepted {
		c.t.Fatalf("ask: got %d, %v, want 202", status, err)
	}
	c.work(c.t)
	m, ok := c.outbox.Last(to)
	if !ok {
		c.t.Fatalf("mail to %s: got no mail", to)
	}
	return m
}

// arrives waits until the window is at the application, and returns the query of its URL.
func (c *chromium) arrives(window context.Context) url.Values {
	c.t.Helper()
	do(c.t, window, chromedp.WaitVisible(chromedp.CSS("#arrived")))
	at, err := chromedp.Run(window, chromedp.Location())
	if err != nil || !strings.HasPrefix(at, c.goal+"?") {
		c.t.Fatalf("got %s, %v, want %s", at, err, c.goal)
	}
	u, err := url.Parse(at)
	if err != nil {
		c.t.Fatal(err)
	}
	return u.Query()
}

func TestPagesInChromium(t *testing.T) {
	t.Parallel()
	c := newChromium(t)
	const button = chromedp.CSS("button[type=submit]")

	t.Run("the browser that asked goes on by itself", func(t *testing.T) {
		window := c.window()
		m := c.asks(window, "/auth/magic-link", `{"email":"ann@example.com","redirect_to":"`+c.goal+`","code_challenge":"`+challenge+`"}`, "ann@example.com")
		do(t, window, chromedp.Navigate(mail.Link(m)))
		if code := c.arrives(window).Get("code"); code == "" {
			t.Error("code: got none, want one")
		}
		do(t, window, chromedp.NavigateBack()) // no address in the history contains the token
		if at, err := chromedp.Run(window, chromedp.Location()); err != nil || strings.Contains(at, "token") {
			t.Errorf("back: got %s, %v, want no token", at, err)
		}
	})
	t.Run("another browser shows a button, which signs that one in", func(t *testing.T) {
		landed := c.host + "/landed" // of the origin of the base URL, where no code challenge is due
		m := c.asks(c.window(), "/auth/magic-link", `{"email":"bob@example.com","redirect_to":"`+landed+`"}`, "bob@example.com")
		other := c.window()
		do(t, other, chromedp.Navigate(mail.Link(m)), chromedp.WaitVisible(button))
		text, err := chromedp.Run(other, chromedp.Text(chromedp.CSS("main")))
		if err != nil || !strings.Contains(text, "b***@example.com") || !strings.Contains(text, "UTC, with Chrome on Linux") {
			t.Errorf("page: got %q, %v, want who asked and with what", text, err)
		}
		do(t, other, chromedp.Click(button), chromedp.WaitNotPresent(chromedp.CSS("form")))
		if at, err := chromedp.Run(other, chromedp.Location()); err != nil || !strings.HasPrefix(at, landed+"?code=") {
			t.Errorf("got %s, %v, want %s with a code", at, err, landed)
		}
	})
	t.Run("a password is chosen on the page, on a phone", func(t *testing.T) {
		c.send("POST", c.at("/auth/credentials"), `{"email":"eve@example.com","password":"`+password+`"}`).want(t, 201, "")
		m := c.asks(c.window(), "/auth/password/forgot", `{"email":"eve@example.com"}`, "eve@example.com")
		phone := c.window()
		do(t, phone,
			chromedp.EmulateViewport(360, 640, chromedp.EmulateMobile), chromedp.Navigate(mail.Link(m)),
			chromedp.SendKeys(chromedp.CSS("input[type=password]"), "short"), chromedp.Click(button), // the form refuses it
		)
		if wide, err := chromedp.Run(phone, chromedp.Evaluate[bool]("document.documentElement.scrollWidth>innerWidth")); err != nil || wide {
			t.Errorf("width: got wider than the screen: %v, %v", wide, err)
		}
		do(t, phone, chromedp.SendKeys(chromedp.CSS("input[type=password]"), " no more, that is"), chromedp.Click(button))
		do(t, phone, chromedp.WaitNotPresent(chromedp.CSS("form")))
		if text, err := chromedp.Run(phone, chromedp.Text(chromedp.CSS("h1"))); err != nil || text != "Saved" {
			t.Errorf("page: got %q, %v, want Saved", text, err)
		}
		c.send("POST", c.at("/auth/credentials"), `{"email":"eve@example.com","password":"short no more, that is"}`).want(t, 200, "")
	})
}
