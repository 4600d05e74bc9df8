package authkit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
)

// seatedMember returns a user who has just signed in by cookie, with an access token of that session, and
// another process over the same store.
func seatedMember(t *testing.T, change ...func(*authkit.Config)) (p *factored, beside *world, cookie string) {
	t.Helper()
	store := memory.New()
	w := withCookies(t, "either", append([]func(*authkit.Config){withoutLimits, func(c *authkit.Config) {
		c.Store, c.Secrets = store, [][]byte{make([]byte, 32)}
	}}, change...)...)
	w.member(t, "ann@example.com")
	in := w.send("POST", w.in("/auth/credentials/{app_id}?session=cookie"), signInBody("ann@example.com", password, "sign_in"))
	in.want(t, 200, "")
	cookie = w.cookieOf(in)
	p = &factored{w: w, email: "ann@example.com"}
	p.token = w.send("POST", w.in("/auth/access-token/{app_id}"), `{}`, cookie).text(t, "token")
	none := time.Duration(0)
	return p, w.beside(store, &none), cookie
}

// everywhere checks the identity that each middleware gives a session, by its cookie and by its token.
func (p *factored) everywhere(t *testing.T, cookie string, check func(what string, id authkit.Identity)) {
	t.Helper()
	app := authkit.ForApp(p.w.app.ID)
	for name, mw := range map[string]func(http.Handler) http.Handler{
		"Require": p.w.engine.Require(app), "RequireLive": p.w.engine.RequireLive(app), "Optional": p.w.engine.Optional(app),
	} {
		for by, header := range map[string]string{"cookie": cookie, "token": bearer(p.token)} {
			id, status := identified(t, mw, header)
			if status != http.StatusOK || id.User != p.w.userOf(p.email).ID {
				t.Errorf("%s by %s: got %d, want the user", name, by, status)
			}
			check(name+" by "+by, id)
		}
	}
}

func TestTheIdentityFollowsTheFactors(t *testing.T) {
	t.Parallel()
	p, _, cookie := seatedMember(t)
	w, began := p.w, p.w.clock.Now()
	said := func(id authkit.Identity) string {
		at := "never"
		if !id.SecondFactorAt.IsZero() {
			at = id.SecondFactorAt.Sub(began).String()
		}
		return fmt.Sprint(id.Methods, " ", id.Assurance, " ", at, " ", id.AuthTime.Sub(began))
	}
	for _, step := range []struct {
		name string
		do   func()
		want map[bool]string // by whether it is the token from before
	}{
		{"none was shown", func() {}, map[bool]string{true: "[pwd] aal1 never 0s", false: "[pwd] aal1 never 0s"}},
		{"one was added", func() {
			w.clock.Advance(5 * time.Minute)
			p.enrolTOTP(t)
			w.clock.Advance(time.Minute)
		}, map[bool]string{true: "[pwd mfa] aal2 5m0s 0s", false: "[pwd otp mfa] aal2 5m0s 0s"}},
		{"it was shown again", func() {
			w.clock.Advance(time.Minute)
			p.post("/auth/step-up/{app_id}", fmt.Sprintf(`{"code":%q}`, p.code())).want(t, 200, "")
			w.clock.Advance(time.Minute)
		}, map[bool]string{true: "[pwd mfa] aal2 7m30s 0s", false: "[pwd otp mfa] aal2 7m30s 7m30s"}},
		{"it was removed", func() {
			w.send("DELETE", w.in("/auth/totp/{app_id}"), "", bearer(p.token)).want(t, 204, "")
			w.clock.Advance(time.Minute)
		}, map[bool]string{true: "[pwd] aal1 never 0s", false: "[pwd otp] aal1 never 7m30s"}},
	} {
		step.do()
		p.everywhere(t, cookie, func(what string, id authkit.Identity) {
			old := what[len(what)-5:] == "token"
			if got := said(id); got != step.want[old] {
				t.Errorf("%s, %s: got %s, want %s", step.name, what, got, step.want[old])
			}
		})
	}
}

// A person who was sent to show a second factor comes back at once, also to another process, which does
// not go by what it remembers when it refuses.
func TestASecondFactorCountsAtOnce(t *testing.T) {
	t.Parallel()
	for by, header := range map[string]func(cookie string, p *factored) string{
		"by its cookie": func(cookie string, _ *factored) string { return cookie },
		"by its token":  func(_ string, p *factored) string { return bearer(p.token) },
	} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			p, beside, cookie := seatedMember(t)
			p.enrolTOTP(t)
			p.w.clock.Advance(2 * time.Hour)
			p.token = p.w.send("POST", p.w.in("/auth/access-token/{app_id}"), `{}`, cookie).text(t, "token")
			guards := map[string]func(http.Handler) http.Handler{}
			for name, e := range map[string]*authkit.Engine{"the process": p.w.engine, "another process": beside.engine} {
				guards[name] = e.RequireSecondFactor(authkit.ForApp(p.w.app.ID), time.Hour)
			}
			for name, guard := range guards {
				if _, status := identified(t, guard, header(cookie, p)); status != 403 {
					t.Errorf("%s, two hours later: got %d, want 403", name, status)
				}
			}
			p.post("/auth/step-up/{app_id}", fmt.Sprintf(`{"code":%q}`, p.code())).want(t, 200, "")
			for name, guard := range guards {
				if id, status := identified(t, guard, header(cookie, p)); status != 200 || !id.SecondFactorAt.Equal(p.w.clock.Now()) {
					t.Errorf("%s, after the step-up: got %d, %v, want the session let through", name, status, id.SecondFactorAt)
				}
			}
		})
	}
}

// One credential decides, the header: a second factor of the session in the cookie does not count for the token,
// nor the other way round.
func TestASecondFactorOfACookieIsNotThatOfAToken(t *testing.T) {
	t.Parallel()
	p, _, cookie := seatedMember(t)
	p.enrolTOTP(t)
	other := p.second(t, p.first(), p.code(), "") // of another session
	other.want(t, 200, "")
	p.w.send("DELETE", p.w.in("/auth/totp/{app_id}"), "", bearer(p.token)).want(t, 204, "")
	q := p.w.member(t, "bob@example.com")
	q.enrolTOTP(t)
	guard := p.w.engine.RequireSecondFactor(authkit.ForApp(p.w.app.ID), time.Hour)
	ask := func(token, cookie string) int {
		r := p.w.request("GET", "/mine", "", cookie, bearer(token))
		got := httptest.NewRecorder()
		guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })).ServeHTTP(got, r)
		return got.Code
	}
	p.w.clock.Advance(time.Minute)
	if got := ask(q.token, cookie); got != 200 {
		t.Errorf("the token has a second factor, the cookie has none: got %d, want 200", got)
	}
	p.enrolTOTP(t)
	for name, token := range map[string]string{"another user's": p.w.member(t, "eve@example.com").token, "no token": "x", "a session that has ended": other.text(t, "token")} {
		if got := ask(token, cookie); got != 403 && got != 401 {
			t.Errorf("the cookie has a second factor, and the token is %s: got %d, want a refusal", name, got)
		}
	}
}
