package authkit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// explained returns why a request was refused.
func (w *world) explained(refused answer) answer {
	w.t.Helper()
	got := w.send("GET", w.in("/apps/{app_id}/explain/")+refused.Header().Get("X-Request-ID"), "", bearer(w.token))
	got.want(w.t, 200, "")
	return got
}

func TestARefusalIsExplained(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.settings(authkit.AppPatch{RedirectURLs: &[]string{"https://app.example.com/cb"}, Origins: &[]string{"https://app.example.com"}})
	w.signUp("ann@example.com")
	const secret = "Sw0rdfish-of-the-deep-sea"
	link := w.in("/auth/magic-link/{app_id}")
	credentials := w.in("/auth/credentials/{app_id}")
	long := "https://evil.example.com/" + strings.Repeat("x", 300)
	for name, c := range map[string]struct {
		refused answer
		status  int
		want    map[string]string // members, and how they begin
	}{
		"a redirect that is not registered": {
			w.send("POST", link, `{"email":"ann@example.com","redirect_to":"https://app.example.com/cb/"}`), 400,
			map[string]string{
				"rule": "invalid_request: redirect_to: not_registered", "received": "redirect_to: https://app.example.com/cb/",
				"allowed": "https://app.example.com/cb", "setting": "redirect_urls", "fix": "only if this is yours: ",
			},
		},
		"a long one": {
			w.send("POST", link, `{"email":"ann@example.com","redirect_to":"`+long+`"}`), 400,
			map[string]string{"received": "redirect_to: https://evil.example.com/xxx", "fix": "only if this is yours: "},
		},
		"a missing challenge": {
			w.send("POST", link, `{"email":"ann@example.com","redirect_to":"https://app.example.com/cb"}`), 400,
			map[string]string{"rule": "invalid_request: code_challenge: required", "received": "code_challenge: nothing", "fix": "make a code_verifier"},
		},
		"another origin": {
			w.send("POST", credentials, `{}`, "Origin: https://other.example.com", "Sec-Fetch-Site: cross-site"), 403,
			map[string]string{
				"rule": "forbidden: a browser sent this from another origin", "received": "Origin: https://other.example.com",
				"allowed": "http://localhost:8080 https://app.example.com", "setting": "origins", "fix": "only if this is yours: ",
			},
		},
		"a preflight": {
			w.send("OPTIONS", credentials, "", "Origin: https://other.example.com", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-mine"), 204,
			map[string]string{
				"rule": "forbidden: a preflight asks for what is not allowed", "received": "Origin: https://other.example.com; method POST; headers x-mine",
				"allowed": "http://localhost:8080 https://app.example.com", "setting": "origins", "fix": "only if this is yours: ",
			},
		},
		"a wrong password": {
			w.send("POST", credentials, `{"email":"ann@example.com","password":"`+secret+`","intent":"sign_in"}`), 401,
			map[string]string{"rule": "invalid_credentials: ", "received": "no Authorization header, and a body of"},
		},
		"a weak password": {
			w.send("POST", credentials, `{"email":"new@example.com","password":"`+secret[:8]+`","intent":"sign_up"}`), 422,
			map[string]string{"rule": "weak_password: password: too_short", "received": "password: 8 characters (letters, digits)", "setting": "Config.Password"},
		},
		"an unknown member": {
			w.send("POST", credentials, `{"email":"new@example.com","pasword":"`+secret+`"}`), 400,
			map[string]string{"rule": "invalid_request: pasword: unknown", "received": "pasword"},
		},
		"a webhook with a password in its URL": {
			w.send("POST", w.in("/apps/{app_id}/webhooks"), `{"url":"https://ann:`+secret+`@app.example.com/hooks?key=`+secret+`"}`, bearer(w.token)), 400,
			map[string]string{"rule": "invalid_request: url: invalid_url", "received": "url: https://%E2%80%A6@app.example.com/hooks?key=…"},
		},
		"a redirect URL with a password in it": {
			w.send("PATCH", w.in("/apps/{app_id}"), `{"redirect_urls":["https://ann:`+secret+`@app.example.com/cb"]}`, bearer(w.token)), 400,
			map[string]string{"received": `redirect_urls`},
		},
		"a malformed token": {
			w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(secret)), 401,
			map[string]string{"rule": "invalid_token", "received": "Authorization: Bearer, 25 characters (letters, digits, other characters)"},
		},
		"an API key in its place": {
			w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(w.key)), 401,
			map[string]string{"rule": "invalid_token (wrong_kind)", "received": "Authorization: Bearer, 73 characters"},
		},
		"no credential": {
			w.send("GET", w.in("/users/{app_id}"), ""), 401,
			map[string]string{"rule": "unauthenticated: ", "received": "no Authorization header"},
		},
		"an unknown provider": {
			w.send("GET", w.in("/auth/github/{app_id}"), "", "Accept: application/json"), 404,
			map[string]string{"rule": "provider_not_configured", "setting": "oauth_configs"},
		},
		"a wrong method": {
			w.send("PUT", w.in("/auth/me/{app_id}"), ""), 405,
			map[string]string{"rule": "method_not_allowed", "received": "PUT", "allowed": "DELETE, GET, HEAD, PATCH"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.refused.Code != c.status {
				t.Fatalf("got %d, want %d\n%s", c.refused.Code, c.status, c.refused.Body)
			}
			got := w.explained(c.refused)
			for member, want := range c.want {
				if text := got.text(t, member); !strings.HasPrefix(text, want) {
					t.Errorf("%s: got %q, want %q", member, text, want)
				}
			}
			for member := range got.body {
				if n := len([]rune(got.body[member].(string))); n > 200 && member != "fix" {
					t.Errorf("%s: got %d characters, want 200 at most", member, n)
				}
			}
			if text := got.Body.String(); strings.Contains(text, secret) || strings.Contains(text, secret[:8]) || strings.Contains(text, w.key) {
				t.Errorf("got a secret in %s", text)
			}
		})
	}
}

