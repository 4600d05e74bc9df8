package authkit_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// hostPages are the forms of a host, over methods of the Engine alone.
type hostPages struct {
	*world

	mux    *http.ServeMux
	failed error // of the latest request
}

func newHostPages(t *testing.T, mode authkit.SessionMode, change ...func(*authkit.Config)) *hostPages {
	t.Helper()
	h := &hostPages{world: setup(t, change...), mux: http.NewServeMux()}
	h.settings(authkit.AppPatch{SessionMode: &mode})
	h.mux.HandleFunc("POST /in", func(w http.ResponseWriter, r *http.Request) {
		in, err := h.engine.SignInWithPassword(r.Context(), authkit.PasswordSignIn{
			App: h.app.ID, Email: r.FormValue("email"), Password: password,
			Browser: h.engine.Browser(w, r), Device: h.engine.Device(r, h.app.ID), Client: h.engine.Client(r, h.app.ID),
		})
		if err == nil {
			err = h.engine.SetSessionCookies(w, r, in)
		}
		h.failed = err
	})
	h.mux.HandleFunc("POST /mail", func(w http.ResponseWriter, r *http.Request) {
		_, h.failed = h.engine.RequestMagicLink(r.Context(), authkit.MagicLinkRequest{
			App: h.app.ID, Email: r.FormValue("email"), Browser: h.engine.Browser(w, r), Client: h.engine.Client(r, h.app.ID),
		})
	})
	h.mux.HandleFunc("POST /link", func(w http.ResponseWriter, r *http.Request) {
		in, err := h.engine.RedeemMagicLink(r.Context(), authkit.MagicLinkProof{
			App: h.app.ID, Token: r.FormValue("token"), Browser: h.engine.Browser(w, r), Client: h.engine.Client(r, h.app.ID),
		})
		if err == nil {
			err = h.engine.SetSessionCookies(w, r, in)
		}
		h.failed = err
	})
	h.mux.HandleFunc("POST /out", func(w http.ResponseWriter, r *http.Request) {
		h.failed = h.engine.ClearSessionCookies(w, r, h.app.ID)
	})
	h.mux.Handle("GET /mine", h.engine.RequireLive(authkit.ForApp(h.app.ID))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := authkit.IdentityFrom(r.Context())
		fmt.Fprint(w, id.User)
	})))
	return h
}

// post posts a form with the cookies, and keeps those of the answer.
func (h *hostPages) post(path, form string, kept map[string]string, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), "POST", path, strings.NewReader(form))
	r.RemoteAddr = h.peer
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got := h.ask(r, kept, headers...)
	jar(got.Header(), kept)
	return got
}

