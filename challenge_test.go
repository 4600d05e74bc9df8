package authkit_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// The verifier of a challenge is on the device that asked. A code that another device gets
// would be useless there, and the person would have to begin again.
func TestALinkWithAChallengeOpenedOnAnotherDevice(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	asker := "Cookie: " + authkit.BindingCookie(s.engine)
	for name, headers := range map[string][]string{
		"asked for in a browser": {asker},
		"asked for by a program": nil,
	} {
		t.Run(name, func(t *testing.T) {
			email := s.email()
			pending, m := s.mailed(email, `,"redirect_to":"`+goal+`","code_challenge":"`+challenge+`"`, headers...)
			body, cookie := s.shown(m)
			for range 2 {
				got := s.send("POST", s.in("/auth/verify/{app_id}"), body, form, "Cookie: "+cookie, "Accept: text/html")
				got.want(t, 200, "")
				if text := got.Body.String(); !strings.Contains(text, "type the six-digit code") || strings.Contains(text, "code=") {
					t.Errorf("page: got %s, want it to say that the code is to be typed where it was asked for", text)
				}
			}
			typed := fmt.Sprintf(`{"email":%q,"code":%q,"binding":%q}`, email, mail.Code(m), pending.text(t, "binding"))
			s.verify(typed).want(t, 200, "")
		})
	}
	t.Run("and in the browser that asked goes on", func(t *testing.T) {
		_, m := s.mailed(s.email(), `,"redirect_to":"`+goal+`","code_challenge":"`+challenge+`"`, asker)
		body, _ := s.shown(m, asker)
		got := s.send("POST", s.in("/auth/verify/{app_id}"), body, form, asker)
		got.want(t, 303, "")
		to := got.leadsTo()
		iss := "&iss=" + url.QueryEscape(base+"/apps/"+s.app.ID.String())
		if !strings.HasPrefix(to, goal+"?code=") || !strings.HasSuffix(to, iss) {
			t.Errorf("Location: got %q, want %s with a code and %s", to, goal, iss)
		}
	})
}
