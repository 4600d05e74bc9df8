package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
)

const tokenRoute = "/auth/token"

func TestTheBrowserClientAndProviders(t *testing.T) {
	t.Parallel()
	f := newFront(t, chromedp.Flag("test-third-party-cookie-phaseout", true))
	f.configureCorp(t)
	t.Run("a redirect comes back signed in", func(t *testing.T) { redirects(t, f) })
	t.Run("a redirect comes back with a session cookie", func(t *testing.T) { redirectsToACookie(t, f) })
	t.Run("a redirect that is refused says so", func(t *testing.T) { isRefusedThere(t, f) })
	for _, kind := range []string{"memory", "local", "session", "cookie"} {
		t.Run("a popup signs the page in: "+kind, func(t *testing.T) { popsUp(t, f, kind) })
	}
	t.Run("a popup signs a page in that keeps nothing", func(t *testing.T) { popsUp(t, f, "local", denied) })
	t.Run("a popup that is refused says so", func(t *testing.T) { popsUpInVain(t, f) })
	t.Run("a forged answer ends no popup", func(t *testing.T) { popsUpBesideForgeries(t, f) })
	t.Run("an answer that no page began is refused", func(t *testing.T) { knowsItsOwn(t, f) })
}

// configureCorp adds a provider that sends people back to authkit.
func (f *front) configureCorp(t *testing.T) {
	t.Helper()
	provider := run(t, "provider.mjs", f.base+f.at("/auth/callback/corp"))
	f.send("POST", f.at("/apps")+"/oauth-configs", mustJSON(t, map[string]any{
		"provider": "corp", "client_id": "the client", "client_secret": "a secret: of 100%", "issuer": provider.line("http://"), "trust_email": true,
	}), bearer(f.dev)).want(t, 201, "")
}

// presses has a person press the button of the page, which runs a script.
func presses(t *testing.T, in context.Context, script string) {
	t.Helper()
	js[chromedp.Void](t, in, fmt.Sprintf("document.querySelector('#press').onclick = () => { %s }; 0", script))
	do(t, in, chromedp.Click(chromedp.CSS("#press")))
}

// logsIn fills in the provider's pages, to the last press.
func logsIn(t *testing.T, in context.Context, who string) {
	t.Helper()
	do(t, in,
		chromedp.SendKeys(chromedp.CSS("input[name=login]"), who), chromedp.SendKeys(chromedp.CSS("input[name=password]"), "any"),
		chromedp.Click(chromedp.CSS("button")), chromedp.WaitVisible(chromedp.CSS("input[value=consent]+button, form:has(input[value=consent]) button")),
		chromedp.Click(chromedp.CSS("form:has(input[value=consent]) button")),
	)
}

func redirects(t *testing.T, f *front) {
	in := f.profile(t)
	home := f.away + "/session"
	wantStarted(t, in, home+"?tab=2#part", "no one")
	presses(t, in, "told(auth.signInWithProvider('corp'))")
	logsIn(t, in, "ann")
	do(t, in, chromedp.WaitVisible(chromedp.CSS("#press")))
	wantJS(t, in, loaded, "ann@example.com")
	wantJS(t, in, "location.href", home)
	wantJS(t, in, "get('/mine')", http.StatusNoContent)
	if n := f.asked.times(tokenRoute); n != 1 {
		t.Errorf("exchanges: got %d, want 1", n)
	}
	goesBack(t, f, in, home)
}

// redirectsToACookie gives up at the provider, and then comes back signed in, without parameters.
func redirectsToACookie(t *testing.T, f *front) {
	in := f.profile(t)
	home := f.sibling + "/cookie"
	wantStarted(t, in, home, "no one")
	presses(t, in, "told(auth.signInWithProvider('corp'))")
	do(t, in, chromedp.WaitVisible(chromedp.CSS("form")))
	wantStarted(t, in, home, "no one")
	wantJS(t, in, loaded, "no one")
	presses(t, in, "told(auth.signInWithProvider('corp'))")
	logsIn(t, in, "cat")
	do(t, in, chromedp.WaitVisible(chromedp.CSS("#press")))
	wantJS(t, in, loaded, "cat@example.com")
	wantJS(t, in, "location.href", home)
	wantJS(t, in, "get('/mine')", http.StatusNoContent)
}

// goesBack leaves the page to which a provider came back, and returns by the buttons of the
// browser: its address holds no answer, and nothing is exchanged again.
func goesBack(t *testing.T, f *front, in context.Context, home string) {
	do(t, in, chromedp.Navigate(f.away+"/session?other"))
	travels(t, in, -1, home)
	wantJS(t, in, loaded, "ann@example.com")
	wantJS(t, in, "location.href", home)
	travels(t, in, -1, "http://localhost") // the provider's
	travels(t, in, 1, home)
	wantJS(t, in, loaded, "ann@example.com")
	wantJS(t, in, "location.href", home)
	wantJS(t, in, "get('/mine')", http.StatusNoContent)
	if n := f.asked.times(tokenRoute); n != 0 {
		t.Errorf("exchanges of a page that is shown again: got %d, want 0", n)
	}
}

// travels goes through the history of a tab, also to a page that never loads, since the browser
// has kept it as it was.
func travels(t *testing.T, in context.Context, steps int, to string) {
	t.Helper()
	from := js[string](t, in, fmt.Sprintf("setTimeout(() => history.go(%d)), location.href", steps))
	for {
		at, err := chromedp.Run(in, chromedp.Evaluate[string]("document.readyState === 'complete' ? location.href : ''"))
		if err == nil && at != from && strings.HasPrefix(at, to) {
			return
		}
		if in.Err() != nil {
			t.Fatalf("%d steps from %s: got to %q, %v, want %s", steps, from, at, err, to)
		}
	}
}