func (h *hostPages) ask(r *http.Request, kept map[string]string, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	for _, line := range append(headers, jar(nil, kept)) {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	got := httptest.NewRecorder()
	h.mux.ServeHTTP(got, r)
	return got
}

// mine returns the user whom the cookies sign in; empty: they hold no session.
func (h *hostPages) mine(kept map[string]string) string {
	h.t.Helper()
	got := h.ask(httptest.NewRequestWithContext(h.t.Context(), "GET", "/mine", nil), kept)
	if got.Code != http.StatusOK {
		return ""
	}
	return got.Body.String()
}

func (h *hostPages) session() string { return "authkit-" + h.app.ID.String() }

func TestAHostSignsABrowserInAndOut(t *testing.T) {
	t.Parallel()
	for _, mode := range []authkit.SessionMode{authkit.SessionCookie, authkit.SessionEither} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			h, kept := newHostPages(t, mode), map[string]string{}
			in := h.post("/in", "email=ann@example.com", kept)
			if h.failed != nil || h.mine(kept) == "" || in.Header().Get("Cache-Control") != "no-store" {
				t.Fatalf("sign-in: got %v with %v, want a session", h.failed, in.Header())
			}
			for _, c := range in.Result().Cookies() {
				if c.Path != "/" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "" {
					t.Errorf("cookie: got %s", c)
				}
			}
			if want := []string{"authkit-b", "authkit-d", h.session()}; !slices.Equal(slices.Sorted(maps.Keys(kept)), slices.Sorted(slices.Values(want))) {
				t.Errorf("cookies: got %q, want %q", kept, want)
			}
			first, user := maps.Clone(kept), h.mine(kept)
			h.post("/in", "email=ann@example.com", kept)
			if h.mine(kept) != user || h.mine(first) != "" || kept["authkit-b"] != first["authkit-b"] {
				t.Error("the same user again: got the former session alive or another binding, want a new session alone")
			}
			h.post("/in", "email=bob@example.com", kept)
			if got := h.mine(kept); got == "" || got == user || kept["authkit-b"] == first["authkit-b"] {
				t.Errorf("another user: got the user %q, want another with another binding", got)
			}
			last := maps.Clone(kept)
			h.post("/out", "", kept)
			if h.failed != nil || kept[h.session()] != "" || h.mine(last) != "" || kept["authkit-b"] == last["authkit-b"] || kept["authkit-d"] == "" {
				t.Errorf("sign-out: got %v with %q, want the session and the cookie gone, and another binding", h.failed, kept)
			}
			if h.post("/out", "", kept); h.failed != nil {
				t.Errorf("sign-out without a session: got %v, want nil", h.failed)
			}
		})
	}
}

// A cookie that the host deletes goes, whatever else the request brings.
func TestAHostsSignOutTakesTheCookieAlsoBesideAHeader(t *testing.T) {
	t.Parallel()
	h, kept := newHostPages(t, authkit.SessionCookie), map[string]string{}
	h.post("/in", "email=ann@example.com", kept)
	before := maps.Clone(kept)
	h.post("/out", "", kept, "Authorization: Basic c3RhZ2luZzpzdGFnaW5n")
	if h.mine(before) != "" || kept[h.session()] != "" {
		t.Errorf("got %q, want the session ended and its cookie deleted", kept)
	}
}

