package authkit_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/oauth"
)

// The default redirect URI is that of authkit's own callback, which the owner registers with
// the provider.
func TestARedirectURIByDefault(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		configs := s.in("/apps/{app_id}/oauth-configs")
		want := base + s.in("/auth/callback/github/{app_id}")
		made := s.send("POST", configs, `{"provider":"github","client_id":"c","client_secret":"s"}`, bearer(s.token))
		made.want(s.t, 201, "")
		s.equal("redirect_uri", made.body["redirect_uri"], want)
		read := s.send("GET", configs, "", bearer(s.token))
		read.want(s.t, 200, "")
		s.equal("redirect_uri as it is read", read.body["oauth_configs"].([]any)[0].(map[string]any)["redirect_uri"], want)
		changed := s.send("PATCH", configs+"/github", `{"client_id":"d"}`, bearer(s.token))
		changed.want(s.t, 200, "")
		s.equal("redirect_uri after a change", changed.body["redirect_uri"], want)
		other := s.send("PATCH", configs+"/github", `{"redirect_uri":"https://spa.example/gh"}`, bearer(s.token))
		other.want(s.t, 200, "")
		s.equal("redirect_uri that was chosen", other.body["redirect_uri"], "https://spa.example/gh")
		for _, bad := range []string{`""`, `"http://spa.example/gh"`, `"https://spa.example/#x"`, `"https://u@spa.example/"`} {
			if got := s.send("PATCH", configs+"/github", `{"redirect_uri":`+bad+`}`, bearer(s.token)); got.Code != 400 || got.fields() != "redirect_uri" {
				s.t.Errorf("redirect_uri %s: got %d %s, want 400 for it", bad, got.Code, got.Body)
			}
		}
	})
}

// The base URL may be plain http if the host says so. The callback below it is no mistake of
// the developer.
func TestARedirectURIByDefaultIsNotJudged(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, func(c *authkit.Config) { c.BaseURL, c.InsecureAllowHTTP = "http://auth.example", true })
	got := w.send("POST", w.in("/apps/{app_id}/oauth-configs"), `{"provider":"github","client_id":"c","client_secret":"s"}`, bearer(w.token))
	got.want(t, 201, "")
}

// issuerOf starts an issuer with a changed discovery document.
func issuerOf(t *testing.T, change func(doc map[string]any)) *httptest.Server {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/openid-configuration" {
			http.NotFound(w, r)
			return
		}
		doc := map[string]any{"issuer": server.URL, "authorization_endpoint": server.URL + "/auth", "token_endpoint": server.URL + "/token", "jwks_uri": server.URL + "/keys"}
		change(doc)
		answerJSON(w, doc)
	}))
	t.Cleanup(server.Close)
	return server
}

