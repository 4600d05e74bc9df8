package authkit_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// jar keeps the cookies that an answer sets and returns them as a request header.
func jar(got http.Header, kept map[string]string) string {
	for _, c := range (&http.Response{Header: got}).Cookies() {
		if kept[c.Name] = c.Value; c.MaxAge < 0 {
			delete(kept, c.Name)
		}
	}
	var list []string
	for name, value := range kept {
		list = append(list, name+"="+value)
	}
	return "Cookie: " + strings.Join(list, "; ")
}

// sessionCookies returns the session cookies that an answer sets, without the device cookie.
func sessionCookies(w *world, got answer) (names []string) {
	for _, c := range (&http.Response{Header: got.Header()}).Cookies() {
		if c.Name != w.deviceCookie() {
			names = append(names, c.Name)
		}
	}
	return names
}

// currentSession returns the id of the session in which a list of sessions was requested.
func currentSession(t *testing.T, got answer) string {
	t.Helper()
	for _, s := range got.body["sessions"].([]any) {
		if s.(map[string]any)["current"] == true {
			return s.(map[string]any)["id"].(string)
		}
	}
	t.Fatalf("sessions: got %s, want a current one", got.Body)
	return ""
}

func withCookies(t *testing.T, mode string, change ...func(*authkit.Config)) *world {
	t.Helper()
	w := setup(t, change...)
	w.settings(authkit.AppPatch{SessionMode: new(authkit.SessionMode(mode))})
	return w
}

