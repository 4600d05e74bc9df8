package authkit_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/githubtest"
)

// RFC 7636, appendix B.
const (
	pkceVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	pkceChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// atGitHub returns a stage whose app has GitHub, with the default redirect URI unless another
// is given.
func atGitHub(t *testing.T, redirect string, change ...func(*authkit.Config)) (*stage, *githubtest.GitHub) {
	t.Helper()
	s, g := newStage(t, append([]func(*authkit.Config){withoutLimits}, change...)...), githubtest.New(t)
	authkit.UseGitHub(s.engine, g.URL)
	body := fmt.Sprintf(`{"provider":"github","client_id":%q,"client_secret":%q}`, githubtest.ClientID, githubtest.ClientSecret)
	if redirect != "" {
		body = strings.TrimSuffix(body, "}") + `,"redirect_uri":"` + redirect + `"}`
	}
	s.send("POST", s.in("/apps/{app_id}/oauth-configs"), body, bearer(s.token)).want(t, 201, "")
	return s, g
}

// visit follows an authorization URL and returns the URL to which GitHub redirects the browser.
func (s *stage) visit(to string) *url.URL {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, to, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	back, err := res.Location()
	if err != nil {
		s.t.Fatalf("visit %s: got %s, want a redirect", to, res.Status)
	}
	return back
}

// byGitHub signs in as a single-page app does. Each change is made to what GitHub sent.
func (s *stage) byGitHub(change ...func(map[string]string)) answer {
	s.t.Helper()
	to := s.send("GET", s.in("/auth/github/{app_id}"), "", "Accept: application/json")
	to.want(s.t, 200, "")
	q := s.visit(to.text(s.t, "redirect_url")).Query()
	body := map[string]string{"code": q.Get("code"), "state": q.Get("state"), "binding": to.text(s.t, "binding"), "iss": q.Get("iss")}
	for _, f := range change {
		f(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send("POST", s.in("/auth/callback/github/{app_id}"), string(text))
}

// GitHub sends its issuer in its answer (RFC 9207), which no discovery document promises.
func TestGitHubInABrowser(t *testing.T) {
	t.Parallel()
	s, _ := atGitHub(t, "")
	start := s.send("GET", s.in("/auth/github/{app_id}")+"?redirect_to="+url.QueryEscape(goal)+"&code_challenge="+pkceChallenge, "")
	start.want(t, 302, "")
	back := s.visit(start.Header().Get("Location"))
	if got, want := back.Scheme+"://"+back.Host+back.Path, base+s.in("/auth/callback/github/{app_id}"); got != want || back.Query().Get("iss") != githubtest.Iss {
		t.Fatalf("back: got %s, want %s with iss", back, want)
	}
	got := s.send("GET", strings.TrimPrefix(back.String(), base), "", "Cookie: "+cookieOf(start))
	got.want(t, 303, "")
	to, err := url.Parse(got.Header().Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		t.Fatalf("Location: got %s, want a code", got.Header().Get("Location"))
	}
	in := s.send("POST", s.in("/auth/token/{app_id}"), fmt.Sprintf(`{"code":%q,"code_verifier":%q}`, to.Query().Get("code"), pkceVerifier))
	in.want(t, 200, "")
	s.equal("email", in.user("email"), "ann@example.com")
	s.equal("email_verified", in.user("email_verified"), true)
}

func TestGitHubInASinglePageApp(t *testing.T) {
	t.Parallel()
	s, g := atGitHub(t, "https://spa.example/cb")
	first := s.byGitHub()
	first.want(t, 200, "")
	s.equal("created", first.body["created"], true)
	s.byGitHub(func(body map[string]string) { delete(body, "iss") }).want(t, 200, "") // GitHub did not always send it
	tokens := g.Asked("/login/oauth/access_token")
	for _, iss := range []string{"https://evil.example", "https://github.com", githubtest.Iss + "/"} {
		s.byGitHub(func(body map[string]string) { body["iss"] = iss }).want(t, 401, "invalid_token")
	}
	s.equal("codes sent after a wrong iss", g.Asked("/login/oauth/access_token"), tokens)
}

// Only what identifies a person is required. Requests for more may fail.
func TestGitHubWithoutAddresses(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 404, 500} {
		log := newJournal()
		s, g := atGitHub(t, "https://spa.example/cb", func(c *authkit.Config) { c.Logger = slog.New(log) })
		g.Set(func(g *githubtest.GitHub) { g.EmailsStatus = status })
		s.byGitHub().want(t, 409, "email_required")
		lines := log.refusals(t)
		if got := lines[len(lines)-1].Cause; got != fmt.Sprintf("ask GitHub for the addresses: status %d", status) {
			t.Errorf("cause: got %q, want the status of the request that failed", got)
		}
		g.Set(func(g *githubtest.GitHub) { g.EmailsStatus = 0 })
		first := s.byGitHub()
		first.want(t, 200, "")
		g.Set(func(g *githubtest.GitHub) { g.EmailsStatus = status })
		again := s.byGitHub()
		again.want(t, 200, "")
		s.equal("user", again.user("user_id"), first.user("user_id"))
	}
}

// Each failed check has a line in the log: the check, what was seen and what was expected. The
// answer contains nothing of it.
func TestWhatAProviderRefusesIsTold(t *testing.T) {
	t.Parallel()
	log := newJournal()
	s, g := atGitHub(t, "https://spa.example/cb", func(c *authkit.Config) { c.Logger = slog.New(log) })
	for name, c := range map[string]struct {
		set    func(*githubtest.GitHub)
		send   func(map[string]string)
		status int
		code   string
		says   []string
	}{
		"another issuer": {nil, func(body map[string]string) { body["iss"] = "https://evil.example" }, 401, "invalid_token", []string{
			"another issuer", `got "https://evil.example", want "https://github.com/login/oauth"`,
		}},
		"a spent code": {nil, func(body map[string]string) { body["code"] = "spent" }, 400, "provider_refused", []string{
			`the token endpoint refuses the code: got status 200, error "bad_verification_code", want a token`,
		}},
		"a wrong secret": {func(g *githubtest.GitHub) { g.TokenError = "incorrect_client_credentials" }, nil, 502, "provider_error", []string{
			`error "incorrect_client_credentials"`,
		}},
		"a code of control characters": {func(g *githubtest.GitHub) { g.TokenError = "no\r\nway" }, nil, 400, "provider_refused", []string{"not spelled as one"}},
		"a user without an id":         {func(g *githubtest.GitHub) { g.User = `{"login":"ann"}` }, nil, 502, "provider_error", []string{"about the user: got no id, want a number"}},
	} {
		t.Run(name, func(t *testing.T) {
			user := g.User
			if c.set != nil {
				g.Set(c.set)
			}
			before := len(log.read())
			change := c.send
			if change == nil {
				change = func(map[string]string) {}
			}
			got := s.byGitHub(change)
			got.want(t, c.status, c.code)
			text := strings.Join(log.read()[before:], "\n")
			for _, part := range append(slices.Clone(c.says), got.Header().Get("X-Request-ID")) {
				if !strings.Contains(text, part) && !strings.Contains(text, strings.ReplaceAll(part, `"`, `\"`)) {
					t.Errorf("log: got %s, want %q in it", text, part)
				}
				if strings.Contains(got.Body.String(), part) && part != got.Header().Get("X-Request-ID") {
					t.Errorf("answer: got %s, want no %q in it", got.Body, part)
				}
			}
			if strings.Contains(text, githubtest.ClientSecret) {
				t.Errorf("log: got the client secret in %s", text)
			}
			g.Set(func(g *githubtest.GitHub) { g.TokenError, g.User = "", user })
		})
	}
}

// A redirect carries only a code to the app. The log has the rest, under the id of that
// request.
func TestARefusalThatGoesToTheGoalIsTold(t *testing.T) {
	t.Parallel()
	log := newJournal()
	s, _ := atGitHub(t, "", func(c *authkit.Config) { c.Logger = slog.New(log) })
	for query, c := range map[string]struct{ error, cause string }{
		"error=access_denied&error_description=no%0d%0a": {"provider_refused", `the provider answers error "access_denied"`},
		"error=%0d%0aevil": {"provider_refused", "the provider answers error a code that is not spelled as one"},
		"error=access_denied&iss=https://evil.example": {"invalid_token", `got "https://evil.example", want "https://github.com/login/oauth"`},
		"code=spent":                         {"provider_refused", `error "bad_verification_code"`},
		"iss=https://github.com/login/oauth": {"provider_refused", "neither a code nor an error"},
	} {
		start := s.send("GET", s.in("/auth/github/{app_id}")+"?redirect_to="+url.QueryEscape(goal)+"&code_challenge="+pkceChallenge, "")
		start.want(t, 302, "")
		u, err := url.Parse(start.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		before := len(log.refusals(t))
		got := s.send("GET", s.in("/auth/callback/github/{app_id}")+"?"+query+"&state="+u.Query().Get("state"), "", "Cookie: "+cookieOf(start))
		got.want(t, 303, "")
		if to := got.Header().Get("Location"); !strings.Contains(to, "error="+c.error) || strings.Contains(to, "description") || strings.Contains(to, "evil") {
			t.Errorf("%s: got %s, want error=%s and no text of the provider's", query, to, c.error)
		}
		lines := log.refusals(t)[before:]
		if len(lines) != 1 || !strings.Contains(lines[0].Cause, c.cause) || lines[0].RequestID != got.Header().Get("X-Request-ID") || strings.ContainsAny(lines[0].Cause, "\r\n") {
			t.Errorf("%s: got %+v, want one line with the cause %q", query, lines, c.cause)
		}
	}
}
