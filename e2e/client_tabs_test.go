package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// ahead lets the monotonic clock of a page jump: ahead(milliseconds).
const ahead = `{ const now = performance.now.bind(performance); let more = 0; performance.now = () => now() + more; window.ahead = (ms) => { more += ms; }; }`

// waiting waits until a tab waits for the lock of another, and counts such tabs.
const waiting = `(async () => {
	for (;;) {
		const { pending } = await navigator.locks.query();
		if (pending.length) return pending.length;
		await new Promise((done) => setTimeout(done));
	}
})()`

const refreshRoute = "/auth/refresh"

func TestTheBrowserClient(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	t.Run("two tabs refresh once", func(t *testing.T) { refreshesOnce(t, f) })
	t.Run("a sign-out reaches each tab of the session, and no other", func(t *testing.T) { signsOutEverywhere(t, f) })
	t.Run("a duplicated tab goes on with the session", func(t *testing.T) { isDuplicated(t, f) })
	t.Run("tabs share a cookie", func(t *testing.T) { sharesACookie(t, f) })
	t.Run("a late refresh does not undo a sign-in", func(t *testing.T) { keepsTheLatestSignIn(t, f) })
	t.Run("the back button shows who is signed in by now", func(t *testing.T) { returns(t, f) })
}

func refreshesOnce(t *testing.T, f *front) {
	first := f.profile(t)
	wantStarted(t, first, f.away+"/local", "no one")
	signsUp(t, first, "ann@example.com")
	second := tab(t, first)
	wantStarted(t, second, f.away+"/local", "ann@example.com")
	f.asked.times(refreshRoute)

	f.clock.Advance(17 * time.Minute) // every access token has expired, and no tab knows
	release := f.asked.holds(refreshRoute)
	js[chromedp.Void](t, first, "window.both = Promise.all([get('/mine'), get('/mine')]).then(String); 0")
	js[chromedp.Void](t, second, "window.both = Promise.all([get('/mine'), get('/mine')]).then(String); 0")
	wantJS(t, second, waiting, 1) // one tab refreshes, and the other waits for it
	release()
	wantJS(t, first, "both", "204,204")
	wantJS(t, second, "both", "204,204")
	wantJS(t, first, "who()", "ann@example.com")
	wantJS(t, second, "who()", "ann@example.com")
	if a, b := js[string](t, first, "auth.accessToken()"), js[string](t, second, "auth.accessToken()"); a != b || a == "" {
		t.Errorf("access tokens: got two, want one for both tabs")
	}
	if n := f.asked.times(refreshRoute); n != 1 {
		t.Errorf("refreshes: got %d, want 1", n)
	}
}

func wantStarted(t *testing.T, in context.Context, page, want string) {
	t.Helper()
	if got := opens(t, in, page); got != want {
		t.Errorf("%s: got %q, want %q", page, got, want)
	}
}

func signsOutEverywhere(t *testing.T, f *front) {
	first := f.profile(t)
	wantStarted(t, first, f.away+"/local", "no one")
	signsUp(t, first, "bob@example.com")
	second, apart, alone := tab(t, first), tab(t, first), tab(t, first)
	wantStarted(t, second, f.away+"/local", "bob@example.com")
	wantStarted(t, apart, f.away+"/memory", "no one")
	signsUp(t, apart, "carol@example.com")
	wantStarted(t, alone, f.away+"/session", "no one")
	signsUp(t, alone, "cleo@example.com")
	wantJS(t, second, "who()", "bob@example.com")
	wantJS(t, first, "told(auth.signOut())", "no one")
	do(t, second, chromedp.Poll[chromedp.Void]("who() === 'no one'"))
	wantJS(t, second, "events.join()", "signed_in,signed_out")
	wantJS(t, second, "get('/mine')", 401)
	wantJS(t, apart, "who()", "carol@example.com")
	wantJS(t, apart, "get('/mine')", 204)
	wantJS(t, alone, "who()", "cleo@example.com")
	wantStarted(t, second, f.away+"/local", "no one")
}