// Such an issuer is refused when it is configured. The refusal says what was seen and what was
// expected.
func TestAnIssuerThatCannotWork(t *testing.T) {
	t.Parallel()
	log := newJournal()
	s := newStage(t, withoutLimits, func(c *authkit.Config) { c.Logger = slog.New(log) })
	configs := s.in("/apps/{app_id}/oauth-configs")
	body := func(name, issuer string) string {
		return fmt.Sprintf(`{"provider":%q,"client_id":"c","client_secret":"s","issuer":%q}`, name, issuer)
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		slash  string
		says   []string
	}{
		"another issuer in its document": {func(d map[string]any) { d["issuer"] = "https://login.example/{tenantid}/v2.0" }, "", []string{`got "https://login.example/{tenantid}/v2.0"`, "want"}},
		"a slash too many":               {func(map[string]any) {}, "/", []string{"another issuer", "got", "want"}},
		"no code flow":                   {func(d map[string]any) { d["response_types_supported"] = []string{"id_token"} }, "", []string{`got ["id_token"], want "code"`}},
		"neither basic nor post":         {func(d map[string]any) { d["token_endpoint_auth_methods_supported"] = []string{"tls_client_auth"} }, "", []string{`got ["tls_client_auth"]`, "client_secret_basic or client_secret_post"}},
		"no S256":                        {func(d map[string]any) { d["code_challenge_methods_supported"] = []string{"plain"} }, "", []string{`got ["plain"], want "S256"`}},
		"text with line breaks":          {func(d map[string]any) { d["issuer"] = "a\r\nb" }, "", []string{`got "a\r\nb"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := issuerOf(t, c.change)
			got := s.send("POST", configs, body("other", server.URL+c.slash), bearer(s.token))
			got.want(t, 400, "invalid_request")
			fields := got.body["errors"].([]any)
			detail, _ := fields[0].(map[string]any)["detail"].(string)
			for _, part := range c.says {
				if got.fields() != "issuer" || !strings.Contains(detail, part) {
					t.Errorf("refusal: got %s, want %q about the issuer", got.Body, part)
				}
			}
		})
	}
	t.Run("one that works is taken, and its mistakes of later do not lock the configuration", func(t *testing.T) {
		t.Parallel()
		var broken atomic.Bool
		server := issuerOf(t, func(d map[string]any) {
			if broken.Load() {
				d["response_types_supported"] = []string{}
			}
		})
		s.send("POST", configs, body("fine", server.URL), bearer(s.token)).want(t, 201, "")
		broken.Store(true)
		s.send("PATCH", configs+"/fine", `{"enabled":false}`, bearer(s.token)).want(t, 200, "")
		s.send("PATCH", configs+"/fine", fmt.Sprintf(`{"issuer":%q}`, server.URL), bearer(s.token)).want(t, 400, "invalid_request")
	})
	t.Run("one that is out of reach is not refused, and the log tells of it", func(t *testing.T) {
		t.Parallel()
		server := issuerOf(t, func(map[string]any) {})
		server.Close()
		s.send("POST", configs, body("away", server.URL), bearer(s.token)).want(t, 201, "")
		if got := strings.Join(log.read(), "\n"); !strings.Contains(got, "was not checked") || !strings.Contains(got, server.URL) {
			t.Errorf("log: got\n%s\nwant a line about %s", got, server.URL)
		}
	})
}

// RFC 9700, section 4.4: if the answers of two providers come to one place, each must say which
// provider it is from.
func TestMixUp(t *testing.T) {
	t.Parallel()
	s, _ := atGitHub(t, "")
	configs := s.in("/apps/{app_id}/oauth-configs")
	quiet, named := issuerOf(t, func(map[string]any) {}), issuerOf(t, func(d map[string]any) { d["authorization_response_iss_parameter_supported"] = true })
	body := func(name, issuer, redirect string) string {
		return fmt.Sprintf(`{"provider":%q,"client_id":"c","client_secret":"s","issuer":%q%s}`, name, issuer, redirect)
	}
	const shared = `,"redirect_uri":"https://spa.example/cb"`
	s.send("POST", configs, body("quiet", quiet.URL, ""), bearer(s.token)).want(t, 201, "") // beside GitHub with its defaults
	s.send("PATCH", configs+"/quiet", fmt.Sprintf(`{"redirect_uri":%q}`, base+s.in("/auth/callback/github/{app_id}")), bearer(s.token)).want(t, 400, "invalid_request")
	s.send("PATCH", configs+"/quiet", "{"+shared[1:]+"}", bearer(s.token)).want(t, 200, "")
	if got := s.send("PATCH", configs+"/github", "{"+shared[1:]+"}", bearer(s.token)); got.Code != 400 || got.fields() != "redirect_uri" {
		t.Errorf("two that do not promise iss: got %d %s, want 400 for redirect_uri", got.Code, got.Body)
	}
	s.send("POST", configs, body("named", named.URL, shared), bearer(s.token)).want(t, 201, "")
	s.send("POST", configs, body("other", named.URL+"/none", shared), bearer(s.token)).want(t, 400, "invalid_request")
}

// A provider may withdraw its promise of iss. If two providers share a place, an answer without
// iss could be from either.
func TestAPromiseThatIsTakenBack(t *testing.T) {
	t.Parallel()
	s, g := atGitHub(t, "https://spa.example/cb")
	var promised atomic.Bool
	promised.Store(true)
	evil := issuerOf(t, func(d map[string]any) {
		d["authorization_response_iss_parameter_supported"] = promised.Load()
	})
	body := fmt.Sprintf(`{"provider":"evil","client_id":"c","client_secret":"s","issuer":%q,"redirect_uri":"https://spa.example/cb"}`, evil.URL)
	s.send("POST", s.in("/apps/{app_id}/oauth-configs"), body, bearer(s.token)).want(t, 201, "")
	promised.Store(false)
	s.clock.Advance(16 * 60 * 1e9) // its document is read again
	to := s.send("GET", s.in("/auth/evil/{app_id}"), "", "Accept: application/json")
	to.want(t, 200, "")
	// The evil provider redirects the browser to GitHub, whose code comes back to the page.
	got := s.send("POST", s.in("/auth/callback/evil/{app_id}"), fmt.Sprintf(`{"code":"of GitHub","state":%q,"binding":%q}`, to.text(t, "state"), to.text(t, "binding")))
	got.want(t, 401, "invalid_token")
	s.byGitHub(func(body map[string]string) { delete(body, "iss") }).want(t, 401, "invalid_token")
	s.byGitHub().want(t, 200, "")
	s.equal("codes sent", g.Asked("/login/oauth/access_token"), 1)
}

// Two spellings of one URL are one place.
func TestMixUpByAnotherSpelling(t *testing.T) {
	t.Parallel()
	s, _ := atGitHub(t, "https://spa.example/cb")
	quiet := issuerOf(t, func(map[string]any) {})
	for _, redirect := range []string{"https://SPA.example/cb", "https://spa.example:443/cb", "HTTPS://spa.example/cb", "https://spa.example/c%62"} {
		body := fmt.Sprintf(`{"provider":"quiet","client_id":"c","client_secret":"s","issuer":%q,"redirect_uri":%q}`, quiet.URL, redirect)
		if got := s.send("POST", s.in("/apps/{app_id}/oauth-configs"), body, bearer(s.token)); got.Code != 400 || got.fields() != "redirect_uri" {
			t.Errorf("%s: got %d %s, want 400 for redirect_uri", redirect, got.Code, got.Body)
		}
	}
}

// An answer of another provider must not work at one provider's callback: its code would be
// sent to the wrong provider.
func TestAnotherProvidersCallback(t *testing.T) {
	t.Parallel()
	s, _ := atGitHub(t, "")
	named := issuerOf(t, func(d map[string]any) { d["authorization_response_iss_parameter_supported"] = true })
	configs := s.in("/apps/{app_id}/oauth-configs")
	s.send("POST", configs, fmt.Sprintf(`{"provider":"named","client_id":"c","client_secret":"s","issuer":%q}`, named.URL), bearer(s.token)).want(t, 201, "")
	for _, redirect := range []string{base + s.in("/auth/callback/named/{app_id}"), base + s.in("/auth/callback/none/{app_id}"), base + "/auth/callback/github/" + authkit.Console.String()} {
		if got := s.send("PATCH", configs+"/github", fmt.Sprintf(`{"redirect_uri":%q}`, redirect), bearer(s.token)); got.Code != 400 || got.fields() != "redirect_uri" {
			t.Errorf("%s: got %d %s, want 400 for redirect_uri", redirect, got.Code, got.Body)
		}
	}
	s.send("PATCH", configs+"/github", fmt.Sprintf(`{"redirect_uri":%q}`, base+s.in("/auth/callback/github/{app_id}")), bearer(s.token)).want(t, 200, "")
}

// A provider's name and other words stand in the same place of a path. Therefore a provider
// must not be named like a word of the route table, or like one that the HTTP contract
// reserves.
func TestNoProviderIsNamedLikeAPath(t *testing.T) {
	t.Parallel()
	words := []string{"id-token", "passkey", "passkeys", "totp", "mfa", "recovery-codes", "step-up", "sign-in", "sign-up", "account", "invitation"}
	for _, rt := range authkit.Routes() {
		if rest, ok := strings.CutPrefix(rt.Pattern, "/auth/"); ok && rest[0] != '{' {
			word, _, _ := strings.Cut(rest, "/")
			words = append(words, word)
		}
	}
	for _, word := range words {
		if oauth.ValidName(word) {
			t.Errorf("ValidName(%q): got true, want it reserved for /auth/%s/…", word, word)
		}
	}
}
