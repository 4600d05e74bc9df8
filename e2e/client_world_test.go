package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// front is a single-page app that uses the browser client, in a real browser. Its pages are at
// three places: at another site than authkit's, at another origin of the same site, and at
// authkit's own origin.
type front struct {
	*world

	chrome  context.Context
	away    string // the origin of another site
	sibling string // another origin of authkit's site, for cookies
	asked   *asked
}

// asked counts what the handler was asked for, and gets in the way of it.
type asked struct {
	mu    sync.Mutex
	count map[string]int
	hold  map[string]chan struct{} // requests of a path wait until it is closed
	lose  map[string]bool          // the next answer of a path is lost on its way
}

// in mounts authkit under /id, beside the pages of the app.
func (a *asked) in(pages http.Handler) func(http.Handler) http.Handler {
	return func(authkit http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/id/", http.StripPrefix("/id", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			a.serve(authkit, rw, r)
		})))
		mux.Handle("/", pages)
		return mux
	}
}

func (a *asked) serve(authkit http.Handler, rw http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		authkit.ServeHTTP(rw, r)
		return
	}
	route := r.URL.Path[:strings.LastIndex(r.URL.Path, "/")]
	a.mu.Lock()
	a.count[route]++
	held, lose := a.hold[route], a.lose[route]
	a.lose[route] = false
	a.mu.Unlock()
	if held != nil {
		<-held
	}
	if lose {
		authkit.ServeHTTP(httptest.NewRecorder(), r)
		rw.Header().Set("Content-Length", "1000") // without a header a browser sends the request again by itself
		rw.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	}
	authkit.ServeHTTP(rw, r)
}

// times returns how often a route was asked for by POST since the last call.
func (a *asked) times(route string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.count[route]
	a.count[route] = 0
	return n
}

// holds lets requests of a route wait until release is called.
func (a *asked) holds(route string) (release func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	gate := make(chan struct{})
	a.hold[route] = gate
	return sync.OnceFunc(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.hold[route] = nil
		close(gate)
	})
}

// loses has the route do its work once, without an answer.
func (a *asked) loses(route string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lose[route] = true
}

// frontPage is the page of the app. The last part of its path says where the session is kept.
const frontPage = `<!doctype html><title>app</title><button id=press>press</button>
<script type=module>
import { createClient } from %q;
const kind = location.pathname.slice(1);
window.auth = createClient({ app: %q, storage: kind === 'cookie' ? undefined : kind, session: kind === 'cookie' ? 'cookie' : 'bearer' });
window.events = [];
auth.onChange((e) => events.push(e.type));
window.who = () => auth.user?.email ?? 'no one';
window.told = (promise) => promise.then(() => who(), (e) => 'refused: ' + (e.code ?? e));
window.started = told(auth.start());
window.get = (path) => auth.fetch(path).then((r) => r.status, (e) => 'refused: ' + (e.code ?? e));
</script>`

func newFront(t *testing.T, flags ...chromedp.ExecAllocatorOption) *front {
	t.Helper()
	f := &front{asked: &asked{count: map[string]int{}, hold: map[string]chan struct{}{}, lose: map[string]bool{}}}
	pages := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { f.page(rw, r) })
	f.world = setup(t, mount{path: "/id", in: f.asked.in(pages)}, func(c *authkit.Config) {
		c.Limits.InsecureOff = true
		c.InsecureAllowLoopbackProviders = true
	})
	f.serveApp(pages)
	f.chrome = launch(t, flags...)
	return f
}

// serveApp serves the pages of the app, and lets authkit know them.
func (f *front) serveApp(pages http.Handler) {
	f.t.Helper()
	app := httptest.NewServer(pages)
	f.t.Cleanup(app.Close)
	f.sibling = app.URL
	f.away = strings.Replace(app.URL, "127.0.0.1", "localhost", 1)
	var urls []string
	for _, origin := range []string{f.away, f.sibling, f.host} {
		for _, kind := range []string{"local", "memory", "session", "cookie"} {
			urls = append(urls, origin+"/"+kind)
		}
	}
	f.change(authkit.AppPatch{RedirectURLs: &urls, Origins: &[]string{f.away, f.sibling}, SessionMode: new(authkit.SessionEither)})
}

func (f *front) change(p authkit.AppPatch) {
	f.t.Helper()
	if _, err := f.engine.ChangeApp(f.t.Context(), authkit.AppRef{Developer: f.devID, ID: f.app.ID}, p); err != nil {
		f.t.Fatal(err)
	}
}

// page serves the app: its page at every path, and what it protects at /mine.
func (f *front) page(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/mine" {
		f.engine.Require(authkit.ForApp(f.app.ID))(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(http.StatusNoContent)
		})).ServeHTTP(rw, r)
		return
	}
	rw.Header().Set("Content-Type", "text/html")
	_, _ = fmt.Fprintf(rw, frontPage, f.base+"/authkit.js", f.app.ID.String())
}

// profile opens a tab of a new profile. Each script runs before those of every page in it.
func (f *front) profile(t *testing.T, scripts ...string) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewContext(f.chrome, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	for _, script := range scripts {
		if _, err := chromedp.Call(ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
			t.Fatal(err)
		}
	}
	return ctx
}

// tab opens one more tab of the profile of a tab.
func tab(t *testing.T, beside context.Context) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewContext(beside)
	t.Cleanup(cancel)
	return ctx
}

// loaded waits for the module of a page that a tab has come to by itself.
const loaded = `(async () => {
	while (!window.started) await new Promise((done) => setTimeout(done));
	return started;
})()`

// opens visits a page of the app and returns who is signed in there, or the refusal.
func opens(t *testing.T, in context.Context, page string) string {
	t.Helper()
	do(t, in, chromedp.Navigate(page))
	return js[string](t, in, "started")
}

// js evaluates an expression in a page, and waits for its promise.
func js[T any](t *testing.T, in context.Context, script string) T {
	t.Helper()
	got, err := chromedp.Run(in, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return got
}

// wantJS checks the value of an expression.
func wantJS[T comparable](t *testing.T, in context.Context, script string, want T) {
	t.Helper()
	if got := js[T](t, in, script); got != want {
		t.Errorf("%s: got %v, want %v", script, got, want)
	}
}

// signsUp creates a user by the client of a page.
func signsUp(t *testing.T, in context.Context, email string) {
	t.Helper()
	wantJS(t, in, fmt.Sprintf("told(auth.signUp({email: %q, password: %q}))", email, password), email)
}

// mailed has the mail sent and returns it.
func (f *front) mailed(t *testing.T, to string) mail.Message {
	t.Helper()
	f.work(t)
	m, ok := f.outbox.Last(to)
	if !ok {
		t.Fatalf("mail to %s: got no mail", to)
	}
	return m
}

// offline takes the network from a tab, or gives it back.
func offline(t *testing.T, in context.Context, is bool) {
	t.Helper()
	conditions := network.Conditions{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}
	if _, err := chromedp.Call(in, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{&conditions}}); err != nil {
		t.Fatal(err)
	}
}
