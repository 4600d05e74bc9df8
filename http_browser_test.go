package authkit_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// tenant returns another app in cookie mode.
func (w *world) tenant(name string, mode authkit.SessionMode) *world {
	w.t.Helper()
	app, _, err := w.engine.CreateApp(w.t.Context(), w.devID, name)
	if err == nil {
		app, err = w.engine.ChangeApp(w.t.Context(), authkit.AppRef{Developer: w.devID, ID: app.ID}, authkit.AppPatch{SessionMode: new(mode)})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	other := *w
	other.app = app
	return &other
}

// size returns the size of the cookie header that a browser sends with every request.
func size(kept map[string]string) int {
	n := 0
	for name, value := range kept {
		n += len(name) + len(value) + len("=; ")
	}
	return n
}

// A tenant's page can send a visitor through many apps. No path of the origin may answer 431
// because of that.
func TestABrowserHoldsTheSessionsOfSixteenApps(t *testing.T) {
	t.Parallel()
	for _, mode := range []authkit.SessionMode{authkit.SessionCookie, authkit.SessionEither} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := setup(t, func(c *authkit.Config) { c.BaseURL = "https://auth.example.com/id"; c.Limits.Credentials = "1000/m/ip" })
			kept := map[string]string{}
			var apps []*world
			ask := func(a *world, path, body string) answer {
				got := a.send("POST", a.in(path), body, jar(nil, kept))
				jar(got.Header(), kept)
				return got
			}
			const signIn = "/auth/credentials/{app_id}?session=cookie"
			for i := range 18 {
				a := w.tenant(fmt.Sprintf("App %d", i), mode)
				apps = append(apps, a)
				got := ask(a, signIn, signInBody("ann@example.com", password, "sign_up"))
				if i < 16 {
					got.want(t, 201, "")
					continue
				}
				if got.want(t, 409, "limit_reached"); !strings.Contains(got.Body.String(), "16") {
					t.Errorf("got %s, want the bound named", got.Body)
				}
			}
			sessions := slices.DeleteFunc(slices.Collect(maps.Keys(kept)), func(name string) bool { return len(name) < 40 })
			if len(sessions) != 16 || size(kept) > 4096 {
				t.Errorf("cookies: got %d sessions in %d bytes, want 16 in at most 4,096", len(sessions), size(kept))
			}
			t.Run("and the 17th has started none, and made no user", func(t *testing.T) {
				if users, err := w.engine.Users(t.Context(), apps[16].app.ID, authkit.UserFilter{}); err != nil || len(users) != 0 {
					t.Errorf("users: got %v, %v, want none", users, err)
				}
			})
			t.Run("one of the 16 may be signed in to again, and none gives way", func(t *testing.T) {
				ask(apps[3], signIn, signInBody("ann@example.com", password, "sign_in")).want(t, 200, "")
				for i, a := range apps[:16] {
					if got := a.send("GET", a.in("/auth/me/{app_id}"), "", jar(nil, kept)); got.Code != 200 {
						t.Errorf("app %d: got %d", i, got.Code)
					}
				}
			})
			t.Run("once one is left, another has room", func(t *testing.T) {
				ask(apps[5], "/auth/sign-out/{app_id}", `{}`).want(t, 204, "")
				ask(apps[17], signIn, signInBody("ann@example.com", password, "sign_up")).want(t, 201, "")
			})
			if mode == authkit.SessionEither {
				ask(apps[16], "/auth/credentials/{app_id}", signInBody("ann@example.com", password, "sign_up")).want(t, 201, "") // not into a cookie
			}
		})
	}
}

func TestADeviceIsKnownToItsTenLatestAccounts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var users []authkit.User
	text := ""
	for i := range 12 {
		u := authkit.User{App: uuid.New(), ID: uuid.New(), Email: fmt.Sprintf("u%d@example.com", i), Epoch: 1}
		users = append(users, u)
		text = w.engine.IssueDeviceToken(authkit.SignIn{User: u}, text)
	}
	if len(text) > 1200 {
		t.Errorf("device: got %d bytes, want at most 1,200", len(text))
	}
	if again := w.engine.IssueDeviceToken(authkit.SignIn{User: users[5]}, text); len(again) != len(text) {
		t.Errorf("again: got %d bytes, want %d", len(again), len(text))
	}
	for _, bad := range []string{text + text, text[1:], "nonsense", strings.Repeat("A", len(text)+119)} {
		if got := w.engine.IssueDeviceToken(authkit.SignIn{User: users[0]}, bad); len(got) > len(text) {
			t.Errorf("beside %d bytes of nonsense: got %d bytes", len(bad), len(got))
		}
	}
}

