package authkit_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// The redirect URLs of a program on a person's device.
const (
	private  = "com.example.app:/callback"
	loopback = "http://127.0.0.1/callback"
)

// native returns a stage whose app has programs on devices.
func native(t *testing.T) *stage {
	t.Helper()
	s := newStage(t, withoutLimits)
	s.settings(authkit.AppPatch{RedirectURLs: &[]string{goal, private, loopback, "http://[::1]:7000/callback"}})
	return s
}

func TestGoalsOfNativePrograms(t *testing.T) {
	t.Parallel()
	s := native(t)
	session := bearer(s.signUp(s.email()).text(t, "token"))
	s.provider()
	routes := map[string]func(to, challenge string) answer{
		"a link": func(to, challenge string) answer {
			return s.send("POST", s.in("/auth/magic-link/{app_id}"), fmt.Sprintf(`{"email":"ann@example.com","redirect_to":%q,"code_challenge":%q}`, to, challenge))
		},
		"a reset": func(to, challenge string) answer {
			return s.send("POST", s.in("/auth/password/forgot/{app_id}"), fmt.Sprintf(`{"email":"ann@example.com","redirect_to":%q,"code_challenge":%q}`, to, challenge))
		},
		"a provider": func(to, challenge string) answer {
			return s.send("GET", s.in("/auth/corp/{app_id}")+"?redirect_to="+to+"&code_challenge="+challenge, "", "Accept: application/json")
		},
		"a provider, looked at": func(to, challenge string) answer {
			return s.send("HEAD", s.in("/auth/corp/{app_id}")+"?redirect_to="+to+"&code_challenge="+challenge, "")
		},
	}
	for _, c := range []struct {
		to, challenge string
		field, code   string // of the refusal
	}{
		{to: private, challenge: challenge},
		{to: private, field: "code_challenge", code: "required"},
		{to: private + "/", challenge: challenge, field: "redirect_to", code: "not_registered"},
		{to: "com.example.other:/callback", challenge: challenge, field: "redirect_to", code: "not_registered"},
		{to: loopback, challenge: challenge}, {to: "http://127.0.0.1:51004/callback", challenge: challenge},
		{to: "http://[::1]:51004/callback", challenge: challenge}, {to: "http://[::1]:7000/callback", challenge: challenge},
		{to: loopback, field: "code_challenge", code: "required"},
		{to: "http://127.0.0.1:51004/callback/x", field: "redirect_to", code: "not_registered"},
		{to: "http://127.0.0.2:51004/callback", field: "redirect_to", code: "not_registered"},
		{to: "http://localhost:51004/callback", field: "redirect_to", code: "not_registered"},
		{to: "https://client.example:8443/done", field: "redirect_to", code: "not_registered"},
	} {
		for name, ask := range routes {
			got := ask(c.to, c.challenge)
			switch {
			case c.field == "" && got.Code >= 300:
				t.Errorf("%s to %s: got %d %s, want it taken", name, c.to, got.Code, got.Body)
			case c.field != "" && (got.Code != 400 || got.Header().Get("Location") != ""):
				t.Errorf("%s to %s: got %d %v, want 400", name, c.to, got.Code, got.Header())
			case c.field != "" && name != "a provider, looked at" && !strings.Contains(got.Body.String(), `"field":"`+c.field+`","code":"`+c.code):
				t.Errorf("%s to %s: got %s, want %s %s", name, c.to, got.Body, c.field, c.code)
			}
		}
	}
	t.Run("linking hands over no code, and needs no challenge", func(t *testing.T) {
		s.send("POST", s.in("/auth/identities/{app_id}"), fmt.Sprintf(`{"provider":"corp","redirect_to":%q}`, private), session).want(t, 200, "")
	})
}

// Any program may have claimed the scheme or the port, and any page may have begun the flow.
// Therefore a person must press a button, whatever sessions there are (RFC 8252, section 8.6).
func TestABrowserGoesToAProgramByAPressOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		to      string
		pressed bool
	}{
		{goal, false}, {loopback, false}, {"http://[::1]:7000/callback", false},
		{private, true}, {"http://127.0.0.1:51004/callback", true}, {"http://[::1]:51004/callback", true},
	} {
		t.Run(c.to, func(t *testing.T) {
			t.Parallel()
			s := native(t)
			back := func(result string) answer {
				return s.do(s.comes("?redirect_to="+c.to+"&code_challenge="+challenge, result, map[string]string{})())
			}
			for result, want := range map[string]string{"code=good": "code=", "error=access_denied": "error=provider_refused"} {
				got := back(result)
				to := got.leadsTo()
				if c.pressed && (got.Code != 200 || !strings.Contains(got.Body.String(), "<h1>Continue to Demo</h1>") || got.movesBySelf()) {
					t.Fatalf("a return with %s: got %v %s, want a button on a page that names the app", result, got.Header(), got.Body)
				}
				if !strings.HasPrefix(to, c.to+"?") || !strings.Contains(to, want) {
					t.Errorf("a return with %s: got %q, want %s with %s", result, to, c.to, want)
				}
				if want == "code=" {
					s.send("POST", s.in("/auth/token/{app_id}"), fmt.Sprintf(`{"code":%q,"code_verifier":%q}`, codeIn(t, got), verifier)).want(t, 200, "")
				}
			}
			t.Run("a link goes on by itself only to where no press is needed", func(t *testing.T) {
				asker := "Cookie: " + authkit.BindingCookie(s.engine)
				_, m := s.mailed(s.email(), fmt.Sprintf(`,"redirect_to":%q,"code_challenge":%q`, c.to, challenge), asker)
				page := s.send("GET", linkPath(m), "", asker)
				page.want(t, 200, "")
				if goes := page.movesBySelf(); goes == c.pressed {
					t.Errorf("page: got one that goes on by itself: %v, want %v", goes, !c.pressed)
				}
				got := s.send("POST", s.in("/auth/verify/{app_id}"), formOf(page), form, asker)
				status := http.StatusOK
				if strings.HasPrefix(c.to, origin) {
					status = http.StatusSeeOther
				}
				got.want(t, status, "")
				if to := got.leadsTo(); !strings.HasPrefix(to, c.to+"?code=") {
					t.Errorf("Location: got %q, want %s with a code", to, c.to)
				}
			})
		})
	}
}

// The verifier is on the device that asked. Elsewhere the new password is saved, but a code
// would be useless.
func TestAResetWithAChallengeOnAnotherDevice(t *testing.T) {
	t.Parallel()
	s := native(t)
	email := s.email()
	s.signUp(email)
	s.send("POST", s.in("/auth/password/forgot/{app_id}"), fmt.Sprintf(`{"email":%q,"redirect_to":%q,"code_challenge":%q}`, email, private, challenge)).want(t, 202, "")
	kept := map[string]string{}
	body := s.opens(s.mail(email), kept) + "&password=another+long+passphrase"
	got := s.do(s.posts("/auth/password/reset/{app_id}", body, kept)())
	got.want(t, 200, "")
	if !strings.Contains(got.Body.String(), "<h1>Saved</h1>") {
		t.Errorf("page: got %s, want Saved", got.Body)
	}
	s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(email, "another long passphrase", "sign_in")).want(t, 200, "")
}
