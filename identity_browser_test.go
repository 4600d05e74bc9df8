package authkit_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit"
)

// seat is a browser with a session in cookies.
type seat struct {
	s    *stage
	kept map[string]string
}

// seated returns a stage whose app is in cookie mode.
func seated(t *testing.T) *stage {
	t.Helper()
	s := newStage(t, withoutLimits)
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	s.provider()
	return s
}

func (s *stage) seat(email string) *seat {
	s.t.Helper()
	b := &seat{s, map[string]string{}}
	jar(s.signUp(email).Header(), b.kept)
	return b
}

func (b *seat) send(method, path, body string, headers ...string) answer {
	b.s.t.Helper()
	if cookies := jar(nil, b.kept); len(b.kept) > 0 {
		headers = append(headers, cookies)
	}
	got := b.s.send(method, b.s.in(path), body, headers...)
	jar(got.Header(), b.kept)
	return got
}

// linking begins to link an identity; goal may be empty.
func (b *seat) linking(goal string) (state, binding string) {
	b.s.t.Helper()
	body := `{"provider":"corp"}`
	if goal != "" {
		body = `{"provider":"corp","redirect_to":"` + goal + `"}`
	}
	got := b.send("POST", identitiesOf, body, "Origin: "+origin)
	got.want(b.s.t, 200, "")
	u, err := url.Parse(got.text(b.s.t, "redirect_url"))
	if err != nil {
		b.s.t.Fatal(err)
	}
	b.s.idp.says(u.Query().Get("nonce"), jwt.MapClaims{"sub": b.s.fresh("sub")})
	return got.text(b.s.t, "state"), got.text(b.s.t, "binding")
}

func (b *seat) back(query string) answer {
	b.s.t.Helper()
	return b.send("GET", "/auth/callback/corp/{app_id}?"+query, "", "Sec-Fetch-Site: cross-site")
}

func (b *seat) want(n int) {
	b.s.t.Helper()
	if got := b.send("GET", identitiesOf, "").identities(b.s.t); len(got) != n {
		b.s.t.Errorf("identities: got %q, want %d", got, n)
	}
}

// copy returns another browser with the same cookies.
func (b *seat) copy() *seat { return &seat{b.s, maps.Clone(b.kept)} }

func TestLinkingInABrowser(t *testing.T) {
	t.Parallel()
	t.Run("ends on the account page", func(t *testing.T) {
		t.Parallel()
		b := seated(t).seat("ann@example.com")
		before := maps.Clone(b.kept)
		delete(before, "authkit-b") // it notes the time of its use
		state, _ := b.linking("")
		got := b.back("code=good&state=" + state)
		got.want(t, 303, "")
		if !strings.HasPrefix(got.leadsTo(), accountPage) || len(got.Header().Values("Set-Cookie")) != 0 {
			t.Errorf("got %v, want the account page and no cookies", got.Header())
		}
		delete(b.kept, "authkit-b")
		if !maps.Equal(b.kept, before) {
			t.Errorf("cookies: got %v, want the session of before: %v", b.kept, before)
		}
		b.want(1)
		b.back("code=good&state="+state).want(t, 401, "invalid_token")
	})
	t.Run("ends at its goal, which is told and gets no code", func(t *testing.T) {
		t.Parallel()
		s := seated(t)
		b := s.seat("ann@example.com")
		state, _ := b.linking(goal)
		got := b.back("code=good&state=" + state)
		got.want(t, 303, "")
		if want := goal + "?" + (url.Values{"iss": {base + "/apps/" + s.app.ID.String()}, "linked": {"corp"}}).Encode(); got.Header().Get("Location") != want {
			t.Errorf("Location: got %q, want %q", got.Header().Get("Location"), want)
		}
		b.want(1)
	})
	t.Run("tells its goal of a refusal", func(t *testing.T) {
		t.Parallel()
		b := seated(t).seat("ann@example.com")
		state, _ := b.linking(goal)
		got := b.back("error=access_denied&state=" + state)
		got.want(t, 303, "")
		if to := got.Header().Get("Location"); !strings.Contains(to, "error=provider_refused") || !strings.Contains(to, "provider_code=access_denied") || strings.Contains(to, "linked=") {
			t.Errorf("Location: got %q", to)
		}
		b.want(0)
	})
	t.Run("goes to no goal that is registered no more", func(t *testing.T) {
		t.Parallel()
		s := seated(t)
		b := s.seat("ann@example.com")
		state, _ := b.linking(goal)
		s.settings(authkit.AppPatch{RedirectURLs: &[]string{}})
		b.back("code=good&state="+state).want(t, 400, "invalid_request")
		b.want(0)
	})
	t.Run("answers JSON where that is asked for", func(t *testing.T) {
		t.Parallel()
		b := seated(t).seat("ann@example.com")
		state, _ := b.linking("")
		got := b.send("GET", "/auth/callback/corp/{app_id}?code=good&state="+state, "", "Accept: application/json")
		if list := got.identities(t); len(list) != 1 {
			t.Errorf("identities: got %q, want one", list)
		}
	})
	t.Run("bounces a form, and the cookies decide after it", func(t *testing.T) {
		t.Parallel()
		s := seated(t)
		b := s.seat("ann@example.com")
		state, _ := b.linking("")
		next := s.bounced(state)
		s.send("GET", next, "").want(t, 401, "invalid_token")
		b.send("GET", next, "", "Sec-Fetch-Site: cross-site").want(t, 303, "")
		b.want(1)
	})
	t.Run("is finished by a page of the app's, too", func(t *testing.T) {
		t.Parallel()
		b := seated(t).seat("ann@example.com")
		state, binding := b.linking("")
		b.send("POST", "/auth/callback/corp/{app_id}", callbackBody(state, binding), "Origin: "+evil).want(t, 403, "forbidden")
		b.send("POST", "/auth/callback/corp/{app_id}", callbackBody(state, binding), "Origin: "+origin).want(t, 200, "")
		b.want(1)
	})
	t.Run("goes on where the access token expired meanwhile", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie), AccessTTL: new(time.Minute)})
		s.provider()
		b := s.seat("ann@example.com")
		state, _ := b.linking("")
		s.clock.Advance(3 * time.Minute)
		b.back("code=good&state="+state).want(t, 303, "")
		b.want(1)
	})
	t.Run("HEAD has no effect", func(t *testing.T) {
		t.Parallel()
		b := seated(t).seat("ann@example.com")
		state, _ := b.linking("")
		b.send("HEAD", "/auth/callback/corp/{app_id}?code=good&state="+state, "").want(t, 200, "")
		b.want(0)
		b.back("code=good&state="+state).want(t, 303, "")
	})
}