// bindingOf returns the binding cookie that an answer sets. ok reports whether it sets one.
func bindingOf(got answer) (c *http.Cookie, ok bool) {
	for _, c := range (&http.Response{Header: got.Header()}).Cookies() {
		if c.Name == "authkit-b" {
			return c, true
		}
	}
	return nil, false
}

func TestTheBindingCookie(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	page := func(cookies string, headers ...string) answer {
		_, m := s.mailed(s.email(), "")
		return s.send("GET", linkPath(m), "", append(headers, "Accept: text/html", "Cookie: "+cookies)...)
	}
	set := func(t *testing.T, got answer) string {
		t.Helper()
		c, ok := bindingOf(got)
		if !ok || c.MaxAge != 0 || !c.Expires.IsZero() || c.Path != "/" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Fatalf("binding: got %v, want one for the browser session", c)
		}
		return c.Name + "=" + c.Value
	}
	none := func(t *testing.T, got answer) {
		t.Helper()
		if c, ok := bindingOf(got); ok {
			t.Errorf("binding: got %v, want none", c)
		}
	}
	t.Run("is for the browser session, and set by no HEAD and no prefetch", func(t *testing.T) {
		set(t, page(""))
		none(t, page("", "Sec-Purpose: prefetch"))
		_, m := s.mailed(s.email(), "")
		none(t, s.send("HEAD", linkPath(m), ""))
	})
	t.Run("stays while it is used, and expires a day after its last use", func(t *testing.T) {
		cookie := set(t, page(""))
		none(t, page(cookie))
		for range 3 {
			s.clock.Advance(23 * time.Hour)
			next := set(t, page(cookie))
			if next == cookie {
				t.Error("got the same value, want another time in it")
			}
			cookie = next
		}
		s.clock.Advance(24 * time.Hour)
		secret := func(c string) string { _, v, _ := strings.Cut(c, "="); return v[:42] }
		if next := set(t, page(cookie)); secret(next) == secret(cookie) {
			t.Error("a day later: got the same secret, want another")
		}
	})
	t.Run("one that authkit did not write is replaced", func(t *testing.T) {
		cookie := set(t, page(""))
		for _, bad := range []string{cookie + "A", cookie[:len(cookie)-1] + "A", "authkit-b=" + strings.Repeat("A", 43), strings.Replace(cookie, "authkit-b=", "authkit-b=AAAA", 1)} {
			if bad != cookie {
				set(t, page(bad))
			}
		}
	})
	t.Run("is made anew at a sign-out, and when another user signs in", func(t *testing.T) {
		in := func(email, cookie, intent string) answer {
			got := s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(email, password, intent), "Cookie: "+cookie)
			if got.Code > 201 {
				t.Fatalf("sign-in: got %d %s", got.Code, got.Body)
			}
			return got
		}
		secret := func(c string) string { _, v, _ := strings.Cut(c, "="); return v[:42] }
		ann, bob, cookie := s.email(), s.email(), set(t, page(""))
		first := set(t, in(ann, cookie, "sign_up"))
		if secret(first) != secret(cookie) {
			t.Error("the first user: got another secret, want the same")
		}
		none(t, in(ann, first, "sign_in"))
		second := set(t, in(bob, first, "sign_up"))
		if secret(second) == secret(first) {
			t.Error("another user: got the same secret, want another")
		}
		got := in(bob, second, "sign_in")
		out := s.send("POST", s.in("/auth/sign-out/{app_id}"), `{}`, s.cookieOf(got)+"; "+second)
		out.want(t, 204, "")
		if secret(set(t, out)) == secret(second) {
			t.Error("sign-out: got the same secret, want another")
		}
		none(t, in(ann, "", "sign_in"))
	})
}

