package authkit_test

import (
	"net/url"
	"strings"
	"testing"
)

// Unknown members of a provider's answer are ignored, in a query and in a form, so that people
// return to where they began.
func TestWhatAProviderWritesBesideItsAnswer(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	for name, odd := range map[string]string{
		"nothing":                "",
		"a text with CR LF":      "&error_description=CODE65004%3a+declined.%0d%0aTrace+ID%3a+0000%0d%0aTimestamp%3a+2026-11-27+06%3a00%3a00Z",
		"NUL and C1":             "&error_uri=%00%c2%85",
		"bytes that are no text": "&error_description=%ff%fe",
		"raw bytes":              "&error_description=caf\xe9",
		"a semicolon":            "&error_description=a;b&x=1;y=2",
		"a bare percent":         "&error_description=100%&%=1&%zz",
		"a member twice":         "&error_subcode=a&error_subcode=b",
		"a name of a choice":     "&session=anything&session_state=x.y&limit=0",
		"a name in another case": "&Error=x&CODE=x",
		"an empty part":          "&&=&",
		"much":                   "&error_description=" + strings.Repeat("a", 32<<10),
	} {
		for way, want := range map[string]string{"error=access_denied": "error=provider_refused", "code=good": "code="} {
			for _, asForm := range []bool{false, true} {
				t.Run(name+", "+way, func(t *testing.T) {
					state, cookie := s.redirected("?redirect_to=" + url.QueryEscape(goal) + "&code_challenge=" + pkceChallenge)
					text := way + "&state=" + state + odd
					path := s.in("/auth/callback/corp/{app_id}")
					if asForm {
						bounce := s.send("POST", path, text, form)
						bounce.want(t, 303, "")
						path, text, _ = strings.Cut(strings.TrimPrefix(bounce.Header().Get("Location"), base), "?")
					}
					got := s.send("GET", path+"?"+text, "", "Cookie: "+cookie)
					got.want(t, 303, "")
					to := got.Header().Get("Location")
					if !strings.HasPrefix(to, goal+"?") || !strings.Contains(to, want) || strings.Contains(to, "description") || (way != "code=good") != strings.Contains(to, "provider_code=access_denied") {
						t.Errorf("Location: got %s, want %s", to, want)
					}
				})
			}
		}
	}
}

// Members of a provider's answer that are read are checked.
func TestWhatIsReadOfAProvidersAnswer(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	state, cookie := s.redirected("")
	path := s.in("/auth/callback/corp/{app_id}") + "?"
	for name, c := range map[string]struct {
		query  string
		status int
		code   string
	}{
		"two codes":               {"code=good&code=evil&state=" + state, 400, "invalid_request"},
		"two states":              {"code=good&state=x&state=" + state, 400, "invalid_request"},
		"two issuers":             {"code=good&iss=x&iss=y&state=" + state, 400, "invalid_request"},
		"a state of odd bytes":    {"code=good&state=%ff%00", 401, "invalid_token"},
		"a state that is cut off": {"code=good&state=%", 401, "invalid_token"},
		"no state":                {"code=good", 401, "invalid_token"},
	} {
		t.Run(name, func(t *testing.T) {
			s.send("GET", path+c.query, "", "Cookie: "+cookie).want(t, c.status, c.code)
		})
	}
	s.send("GET", path+"error=%0d%0a%ff&state="+state, "", "Cookie: "+cookie, "Accept: application/json").want(t, 400, "provider_refused")
}
