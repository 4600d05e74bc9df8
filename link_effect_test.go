package authkit_test

import (
	"regexp"
	"strings"
	"testing"
)

// withoutPasskeys returns a page without the script that talks to an authenticator, which has a word for a
// box that is checked.
func withoutPasskeys(page string) string {
	return regexp.MustCompile(`(?s)<script.*?</script>`).ReplaceAllStringFunc(page, func(script string) string {
		if strings.Contains(script, "navigator.credentials") {
			return ""
		}
		return script
	})
}

// The page of a link says what goes, and asks where it may stay. It presses no button by itself then.
func TestThePageOfALinkSaysWhatItTakesAway(t *testing.T) {
	t.Parallel()
	const loses, asks = "before its address was confirmed", `type="checkbox" name="keep_password"`
	for name, c := range map[string]struct {
		open        func(s *stage, desk *seat) (page answer)
		says, keeps bool
	}{
		"in the browser of the sign-up, which asked": {func(_ *stage, desk *seat) answer {
			_, m := desk.asks()
			return desk.send("GET", linkPath(m), "")
		}, true, true},
		"in another browser": {func(s *stage, desk *seat) answer {
			_, m := desk.asks()
			return s.browser().send("GET", linkPath(m), "")
		}, true, false},
		"asked for in another browser": {func(s *stage, desk *seat) answer {
			_, m := s.browser().asks()
			return desk.send("GET", linkPath(m), "")
		}, true, false},
		"the link of a new password": {func(s *stage, desk *seat) answer {
			desk.send("POST", "/auth/password/forgot/{app_id}", annAsks).want(s.t, 202, "")
			return desk.send("GET", linkPath(s.mailTo("ann@example.com")), "")
		}, true, false},
		"the proof of the sign-up, in its browser": {func(s *stage, desk *seat) answer {
			return desk.send("GET", linkPath(s.mailTo("ann@example.com")), "")
		}, false, false},
		"the proof of the sign-up, in another browser": {func(s *stage, _ *seat) answer {
			return s.browser().send("GET", linkPath(s.mailTo("ann@example.com")), "")
		}, true, false},
		"once the address is proven": {func(s *stage, desk *seat) answer {
			_, m := desk.asks()
			desk.send("POST", linkAt, byLink(m, "")).want(s.t, 200, "")
			_, m = desk.asks()
			return desk.send("GET", linkPath(m), "")
		}, false, false},
		"a link that was mailed before the account was made": {func(s *stage, desk *seat) answer {
			if err := s.engine.DeleteUser(s.t.Context(), s.refOf("ann@example.com")); err != nil {
				s.t.Fatal(err)
			}
			_, m := desk.asks()
			s.browser().signsUp("ann@example.com", "Eve")
			return desk.send("GET", linkPath(m), "")
		}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			desk := s.browser()
			desk.signsUp("ann@example.com", "Ann")
			page := c.open(s, desk)
			page.want(t, 200, "")
			text := withoutPasskeys(page.Body.String())
			if got := strings.Contains(text, loses); got != c.says {
				t.Errorf("says what goes: got %v, want %v\n%s", got, c.says, text)
			}
			if got := strings.Contains(text, asks); got != c.keeps || strings.Contains(text, "checked") {
				t.Errorf("asks what may stay: got %v, want %v, and no answer before\n%s", got, c.keeps, text)
			}
			if c.says && strings.Contains(page.Body.String(), "requestSubmit()") {
				t.Errorf("got a page that presses its button by itself\n%s", text)
			}
		})
	}
}
