package authkit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/mail"
)

// told returns what an answer tells a person and a browser, without what is new in each answer.
func told(got answer) string {
	body := got.Body.String()
	for _, id := range []string{got.Header().Get("X-Request-ID")} {
		body = strings.ReplaceAll(body, id, "")
	}
	if _, rest, found := strings.Cut(body, "<main>"); found {
		body, _, _ = strings.Cut(rest, "</main>")
	}
	if got.body != nil {
		body = got.text(&testing.T{}, "code")
	}
	to := strings.ReplaceAll(got.leadsTo(), got.Header().Get("X-Request-ID"), "")
	return http.StatusText(got.Code) + " " + to + " " + body
}

// counts returns the numbers of the app's users and of its live sessions.
func (s *stage) counts() (users, sessions int) {
	s.t.Helper()
	all, err := s.inner.Users(s.t.Context(), s.app.ID, authkit.UserQuery{Page: authkit.Page{Limit: 500}})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, u := range all {
		live, err := s.inner.Sessions(s.t.Context(), s.app.ID, u.ID, s.clock.Now())
		if err != nil {
			s.t.Fatal(err)
		}
		sessions += len(live)
	}
	return len(all), sessions
}

// A person presses a button twice, or a browser repeats a request whose answer was lost.
func TestWhatABrowserAsksForTwice(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		s := newStageOn(t, store, withoutLimits)
		s.provider() // while the developer's sign-in is fresh
		for _, n := range navigations() {
			ready := func(kept map[string]string) func() *http.Request {
				s.settings(authkit.AppPatch{SessionMode: &n.mode})
				return n.ready(s, kept)
			}
			t.Run(n.name, func(t *testing.T) {
				kept := map[string]string{}
				ask := ready(kept)
				request := ask()
				first := s.do(request)
				if got := told(first); !strings.Contains(got, n.title) || (first.Code >= 400) != (n.fails && n.title == "") {
					t.Fatalf("first: got %s, want %q", got, n.title)
				}
				users, sessions := s.counts()
				s.clock.Advance(59 * time.Second)
				for _, again := range []*http.Request{ask(), sameAs(ask(), kept, first)} {
					got := s.do(again)
					if told(got) != told(first) {
						t.Errorf("again: got %s, want %s", told(got), told(first))
					}
					if n.title == accountPage && n.mode == authkit.SessionCookie {
						s.send("GET", s.in("/auth/me/{app_id}"), "", jar(got.Header(), maps.Clone(kept))).want(t, 200, "")
					}
				}
				if u, live := s.counts(); u != users || live != sessions {
					t.Errorf("after it: got %d users with %d sessions, want %d with %d", u, live, users, sessions)
				}
				s.clock.Advance(2 * time.Second)
				if got := s.do(ask()); got.Code != 401 {
					t.Errorf("a minute later: got %s, want it spent", told(got))
				}
			})
			t.Run(n.name+", at once", func(t *testing.T) {
				ask := ready(map[string]string{})
				answers := make([]answer, 8)
				requests := make([]*http.Request, len(answers))
				for i := range requests {
					requests[i] = ask()
				}
				var wg sync.WaitGroup
				for i, r := range requests {
					wg.Go(func() { answers[i] = s.do(r) })
				}
				wg.Wait()
				for _, got := range answers {
					if told(got) != told(answers[0]) || !strings.Contains(told(got), n.title) {
						t.Errorf("got %s and %s, want the same for all", told(answers[0]), told(got))
					}
				}
			})
			t.Run(n.name+", from another browser", func(t *testing.T) {
				ask := ready(map[string]string{})
				s.do(ask())
				other := ask()
				other.Header.Del("Cookie")
				other.Header.Set("Cookie", authkit.BindingCookie(s.engine))
				if got := s.do(other); got.Code < 400 {
					t.Errorf("got %s, want it refused", told(got))
				}
			})
		}
	})
}