func TestARateThatIsExhaustedIsExplained(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var got answer
	for range 11 {
		got = w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"ann@example.com","password":"not the right one at all","intent":"sign_in"}`)
	}
	got.want(t, 429, "rate_limited")
	why := w.explained(got)
	for member, want := range map[string]string{"rule": "rate_limited: credentials/email", "allowed": "10 in 1m0s", "setting": "limits"} {
		if why.text(t, member) != want {
			t.Errorf("%s: got %q, want %q", member, why.body[member], want)
		}
	}
}

func TestAnExplanationIsTheOwnersForADay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	refused := w.send("GET", w.in("/auth/me/{app_id}"), "")
	refused.want(t, 401, "unauthenticated")
	done := w.send("GET", w.in("/apps/{app_id}"), "", bearer(w.token))
	id := refused.Header().Get("X-Request-ID")
	path := w.in("/apps/{app_id}/explain/")

	w.developer("other@example.com")
	other := w.signIn("console", "other@example.com")
	w.send("GET", path+id, "", bearer(other)).want(t, 404, "app_not_found")
	app, _, err := w.engine.CreateApp(t.Context(), w.devID, "Another")
	if err != nil {
		t.Fatal(err)
	}
	w.send("GET", "/apps/"+app.ID.String()+"/explain/"+id, "", bearer(w.token)).want(t, 404, "not_found")
	for _, unknown := range []string{uuid.NewString(), "nonsense", strings.ToUpper(id), done.Header().Get("X-Request-ID")} {
		w.send("GET", path+unknown, "", bearer(w.token)).want(t, 404, "not_found")
	}
	w.send("GET", path+id, "", bearer(w.key)).want(t, 401, "")

	w.explained(refused)
	w.flushed() // from now on every process answers from the store
	first := w.explained(refused).Body.String()
	w.clock.Advance(24*time.Hour - time.Second)
	w.token = w.signIn("console", "dev@example.com")
	if again := w.explained(refused).Body.String(); again != first {
		t.Errorf("got %s, want %s", again, first)
	}
	w.clock.Advance(time.Second)
	w.send("GET", path+id, "", bearer(w.token)).want(t, 404, "not_found")
}
