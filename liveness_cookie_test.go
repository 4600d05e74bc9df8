package authkit_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// identified sends a GET through a middleware and returns the identity of the request.
func identified(t *testing.T, mw func(http.Handler) http.Handler, header string) (authkit.Identity, int) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/mine", nil)
	name, value, _ := strings.Cut(header, ": ")
	r.Header.Set(name, value)
	var who authkit.Identity
	got := httptest.NewRecorder()
	mw(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { who, _ = authkit.IdentityFrom(r.Context()) })).ServeHTTP(got, r)
	return who, got.Code
}

func TestTheIdentityOfACookieIsThatOfAToken(t *testing.T) {
	t.Parallel()
	type deep struct {
		N    int      `json:"n"`
		List []string `json:"list"`
	}
	asked := 0
	w := withCookies(t, "cookie", withoutLimits, func(c *authkit.Config) {
		c.Hooks.Claims = func(_ context.Context, m authkit.HookEvent) (map[string]any, error) {
			asked++
			if m.Kind != authkit.HookToken || m.User.Email == "" || m.Method != "" && m.Method != authkit.MethodCredentials {
				return nil, errors.New("not a moment of a token")
			}
			return map[string]any{"plan": "gold", "seats": 3, "deep": deep{1, []string{"a"}}, "none": nil}, nil
		}
	})
	cookie := w.cookieOf(w.signUp("ann@example.com"))
	w.clock.Advance(1500 * time.Millisecond)
	token := w.send("POST", w.in("/auth/access-token/{app_id}"), `{}`, cookie).text(t, "token")
	for name, mw := range map[string]func(http.Handler) http.Handler{
		"Require": w.engine.Require(authkit.ForApp(w.app.ID)), "RequireLive": w.engine.RequireLive(authkit.ForApp(w.app.ID)), "Optional": w.engine.Optional(authkit.ForApp(w.app.ID)),
	} {
		byToken, _ := identified(t, mw, bearer(token))
		byCookie, _ := identified(t, mw, cookie)
		if !reflect.DeepEqual(byCookie, byToken) || len(byCookie.Claims) != 4 || byCookie.Session == (authkit.Identity{}).Session {
			t.Errorf("%s: got %+v by cookie, want %+v", name, byCookie, byToken)
		}
	}
	if asked > 6 {
		t.Errorf("claims: got asked %d times, want once for each token and each time that the store is", asked)
	}
}

func TestRequireOnAWarmCookieAsksNobody(t *testing.T) {
	t.Parallel()
	var counted *counting
	w := withCookies(t, "cookie", withoutLimits, func(c *authkit.Config) {
		counted = &counting{Store: c.Store, seen: map[string]int{}}
		c.Store, c.Tokens.LiveWithin = counted, 10*time.Second
	})
	cookie := w.cookieOf(w.signUp("ann@example.com"))
	asks := func() int {
		counted.mu.Lock()
		defer counted.mu.Unlock()
		n := 0
		for _, one := range counted.seen {
			n += one
		}
		return n
	}
	require := w.engine.Require(authkit.ForApp(w.app.ID))
	if _, status := identified(t, require, cookie); status != 200 {
		t.Fatalf("cold: got %d, want 200", status)
	}
	before := asks()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, status := identified(t, require, cookie); status != 200 {
				t.Errorf("warm: got %d, want 200", status)
			}
		})
	}
	all.Wait()
	if n := asks() - before; n != 0 {
		t.Errorf("warm: got %d questions to the store, want none", n)
	}
	w.clock.Advance(10 * time.Second)
	for range 50 {
		all.Go(func() { identified(t, require, cookie) })
	}
	all.Wait()
	if n := counted.of("SessionByCookie"); n < 2 || n > 51 {
		t.Errorf("after LiveWithin: got %d questions about the session, want it asked for again", n)
	}
	live := w.engine.RequireLive(authkit.ForApp(w.app.ID))
	before = counted.of("SessionByCookie")
	for range 3 {
		identified(t, live, cookie)
	}
	if n := counted.of("SessionByCookie") - before; n != 3 {
		t.Errorf("RequireLive: got %d questions, want 3", n)
	}
}