// sameAs returns a request of the browser that has the cookies of the first answer.
func sameAs(r *http.Request, kept map[string]string, first answer) *http.Request {
	_, cookies, _ := strings.Cut(jar(first.Header(), maps.Clone(kept)), ": ")
	r.Header.Set("Cookie", cookies)
	return r
}

func TestASecondPressIsTheSameOrNone(t *testing.T) {
	t.Parallel()
	const cookieMode = authkit.SessionCookie
	newPassword := func(s *stage, kept map[string]string) (email, body string) {
		email = s.person(map[string]string{})
		s.send("POST", s.in("/auth/password/forgot/{app_id}"), `{"email":"`+email+`"}`).want(s.t, 202, "")
		return email, s.opens(s.mail(email), kept)
	}
	t.Run("another password is not taken, and not answered", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		kept := map[string]string{}
		email, body := newPassword(s, kept)
		s.do(s.posts("/auth/password/reset/{app_id}", body+"&password=another+long+passphrase", kept)()).want(t, 200, "")
		got := s.do(s.posts("/auth/password/reset/{app_id}", body+"&password=a+third+long+passphrase", kept)())
		if got.Code != 401 {
			t.Errorf("got %s, want it refused", told(got))
		}
		s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(email, "another long passphrase", "sign_in")).want(t, 200, "")
	})
	t.Run("a session that was ended meanwhile does not come back", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		s.settings(authkit.AppPatch{SessionMode: new(cookieMode)})
		kept := map[string]string{}
		_, m := s.mailed(s.email(), "")
		ask := s.posts("/auth/verify/{app_id}", s.opens(m, kept), kept)
		first := s.do(ask())
		first.want(t, 303, "")
		s.send("POST", s.in("/auth/sign-out/{app_id}"), `{}`, jar(first.Header(), maps.Clone(kept))).want(t, 204, "")
		if got := s.do(ask()); got.Code != 401 {
			t.Errorf("got %s, want the page of a spent link", told(got))
		}
	})
	t.Run("a code that was used meanwhile does not come back", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		kept := map[string]string{}
		_, m := s.mailed(s.email(), `,"redirect_to":"`+goal+`"`)
		ask := s.posts("/auth/verify/{app_id}", s.opens(m, kept), kept)
		code := codeIn(t, s.do(ask()))
		s.send("POST", s.in("/auth/token/{app_id}"), `{"code":"`+code+`"}`, jar(nil, kept)).want(t, 200, "")
		if got := s.do(ask()); got.Code != 401 {
			t.Errorf("got %s, want the page of a spent link", told(got))
		}
	})
	t.Run("a new password names once more what it removed", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		token, _ := s.owner("ann@example.com")
		s.link(token, nil) // by a thief who has the session
		s.runOnce()        // what waits is sent first
		s.send("POST", s.in("/auth/password/forgot/{app_id}"), `{"email":"ann@example.com"}`).want(t, 202, "")
		kept := map[string]string{}
		ask := s.posts("/auth/password/reset/{app_id}", s.opens(s.mail("ann@example.com"), kept)+"&password=another+long+passphrase", kept)
		first := s.do(ask())
		if !strings.Contains(told(first), "can no longer be used to sign in: Corp") {
			t.Fatalf("first: got %s, want what was removed", told(first))
		}
		if got := s.do(ask()); told(got) != told(first) {
			t.Errorf("again: got %s, want %s", told(got), told(first))
		}
	})
	t.Run("JSON is answered once", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		browser := "Cookie: " + authkit.BindingCookie(s.engine)
		_, m := s.mailed(s.email(), "", browser)
		for _, status := range []int{200, 401} {
			s.send("POST", s.in("/auth/verify/{app_id}"), `{"token":"`+linkToken(m)+`"}`, browser).want(t, status, "")
		}
	})
}

