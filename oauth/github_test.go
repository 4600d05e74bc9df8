package oauth_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/githubtest"
	"github.com/authkit-dev/authkit/oauth"
)

const verifier = "verifier-verifier-verifier-verifier-verifier"

// hub returns a client of a GitHub of our own and its configuration.
func hub(g *githubtest.GitHub) (*oauth.Client, oauth.Config) {
	client := oauth.NewClient(oauth.Options{AllowLoopback: true, Endpoints: map[string]oauth.Endpoint{
		"github": {AuthURL: g.URL + "/login/oauth/authorize", TokenURL: g.URL + "/login/oauth/access_token", APIURL: g.URL},
	}})
	return client, oauth.Config{Provider: "github", ClientID: githubtest.ClientID, ClientSecret: githubtest.ClientSecret, RedirectURI: "https://a.example/cb"}
}

// visit follows an authorization URL and returns the parameters of the redirect back.
func visit(t *testing.T, authURL string) url.Values {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, authURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	back, err := res.Location()
	if err != nil {
		t.Fatalf("visit %s: got %s, want a redirect", authURL, res.Status)
	}
	return back.Query()
}

// signIn is a whole flow at GitHub.
func signIn(t *testing.T, g *githubtest.GitHub, change ...func(url.Values)) (oauth.Profile, error) {
	t.Helper()
	client, cfg := hub(g)
	to, err := client.AuthURL(t.Context(), cfg, "state", "nonce", verifier)
	if err != nil {
		t.Fatal(err)
	}
	q := visit(t, to)
	for _, f := range change {
		f(q)
	}
	return client.Exchange(t.Context(), cfg, oauth.Callback{Code: q.Get("code"), Iss: q.Get("iss"), Nonce: "nonce", Verifier: verifier})
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	primary := githubtest.Email{Email: "ann@example.com", Primary: true, Verified: true}
	many := func(n int) (list []githubtest.Email) {
		for i := range n {
			list = append(list, githubtest.Email{Email: fmt.Sprintf("a%d@example.com", i), Verified: true})
		}
		return append(list, primary)
	}
	for name, c := range map[string]struct {
		change   func(*githubtest.GitHub)
		email    string
		name     string
		verified bool
		lack     string
	}{
		"the primary verified address counts":           {nil, "ann@example.com", "ann", true, ""},
		"an unverified address is not verified":         {func(g *githubtest.GitHub) { g.Emails = []githubtest.Email{{Email: "ann@example.com", Primary: true}} }, "ann@example.com", "ann", false, ""},
		"without a primary address there is no address": {func(g *githubtest.GitHub) { g.Emails = g.Emails[:1] }, "", "ann", false, "none is primary"},
		"without addresses there is no address":         {func(g *githubtest.GitHub) { g.Emails = nil }, "", "ann", false, "none is primary"},
		"the address is found on the second page":       {func(g *githubtest.GitHub) { g.Emails = many(100) }, "ann@example.com", "ann", true, ""},
		"the address is found on the tenth page":        {func(g *githubtest.GitHub) { g.Emails = many(999) }, "ann@example.com", "ann", true, ""},
		"no more pages than ten are read":               {func(g *githubtest.GitHub) { g.Emails = many(1000) }, "", "ann", false, "none is primary"},
		"forbidden addresses are left out":              {func(g *githubtest.GitHub) { g.EmailsStatus = 403 }, "", "ann", false, "status 403"},
		"missing addresses are left out":                {func(g *githubtest.GitHub) { g.EmailsStatus = 404 }, "", "ann", false, "status 404"},
		"unavailable addresses are left out":            {func(g *githubtest.GitHub) { g.EmailsStatus = 503 }, "", "ann", false, "status 503"},
		"a name counts before the login":                {func(g *githubtest.GitHub) { g.User = `{"id":583231,"login":"ann","name":"Ann"}` }, "ann@example.com", "Ann", true, ""},
		"a name of a wrong type is ignored":             {func(g *githubtest.GitHub) { g.User = `{"id":583231,"login":["ann"],"name":{"first":"Ann"}}` }, "ann@example.com", "", true, ""},
		"iss may be missing":                            {func(g *githubtest.GitHub) { g.Iss = "" }, "ann@example.com", "ann", true, ""},
		"JSON as text is JSON":                          {func(g *githubtest.GitHub) { g.TokenType = "text/plain" }, "ann@example.com", "ann", true, ""},
		"JSON as a script is JSON":                      {func(g *githubtest.GitHub) { g.TokenType = "text/javascript; charset=UTF-8" }, "ann@example.com", "ann", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := githubtest.New(t)
			if c.change != nil {
				g.Set(c.change)
			}
			got, err := signIn(t, g)
			lack := ""
			if got.Lack != nil {
				lack = got.Lack.Error()
			}
			got.Lack = nil
			want := oauth.Profile{Issuer: "https://github.com", Subject: "583231", Email: c.email, Name: c.name, EmailVerified: c.verified}
			if err != nil || got != want || !strings.Contains(lack, c.lack) || (c.lack == "") != (lack == "") {
				t.Errorf("Exchange: got %+v, %v, lack %q, want %+v, lack %q", got, err, lack, want, c.lack)
			}
		})
	}
}

