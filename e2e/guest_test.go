package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/mail"
)

// guest is a person at the pages of an app, in a window with a profile of its own. The server, its
// clock and its mails are the guest's alone; the browser is shared.
type guest struct {
	*world

	window context.Context
	goal   string // a page of the application
	stays  bool   // a window that goes to the goal stays where it is
	kit    *authkittest.Kit
	seen   *happenings // in the window
}

// happenings are what a window has asked for and complained of since the last visit.
type happenings struct {
	mu       sync.Mutex
	requests []*network.EventRequestWillBeSent
	pages    []*network.EventResponseReceived // the documents
	errors   []string
}

// visit opens a window of the browser, in which an app that holds sessions in cookies is visited.
func visit(t *testing.T, browser context.Context, change ...func(*authkit.Config)) *guest {
	t.Helper()
	return visitAt(t, subpath, browser, change...)
}

// visitAt opens a window in which an app is visited at a mount.
func visitAt(t *testing.T, m mount, browser context.Context, change ...func(*authkit.Config)) *guest {
	t.Helper()
	v := &guest{}
	goal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v.stays {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		text("<h1 id=arrived>arrived</h1>").ServeHTTP(w, r)
	}))
	t.Cleanup(goal.Close)
	v.goal = goal.URL + "/landed"
	kit, config := authkittest.Config(t), new(authkit.Config)
	v.world = setup(t, m, slices.Concat([]func(*authkit.Config){func(c *authkit.Config) {
		c.Limits.InsecureOff, c.InsecureAllowLoopbackProviders = true, true
		c.Mailer, c.Now, config = kit.Mailer, kit.Now, c
	}}, change)...)
	v.kit = authkittest.Adopt(t, v.engine, v.app, *config)
	v.sets(authkit.AppPatch{SessionMode: new(authkit.SessionCookie), RedirectURLs: &[]string{v.goal, "com.example.app:/callback"}})
	v.opensWindow(browser)
	return v
}

// opensWindow gives the guest another window, with a new profile.
func (v *guest) opensWindow(browser context.Context) {
	v.t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	v.t.Cleanup(cancel)
	v.uses(ctx)
}

// tab opens a tab beside the window of the guest.
func (v *guest) tab() *guest {
	v.t.Helper()
	other := *v
	other.uses(tab(v.t, v.window))
	return &other
}

// uses notes from now on what happens in a window.
func (v *guest) uses(window context.Context) {
	v.t.Helper()
	seen := &happenings{}
	if err := chromedp.Listen(window, seen.note); err != nil {
		v.t.Fatal(err)
	}
	if _, err := chromedp.Call(window, cdplog.Enable, cdp.Empty{}); err != nil {
		v.t.Fatal(err)
	}
	v.window, v.seen = window, seen
}

func (h *happenings) note(event any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		h.requests = append(h.requests, e)
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument && e.Response.MimeType == "text/html" {
			h.pages = append(h.pages, e)
		}
	case *runtime.EventExceptionThrown:
		h.errors = append(h.errors, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		h.errors = append(h.errors, fmt.Sprint("console.", e.Type))
	case *cdplog.EventEntryAdded: // that a page has the status of a refusal is no error
		if e.Entry.Level == "error" && !strings.HasPrefix(e.Entry.Text, "Failed to load resource: the server responded with a status of 4") {
			h.errors = append(h.errors, e.Entry.Text)
		}
	}
}

// begins forgets what happened until now.
func (h *happenings) begins() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests, h.pages, h.errors = nil, nil, nil
}

// reads sets the language of the guest's browser.
func (v *guest) reads(language string) {
	v.t.Helper()
	if _, err := chromedp.Call(v.window, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}}); err != nil {
		v.t.Fatal(err)
	}
}

// scripts allows or forbids the scripts of pages.
func (v *guest) scripts(allowed bool) {
	v.t.Helper()
	if _, err := chromedp.Call(v.window, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !allowed}); err != nil {
		v.t.Fatal(err)
	}
}

// sets changes the app.
func (v *guest) sets(p authkit.AppPatch) {
	v.t.Helper()
	if _, err := v.engine.ChangeApp(v.t.Context(), authkit.AppRef{Developer: v.devID, ID: v.app.ID}, p); err != nil {
		v.t.Fatal(err)
	}
}

// offers configures providers that no test visits.
func (v *guest) offers(names ...string) {
	v.t.Helper()
	for _, name := range names {
		ref := authkit.ProviderRef{App: authkit.AppRef{Developer: v.devID, ID: v.app.ID}, Provider: name}
		if _, err := v.engine.CreateOAuthConfig(v.t.Context(), ref, authkit.OAuthPatch{ClientID: new("id"), ClientSecret: new("secret")}); err != nil {
			v.t.Fatal(err)
		}
	}
}