// isDuplicated has a tab whose storage is its own opened again, with a copy of the storage. Both
// refresh by turns, each with the token that the other one has got.
func isDuplicated(t *testing.T, f *front) {
	first := f.profile(t, ahead)
	wantStarted(t, first, f.away+"/session", "no one")
	signsUp(t, first, "dan@example.com")
	second := popup(t, first, func() { presses(t, first, "open(location.href)") })
	do(t, second, chromedp.WaitVisible(chromedp.CSS("#press")))
	wantJS(t, second, loaded, "dan@example.com")
	for _, in := range []context.Context{first, second, first} {
		f.clock.Advance(17 * time.Minute)
		wantJS(t, in, "get('/mine')", http.StatusNoContent)
	}
	wantJS(t, second, "get('/mine')", http.StatusNoContent)
	wantStarted(t, second, f.away+"/session", "dan@example.com")
}

func sharesACookie(t *testing.T, f *front) {
	first := f.profile(t)
	wantStarted(t, first, f.sibling+"/cookie", "no one")
	second := tab(t, first)
	wantStarted(t, second, f.sibling+"/cookie", "no one")
	signsUp(t, first, "eve@example.com")
	do(t, second, chromedp.Poll[chromedp.Void]("who() === 'eve@example.com'"))
	wantJS(t, second, "get('/mine')", http.StatusNoContent)
	wantJS(t, second, "auth.accessToken().then((token) => token.split('.').length)", 3)
	wantJS(t, first, "document.cookie", "")
	wantJS(t, second, "told(auth.signOut())", "no one")
	do(t, first, chromedp.Poll[chromedp.Void]("who() === 'no one'"))
	wantStarted(t, first, f.sibling+"/cookie", "no one")
}

// keepsTheLatestSignIn has a person sign in as another one, and then out, while a refresh is under way.
func keepsTheLatestSignIn(t *testing.T, f *front) {
	in := f.profile(t, ahead)
	wantStarted(t, in, f.away+"/memory", "no one")
	signsUp(t, in, "fay@example.com")
	late := "ahead(16 * 60e3); window.late = auth.accessToken().then(() => who()); 0"
	release := f.asked.holds(refreshRoute)
	js[chromedp.Void](t, in, late)
	wantJS(t, in, fmt.Sprintf("auth.signUp({ email: 'gus@example.com', password: %q }).then(() => who())", password), "gus@example.com")
	release()
	wantJS(t, in, "late", "gus@example.com")
	wantJS(t, in, "auth.reloadUser().then((user) => user.email)", "gus@example.com")

	release = f.asked.holds(refreshRoute)
	js[chromedp.Void](t, in, late)
	wantJS(t, in, "told(auth.signOut())", "no one")
	release()
	wantJS(t, in, "late", "no one")
	wantJS(t, in, "events.join()", "signed_in,signed_in,user_changed,signed_out")
}

// returns leaves the page, has another tab change the session, and goes back: to a page that the browser
// has kept as it was, or to one that is loaded anew.
func returns(t *testing.T, f *front) {
	for _, kind := range []string{"local", "cookie"} {
		in, home, email := f.profile(t), f.sibling+"/"+kind, "gina-"+kind+"@example.com"
		wantStarted(t, in, home, "no one")
		signsUp(t, in, email)
		beside := tab(t, in)
		wantStarted(t, beside, home, email)
		for _, step := range []struct{ does, then string }{
			{"told(auth.signOut())", "no one"},
			{fmt.Sprintf("told(auth.signIn({email: %q, password: %q}))", email, password), email},
		} {
			do(t, in, chromedp.Navigate(f.base+"/errors/forbidden"))
			wantJS(t, beside, step.does, step.then)
			travels(t, in, -1, home)
			do(t, in, chromedp.Poll[chromedp.Void](fmt.Sprintf("window.who && who() === %q", step.then)))
		}
	}
}