func TestPagesAreAloneInTheirWindow(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.provider()
	const header, here = "Cross-Origin-Opener-Policy", origin + "/done"
	s.settings(authkit.AppPatch{RedirectURLs: &[]string{here}})
	_, m := s.mailed(s.email(), `,"redirect_to":"`+here+`"`)
	page := s.send("GET", linkPath(m), "", "Accept: text/html")
	page.want(t, 200, "")
	if got := page.Header().Get(header); got != "same-origin" {
		t.Errorf("a page: got %q, want same-origin", got)
	}
	body, cookie := s.shown(m)
	state, binding := s.redirected("")
	for name, got := range map[string]answer{
		"a start":    s.send("GET", s.in("/auth/corp/{app_id}"), ""),
		"a press":    s.send("POST", s.in("/auth/verify/{app_id}"), body, form, "Cookie: "+cookie),
		"a bounce":   s.send("POST", s.in("/auth/callback/corp/{app_id}"), url.Values{"code": {"good"}, "state": {state}}.Encode(), form, "Cookie: "+binding),
		"an API one": s.send("GET", s.in("/auth/me/{app_id}"), ""),
	} {
		if got.Header().Get(header) != "" {
			t.Errorf("%s: got %d with %q, want no such header", name, got.Code, got.Header().Get(header))
		}
	}
}

