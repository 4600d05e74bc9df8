package authkit

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/testclock"
)

// testBrowser is a browser that keeps its cookies from one request to the next.
type testBrowser struct {
	t       *testing.T
	http    *border
	cookies map[string]string
}

func newTestBrowser(t *testing.T, now func() time.Time) *testBrowser {
	t.Helper()
	at, err := url.Parse("https://example.com/auth")
	if err != nil {
		t.Fatal(err)
	}
	c := &Config{BaseURL: at.String(), Logger: slog.New(slog.DiscardHandler)}
	return &testBrowser{t: t, http: newBorder(c, at, testRing(t), now, quietLog()), cookies: map[string]string{}}
}

// visit serves one request, and keeps the cookies that its answer sets.
func (b *testBrowser) visit(method string, serve func(browser)) {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, "/auth/me", nil)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	serve(browser{http: b.http, w: w, r: r})
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		if !c.HttpOnly || !c.Secure {
			b.t.Errorf("the cookie %s: got HttpOnly %v and Secure %v, want both", c.Name, c.HttpOnly, c.Secure)
		}
		b.cookies[c.Name] = c.Value
	}
}

func (b *testBrowser) secret() (secret []byte) {
	b.t.Helper()
	b.visit(http.MethodGet, func(x browser) { secret = x.secret() })
	return secret
}

func TestABrowserKeepsItsBindingSecretForADayOfUse(t *testing.T) {
	t.Parallel()
	clock := testclock.At(testTime)
	b := newTestBrowser(t, clock.Now)
	var first []byte
	b.visit(http.MethodPost, func(x browser) { first = x.bind() })
	if len(first) == 0 || !slices.Equal(b.secret(), first) {
		t.Fatalf("got %x and then %x, want one secret", first, b.secret())
	}
	clock.Advance(23 * time.Hour)
	b.visit(http.MethodPost, func(x browser) { x.bind() }) // moves the time of its use on
	clock.Advance(23 * time.Hour)
	if !slices.Equal(b.secret(), first) {
		t.Error("46 hours on, with a use between: got another secret, want the same")
	}
	clock.Advance(2 * time.Hour)
	if got := b.secret(); got != nil {
		t.Errorf("a day after its last use: got %x, want no secret", got)
	}
}

func TestARequestWithoutEffectWritesNoBinding(t *testing.T) {
	t.Parallel()
	b := newTestBrowser(t, atTestTime)
	b.visit(http.MethodHead, func(x browser) { x.bind() })
	if len(b.cookies) != 0 {
		t.Errorf("HEAD: got cookies %v, want none", b.cookies)
	}
}

func TestAnotherUserGetsAnotherBinding(t *testing.T) {
	t.Parallel()
	ann := User{App: uuid.MustParse("0190a000-0000-7000-8000-00000000000a"), ID: uuid.MustParse("0190a000-0000-7000-8000-000000000001")}
	bob := User{App: ann.App, ID: uuid.MustParse("0190a000-0000-7000-8000-000000000002")}
	b := newTestBrowser(t, atTestTime)
	var begun []byte
	b.visit(http.MethodPost, func(x browser) { begun = x.bind() })
	b.visit(http.MethodPost, func(x browser) { x.rebind(SignIn{User: ann}, true) })
	if !slices.Equal(b.secret(), begun) {
		t.Error("the first who signs in: got another secret, want the one with which that person began")
	}
	b.visit(http.MethodPost, func(x browser) { x.rebind(SignIn{User: ann}, true) })
	if !slices.Equal(b.secret(), begun) {
		t.Error("the same user again: got another secret")
	}
	b.visit(http.MethodPost, func(x browser) { x.rebind(SignIn{User: bob}, true) })
	if slices.Equal(b.secret(), begun) {
		t.Error("another user: got the secret of the first")
	}
	after := b.secret()
	b.visit(http.MethodPost, func(x browser) { x.unbind() })
	if got := b.secret(); got == nil || slices.Equal(got, after) {
		t.Errorf("signed out: got %x, want another secret", got)
	}
}

func TestASignUpIsBoundToTheBindingThatTheBrowserHasAfterIt(t *testing.T) {
	t.Parallel()
	ann := User{App: uuid.MustParse("0190a000-0000-7000-8000-00000000000a"), ID: uuid.MustParse("0190a000-0000-7000-8000-000000000001")}
	bob := User{App: ann.App, ID: uuid.MustParse("0190a000-0000-7000-8000-000000000002")}
	for name, c := range map[string]struct {
		before func(b *testBrowser)
		kept   bool // whether the secret from before is used
	}{
		"a new browser": {func(*testBrowser) {}, false},
		"a browser that has begun a flow": {func(b *testBrowser) {
			b.visit(http.MethodPost, func(x browser) { x.bind() })
		}, true},
		"a browser in which another user signed in": {func(b *testBrowser) {
			b.visit(http.MethodPost, func(x browser) { x.bind() })
			b.visit(http.MethodPost, func(x browser) { x.rebind(SignIn{User: bob}, true) })
		}, false},
		"a browser that knows another user as its last": {func(b *testBrowser) {
			b.visit(http.MethodPost, func(x browser) { x.bind(); x.keepDevice("bob") })
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newTestBrowser(t, atTestTime)
			c.before(b)
			before := b.secret()
			var bound []byte
			b.visit(http.MethodPost, func(x browser) { bound = bindSignUp(&x) })
			if !slices.Equal(b.secret(), before) {
				t.Error("a sign-up that was refused: got another secret, want the one from before")
			}
			b.visit(http.MethodPost, func(x browser) {
				bound = bindSignUp(&x)
				x.rebind(SignIn{User: ann, Created: true}, false)
			})
			if !slices.Equal(b.secret(), bound) {
				t.Error("after the sign-up: got another secret than the one that its proof is bound to")
			}
			if got := slices.Equal(bound, before); got != c.kept {
				t.Errorf("the secret from before is used: got %v, want %v", got, c.kept)
			}
			b.visit(http.MethodPost, func(x browser) { x.rebind(SignIn{User: ann}, true) })
			if !slices.Equal(b.secret(), bound) {
				t.Error("the same user again: got another secret")
			}
		})
	}
}