func TestAuthURLOfGitHub(t *testing.T) {
	t.Parallel()
	client, cfg := hub(githubtest.New(t))
	raw, err := client.AuthURL(t.Context(), cfg, "state", "nonce", verifier)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Has("nonce") || q.Has("response_mode") || q.Get("scope") != "read:user user:email" {
		t.Errorf("AuthURL: got %s", raw)
	}
}

// RFC 9207: the iss that GitHub is known to send is accepted, and so is an answer without iss.
func TestIssOfGitHub(t *testing.T) {
	t.Parallel()
	for iss, ok := range map[string]bool{
		githubtest.Iss: true, "": true,
		"https://github.com": false, "https://github.com/login/oauth/": false, "http://github.com/login/oauth": false,
		"https://GitHub.com/login/oauth": false, "https://evil.example": false, " ": false,
	} {
		g := githubtest.New(t)
		got, err := signIn(t, g, func(q url.Values) { q.Set("iss", iss) })
		if ok && (err != nil || got.Subject != "583231") {
			t.Errorf("iss %q: got %+v, %v, want a profile", iss, got, err)
		}
		if fault, is := errors.AsType[*oauth.Error](err); !ok && (!is || fault.Kind != oauth.WrongIssuer || g.Asked("/login/oauth/access_token") != 0) {
			t.Errorf("iss %q: got %v, want it refused before the code is sent", iss, err)
		}
	}
}