func isRefusedThere(t *testing.T, f *front) {
	in := f.profile(t)
	home := f.away + "/local"
	wantStarted(t, in, home, "no one")
	presses(t, in, "told(auth.signInWithProvider('corp', { redirectTo: location.href }))")
	do(t, in, chromedp.Click(chromedp.CSS("a[href*=abort]")), chromedp.WaitVisible(chromedp.CSS("#press")))
	wantJS(t, in, loaded, "refused: provider_refused")
	wantJS(t, in, "location.href", home)
	wantJS(t, in, "told(auth.start())", "no one")
}

// popup waits for the window that a press opens.
func popup(t *testing.T, of context.Context, press func()) context.Context {
	t.Helper()
	opened := chromedp.WaitNewTarget(of, func(*target.Info) bool { return true })
	press()
	id, ok := <-opened
	if !ok {
		t.Fatal("popup: got no window")
	}
	ctx, cancel := chromedp.NewContext(of, chromedp.WithTargetID(id))
	t.Cleanup(cancel)
	return ctx
}

func popsUp(t *testing.T, f *front, kind string, scripts ...string) {
	in := f.profile(t, scripts...)
	origin := f.away
	if kind == "cookie" {
		origin = f.sibling
	}
	wantStarted(t, in, origin+"/"+kind, "no one")
	second := popup(t, in, func() {
		presses(t, in, "window.come = auth.signInWithProvider('corp', { popup: true }).then(({ user, created }) => user.email + ' ' + created, (e) => e.code)")
	})
	who := "of-" + kind + strings.Repeat("-bare", len(scripts))
	logsIn(t, second, who)
	// With a cookie no answer has `created`: the browser comes back without a code.
	wantJS(t, in, "come", fmt.Sprintf("%s@example.com %v", who, kind != "cookie"))
	wantJS(t, in, "who()", who+"@example.com")
	wantJS(t, in, "get('/mine')", http.StatusNoContent)
	closed, err := chromedp.Detached(second)
	if err != nil {
		t.Fatal(err)
	}
	<-closed
}

func popsUpInVain(t *testing.T, f *front) {
	in := f.profile(t)
	wantStarted(t, in, f.away+"/memory", "no one")
	second := popup(t, in, func() {
		presses(t, in, "window.come = auth.signInWithProvider('corp', { popup: true }).catch((e) => [e.code, e.providerCode, e.requestId.length, e.status].join())")
	})
	do(t, second, chromedp.Click(chromedp.CSS("a[href*=abort]")))
	wantJS(t, in, "come", "provider_refused,access_denied,36,0")
	wantJS(t, in, "(() => { const stop = new AbortController(); const come = told(auth.signInWithProvider('corp', { popup: true, signal: stop.signal })); stop.abort(); return come; })()", "refused: 20")
}

// popsUpBesideForgeries has another tab come to answers that any page can link to, while a popup is open.
func popsUpBesideForgeries(t *testing.T, f *front) {
	in, home, iss := f.profile(t), f.away+"/memory", "&iss="+f.issuer()
	wantStarted(t, in, home, "no one")
	second := popup(t, in, func() {
		presses(t, in, "window.come = auth.signInWithProvider('corp', { popup: true }).then(({ user }) => user.email, (e) => e.code)")
	})
	wantStarted(t, tab(t, in), home+"?code=forged"+iss, "no one")
	wantStarted(t, tab(t, in), home+"?error=access_denied"+iss, "refused: access_denied")
	logsIn(t, second, "beside-forgeries")
	wantJS(t, in, "come", "beside-forgeries@example.com")
}

// knowsItsOwn has pages come to with answers that they did not ask for.
func knowsItsOwn(t *testing.T, f *front) {
	in := f.profile(t)
	home := f.away + "/local"
	iss := "&iss=" + f.issuer()
	wantStarted(t, in, home+"?code=of-another&iss=https://other.example&x=1", "no one")
	wantJS(t, in, "location.search", "?code=of-another&iss=https://other.example&x=1")
	wantStarted(t, in, home+"?code=of-another&x=1", "no one")
	wantJS(t, in, "location.search", "?code=of-another&x=1")
	wantStarted(t, in, home+"?code=stolen&x=1"+iss, "refused: flow_not_found")
	wantJS(t, in, "location.search", "?x=1")
	wantJS(t, in, "who()", "no one")

	wantJS(t, in, fmt.Sprintf("told(auth.sendMagicLink({ email: 'ann@example.com', redirectTo: %q }))", home), "no one")
	wantStarted(t, in, home+"?code=of-another&state=x", "no one")
	wantJS(t, in, "location.search", "?code=of-another&state=x")

	signsUp(t, in, "ben@example.com")
	wantStarted(t, in, home+"?error=Call+555-0100"+iss, "ben@example.com")
	wantStarted(t, in, home+"?error=provider_refused&request_id=555-0100"+iss, "refused: provider_refused")
	wantJS(t, in, "who()", "ben@example.com")
	wantJS(t, in, "told(auth.signOut())", "no one")

	f.change(authkit.AppPatch{Origins: &[]string{}})
	wantStarted(t, in, home, "no one")
	wantJS(t, in, fmt.Sprintf("told(auth.signIn({ email: 'ann@example.com', password: %q }))", password), "refused: network_error") // as a browser tells it
}