// has creates an account with the password of the tests, whose address is proven.
func (v *guest) has(email string) {
	v.t.Helper()
	if _, err := v.engine.CreateUser(v.t.Context(), v.app.ID, authkit.UserRequest{Email: email, Verified: true}); err != nil {
		v.t.Fatal(err)
	}
	v.send("POST", v.at("/auth/password/forgot"), `{"email":"`+email+`"}`).want(v.t, http.StatusAccepted, "")
	_, token, _ := strings.Cut(mail.Link(v.mailed(email)), "token=")
	v.send("POST", v.at("/auth/password/reset"), mustJSON(v.t, map[string]string{"token": token, "password": password})).want(v.t, http.StatusOK, "")
}

// opens visits a page of the app, such as "sign-in?login_hint=x".
func (v *guest) opens(page string) {
	v.t.Helper()
	name, query, _ := strings.Cut(page, "?")
	v.goesTo(v.base + v.at("/auth/"+name) + strings.TrimSuffix("?"+query, "?"))
}

// goesTo visits an address.
func (v *guest) goesTo(address string) { v.t.Helper(); v.loads(chromedp.Navigate(address)) }

// loads takes steps that lead to another page, and waits for that.
func (v *guest) loads(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	v.seen.begins()
	if _, err := chromedp.RunResponse(v.window, steps...); err != nil {
		v.t.Fatalf("%v, at %s", err, v.where())
	}
}

// where returns the address of the window.
func (v *guest) where() string {
	v.t.Helper()
	at, err := chromedp.Run(v.window, chromedp.Location())
	if err != nil {
		v.t.Fatal(err)
	}
	return at
}

// fills types into fields of the form that has the button, with "name=value" for each, and presses
// the button. A button is the value of its step, or "" for the first one.
func (v *guest) fills(button string, fields ...string) {
	v.t.Helper()
	v.loads(v.filled(button, fields...))
}

func (v *guest) filled(button string, fields ...string) chromedp.Action[chromedp.Void] {
	var script strings.Builder
	script.WriteString("(() => { const b = document.querySelector('form button[type=submit]" + choice(button) + "'); const d = b.closest('details'); if (d) d.open = true;")
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		_, _ = fmt.Fprintf(&script, "b.form.elements[%q].value = %q;", name, value)
	}
	return chromedp.Evaluate[chromedp.Void](script.String() + "b.click(); })()")
}

func choice(button string) string {
	if button == "" {
		return ""
	}
	return fmt.Sprintf("[value=%q]", button)
}

// connects adds a provider that asks nothing, under a name, and connects the account that is signed in to it.
func (v *guest) connects(name string) {
	v.t.Helper()
	authkittest.NewProvider(v.t, v.kit, name).Configure(v.t, v.app)
	v.opens("account")
	v.loads(v.filled("connect"))
	v.arrives("account")
}

// loses forgets the cookies of the window.
func (v *guest) loses() {
	v.t.Helper()
	if _, err := chromedp.Call(v.window, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		v.t.Fatal(err)
	}
}

// signsIn signs in with the password of the tests.
func (v *guest) signsIn(email string) {
	v.t.Helper()
	v.opens("sign-in")
	v.fills("password", "email="+email, "password="+password)
	v.wantPage("account")
}

// mailed has mails sent and returns the last one to an address.
func (v *guest) mailed(to string) mail.Message {
	v.t.Helper()
	v.work(v.t)
	m, ok := v.kit.Outbox.Last(to)
	if !ok {
		v.t.Fatalf("mail to %s: got no mail", to)
	}
	return m
}

// wantPage checks which page the window shows: the class of its body.
func (v *guest) wantPage(name string) {
	v.t.Helper()
	if got := js[string](v.t, v.window, "document.body.className"); got != name {
		v.t.Fatalf("page: got %q, want %q: %s\n%s", got, name, v.where(), v.says())
	}
}

// arrives waits until a window that goes on by itself shows a page.
func (v *guest) arrives(name string) {
	v.t.Helper()
	do(v.t, v.window, chromedp.WaitReady(chromedp.CSS("body."+name)))
}

// says returns the text of the page.
func (v *guest) says() string {
	v.t.Helper()
	return js[string](v.t, v.window, "document.body.innerText")
}

// asked returns the URLs that the page asked for since the last visit.
func (h *happenings) asked() (urls []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.requests {
		urls = append(urls, r.Request.URL)
	}
	return urls
}

// complaints returns the errors since the last visit.
func (h *happenings) complaints() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.errors)
}
