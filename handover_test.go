package authkit_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// handed signs in from a link's page in the browser that asked, and returns the one-time code.
func (s *stage) handed(browser string, challenge string) string {
	s.t.Helper()
	extra := `,"redirect_to":"` + goal + `"`
	if challenge != "" {
		extra += `,"code_challenge":"` + challenge + `"`
	}
	_, m := s.mailed(s.email(), extra, "Cookie: "+browser)
	body, _ := s.shown(m, "Cookie: "+browser)
	return codeIn(s.t, s.send("POST", s.in("/auth/verify/{app_id}"), body, form, "Cookie: "+browser))
}

// codeIn returns the one-time code in the URL to which an answer has the browser go on.
func codeIn(t *testing.T, got answer) string {
	t.Helper()
	code := got.query(t).Get("code")
	if code == "" {
		t.Fatalf("got %q, want a URL with a code", got.leadsTo())
	}
	return code
}

// Programs send a one-time code twice: a framework mounts a component twice, or a fetch is
// repeated because its answer was lost.
func TestAOneTimeCodeThatIsSentTwice(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		s := newStageOn(t, store, withoutLimits)
		browser, other := authkit.BindingCookie(s.engine), authkit.BindingCookie(s.engine)
		proofs := map[string]struct{ challenge, verifier, right, wrong string }{
			"bound to a verifier": {challenge, verifier, other, other},
			"bound to a browser":  {"", "", browser, other},
		}
		exchange := func(code, verifier, cookie string) answer {
			return s.send("POST", s.in("/auth/token/{app_id}"), fmt.Sprintf(`{"code":%q,"code_verifier":%q}`, code, verifier), "Cookie: "+cookie)
		}
		live := func(t *testing.T, in answer, status int) {
			t.Helper()
			s.send("GET", s.in("/auth/me/{app_id}"), "", bearer(in.text(t, "token"))).want(t, status, "")
		}
		for name, p := range proofs {
			wrong := func(code string) answer {
				if p.verifier != "" {
					return exchange(code, "not the verifier that was made for this challenge", p.wrong)
				}
				return exchange(code, "", p.wrong)
			}
			t.Run(name+", answers the same for ten seconds", func(t *testing.T) {
				code := s.handed(browser, p.challenge)
				first := exchange(code, p.verifier, p.right)
				first.want(t, 200, "")
				s.clock.Advance(9 * time.Second)
				again := exchange(code, p.verifier, p.right)
				again.want(t, 200, "")
				if again.Body.String() != first.Body.String() {
					t.Errorf("got %s, want the same as before: %s", again.Body, first.Body)
				}
				live(t, first, 200)
				s.refresh(first.text(t, "refresh_token")).want(t, 200, "")
			})
			t.Run(name+", ends the session after that, for ten minutes", func(t *testing.T) {
				for _, wait := range []time.Duration{10 * time.Second, 61 * time.Second, 10*time.Minute - time.Second} {
					code := s.handed(browser, p.challenge)
					first := exchange(code, p.verifier, p.right)
					first.want(t, 200, "")
					s.clock.Advance(wait)
					live(t, first, 200)
					exchange(code, p.verifier, p.right).want(t, 401, "invalid_token")
					live(t, first, 401)
				}
			})
			t.Run(name+", does nothing later", func(t *testing.T) {
				code := s.handed(browser, p.challenge)
				first := exchange(code, p.verifier, p.right)
				first.want(t, 200, "")
				s.clock.Advance(10 * time.Minute)
				exchange(code, p.verifier, p.right).want(t, 401, "invalid_token")
				live(t, first, 200)
			})
			t.Run(name+", does nothing without the proof", func(t *testing.T) {
				code := s.handed(browser, p.challenge)
				wrong(code).want(t, 401, "invalid_token") // spends nothing
				first := exchange(code, p.verifier, p.right)
				first.want(t, 200, "")
				for _, wait := range []time.Duration{0, 10 * time.Second, 2 * time.Minute} {
					s.clock.Advance(wait)
					wrong(code).want(t, 401, "invalid_token")
					live(t, first, 200)
				}
			})
			t.Run(name+", is dead after a minute without a use", func(t *testing.T) {
				code := s.handed(browser, p.challenge)
				s.clock.Advance(time.Minute)
				exchange(code, p.verifier, p.right).want(t, 401, "invalid_token")
				exchange(code, p.verifier, p.right).want(t, 401, "invalid_token")
			})
			t.Run(name+", has one session for sixteen at once", func(t *testing.T) {
				code := s.handed(browser, p.challenge)
				var wg sync.WaitGroup
				bodies := make([]string, 16)
				for i := range bodies {
					wg.Go(func() { bodies[i] = exchange(code, p.verifier, p.right).Body.String() })
				}
				wg.Wait()
				for _, body := range bodies[1:] {
					if body != bodies[0] {
						t.Fatalf("got %s and %s, want the same for all", bodies[0], body)
					}
				}
				var in map[string]any
				if err := json.Unmarshal([]byte(bodies[0]), &in); err != nil || in["token"] == nil {
					t.Fatalf("got %s, %v, want a sign-in", bodies[0], err)
				}
			})
		}
		t.Run("is of one app, and one spelling", func(t *testing.T) {
			code := s.handed(browser, challenge)
			exchange(code[:len(code)-1]+"*", verifier, browser).want(t, 401, "invalid_token")
			s.send("POST", "/auth/token/console", fmt.Sprintf(`{"code":%q,"code_verifier":%q}`, code, verifier)).want(t, 401, "invalid_token")
			exchange(code, verifier, browser).want(t, 200, "")
		})
	})
}