func TestASignInThatNoCookieHolds(t *testing.T) {
	t.Parallel()
	h := newHostPages(t, authkit.SessionEither)
	try := func(in authkit.SignIn) (http.Header, error) {
		got := httptest.NewRecorder()
		err := h.engine.SetSessionCookies(got, httptest.NewRequestWithContext(t.Context(), "POST", "/in", nil), in)
		return got.Header(), err
	}
	signIn := func(by authkit.Client) authkit.SignIn {
		in, err := h.engine.SignInWithPassword(t.Context(), authkit.PasswordSignIn{App: h.app.ID, Email: "ann@example.com", Password: password, Client: by})
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	byCookie := signIn(authkit.Client{Cookie: true})
	unknown := byCookie
	unknown.User.App = uuid.New()
	for name, c := range map[string]struct {
		in   authkit.SignIn
		code authkit.Code
		says string
	}{
		"a refresh token holds it": {signIn(authkit.Client{}), authkit.CodeInternal, "Client.Cookie"},
		"it waits for a proof":     {authkit.SignIn{Pending: &authkit.Pending{}}, authkit.CodeInternal, "proof"},
		"the app does not exist":   {unknown, authkit.CodeAppNotFound, ""},
		"it is no sign-in":         {authkit.SignIn{}, authkit.CodeAppNotFound, ""},
	} {
		if header, err := try(c.in); !errors.Is(err, c.code) || !strings.Contains(err.Error(), c.says) || len(header) != 0 {
			t.Errorf("%s: got %v and %v, want %s that says %q, and no header", name, err, header, c.code, c.says)
		}
	}
	h.settings(authkit.AppPatch{SessionMode: new(authkit.SessionBearer)})
	if header, err := try(byCookie); !errors.Is(err, authkit.CodeInternal) || !strings.Contains(err.Error(), "SessionMode") || len(header) != 0 {
		t.Errorf("the app takes no cookies any more: got %v and %v, want a refusal that names SessionMode", err, header)
	}
}

func TestAHostsBrowserHoldsTheSessionsOf16Apps(t *testing.T) {
	t.Parallel()
	h := newHostPages(t, authkit.SessionCookie, withoutLimits)
	kept := map[string]string{}
	for range 16 {
		kept["authkit-"+uuid.NewString()] = "x"
	}
	sessions := func() int {
		users, err := h.engine.Users(t.Context(), h.app.ID, authkit.UserFilter{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, u := range users {
			list, err := h.engine.Sessions(t.Context(), authkit.UserRef{App: h.app.ID, ID: u.ID})
			if err != nil {
				t.Fatal(err)
			}
			n += len(list)
		}
		return n
	}
	full := maps.Clone(kept)
	if h.post("/in", "email=ann@example.com", full); !errors.Is(h.failed, authkit.CodeLimitReached) || sessions() != 0 || full[h.session()] != "" {
		t.Errorf("a 17th app: got %v and %d sessions, want %s and none", h.failed, sessions(), authkit.CodeLimitReached)
	}
	in, err := h.engine.SignInWithPassword(t.Context(), authkit.PasswordSignIn{App: h.app.ID, Email: "ann@example.com", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/in", nil)
	r.Header.Set("Cookie", strings.TrimPrefix(jar(nil, kept), "Cookie: "))
	got := httptest.NewRecorder()
	if err := h.engine.SetSessionCookies(got, r, in); !errors.Is(err, authkit.CodeLimitReached) || sessions() != 0 || strings.Contains(fmt.Sprint(got.Header()), h.session()) {
		t.Errorf("a 17th app whose client does not count: got %v, %d sessions and %v, want %s and the session ended", err, sessions(), got.Header(), authkit.CodeLimitReached)
	}
	for name := range kept {
		if strings.HasPrefix(name, "authkit-") {
			delete(kept, name)
			break
		}
	}
	if h.post("/in", "email=ann@example.com", kept); h.failed != nil || h.mine(kept) == "" {
		t.Errorf("a 16th app: got %v, want a session", h.failed)
	}
	if h.post("/in", "email=ann@example.com", kept); h.failed != nil || h.mine(kept) == "" {
		t.Errorf("again: got %v, want a session", h.failed)
	}
}

func TestTheBindingSecretOfABrowser(t *testing.T) {
	t.Parallel()
	h := newHostPages(t, authkit.SessionCookie)
	ask := func(method string, headers ...string) (first, second []byte, got http.Header) {
		w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), method, "/", nil)
		for _, line := range headers {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Set(name, value)
		}
		w.Header().Set("Cache-Control", "public, max-age=60")
		return h.engine.Browser(w, r), h.engine.Browser(w, r), w.Header()
	}
	kept := map[string]string{}
	first, second, header := ask("GET")
	cookies := jar(header, kept)
	if len(first) == 0 || string(first) != string(second) || len(header.Values("Set-Cookie")) != 1 || header.Get("Cache-Control") != "no-store" {
		t.Errorf("a new browser: got %x, %x and %v, want one secret, in one cookie, not stored", first, second, header)
	}
	if again, _, header := ask("GET", cookies); string(again) != string(first) || len(header.Values("Set-Cookie")) != 0 || header.Get("Cache-Control") == "no-store" {
		t.Errorf("the same browser: got %x and %v, want %x and no cookie", again, header, first)
	}
	if stranger, _, _ := ask("GET", "Cookie: authkit-b=nonsense"); len(stranger) == 0 || string(stranger) == string(first) {
		t.Errorf("a cookie that authkit did not write: got %x, want another secret", stranger)
	}
	for _, c := range [][]string{{"HEAD"}, {"GET", "Sec-Purpose: prefetch"}, {"GET", "Purpose: prefetch"}} {
		if _, _, header := ask(c[0], c[1:]...); len(header.Values("Set-Cookie")) != 0 {
			t.Errorf("%q: got %v, want no cookie", c, header)
		}
	}
	h.clock.Advance(25 * time.Hour)
	if later, _, _ := ask("GET", cookies); string(later) == string(first) {
		t.Error("a day later: got the same secret, want another")
	}
}

// A link of an app that wants the asker's browser is redeemed by the host's own page there, and in
// no other browser.
func TestAHostsPageRedeemsALinkByTheBindingCookie(t *testing.T) {
	t.Parallel()
	h := newHostPages(t, authkit.SessionCookie)
	h.settings(authkit.AppPatch{MagicLink: new(authkit.MagicLinkBoundOnly)})
	asker, other := map[string]string{}, map[string]string{}
	if h.post("/mail", "email=ann@example.com", asker); h.failed != nil {
		t.Fatal(h.failed)
	}
	if err := h.engine.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	m, _ := h.outbox.Last("ann@example.com")
	link, err := url.Parse(mail.Link(m))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"token": {link.Query().Get("token")}}.Encode()
	if h.post("/link", form, other); !errors.Is(h.failed, authkit.CodeInvalidToken) || other[h.session()] != "" {
		t.Errorf("another browser: got %v and %q, want %s", h.failed, other, authkit.CodeInvalidToken)
	}
	if h.post("/link", form, asker); h.failed != nil || h.mine(asker) == "" {
		t.Errorf("the asker's browser: got %v, want a session", h.failed)
	}
}

// The device token gives a known browser limits of its own.
func TestAHostsBrowserIsKnownByItsDeviceToken(t *testing.T) {
	t.Parallel()
	h, kept := newHostPages(t, authkit.SessionCookie), map[string]string{}
	h.post("/in", "email=ann@example.com", kept)
	for range 20 {
		h.post("/in", "email=ann@example.com", map[string]string{})
	}
	if !errors.Is(h.failed, authkit.CodeRateLimited) {
		t.Fatalf("strangers: got %v, want %s", h.failed, authkit.CodeRateLimited)
	}
	if h.post("/in", "email=ann@example.com", kept); h.failed != nil {
		t.Errorf("the known browser: got %v, want a session", h.failed)
	}
}

// Two apps share the origin, and so the browser's cookies.
func TestAHostsSignOutOfOneAppKeepsTheOther(t *testing.T) {
	t.Parallel()
	h, kept := newHostPages(t, authkit.SessionCookie), map[string]string{}
	h.post("/in", "email=ann@example.com", kept)
	first, firstApp := h.mine(kept), h.app
	second, err := h.engine.EnsureApp(t.Context(), "host", "Second")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.engine.ChangeApp(t.Context(), second.Ref(), authkit.AppPatch{SessionMode: new(authkit.SessionCookie)}); err != nil {
		t.Fatal(err)
	}
	h.app = second
	h.post("/in", "email=ann@example.com", kept)
	if h.failed != nil || h.mine(kept) != first {
		t.Fatalf("a sign-in to the second app: got %v, want the first session alive", h.failed)
	}
	h.post("/out", "", kept)
	if h.failed != nil || kept[h.session()] != "" || h.mine(kept) != first {
		t.Errorf("a sign-out of the second: got %v and %q, want the first session alive", h.failed, kept)
	}
	h.app = firstApp
	if h.post("/out", "", kept); h.mine(kept) != "" {
		t.Error("a sign-out of the first: got the session alive")
	}
}

func TestAClientIsTheBrowserOfARequest(t *testing.T) {
	t.Parallel()
	h := newHostPages(t, authkit.SessionCookie)
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/in", nil)
	r.RemoteAddr = "192.0.2.7:4321"
	r.Header.Set("User-Agent", "Firefox")
	r.Header.Set("X-Forwarded-For", "198.51.100.1") // of a peer that is no trusted proxy
	if got := h.engine.Client(r, h.app.ID); got.IP != "192.0.2.7" || got.UserAgent != "Firefox" || !got.Cookie {
		t.Errorf("got %+v, want the peer's address, its User-Agent, and a cookie", got)
	}
}