func TestCookieSessions(t *testing.T) {
	t.Parallel()
	w := withCookies(t, "cookie", func(c *authkit.Config) { c.Limits.InsecureOff = true })
	id := w.app.ID.String()
	me := "/auth/me/" + id
	up := w.signUp("ann@example.com")
	kept := map[string]string{}
	cookies := jar(up.Header(), kept)
	delete(kept, "authkit-b") // for the proof that is mailed; it holds no session
	delete(kept, "authkit-d") // the device token, likewise

	t.Run("one cookie holds the session, and the body no credential", func(t *testing.T) {
		for _, member := range []string{"token", "token_type", "expires_in", "refresh_token"} {
			if up.body[member] != nil {
				t.Errorf("%s: got %s with %q", member, up.Body, kept)
			}
		}
		if len(kept) != 1 || len(kept["authkit-"+id]) != 43 || strings.Contains(up.Body.String(), kept["authkit-"+id]) {
			t.Errorf("cookies: got %q, want one of 32 random bytes", kept)
		}
		for _, c := range (&http.Response{Header: up.Header()}).Cookies() {
			if c.Path != "/" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "" || c.Name != "authkit-b" && c.MaxAge != 90*24*3600 {
				t.Errorf("cookie: got %s", c)
			}
		}
		if up.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("answer: got %v, want no-store", up.Header())
		}
		w.send("GET", me, "", cookies).want(t, 200, "")
	})
	t.Run("a header is judged alone, and another app's cookie is ignored", func(t *testing.T) {
		w.send("GET", me, "", cookies, bearer("x")).want(t, 401, "invalid_token")
		w.send("GET", "/auth/me/console", "", cookies).want(t, 401, "unauthenticated")
		w.send("GET", me, "", "Cookie: authkit-"+id+"=x; authkit-"+id+"=y").want(t, 401, "unauthenticated")
	})
	t.Run("a request from another origin is refused", func(t *testing.T) {
		w.send("PATCH", me, `{"name":"Eve"}`, cookies, "Origin: https://evil.example").want(t, 403, "forbidden")
		w.send("PATCH", me, `{"name":"Ann"}`, cookies, "Origin: http://localhost:8080").want(t, 200, "")
	})
	t.Run("its value stays, and no answer to a use sets it", func(t *testing.T) {
		w.clock.Advance(17 * time.Minute)
		for _, method := range []string{"HEAD", "GET"} {
			got := w.send(method, me, "", cookies)
			got.want(t, 200, "")
			if set := got.Header().Values("Set-Cookie"); len(set) != 0 {
				t.Errorf("%s: got %q, want no cookie", method, set)
			}
		}
	})
	t.Run("refresh wants a refresh token", func(t *testing.T) {
		w.send("POST", "/auth/refresh/"+id, `{}`, cookies).want(t, 400, "invalid_request")
	})
	t.Run("an access token is made of it, for the same session", func(t *testing.T) {
		got := w.send("POST", "/auth/access-token/"+id, `{}`, cookies)
		got.want(t, 200, "")
		if len(got.body) != 3 || got.body["token_type"] != "Bearer" || got.body["expires_in"] != 900.0 || got.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("got %s with %v", got.Body, got.Header())
		}
		token := got.text(t, "token")
		list := func(how string) string { return currentSession(t, w.send("GET", "/auth/sessions/"+id, "", how)) }
		if list(bearer(token)) != list(cookies) {
			t.Error("got another session, want the cookie's")
		}
		w.send("POST", "/auth/access-token/"+id, `{}`, bearer(token)).want(t, 401, "unauthenticated")
		w.send("POST", "/auth/access-token/"+id, `{}`, cookies, bearer(token)).want(t, 401, "unauthenticated")
		w.send("POST", "/auth/access-token/"+id, `{}`).want(t, 401, "unauthenticated")
	})
	t.Run("a sign-in over an old session ends it", func(t *testing.T) {
		old := cookies
		got := w.send("POST", "/auth/credentials/"+id, `{"email":"ann@example.com","password":"`+password+`"}`, cookies)
		got.want(t, 200, "")
		cookies = jar(got.Header(), kept)
		w.send("GET", me, "", old).want(t, 401, "invalid_token")
		w.send("GET", me, "", cookies).want(t, 200, "")
	})
	t.Run("sign-out ends it and clears the cookie", func(t *testing.T) {
		got := w.send("POST", "/auth/sign-out/"+id, `{}`, cookies)
		got.want(t, 204, "")
		old := cookies
		if left := jar(got.Header(), kept); strings.Contains(left, id) {
			t.Errorf("cookies: got %q", left)
		}
		w.send("GET", me, "", old).want(t, 401, "invalid_token")
	})
	t.Run("sign-out clears the cookie of a session that is over, too", func(t *testing.T) {
		for _, body := range []string{`{}`, `{"all":true}`} {
			got := w.send("POST", "/auth/sign-out/"+id, body, "Cookie: authkit-"+id+"=x")
			got.want(t, 401, "invalid_token")
			if set := got.Header().Values("Set-Cookie"); len(set) != 1 || !strings.Contains(set[0], "Max-Age=0") {
				t.Errorf("%s: got %q, want it cleared", body, set)
			}
		}
	})
}

func TestUseOfACookieMovesItsEndOn(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		counted := &counting{Store: store, seen: map[string]int{}}
		w := withCookies(t, "cookie", withoutLimits, func(c *authkit.Config) {
			c.Store, c.Secrets = counted, [][]byte{[]byte(strings.Repeat("s", 32))}
		})
		me := w.in("/auth/me/{app_id}")
		cookies := w.cookieOf(w.signUp("ann@example.com"))
		t.Run("at most once a minute", func(t *testing.T) {
			for range 3 {
				w.clock.Advance(59 * time.Second)
				w.send("GET", me, "", cookies).want(t, 200, "")
			}
			if n := counted.of("UseSession"); n != 1 {
				t.Errorf("writes: got %d in three minutes less three seconds, want 1", n)
			}
		})
		t.Run("for as long as it is used, by no HEAD, and no longer than the absolute end", func(t *testing.T) {
			for range 6 {
				w.clock.Advance(13 * 24 * time.Hour)
				w.send("GET", me, "", cookies).want(t, 200, "")
			}
			w.clock.Advance(13 * 24 * time.Hour)
			w.send("GET", me, "", cookies).want(t, 401, "invalid_token")
			idle := w.cookieOf(w.signUp("bob@example.com"))
			w.clock.Advance(13 * 24 * time.Hour)
			w.send("HEAD", me, "", idle).want(t, 200, "")
			w.clock.Advance(25 * time.Hour)
			w.send("GET", me, "", idle).want(t, 401, "invalid_token")
		})
	})
}