func TestACookieEndsWithItsSession(t *testing.T) {
	t.Parallel()
	w := withCookies(t, "cookie", withoutLimits)
	require := w.engine.Require(authkit.ForApp(w.app.ID))
	for name, end := range map[string]func(cookie string){
		"sign-out": func(cookie string) { w.send("POST", w.in("/auth/sign-out/{app_id}"), `{}`, cookie).want(t, 204, "") },
		"sign-out everywhere, and a moment": func(cookie string) {
			w.send("POST", w.in("/auth/sign-out/{app_id}"), `{"all":true}`, cookie).want(t, 204, "")
			w.clock.Advance(5 * time.Second)
		},
		"another mode, and a moment": func(string) {
			w.settings(authkit.AppPatch{SessionMode: new(authkit.SessionBearer)})
			w.clock.Advance(5 * time.Second)
		},
	} {
		w.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
		cookie := w.cookieOf(w.signUp(strings.ReplaceAll(strings.Fields(name)[0], ",", "") + strings.Repeat("x", len(name)) + "@example.com"))
		if _, status := identified(t, require, cookie); status != 200 {
			t.Fatalf("%s: got %d before, want 200", name, status)
		}
		end(cookie)
		if _, status := identified(t, require, cookie); status != 401 {
			t.Errorf("%s: got %d after it, want 401", name, status)
		}
	}
	t.Run("nor does another app take it", func(t *testing.T) {
		w.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
		_, value, _ := strings.Cut(w.cookieOf(w.signUp("eve@example.com")), "=")
		other, _, err := w.engine.CreateApp(t.Context(), w.devID, "Other")
		if err == nil {
			_, err = w.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: w.devID, ID: other.ID}, authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
		}
		if err != nil {
			t.Fatal(err)
		}
		w.send("GET", "/auth/me/"+other.ID.String(), "", "Cookie: authkit-"+other.ID.String()+"="+value).want(t, 401, "invalid_token")
	})
	t.Run("nor what is no cookie's value", func(t *testing.T) {
		in, err := w.engine.StartSession(t.Context(), authkit.HostSignIn{App: w.app.ID, User: w.userOf("eve@example.com").ID, Method: "hwk", Client: authkit.Client{}})
		if err != nil || in.Cookie == "" || in.RefreshToken != "" {
			t.Fatalf("StartSession: got %+v, %v, want a cookie alone", in, err)
		}
		for _, value := range []string{in.Token, in.Cookie + "A", in.Cookie[1:], in.SessionID.String(), "", w.key, "rt_" + in.Cookie} {
			w.send("GET", w.in("/auth/me/{app_id}"), "", "Cookie: authkit-"+w.app.ID.String()+"="+value).want(t, 401, "")
			w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(in.Cookie)).want(t, 401, "invalid_token")
		}
		w.refresh(in.Cookie).want(t, 401, "invalid_token")
	})
}

func TestAHookThatRefusesTokensRefusesCookies(t *testing.T) {
	t.Parallel()
	banned := false
	w := withCookies(t, "cookie", func(c *authkit.Config) {
		c.Hooks.Before = func(_ context.Context, m authkit.HookEvent) error {
			if banned && m.Kind == authkit.HookToken {
				return authkit.Refusal("banned")
			}
			return nil
		}
	})
	cookie := w.cookieOf(w.signUp("ann@example.com"))
	require := w.engine.Require(authkit.ForApp(w.app.ID))
	banned = true
	if _, status := identified(t, require, cookie); status != 403 {
		t.Errorf("got %d, want 403", status)
	}
	w.send("POST", w.in("/auth/access-token/{app_id}"), `{}`, cookie).want(t, 403, "forbidden")
}

func TestAnAccessTokenEndsWithItsSession(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]struct {
		idle, absolute time.Duration
		want           float64
	}{
		"the absolute end": {5 * time.Minute, 100 * time.Second, 100},
		"the idle end":     {5 * time.Minute, time.Hour, 300},
		"its own":          {time.Hour, time.Hour, 900},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.settings(authkit.AppPatch{SessionIdle: &p.idle, SessionAbsolute: &p.absolute})
			in := w.signUp("ann@example.com")
			if in.body["expires_in"] != p.want {
				t.Errorf("sign-up: got expires_in %v, want %v", in.body["expires_in"], p.want)
			}
			w.clock.Advance(time.Duration(p.want/2) * time.Second)
			turned := w.refresh(in.text(t, "refresh_token"))
			if left := p.absolute.Seconds() - p.want/2; turned.body["expires_in"].(float64) > left {
				t.Errorf("refresh: got expires_in %v, want no more than the %v that are left", turned.body["expires_in"], left)
			}
			_, status := identified(t, w.engine.Require(authkit.ForApp(w.app.ID)), bearer(turned.text(t, "token")))
			if status != 200 {
				t.Errorf("Require: got %d, want 200", status)
			}
		})
	}
}
