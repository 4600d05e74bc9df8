package authkit_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

// opens are the headers of a browser that opens a page.
var opens = []string{"Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: none", "Accept: text/html,application/xhtml+xml,*/*;q=0.8"}

// page is a page of a host behind RequirePage.
func page(t *testing.T, w *world, app uuid.UUID) http.Handler {
	t.Helper()
	require, err := w.engine.RequirePage(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	return require(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
}

func open(t *testing.T, h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	got := httptest.NewRecorder()
	h.ServeHTTP(got, r)
	return got
}

// signInPage is where a browser without a session is sent.
func (w *world) signInPage(query url.Values) string {
	return base + "/auth/sign-in/" + w.app.ID.String() + "?" + query.Encode()
}

func TestRequirePageSendsAPersonToTheSignInPage(t *testing.T) {
	t.Parallel()
	w := withCookies(t, "cookie")
	h := page(t, w, w.app.ID)
	cookie := w.cookieOf(w.signUp("ann@example.com"))
	const status = http.StatusSeeOther
	for name, c := range map[string]struct {
		method  string
		headers []string
		want    int
	}{
		"a person who opens a page":          {"GET", opens, status},
		"a person on an old browser":         {"GET", []string{"Accept: text/html,*/*;q=0.8"}, status},
		"a person on a browser of 2019":      {"GET", []string{"Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: none"}, status},
		"a person who follows a link":        {"GET", []string{"Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: cross-site"}, status},
		"a person whose session has ended":   {"GET", append([]string{"Cookie: authkit-" + w.app.ID.String() + "=" + strings.Repeat("A", 43)}, opens...), status},
		"a cookie that is malformed":         {"GET", append([]string{"Cookie: authkit-" + w.app.ID.String() + "=x"}, opens...), status},
		"a cookie beside a planted one":      {"GET", append([]string{cookie + "; authkit-" + w.app.ID.String() + "=x"}, opens...), status},
		"a person with a session":            {"GET", append([]string{cookie}, opens...), 200},
		"a program":                          {"GET", nil, 401},
		"a program that takes anything":      {"GET", []string{"Accept: */*"}, 401},
		"a program that takes JSON":          {"GET", []string{"Accept: application/json, text/html;q=0.5"}, 401},
		"a script":                           {"GET", []string{"Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Sec-Fetch-Site: same-origin", "Accept: text/html"}, 401},
		"a script that asks without CORS":    {"GET", []string{"Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: empty", "Accept: text/html"}, 401},
		"a frame":                            {"GET", []string{"Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe", "Accept: text/html"}, 401},
		"an object":                          {"GET", []string{"Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: object", "Accept: text/html"}, 401},
		"an image":                           {"GET", []string{"Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image", "Accept: text/html"}, 401},
		"a browser that hides its mode":      {"GET", []string{"Sec-Fetch-Site: same-origin", "Accept: text/html"}, 401},
		"a WebSocket":                        {"GET", []string{"Sec-Fetch-Mode: websocket", "Sec-Fetch-Dest: websocket", "Upgrade: websocket"}, 401},
		"HEAD":                               {"HEAD", opens, 401},
		"a form":                             {"POST", opens, 401},
		"a header that is judged alone":      {"GET", append([]string{bearer("x"), cookie}, opens...), 401},
		"a header of another scheme":         {"GET", append([]string{"Authorization: Basic eDp4"}, opens...), 401},
		"a malformed header":                 {"GET", append([]string{"Authorization: x"}, opens...), 400},
		"a form of another origin by cookie": {"POST", []string{cookie, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}, 403},
	} {
		got := open(t, h, c.method, "/orders?page=2", c.headers...)
		if got.Code != c.want {
			t.Errorf("%s: got %d, want %d", name, got.Code, c.want)
		}
		to := got.Header().Get("Location")
		switch want := w.signInPage(url.Values{"redirect_to": {"/orders?page=2"}}); {
		case c.want == status && (to != want || got.Header().Get("Cache-Control") != "no-store" || len(got.Header().Values("Set-Cookie")) != 0):
			t.Errorf("%s: got %v, want the Location %q, not stored, and no cookie", name, got.Header(), want)
		case c.want != status && to != "":
			t.Errorf("%s: got the Location %q, want none", name, to)
		}
	}
}

func TestRequirePageComesBackToThePathOfTheRequest(t *testing.T) {
	t.Parallel()
	w := withCookies(t, "cookie")
	h := page(t, w, w.app.ID)
	id := w.app.ID.String()
	for target, want := range map[string]string{
		"/":                                   "/",
		"/orders/7?a=b&a=c&x=%2F%2f":          "/orders/7?a=b&a=c&x=%2F%2f",
		"/a%2fb/c%20d/?q=%C3%A9":              "/a%2fb/c%20d/?q=%C3%A9",
		"/search?to=https://evil.example":     "/search?to=https://evil.example",
		"http://localhost:8080/orders?page=2": "/orders?page=2",
		"http://evil.example/orders":          "/orders", // the host of the request counts for nothing
		"/idea":                               "/idea",
		"/id/about":                           "/id/about",
		"//evil.example/x":                    "/",
		"/%2f/evil.example":                   "/",
		"/%5cevil.example":                    "/",
		"/.//evil.example":                    "/",
		"/x/..//evil.example":                 "/",
		"/a%0d%0ab":                           "/",
		"/id/auth/sign-out/" + id:             "/",
		"/id/auth/verify/" + id + "?token=x":  "/",
		"/ID/Auth/verify/" + id:               "/",
		"/id/%61uth/verify/" + id:             "/",
		"/id/x/../auth/account/" + id:         "/",
		"/id/apps":                            "/",
		"/auth/verify/" + id:                  "/auth/verify/" + id, // not below the mount point
		"/" + strings.Repeat("a", 1999):       "/" + strings.Repeat("a", 1999),
		"/" + strings.Repeat("a", 2000):       "/",
		"/?" + strings.Repeat("a", 2000):      "/",
	} {
		got := open(t, h, "GET", target, opens...)
		if to := got.Header().Get("Location"); got.Code != http.StatusSeeOther || to != w.signInPage(url.Values{"redirect_to": {want}}) {
			t.Errorf("%s: got %d to %q, want back to %q", target, got.Code, to, want)
		}
	}
	stripped := http.StripPrefix("/shop", h)
	if to := open(t, stripped, "GET", "/shop/orders?page=2", opens...).Header().Get("Location"); to != w.signInPage(url.Values{"redirect_to": {"/shop/orders?page=2"}}) {
		t.Errorf("below a prefix that is stripped: got %q, want back to the whole path", to)
	}
	made := httptest.NewRecorder() // a request that no server has read
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost:8080/orders?page=2", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if h.ServeHTTP(made, r); made.Header().Get("Location") != w.signInPage(url.Values{"redirect_to": {"/orders?page=2"}}) {
		t.Errorf("a request of the host's own making: got %v, want back to its path", made.Header())
	}
}

func TestRequirePageOfTheSessionModes(t *testing.T) {
	t.Parallel()
	w := withCookies(t, "either")
	h := page(t, w, w.app.ID)
	if to := open(t, h, "GET", "/", opens...).Header().Get("Location"); to != w.signInPage(url.Values{"redirect_to": {"/"}, "session": {"cookie"}}) {
		t.Errorf("either: got %q, want a session in a cookie asked for", to)
	}
	w.settings(authkit.AppPatch{SessionMode: new(authkit.SessionBearer)})
	w.clock.Advance(10 * time.Second)
	if got := open(t, h, "GET", "/", opens...); got.Code != 401 || got.Header().Get("Location") != "" {
		t.Errorf("bearer, since then: got %d to %q, want 401: no sign-in would help", got.Code, got.Header().Get("Location"))
	}
	_, err := w.engine.RequirePage(t.Context(), w.app.ID)
	if !errors.Is(err, authkit.CodeInternal) || !strings.Contains(err.Error(), "SessionMode") {
		t.Errorf("bearer: got %v, want an error that names SessionMode", err)
	}
	if _, err := w.engine.RequirePage(t.Context(), authkit.Console); !errors.Is(err, authkit.CodeInternal) {
		t.Errorf("the console app: got %v, want %s", err, authkit.CodeInternal)
	}
	if _, err := w.engine.RequirePage(t.Context(), uuid.New()); !errors.Is(err, authkit.CodeAppNotFound) {
		t.Errorf("an unknown app: got %v, want %s", err, authkit.CodeAppNotFound)
	}
}

// Both apps' cookies are on one origin, and the browser sends them to both apps' pages.
func TestAUserOfAnotherAppSignsInAtRequirePage(t *testing.T) {
	t.Parallel()
	w := withCookies(t, "cookie")
	cookie := w.cookieOf(w.signUp("ann@example.com"))
	other, err := w.engine.EnsureApp(t.Context(), "host", "Other")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.engine.ChangeApp(t.Context(), other.Ref(), authkit.AppPatch{SessionMode: new(authkit.SessionCookie)}); err != nil {
		t.Fatal(err)
	}
	h := page(t, w, other.ID)
	_, value, _ := strings.Cut(cookie, "=")
	for name, sent := range map[string]string{
		"the cookie of the other app":                  cookie,
		"the value of that cookie, in this one's name": "Cookie: authkit-" + other.ID.String() + "=" + value,
	} {
		got := open(t, h, "GET", "/", append([]string{sent}, opens...)...)
		if to := got.Header().Get("Location"); got.Code != http.StatusSeeOther || !strings.HasPrefix(to, base+"/auth/sign-in/"+other.ID.String()+"?") {
			t.Errorf("%s: got %d to %q, want the sign-in page of this app", name, got.Code, to)
		}
	}
}

// A browser whose session has ended is sent to the sign-in page by each of its requests, and by
// that page to nowhere: it has no session to go on with.
func TestASessionThatHasEndedMakesNoRedirectLoop(t *testing.T) {
	t.Parallel()
	w := withCookies(t, "cookie")
	h := page(t, w, w.app.ID)
	in := w.signUp("ann@example.com")
	cookie := w.cookieOf(in)
	user := uuid.MustParse(in.body["user"].(map[string]any)["user_id"].(string))
	if got := open(t, h, "GET", "/", append([]string{cookie}, opens...)...); got.Code != 200 {
		t.Fatalf("a live session: got %d, want 200", got.Code)
	}
	if err := w.engine.EndSessions(t.Context(), authkit.UserRef{App: w.app.ID, ID: user}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(10 * time.Second)
	got := open(t, h, "GET", "/", append([]string{cookie}, opens...)...)
	if got.Code != http.StatusSeeOther {
		t.Fatalf("after its end: got %d, want 303", got.Code)
	}
	to := strings.TrimPrefix(got.Header().Get("Location"), base)
	if again := w.send("GET", to, "", append([]string{cookie}, opens...)...); again.Code >= 300 && again.Code < 400 {
		t.Errorf("the sign-in page: got %d to %q, want no redirect", again.Code, again.Header().Get("Location"))
	}
	cookie = w.cookieOf(w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"ann@example.com","password":"`+password+`"}`, cookie))
	if got := open(t, h, "GET", "/", append([]string{cookie}, opens...)...); got.Code != 200 {
		t.Errorf("after a new sign-in: got %d, want 200", got.Code)
	}
}

// Where the app has come to require proven addresses, the session of an unproven one ends, and the
// sign-in page says how it goes on.
func TestRequirePageSendsAnUnprovenUserToTheSignInPage(t *testing.T) {
	t.Parallel()
	w := withCookies(t, "cookie")
	cookie := w.cookieOf(w.signUp("ann@example.com"))
	w.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)})
	w.clock.Advance(10 * time.Second)
	if got := open(t, page(t, w, w.app.ID), "GET", "/", append([]string{cookie}, opens...)...); got.Code != http.StatusSeeOther {
		t.Errorf("got %d, want 303", got.Code)
	}
}

// A store that does not answer has lost no session.
func TestRequirePageSendsNobodyAwayWhileTheStoreIsDown(t *testing.T) {
	t.Parallel()
	faulty := storetest.NewFaulty(memory.New())
	w := withCookies(t, "cookie", func(c *authkit.Config) { c.Store = faulty })
	cookie := w.cookieOf(w.signUp("ann@example.com"))
	h := page(t, w, w.app.ID)
	faulty.FailAlways(true)
	for name, headers := range map[string][]string{"with a cookie": append([]string{cookie}, opens...), "with another": append([]string{"Cookie: authkit-" + w.app.ID.String() + "=" + strings.Repeat("A", 43)}, opens...)} {
		if got := open(t, h, "GET", "/", headers...); got.Code != http.StatusServiceUnavailable || got.Header().Get("Location") != "" {
			t.Errorf("%s: got %d to %q, want 503", name, got.Code, got.Header().Get("Location"))
		}
	}
	w.clock.Advance(10 * time.Second)
	if _, err := w.engine.RequirePage(context.WithoutCancel(t.Context()), w.app.ID); !errors.Is(err, authkit.CodeUnavailable) {
		t.Errorf("RequirePage: got %v, want %s", err, authkit.CodeUnavailable)
	}
}