// A developer may remove a URL from the app's list because it is hostile.
func TestASecondPressGoesToNoURLThatTheAppNoLongerHas(t *testing.T) {
	t.Parallel()
	for name, ready := range map[string]func(s *stage, kept map[string]string) func() *http.Request{
		"a link": func(s *stage, kept map[string]string) func() *http.Request {
			_, m := s.mailed(s.email(), `,"redirect_to":"`+goal+`"`)
			return s.posts("/auth/verify/{app_id}", s.opens(m, kept), kept)
		},
		"a return": func(s *stage, kept map[string]string) func() *http.Request {
			return s.comes("?redirect_to="+goal, "code=good", kept)
		},
		"a return that was refused": func(s *stage, kept map[string]string) func() *http.Request {
			return s.comes("?redirect_to="+goal, "error=access_denied", kept)
		},
		"a return that links": func(s *stage, kept map[string]string) func() *http.Request {
			s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
			s.person(kept)
			got := s.send("POST", s.in("/auth/identities/{app_id}"), `{"provider":"corp","redirect_to":"`+goal+`"}`, jar(nil, kept))
			got.want(s.t, 200, "")
			jar(got.Header(), kept)
			s.idp.says(nonceOf(s.t, got.text(s.t, "redirect_url")), map[string]any{"sub": s.fresh("sub")})
			return func() *http.Request {
				return s.request("GET", s.in("/auth/callback/corp/{app_id}")+"?code=good&state="+got.text(s.t, "state"), "", "Accept: text/html", jar(nil, kept))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			s.provider()
			ask := ready(s, map[string]string{})
			first := s.do(ask())
			if !strings.HasPrefix(first.leadsTo(), goal+"?") {
				t.Fatalf("first: got %s, want it to go on to %s", told(first), goal)
			}
			s.settings(authkit.AppPatch{RedirectURLs: &[]string{}})
			got := s.do(ask())
			if got.Code != 401 || got.leadsTo() != "" || strings.Contains(got.Body.String(), goal) {
				t.Errorf("again: got %s, want it refused", told(got))
			}
		})
	}
}

// gone is a store that a browser's request reaches and never returns from, so that the browser
// breaks the request off.
type gone struct {
	authkit.Store

	breakOff func()
}

func (g *gone) CreateUser(ctx context.Context, c authkit.NewUser) (authkit.User, error) {
	if g.breakOff != nil {
		g.breakOff()
	}
	if err := ctx.Err(); err != nil {
		return authkit.User{}, err
	}
	return g.Store.CreateUser(ctx, c)
}

func TestAPressThatTheBrowserBrokeOffGoesOn(t *testing.T) {
	t.Parallel()
	store := &gone{}
	s := newStage(t, withoutLimits, func(c *authkit.Config) { store.Store, c.Store = c.Store, store })
	for name, ready := range map[string]func(kept map[string]string) func() *http.Request{
		"a link": func(kept map[string]string) func() *http.Request {
			_, m := s.mailed(s.email(), `,"redirect_to":"`+goal+`"`)
			return s.posts("/auth/verify/{app_id}", s.opens(m, kept), kept)
		},
		"a return from a provider": func(kept map[string]string) func() *http.Request {
			return s.comes("?redirect_to="+goal, "code=good", kept)
		},
	} {
		ask := ready(map[string]string{})
		r := ask()
		ctx, cancel := context.WithCancel(r.Context())
		store.breakOff = cancel
		s.do(r.WithContext(ctx))
		store.breakOff = nil
		if code := codeIn(t, s.do(ask())); code == "" {
			t.Errorf("%s: got no code, want one", name)
		}
	}
}

// seeing is a store that remembers the tokens that are written with a change of a user.
type seeing struct {
	authkit.Store

	mu     sync.Mutex
	tokens []authkit.Token
}

func (s *seeing) ChangeUser(ctx context.Context, c authkit.UserChange) (authkit.User, error) {
	s.see(c.Riders.Tokens)
	return s.Store.ChangeUser(ctx, c)
}

func (s *seeing) CreateUser(ctx context.Context, c authkit.NewUser) (authkit.User, error) {
	s.see(c.Riders.Tokens)
	return s.Store.CreateUser(ctx, c)
}

func (s *seeing) see(tokens []authkit.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = append(s.tokens, tokens...)
}