// This test covers whose fault an error is. The person's fault is Refused. What only the
// developer or the provider can mend is Broken. A code is sent once, whatever happens.
func TestTokenAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status     int
		kind, body string
		want       oauth.Kind
		code, why  string
	}{
		"200 with GitHub's own code":             {200, "application/json", `{"error":"bad_verification_code","error_description":"x\r\ny"}`, oauth.Refused, "", "bad_verification_code"},
		"200 with it in a form":                  {200, "application/x-www-form-urlencoded", "error=bad_verification_code&error_description=x%0D%0Ay", oauth.Refused, "", "bad_verification_code"},
		"200 with an unverified address":         {200, "application/json", `{"error":"unverified_user_email"}`, oauth.Refused, "", "unverified_user_email"},
		"200 with access_denied":                 {200, "application/json", `{"error":"access_denied"}`, oauth.Refused, "access_denied", "access_denied"},
		"400 with invalid_grant":                 {400, "application/json", `{"error":"invalid_grant"}`, oauth.Refused, "invalid_grant", "invalid_grant"},
		"401 with invalid_grant":                 {401, "application/json", `{"error":"invalid_grant"}`, oauth.Refused, "invalid_grant", "invalid_grant"},
		"403 with a code of its own":             {403, "application/json", `{"error":"user_is_blocked"}`, oauth.Refused, "", "user_is_blocked"},
		"400 as JSON of another type":            {400, "text/html", `{"error":"invalid_grant"}`, oauth.Refused, "invalid_grant", "invalid_grant"},
		"a code with characters that codes lack": {400, "application/json", `{"error":"no\r\nway"}`, oauth.Refused, "", "not spelled"},
		"a code that repeats the secret":         {400, "application/json", `{"error":"the-secret"}`, oauth.Refused, "", "not spelled"},
		"200 with invalid_client":                {200, "application/json", `{"error":"invalid_client"}`, oauth.Broken, "invalid_client", "invalid_client"},
		"200 with GitHub's incorrect client":     {200, "application/json", `{"error":"incorrect_client_credentials"}`, oauth.Broken, "", "incorrect_client_credentials"},
		"200 with another redirect URI":          {200, "application/json", `{"error":"redirect_uri_mismatch"}`, oauth.Broken, "", "redirect_uri_mismatch"},
		"401 with a code of its own":             {401, "application/json", `{"error":"secret_expired"}`, oauth.Broken, "", "secret_expired"},
		"500 with invalid_grant":                 {500, "application/json", `{"error":"invalid_grant"}`, oauth.Broken, "invalid_grant", "status 500"},
		"429 with a code of its own":             {429, "application/json", `{"error":"too_fast"}`, oauth.Broken, "", "status 429"},
		"an error that is an object":             {400, "application/json", `{"error":{"message":"expired","code":100}}`, oauth.Broken, "", "status 400"},
		"500 without a code":                     {500, "text/html", `<html>`, oauth.Broken, "", "status 500"},
		"400 without a code":                     {400, "text/plain", `no`, oauth.Broken, "", "status 400"},
		"200 with a page":                        {200, "text/html", `<html>access_token</html>`, oauth.Broken, "", "no access token"},
		"200 with half an answer":                {200, "application/json", `{"access_token":"x"`, oauth.Broken, "", "no access token"},
		"200 with a token of an odd type":        {200, "application/json", `{"access_token":["x"]}`, oauth.Broken, "", "no access token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hits := make(chan struct{}, 9)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				hits <- struct{}{}
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.body)
			}))
			t.Cleanup(server.Close)
			client := oauth.NewClient(oauth.Options{AllowLoopback: true, Endpoints: map[string]oauth.Endpoint{"github": {TokenURL: server.URL, APIURL: server.URL}}})
			_, err := client.Exchange(t.Context(), oauth.Config{Provider: "github", ClientID: "id", ClientSecret: "the-secret"}, oauth.Callback{Code: "the-code", Verifier: verifier})
			fault, ok := errors.AsType[*oauth.Error](err)
			if !ok || fault.Kind != c.want || fault.Code != c.code || !strings.Contains(err.Error(), c.why) {
				t.Errorf("Exchange: got %+v, want kind %d, code %q, because of %q", err, c.want, c.code, c.why)
			}
			if err != nil && strings.ContainsAny(err.Error(), "\r\n") || strings.Contains(fmt.Sprint(err), "the-secret") {
				t.Errorf("error: got %q, want no control character and no secret", err)
			}
			if len(hits) != 1 {
				t.Errorf("requests: got %d, want 1", len(hits))
			}
		})
	}
}

func TestValidName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"corp": true, "a-1": true, "a": false, "Corp": false, "verify": false, "mfa": false, "a_b": false, strings.Repeat("a", 33): false, "": false,
		"access-token": false, "sign-in": false, "sign-up": false, "account": false, "invitation": false, "step-up": false, "recovery-codes": false, "passkeys": false,
	} {
		if got := oauth.ValidName(name); got != want {
			t.Errorf("ValidName(%q): got %v, want %v", name, got, want)
		}
	}
}