// counting counts the questions about sessions that reach a store.
type counting struct {
	authkit.Store

	mu   sync.Mutex
	seen map[string]int
}

func (c *counting) note(method string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[method]++
}

func (c *counting) of(method string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[method]
}

func (c *counting) App(ctx context.Context, app uuid.UUID) (authkit.App, error) {
	c.note("App")
	return c.Store.App(ctx, app)
}

func (c *counting) Session(ctx context.Context, app uuid.UUID, by authkit.SessionKey, now time.Time) (authkit.Session, authkit.User, error) {
	if by.Cookie != nil {
		c.note("SessionByCookie")
	}
	return c.Store.Session(ctx, app, by, now)
}

func (c *counting) UseSession(ctx context.Context, app, id uuid.UUID, now, idleUntil time.Time) error {
	c.note("UseSession")
	return c.Store.UseSession(ctx, app, id, now, idleUntil)
}

func TestCookieModes(t *testing.T) {
	t.Parallel()
	t.Run("either asks the request", func(t *testing.T) {
		t.Parallel()
		w := withCookies(t, "either")
		w.signUp("ann@example.com") // which sets the binding, too
		path, body := "/auth/credentials/"+w.app.ID.String(), `{"email":"ann@example.com","password":"`+password+`"}`
		if got := w.send("POST", path, body); got.field("token") == "" || len(sessionCookies(w, got)) != 0 {
			t.Errorf("plain: got %s", got.Body)
		}
		if got := w.send("POST", path+"?session=cookie", body); got.field("token") != "" || len(sessionCookies(w, got)) != 1 {
			t.Errorf("cookie: got %s", got.Body)
		}
		if got := w.send("POST", path+"?session=bearer", body); got.field("token") == "" || len(sessionCookies(w, got)) != 0 {
			t.Errorf("bearer: got %s", got.Body)
		}
		for _, choice := range []string{"cookies", "", "Cookie", "cookie&session=bearer"} {
			eve := strings.Replace(body, "ann@", "eve@", 1)
			got := w.send("POST", path+"?session="+choice, eve)
			if got.want(t, 400, "invalid_request"); !strings.Contains(got.Body.String(), `"field":"session"`) {
				t.Errorf("%q: got %s, want the field named", choice, got.Body)
			}
		}
		w.send("POST", path, strings.Replace(body, "ann@", "eve@", 1)).want(t, 201, "") // nothing was done before
		w.send("POST", path+"?session=x", body, "Content-Type: text/plain").want(t, 415, "unsupported_media_type")
		w.send("GET", w.in("/apps/{app_id}/.well-known/jwks.json?session=x"), "").want(t, 200, "")
		flood(t, func(int) answer { return w.send("POST", path+"?session=x", body) }) // counted like any other
	})
	t.Run("a request with a header leaves the cookies' session alone", func(t *testing.T) {
		t.Parallel()
		w := withCookies(t, "either", func(c *authkit.Config) { c.Limits.InsecureOff = true })
		id := w.app.ID.String()
		path, body := "/auth/credentials/"+id, `{"email":"ann@example.com","password":"`+password+`"}`
		w.signUp("ann@example.com") // which sets the binding, too
		cookies := jar(w.send("POST", path+"?session=cookie", body).Header(), map[string]string{})
		for _, byID := range []bool{false, true} {
			in := w.send("POST", path, body)
			header := bearer(in.field("token"))
			method, at, empty := "POST", "/auth/sign-out/"+id, `{}`
			if byID {
				method, at, empty = "DELETE", "/auth/sessions/"+id+"/"+currentSession(t, w.send("GET", "/auth/sessions/"+id, "", header)), ""
			}
			got := w.send(method, at, empty, cookies, header)
			got.want(t, 204, "")
			if set := got.Header().Values("Set-Cookie"); len(set) != 0 {
				t.Errorf("%s %s: got %q, want no cookie touched", method, at, set)
			}
			w.send("GET", "/auth/me/"+id, "", header).want(t, 401, "invalid_token")
			w.send("GET", "/auth/me/"+id, "", cookies).want(t, 200, "")
		}
	})
	t.Run("bearer takes no cookie", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		in := w.signUp("ann@example.com")
		id := w.app.ID.String()
		cookies := "Cookie: authkit-" + id + "=" + in.field("token")
		w.send("GET", "/auth/me/"+id, "", cookies).want(t, 401, "unauthenticated")
		w.send("POST", "/auth/refresh/"+id, `{}`, cookies).want(t, 400, "invalid_request")
		w.refresh(in.field("refresh_token")).want(t, 200, "")
	})
	t.Run("names are bound to the host where there is TLS", func(t *testing.T) {
		t.Parallel()
		w := withCookies(t, "cookie", func(c *authkit.Config) { c.BaseURL = "https://example.com/id" })
		for _, c := range (&http.Response{Header: w.signUp("ann@example.com").Header()}).Cookies() {
			if !strings.HasPrefix(c.Name, "__Host-authkit-") || !c.Secure {
				t.Errorf("cookie: got %s", c)
			}
		}
	})
	t.Run("a link pressed with nowhere to go on to signs in where it is pressed", func(t *testing.T) {
		t.Parallel()
		w := withCookies(t, "cookie")
		_, m := w.mailed("ann@example.com", "")
		page := w.send("GET", linkPath(m), "", "Accept: text/html")
		kept := map[string]string{}
		cookies := jar(page.Header(), kept)
		form := url.Values{}
		for _, field := range hidden.FindAllStringSubmatch(page.Body.String(), -1) {
			form.Set(field[1], field[2])
		}
		got := w.send("POST", "/auth/verify/"+w.app.ID.String(), form.Encode(), cookies, "Content-Type: application/x-www-form-urlencoded", "Origin: http://localhost:8080")
		got.want(t, 303, "")
		w.send("GET", "/auth/me/"+w.app.ID.String(), "", jar(got.Header(), kept)).want(t, 200, "")
	})
}