// The outcome that is kept for a second press opens only with a secret of the browser that
// pressed. The store and the engine's secrets are not enough.
func TestAnOutcomeDoesNotOpenWithTheSecretsOfTheServer(t *testing.T) {
	t.Parallel()
	store := &seeing{}
	s := newStage(t, withoutLimits, func(c *authkit.Config) { store.Store, c.Store = c.Store, store })
	ring, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	code := s.handed(authkit.BindingCookie(s.engine), challenge)
	in := s.send("POST", s.in("/auth/token/{app_id}"), `{"code":"`+code+`","code_verifier":"`+verifier+`"}`)
	in.want(t, 200, "")
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	kept := map[string]string{}
	_, m := s.mailed(s.email(), "")
	s.do(s.posts("/auth/verify/{app_id}", s.opens(m, kept), kept)()).want(t, 303, "")
	var outcomes int
	for _, x := range store.tokens {
		if x.Kind != "outcome" {
			if x.Data != nil {
				t.Errorf("token of kind %s: got data, want none", x.Kind)
			}
			continue
		}
		outcomes++
		inner, err := ring.Open(x.Data, seal.AAD("token", s.app.ID.String(), string(x.Kind), token.Encode(x.Hash)))
		if err != nil {
			t.Fatalf("open with the server's secrets: %v", err)
		}
		if json.Valid(inner) || bytes.Contains(inner, []byte("rt_")) || bytes.Contains(inner, []byte("eyJ")) || bytes.Contains(inner, []byte("session")) {
			t.Errorf("got %q, want it to be sealed once more", inner)
		}
		if x.UserID == uuid.Nil || x.ExpiresAt.Sub(s.clock.Now()) > 10*time.Minute {
			t.Errorf("outcome: got %v until %v, want it bound to the user and short", x.UserID, x.ExpiresAt)
		}
	}
	if outcomes != 3 {
		t.Errorf("outcomes: got %d, want three: two presses and an exchange", outcomes)
	}
}

// So is a session that is handed over once a person has read the recovery codes.
func TestAHandOverThatWaitsDoesNotOpenWithTheSecretsOfTheServer(t *testing.T) {
	t.Parallel()
	store := &seeing{}
	s := newStage(t, withoutLimits, func(c *authkit.Config) { store.Store, c.Store = c.Store, store })
	ring, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	p := s.member(t, s.email())
	s.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	b := s.visitor()
	page := p.signsIn(b, "?redirect_to="+abroad+"&code_challenge="+challenge)
	page = b.opens(b.presses(page, "second", "code="+mail.Code(s.mail(p.email))).leadsTo())
	b.presses(page, "totp", "code="+codeOn(s, seedOn(t, page))).seen(t, `class="codes"`)
	waits := 0
	for _, x := range store.tokens {
		if x.Kind != "onward" {
			continue
		}
		waits++
		for _, kind := range []string{"onward", "outcome"} {
			inner, err := ring.Open(x.Data, seal.AAD("token", s.app.ID.String(), kind, token.Encode(x.Hash)))
			if err == nil && json.Valid(inner) {
				t.Errorf("got %q, want it to be sealed once more", inner)
			}
		}
	}
	s.equal("hand-overs that wait", waits, 1)
}

func TestAFormOfAPageIsPostedByThatPageAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	_, m := s.mailed(s.email(), `,"redirect_to":"`+goal+`"`)
	body, cookie := s.shown(m)
	for _, headers := range [][]string{{"Origin: " + friend}, {"Origin: " + friend, "Sec-Fetch-Site: same-site"}, {"Origin: null"}} {
		s.send("POST", s.in("/auth/verify/{app_id}"), body, append(headers, form, "Cookie: "+cookie)...).want(t, 403, "forbidden")
	}
	s.send("POST", s.in("/auth/verify/{app_id}"), body, form, "Cookie: "+cookie, "Origin: "+origin, "Sec-Fetch-Site: same-origin").want(t, 303, "")
}
