package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit/mail"
)

func TestTheBrowserClientOnADevice(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	t.Run("that goes offline keeps its session", func(t *testing.T) { goesOffline(t, f) })
	t.Run("that loses the answer of a refresh repeats it", func(t *testing.T) { losesAnswers(t, f) })
	for _, off := range []time.Duration{-5 * time.Minute, 5 * time.Minute} {
		t.Run(fmt.Sprintf("whose clock is off by %s refreshes in time", off), func(t *testing.T) { isOff(t, f, off) })
	}
	t.Run("that keeps nothing has a session in the page", func(t *testing.T) { keepsNothing(t, f) })
}

func goesOffline(t *testing.T, f *front) {
	in := f.profile(t, ahead)
	wantStarted(t, in, f.away+"/local", "no one")
	signsUp(t, in, "ann@example.com")
	offline(t, in, true)
	wantJS(t, in, "ahead(13 * 60e3), auth.accessToken().then((token) => token.length > 0)", true) // due, and good for two minutes
	wantJS(t, in, "ahead(13 * 60e3), get('/mine')", "refused: network_error")
	wantJS(t, in, "who()", "ann@example.com")
	offline(t, in, false)
	f.asked.times(refreshRoute)
	wantJS(t, in, "get('/mine')", http.StatusNoContent)
	wantJS(t, in, "events.join()", "signed_in,refreshed")
	if n := f.asked.times(refreshRoute); n != 1 {
		t.Errorf("refreshes: got %d, want 1", n)
	}
}

func losesAnswers(t *testing.T, f *front) {
	in := f.profile(t, ahead)
	wantStarted(t, in, f.away+"/local", "no one")
	signsUp(t, in, "bob@example.com")
	f.asked.loses(refreshRoute)
	wantJS(t, in, "ahead(16 * 60e3), get('/mine')", "refused: network_error")
	f.clock.Advance(2 * time.Hour)
	wantStarted(t, in, f.away+"/local", "bob@example.com") // a new page, with the key of the attempt before
	wantJS(t, in, "get('/mine')", http.StatusNoContent)
	wantStarted(t, in, f.away+"/local", "bob@example.com")
}

func isOff(t *testing.T, f *front, by time.Duration) {
	in := f.profile(t, ahead, fmt.Sprintf(`Date = class extends Date {
		constructor(...of) { of.length ? super(...of) : super(Date.now()); }
		static now() { return super.now() + %d; }
	}`, by.Milliseconds()))
	wantStarted(t, in, f.away+"/session", "no one")
	if got := time.Duration(js[float64](t, in, "Date.now()"))*time.Millisecond - time.Duration(time.Now().UnixMilli())*time.Millisecond; got.Round(time.Minute) != by {
		t.Fatalf("clock of the page: got it off by %s, want %s", got, by)
	}
	signsUp(t, in, fmt.Sprintf("carol%d@example.com", by/time.Minute))
	f.asked.times(refreshRoute)
	for _, step := range []struct {
		minutes float64
		want    int
	}{{0, 0}, {11, 0}, {2, 1}} { // an access token lives for 15 minutes
		wantJS(t, in, fmt.Sprintf("ahead(%g * 60e3), get('/mine')", step.minutes), http.StatusNoContent)
		if n := f.asked.times(refreshRoute); n != step.want {
			t.Errorf("refreshes %g minutes later: got %d, want %d", step.minutes, n, step.want)
		}
	}
}

// denied is a browser that lets a page keep nothing, as those do that block all site data.
const denied = `for (const name of ['localStorage', 'sessionStorage']) {
	Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });
}`

func keepsNothing(t *testing.T, f *front) {
	in := f.profile(t, ahead, denied)
	wantStarted(t, in, f.away+"/local", "no one")
	signsUp(t, in, "dan@example.com")
	wantJS(t, in, "ahead(16 * 60e3), get('/mine')", http.StatusNoContent)
	wantJS(t, in, "told(auth.signInWithProvider('corp'))", "refused: storage_unavailable")
	wantJS(t, in, "told(auth.signOut())", "no one")
	wantJS(t, in, "told(auth.sendMagicLink({ email: 'dan@example.com' }))", "no one")
	wantJS(t, in, fmt.Sprintf("told(auth.enterCode({ code: %q }))", mail.Code(f.mailed(t, "dan@example.com"))), "dan@example.com")
	wantStarted(t, in, f.away+"/local", "no one")
}

// A browser that gives pages no cookies of other sites, as all do by and by.
func TestTheBrowserClientWithoutThirdPartyCookies(t *testing.T) {
	t.Parallel()
	f := newFront(t, chromedp.Flag("test-third-party-cookie-phaseout", true))
	in := f.profile(t, ahead)
	wantStarted(t, in, f.away+"/local", "no one")
	if got := thirdPartyCookie(t, in); got != "" {
		t.Fatalf("a cookie of another site: got %q, want none", got)
	}
	signsUp(t, in, "ann@example.com")
	wantJS(t, in, "ahead(16 * 60e3), get('/mine')", http.StatusNoContent)
	wantStarted(t, in, f.away+"/local", "ann@example.com")
	wantJS(t, in, "told(auth.sendMagicLink({ email: 'ann@example.com', redirectTo: location.href }))", "ann@example.com")
	wantJS(t, in, fmt.Sprintf("told(auth.enterCode({ code: %q }))", mail.Code(f.mailed(t, "ann@example.com"))), "ann@example.com")
	wantJS(t, in, "told(auth.signOut())", "no one")
}

// thirdPartyCookie has a page get a cookie from another site, and returns it as that site then
// sees it.
func thirdPartyCookie(t *testing.T, in context.Context) string {
	t.Helper()
	other := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		rw.Header().Set("Access-Control-Allow-Credentials", "true")
		rw.Header().Set("Set-Cookie", "probe=kept; SameSite=None; Secure")
		_, _ = fmt.Fprint(rw, r.Header.Get("Cookie"))
	}))
	defer other.Close()
	ask := fmt.Sprintf("fetch(%q, { credentials: 'include' }).then((r) => r.text())", other.URL)
	return js[string](t, in, strings.Join([]string{ask, ask}, ".then(() => ")+")")
}