func TestAStartThatNobodyPressedFor(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.provider()
	path := s.in("/auth/corp/{app_id}") + "?redirect_to=" + url.QueryEscape(goal)
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"a link on another site":           {[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-User: ?1"}, 302},
		"a link on a sibling":              {[]string{"Sec-Fetch-Site: same-site", "Sec-Fetch-User: ?1"}, 302},
		"an address that was typed":        {[]string{"Sec-Fetch-Site: none"}, 302},
		"a page of the host's":             {[]string{"Sec-Fetch-Site: same-origin"}, 302},
		"a browser that does not say":      {nil, 302},
		"a script on another site":         {[]string{"Sec-Fetch-Site: cross-site"}, 200},
		"a script on a sibling":            {[]string{"Sec-Fetch-Site: same-site"}, 200},
		"an image on another site":         {[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: image"}, 200},
		"a script that claims a press":     {[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-User: 1"}, 200},
		"a program that asks for the JSON": {[]string{"Sec-Fetch-Site: cross-site", "Accept: application/json"}, 200},
	} {
		got := s.send("GET", path, "", c.headers...)
		got.want(t, c.status, "")
		if c.status != 200 || strings.Contains(name, "JSON") {
			continue
		}
		if len(got.Header().Values("Set-Cookie")) != 0 || got.Header().Get("Location") != "" {
			t.Errorf("%s: got %v, want no effect", name, got.Header())
		}
		link := fmt.Sprintf(`href="%s/auth/corp/%s?redirect_to=%s"`, base, s.app.ID, url.QueryEscape(goal))
		if text := got.Body.String(); !strings.Contains(text, link) || !strings.Contains(text, s.app.Name) {
			t.Errorf("%s: got %s, want a link that goes on, and the app's name", name, text)
		}
	}
	s.send("GET", s.in("/auth/nothing/{app_id}"), "", "Sec-Fetch-Site: cross-site").want(t, 404, "provider_not_configured")
}

// saysFresh makes the provider say that a new user came, in a flow that began with JSON.
func (s *stage) saysFresh(start answer) {
	s.t.Helper()
	u, err := url.Parse(start.text(s.t, "redirect_url"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.idp.says(u.Query().Get("nonce"), map[string]any{"sub": s.fresh("sub"), "email": s.email()})
}

func (s *stage) finished(start answer) answer {
	s.t.Helper()
	s.saysFresh(start)
	return s.callback("good", start.text(s.t, "state"), start.text(s.t, "binding"))
}

// The choice of a cookie is made where a flow begins, and is kept with the flow.
func TestTheChoiceOfACookieIsKeptWithTheFlow(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.provider()
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionEither)})
	inCookie := func(got answer) bool {
		t.Helper()
		if got.Code >= 300 {
			t.Fatalf("got %d %s", got.Code, got.Body)
		}
		for _, name := range sessionCookies(s.world, got) {
			if name == "authkit-"+s.app.ID.String() {
				return got.body["token"] == nil && got.body["refresh_token"] == nil
			}
		}
		return false
	}
	for _, chosen := range []bool{true, false} {
		query := map[bool]string{true: "?session=cookie", false: ""}[chosen]
		is := func(name string, got answer) {
			t.Helper()
			if inCookie(got) != chosen {
				t.Errorf("%s, with %q where it began: got %s with %v", name, query, got.Body, got.Header())
			}
		}
		email := s.email()
		s.send("POST", s.in("/auth/magic-link/{app_id}")+query, `{"email":"`+email+`"}`).want(t, 202, "")
		if err := s.engine.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		m, _ := s.outbox.Last(email)
		is("a link", s.verify(`{"token":"`+linkToken(m)+`"}`))

		start := s.send("GET", s.in("/auth/corp/{app_id}")+query, "", "Accept: application/json")
		start.want(t, 200, "")
		is("a provider", s.finished(start))
	}
	t.Run("what comes back from a provider chooses nothing", func(t *testing.T) {
		start := s.send("GET", s.in("/auth/corp/{app_id}"), "", "Accept: application/json")
		s.saysFresh(start)
		got := s.send("POST", s.in("/auth/callback/corp/{app_id}")+"?session=cookie", fmt.Sprintf(`{"code":"good","state":%q,"binding":%q}`, start.text(t, "state"), start.text(t, "binding")))
		if inCookie(got) || got.body["token"] == nil {
			t.Errorf("got %s with %v, want tokens as the flow began", got.Body, got.Header())
		}
	})
	t.Run("a start with another word is refused", func(t *testing.T) {
		s.send("GET", s.in("/auth/corp/{app_id}")+"?session=x", "").want(t, 400, "invalid_request")
	})
	t.Run("a code of a flow that began without is not spent on a cookie", func(t *testing.T) {
		code, cookie := s.handedOver()
		path, body := s.in("/auth/token/{app_id}"), `{"code":"`+code+`"}`
		got := s.send("POST", path+"?session=cookie", body, "Cookie: "+cookie)
		if got.want(t, 400, "invalid_request"); got.fields() != "session" {
			t.Errorf("fields: got %q", got.fields())
		}
		s.send("POST", path, body, "Cookie: "+cookie).want(t, 200, "")
	})
}

// A page may send several sign-ins at once. None of these requests has the cookies that the
// others set.
func TestWhatABrowserHoldsBeyondSixteenAppsGoes(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	var apps []*world
	var kept []string // in the order of browsers: the cookie that was set first comes first
	for i := range 18 {
		a := w.tenant(fmt.Sprintf("App %d", i), authkit.SessionCookie)
		apps, kept = append(apps, a), append(kept, strings.TrimPrefix(a.cookieOf(a.signUp("ann@example.com")), "Cookie: "))
	}
	cookies := "Cookie: " + strings.Join(kept, "; ")
	dropped := func(got answer) (names []string) {
		for _, c := range (&http.Response{Header: got.Header()}).Cookies() {
			if c.MaxAge < 0 {
				names = append(names, c.Name)
			}
		}
		return names
	}
	want := []string{"authkit-" + apps[16].app.ID.String(), "authkit-" + apps[17].app.ID.String()}
	for i, a := range []*world{apps[0], apps[17]} {
		if got := dropped(a.send("GET", a.in("/auth/me/{app_id}"), "", cookies)); !slices.Equal(got, want) {
			t.Errorf("request %d: got %q dropped, want the two that came last, %q", i, got, want)
		}
	}
	if got := dropped(w.send("HEAD", apps[0].in("/auth/me/{app_id}"), "", cookies)); got != nil {
		t.Errorf("HEAD: got %q dropped, want none", got)
	}
	if got := dropped(w.send("GET", apps[0].in("/auth/me/{app_id}"), "", "Cookie: "+strings.Join(kept[:16], "; "))); got != nil {
		t.Errorf("16: got %q dropped, want none", got)
	}
}
