package oauth_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/oauth"
)

// A code is sent once, with the client authentication that discovery lists.
func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		methods any
		post    bool
	}{
		"no list: basic":                {nil, false},
		"basic alone":                   {[]string{"client_secret_basic"}, false},
		"both: basic":                   {[]string{"client_secret_post", "client_secret_basic"}, false},
		"post alone":                    {[]string{"client_secret_post"}, true},
		"post beside an unknown method": {[]string{"private_key_jwt", "client_secret_post"}, true},
		"a list of an odd type: basic":  {"client_secret_post", false},
	} {
		for _, fails := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, fails %v", name, fails), func(t *testing.T) {
				t.Parallel()
				p := newOP(t)
				p.doc["token_endpoint_auth_methods_supported"] = c.methods
				if fails {
					p.token = func(w http.ResponseWriter, _ string) {
						http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
					}
				}
				client, _ := newClient()
				_, err := p.exchange(t, client)
				if fault, ok := errors.AsType[*oauth.Error](err); ok != fails || (fails && (fault.Kind != oauth.Broken || fault.Code != "invalid_client")) {
					t.Errorf("Exchange: got %v, want it to fail: %v", err, fails)
				}
				if got := p.hit("/token"); got != 1 {
					t.Fatalf("token requests: got %d, want 1", got)
				}
				basic := p.forms[0].Get("Authorization") == "Basic Y2xpZW50OmErc2VjcmV0JTNBK29mKzEwMCUyNQ==" // RFC 6749, section 2.3.1: encoded first
				if basic == c.post || (p.posted[0] == "a secret: of 100%") != c.post {
					t.Errorf("secret: got header %q and form %q, want it in the form: %v", p.forms[0].Get("Authorization"), p.posted[0], c.post)
				}
			})
		}
	}
}

// Members that are not needed are not checked.
func TestTokenAnswersWithMalformedParts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ kind, body string }{
		"expires_in with a fraction":     {"application/json", `{"access_token":"a","token_type":"Bearer","expires_in":3599.5,"id_token":%q}`},
		"expires_in as text":             {"application/json", `{"access_token":"a","token_type":"Bearer","expires_in":"soon","id_token":%q}`},
		"expires_in of an odd type":      {"application/json", `{"access_token":"a","expires_in":{"s":1},"refresh_token":7,"scope":["a"],"id_token":%q}`},
		"expires_in below zero":          {"application/json", `{"access_token":"a","expires_in":-1,"id_token":%q}`},
		"no token_type":                  {"application/json", `{"access_token":"a","id_token":%q}`},
		"no access token":                {"application/json", `{"id_token":%q}`},
		"an access token of an odd type": {"application/json", `{"access_token":7,"token_type":7,"id_token":%q}`},
		"error null":                     {"application/json", `{"error":null,"id_token":%q}`},
		"JSON as text":                   {"text/plain", `{"access_token":"a","id_token":%q}`},
		"JSON as a page":                 {"text/html; charset=utf-8", "\n\t" + `{"access_token":"a","id_token":%q}`},
		"JSON as a form":                 {"application/x-www-form-urlencoded", `{"access_token":"a","id_token":%q}`},
		"JSON of no type":                {"", `{"access_token":"a","id_token":%q}`},
		"JSON with a byte of its own":    {"application/vnd.corp+json", `{"access_token":"a","note":"` + "\xff" + `","id_token":%q}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newOP(t)
			p.token = func(w http.ResponseWriter, idToken string) {
				w.Header().Set("Content-Type", c.kind)
				_, _ = fmt.Fprintf(w, c.body, idToken)
			}
			client, _ := newClient()
			got, err := p.exchange(t, client)
			wantProfile(t, got, err, p.profile(), "")
		})
	}
	t.Run("no ID token", func(t *testing.T) {
		t.Parallel()
		p := newOP(t)
		p.token = func(w http.ResponseWriter, _ string) { answer(w, map[string]any{"access_token": "a"}) }
		client, _ := newClient()
		if _, err := p.exchange(t, client); err == nil || !strings.Contains(err.Error(), "got no ID token") {
			t.Errorf("Exchange: got %v, want it to say that there is no ID token", err)
		}
	})
}