func TestRequireByCookie(t *testing.T) {
	t.Parallel()
	w := withCookies(t, "cookie")
	w.settings(authkit.AppPatch{Origins: &[]string{"https://app.example"}})
	kept := map[string]string{}
	jar(w.signUp("ann@example.com").Header(), kept)
	serve := func(mw func(http.Handler) http.Handler, method string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, "/mine", nil)
		for _, h := range append(headers, jar(nil, kept)) {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Set(name, value)
		}
		got := httptest.NewRecorder()
		mw(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if _, ok := authkit.IdentityFrom(r.Context()); ok {
				rw.WriteHeader(http.StatusTeapot)
			}
		})).ServeHTTP(got, r)
		jar(got.Header(), kept)
		return got
	}
	require, optional := w.engine.Require(authkit.ForApp(w.app.ID)), w.engine.Optional(authkit.ForApp(w.app.ID))
	for name, c := range map[string]struct {
		method  string
		headers []string
		want    int
	}{
		"a GET":                                  {"GET", nil, http.StatusTeapot},
		"a POST from nowhere in particular":      {"POST", nil, http.StatusTeapot},
		"a POST from this origin":                {"POST", []string{"Origin: http://localhost:8080"}, http.StatusTeapot},
		"a POST from another":                    {"POST", []string{"Origin: https://evil.example"}, http.StatusForbidden},
		"a POST from a sibling of the same site": {"POST", []string{"Sec-Fetch-Site: same-site"}, http.StatusForbidden},
		"a GET from another":                     {"GET", []string{"Origin: https://evil.example"}, http.StatusTeapot},
		"a handshake from this origin":           {"GET", []string{"Upgrade: websocket", "Origin: http://localhost:8080"}, http.StatusTeapot},
		"a handshake of a program":               {"GET", []string{"Upgrade: websocket"}, http.StatusTeapot},
		"a handshake from another":               {"GET", []string{"Upgrade: websocket", "Origin: https://evil.example"}, http.StatusForbidden},
		"a handshake from a sibling":             {"GET", []string{"Upgrade: websocket", "Origin: https://evil.localhost:8080", "Sec-Fetch-Site: same-site"}, http.StatusForbidden},
		"a handshake from nowhere":               {"GET", []string{"Upgrade: websocket", "Origin: null"}, http.StatusForbidden},
		"a handshake spelled otherwise":          {"GET", []string{"upgrade: WebSocket, h2c", "Origin: https://evil.example"}, http.StatusForbidden},
		"a handshake from an origin of the app":  {"GET", []string{"Upgrade: websocket", "Origin: https://app.example", "Sec-Fetch-Site: cross-site"}, http.StatusTeapot},
		"a POST from an origin of the app":       {"POST", []string{"Origin: https://app.example", "Sec-Fetch-Site: cross-site"}, http.StatusTeapot},
	} {
		if got := serve(require, c.method, c.headers...); got.Code != c.want {
			t.Errorf("%s: got %d, want %d", name, got.Code, c.want)
		}
	}
	w.clock.Advance(17 * time.Minute)
	got := serve(require, "GET")
	if got.Code != http.StatusTeapot || len(got.Header().Values("Set-Cookie")) != 0 {
		t.Errorf("after an access token's time: got %d %v", got.Code, got.Header())
	}
	w.clock.Advance(15 * 24 * time.Hour)
	if got := serve(require, "GET"); got.Code != http.StatusUnauthorized {
		t.Errorf("dead: got %d, want 401", got.Code)
	}
	if got := serve(optional, "GET"); got.Code != http.StatusOK {
		t.Errorf("dead, where strangers may: got %d, want 200", got.Code)
	}
}