// Login CSRF by linking: whatever an attacker sends through a victim's browser must not give
// the victim's account an identity of the attacker.
func TestAForeignBrowserLinksNothing(t *testing.T) {
	t.Parallel()
	for name, attack := range map[string]func(eve, victim *seat, state, binding string) answer{
		"the attacker's code and state in the victim's browser": func(_, victim *seat, state, _ string) answer {
			return victim.back("code=good&state=" + state)
		},
		"in one that has begun a flow of its own": func(_, victim *seat, state, _ string) answer {
			victim.linking("")
			return victim.back("code=good&state=" + state)
		},
		"with the attacker's binding cookie planted in it": func(eve, victim *seat, state, _ string) answer {
			victim.kept["authkit-b"] = eve.kept["authkit-b"]
			return victim.back("code=good&state=" + state)
		},
		"by a page that has the attacker's binding": func(_, victim *seat, state, binding string) answer {
			return victim.send("POST", "/auth/callback/corp/{app_id}", callbackBody(state, binding))
		},
		"by a form that bounces": func(_, victim *seat, state, _ string) answer {
			return victim.send("GET", victim.s.bounced(state), "")
		},
		"in the attacker's browser, where the victim signed in since": func(eve, victim *seat, state, _ string) answer {
			maps.Copy(eve.kept, victim.kept)
			return eve.back("code=good&state=" + state)
		},
		"in the attacker's browser, which has signed out": func(eve, _ *seat, state, _ string) answer {
			eve.send("POST", "/auth/sign-out/{app_id}", `{}`, "Origin: "+origin).want(eve.s.t, 204, "")
			return eve.back("code=good&state=" + state)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := seated(t)
			eve, victim := s.seat("eve@example.com"), s.seat("victim@example.com")
			before := victim.copy()
			state, binding := eve.linking("")
			nonce, said := s.idp.nonce, s.idp.said
			r := func() answer {
				defer s.idp.says(nonce, said)
				return attack(eve, victim, state, binding)
			}()
			if r.Code != 401 {
				t.Errorf("got %d %s, want 401", r.Code, r.Body)
			}
			before.want(0)
		})
	}
}

func TestABearersFlowEndsInNoBrowser(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionEither)})
	token := s.signUp("ann@example.com").text(t, "token")
	state, binding := s.linking(token, nil)
	cookies := "Cookie: " + authkit.BindingCookie(s.engine) + "; authkit-" + s.app.ID.String() + "=" + token
	s.send("GET", s.in("/auth/callback/corp/{app_id}?code=good&state=")+state, "", cookies).want(t, 401, "invalid_token")
	s.finish(state, binding, bearer(token)).want(t, 200, "")
}
