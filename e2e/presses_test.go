package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// slowly delays each request of a window, as a mobile network does.
func slowly(t *testing.T, window context.Context, latency time.Duration) {
	t.Helper()
	conditions := &network.Conditions{Latency: float64(latency / time.Millisecond), DownloadThroughput: -1, UploadThroughput: -1}
	_, err := chromedp.Call(window, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{conditions}})
	if err != nil {
		t.Fatal(err)
	}
}

// pressesTwice presses the button of a page, and presses it again before the first answer.
func pressesTwice(t *testing.T, window context.Context, between time.Duration) {
	t.Helper()
	script := fmt.Sprintf(`(()=>{const b=document.querySelector("button[type=submit]");b.click();setTimeout(()=>b.click(),%d)})()`, between/time.Millisecond)
	if _, err := chromedp.Run(window, chromedp.Evaluate[any](script)); err != nil {
		t.Fatal(err)
	}
}

// A person presses the button twice. The browser drops the answer to the first press and shows
// the answer to the second.
func TestAButtonPressedTwiceInChromium(t *testing.T) {
	t.Parallel()
	c := newChromium(t)
	cookie := authkit.SessionCookie
	if _, err := c.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: c.devID, ID: c.app.ID}, authkit.AppPatch{SessionMode: &cookie}); err != nil {
		t.Fatal(err)
	}
	me := fmt.Sprintf(`fetch(%q).then(r=>r.status)`, c.base+c.at("/auth/me"))
	for _, between := range []time.Duration{60 * time.Millisecond, 130 * time.Millisecond, 200 * time.Millisecond} {
		for name, extra := range map[string]string{"stays": "", "goes on": `,"redirect_to":"` + c.goal + `"`} {
			t.Run(fmt.Sprintf("after %s, a link that %s", between, name), func(t *testing.T) {
				email := fmt.Sprintf("ann%d%s@example.com", between/time.Millisecond, strings.ReplaceAll(name, " ", ""))
				m := c.asks(c.window(), "/auth/magic-link", `{"email":"`+email+`"`+extra+`}`, email)
				window := c.window()
				do(t, window, chromedp.Navigate(mail.Link(m)), chromedp.WaitVisible(chromedp.CSS("button")))
				slowly(t, window, 200*time.Millisecond)
				pressesTwice(t, window, between)
				if extra != "" {
					do(t, window, chromedp.WaitVisible(chromedp.CSS("#arrived")), chromedp.Navigate(c.host+"/a-page-of-the-host"))
				} else {
					do(t, window, chromedp.WaitReady(chromedp.CSS("body.account")))
					do(t, window, chromedp.Navigate(c.host+"/a-page-of-the-host"))
				}
				if status, err := chromedp.Run(window, chromedp.Evaluate[int](me, chromedp.EvalAwaitPromise)); err != nil || status != http.StatusOK {
					t.Errorf("me: got %d, %v, want 200: the browser is signed in", status, err)
				}
			})
		}
	}
	t.Run("a link that is spent says so on a page", func(t *testing.T) {
		m := c.asks(c.window(), "/auth/magic-link", `{"email":"eve@example.com"}`, "eve@example.com")
		window := c.window()
		do(t, window, chromedp.Navigate(mail.Link(m)), chromedp.WaitVisible(chromedp.CSS("button")))
		_, token, _ := strings.Cut(mail.Link(m), "token=")
		c.send("POST", c.at("/auth/verify"), `{"token":"`+token+`"}`).want(t, 200, "")
		do(t, window, chromedp.Click(chromedp.CSS("button")), chromedp.WaitReady(chromedp.CSS("body.refusal")))
		text, err := chromedp.Run(window, chromedp.Text(chromedp.CSS("main")))
		if err != nil || !strings.Contains(text, "This link is no longer valid") || !strings.Contains(text, "Request 0") {
			t.Errorf("page: got %q, %v, want words and the request's id", text, err)
		}
	})
}

// A program on the device listens on a port of its choice. The browser goes there only by a
// person's press, even if the link would otherwise redirect (RFC 8252, section 8.6).
func TestANativeProgramInChromium(t *testing.T) {
	t.Parallel()
	c := newChromium(t)
	const scheme = "com.example.app:/callback"
	port := c.goal[strings.LastIndex(c.goal, ":"):]
	port = port[:strings.Index(port, "/")]
	urls := []string{strings.Replace(c.goal, port, "", 1), scheme}
	if _, err := c.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: c.devID, ID: c.app.ID}, authkit.AppPatch{RedirectURLs: &urls}); err != nil {
		t.Fatal(err)
	}
	challenge := `,"code_challenge":"` + challenge + `"`
	t.Run("any port of an entry on loopback", func(t *testing.T) {
		window := c.window()
		m := c.asks(window, "/auth/magic-link", `{"email":"ann@example.com","redirect_to":"`+c.goal+`"`+challenge+`}`, "ann@example.com")
		do(t, window, chromedp.Navigate(mail.Link(m)), chromedp.WaitVisible(chromedp.CSS("button")))
		if text, err := chromedp.Run(window, chromedp.Text(chromedp.CSS("main"))); err != nil || !strings.Contains(text, "Sign in to Demo") {
			t.Errorf("page: got %q, %v, want the name of the app", text, err)
		}
		do(t, window, chromedp.Click(chromedp.CSS("button")))
		if code := c.arrives(window).Get("code"); code == "" {
			t.Error("code: got none, want one")
		}
	})
	t.Run("a private-use scheme", func(t *testing.T) {
		window := c.window()
		m := c.asks(window, "/auth/magic-link", `{"email":"bob@example.com","redirect_to":"`+scheme+`"`+challenge+`}`, "bob@example.com")
		do(t, window, chromedp.Navigate(mail.Link(m)), chromedp.WaitVisible(chromedp.CSS("button")))
		requests := chromedp.Events(window, network.RequestWillBeSent)
		do(t, window, chromedp.Click(chromedp.CSS("button")), chromedp.WaitVisible(chromedp.CSS("body.continue")), chromedp.Click(chromedp.CSS("main a.primary")))
		for ev, err := range requests {
			if err != nil {
				t.Fatalf("the browser never went to %s: %v", scheme, err)
			}
			if strings.HasPrefix(ev.Request.URL, scheme+"?code=") {
				break
			}
		}
	})
}