func TestWhoMayChooseCookies(t *testing.T) {
	t.Parallel()
	ask := func(w *world, mode string) answer {
		return w.send("PATCH", w.in("/apps/{app_id}"), `{"session_mode":"`+mode+`"}`, bearer(w.token))
	}
	t.Run("the host, and no developer", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		for _, mode := range []string{"cookie", "either"} {
			ask(w, mode).want(t, 403, "forbidden")
		}
		ask(w, "bearer").want(t, 200, "")
		ask(w, "x").want(t, 400, "invalid_request")
		w.settings(authkit.AppPatch{SessionMode: new(authkit.SessionEither)})
		ask(w, "either").want(t, 200, "") // this changes nothing
		ask(w, "cookie").want(t, 403, "forbidden")
		w.send("PATCH", w.in("/apps/{app_id}"), `{"signup":"closed"}`, bearer(w.token)).want(t, 200, "")
		ask(w, "bearer").want(t, 200, "")
		ask(w, "either").want(t, 403, "forbidden")
	})
	t.Run("a developer where the host lets them", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.DeveloperCookies = true })
		for _, mode := range []string{"cookie", "either", "bearer"} {
			ask(w, mode).want(t, 200, "")
		}
	})
	t.Run("no developer for the console app", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.DeveloperCookies = true })
		w.send("PATCH", "/apps/"+authkit.Console.String(), `{"session_mode":"cookie"}`, bearer(w.token)).want(t, 404, "app_not_found")
	})
}
