package authkittest_test

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
)

// TestTokenEndpoint checks that the provider refuses wrong token requests.
func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	kit, p := withProvider(t)
	to, err := kit.Engine.StartOAuth(t.Context(), authkit.OAuthStart{App: kit.App.ID, Provider: p.Name})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := url.Parse(to.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := asked.Query()
	q.Set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM") // RFC 7636, appendix B
	asked.RawQuery = q.Encode()
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	for name, c := range map[string]struct {
		member, value string
		status        int
	}{
		"all is well":              {"", "", 200},
		"another secret":           {"client_secret", "x", 401},
		"another client":           {"client_id", "x", 401},
		"another verifier":         {"code_verifier", "x", 400},
		"another redirect URI":     {"redirect_uri", "https://a.example", 400},
		"another grant":            {"grant_type", "refresh_token", 400},
		"an unknown code":          {"code", "x", 400},
		"an access token for code": {"code", "access token", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form := url.Values{
				"grant_type": {"authorization_code"}, "code_verifier": {verifier}, "redirect_uri": {q.Get("redirect_uri")},
				"client_id": {"authkittest"}, "client_secret": {"the client secret of authkittest"},
				"code": {p.Visit(t, asked.String(), "ann@example.com").Query().Get("code")},
			}
			if c.value == "access token" {
				_, body := post(t, p.Issuer+"/token", form)
				_, rest, _ := strings.Cut(body, `"access_token":"`)
				c.value, _, _ = strings.Cut(rest, `"`)
			}
			if c.member != "" {
				form.Set(c.member, c.value)
			}
			if status, body := post(t, p.Issuer+"/token", form); status != c.status {
				t.Errorf("token: got %d %s, want %d", status, body, c.status)
			}
			if status, body := post(t, p.Issuer+"/token", form); c.status == 200 && status != 400 {
				t.Errorf("the code again: got %d %s, want 400", status, body)
			}
		})
	}
	for name, change := range map[string]url.Values{
		"no PKCE":         {"code_challenge": {""}},
		"plain PKCE":      {"code_challenge_method": {"plain"}},
		"no openid":       {"scope": {"email"}},
		"another client":  {"client_id": {"x"}},
		"no redirect URI": {"redirect_uri": {"/x"}},
		"another flow":    {"response_type": {"token"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query := asked.Query()
			maps.Copy(query, change)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.Issuer+"/authorize?"+query.Encode(), nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != http.StatusBadRequest {
				t.Errorf("authorize: got %d, want 400", res.StatusCode)
			}
		})
	}
}

func TestDiscoveryPromisesWhatIsForged(t *testing.T) {
	t.Parallel()
	_, p := withProvider(t)
	for fault, alg := range map[authkittest.Fault]string{authkittest.Unsigned: `"none"`, authkittest.SignedWithSecret: `"HS256"`} {
		for _, forged := range []bool{false, true} {
			p.Misbehave()
			if forged {
				p.Misbehave(fault)
			}
			r := get(t, p.Issuer+"/.well-known/openid-configuration")
			r.RequestURI = ""
			if _, body := send(t, r); strings.Contains(body, alg) != forged {
				t.Errorf("discovery: got %s, want %s in it to be %v", body, alg, forged)
			}
		}
	}
}

func TestUserInfoWantsAnAccessToken(t *testing.T) {
	t.Parallel()
	kit, p := withProvider(t)
	to, err := kit.Engine.StartOAuth(t.Context(), authkit.OAuthStart{App: kit.App.ID, Provider: p.Name})
	if err != nil {
		t.Fatal(err)
	}
	code := p.Visit(t, to.URL, "ann@example.com").Query().Get("code")
	for _, token := range []string{"", "x", code} {
		r := get(t, p.Issuer+"/userinfo")
		r.RequestURI = ""
		r.Header.Set("Authorization", "Bearer "+token)
		if status, body := send(t, r); status != http.StatusUnauthorized {
			t.Errorf("userinfo with %q: got %d %s, want 401", token, status, body)
		}
	}
}

func post(t *testing.T, to string, form url.Values) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(t, r)
}

func send(t *testing.T, r *http.Request) (status int, body string) {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}
