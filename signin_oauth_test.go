package authkit_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit"
)

// issuer is an OpenID provider whose answers a test chooses.
type issuer struct {
	*httptest.Server

	key   *rsa.PrivateKey
	mu    sync.Mutex
	nonce string
	said  jwt.MapClaims // added to the usual claims, or in their place
	alg   jwt.SigningMethod
}

// issuerKey is made once, because that takes longer than everything that a test does.
var issuerKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newIssuer(t *testing.T, w *world) *issuer {
	t.Helper()
	key, err := issuerKey()
	if err != nil {
		t.Fatal(err)
	}
	p := &issuer{key: key, alg: jwt.SigningMethodRS256}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(rw http.ResponseWriter, _ *http.Request) {
		answerJSON(rw, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token",
			"jwks_uri": p.URL + "/jwks", "id_token_signing_alg_values_supported": []string{"RS256", "none", "HS256"},
		})
	})
	mux.HandleFunc("/jwks", func(rw http.ResponseWriter, _ *http.Request) {
		answerJSON(rw, map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("/token", func(rw http.ResponseWriter, r *http.Request) {
		if r.FormValue("code_verifier") == "" || r.FormValue("code") != "good" {
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(http.StatusBadRequest)
			_, _ = rw.Write([]byte(`{"error":"invalid_grant"}`))
			return
		}
		answerJSON(rw, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.idToken(t, w.clock.Now())})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *issuer) idToken(t *testing.T, now time.Time) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	c := jwt.MapClaims{
		"iss": p.URL, "aud": "client", "sub": "s1", "nonce": p.nonce, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		"email": "ann@example.com", "email_verified": true, "name": "Ann",
	}
	maps.Copy(c, p.said)
	tok := jwt.NewWithClaims(p.alg, c)
	tok.Header["kid"] = "k"
	var key any = p.key
	switch p.alg {
	case jwt.SigningMethodHS256:
		key = []byte("the client secret")
	case jwt.SigningMethodNone:
		key = jwt.UnsafeAllowNoneSignatureType
	}
	raw, err := tok.SignedString(key)
	if err != nil {
		t.Error(err)
	}
	return raw
}

// says sets the claims of the next ID token.
func (p *issuer) says(nonce string, said jwt.MapClaims) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nonce, p.said = nonce, said
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// withProvider configures the issuer as "corp".
func withProvider(t *testing.T, trust bool, change ...func(*authkit.Config)) (*world, *issuer) {
	t.Helper()
	w := setup(t, append([]func(*authkit.Config){withoutLimits, func(c *authkit.Config) { c.InsecureAllowLoopbackProviders = true }}, change...)...)
	p := newIssuer(t, w)
	got := w.send("POST", "/apps/"+w.app.ID.String()+"/oauth-configs", fmt.Sprintf(
		`{"provider":"corp","client_id":"client","client_secret":"the client secret","redirect_uri":"https://spa.example/cb","issuer":%q,"trust_email":%v}`, p.URL, trust), bearer(w.token))
	got.want(t, 201, "")
	if strings.Contains(got.Body.String(), "the client secret") {
		t.Errorf("config: got the secret in %s", got.Body)
	}
	return w, p
}

// begin starts a flow by JSON.
func (w *world) begin(t *testing.T, p *issuer, said jwt.MapClaims) (state, binding string) {
	t.Helper()
	got := w.send("GET", "/auth/corp/"+w.app.ID.String(), "", "Accept: application/json")
	got.want(t, 200, "")
	u, err := url.Parse(got.body["redirect_url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") != "https://spa.example/cb" || q.Get("nonce") == "" {
		t.Errorf("redirect_url: got %s", u)
	}
	p.says(q.Get("nonce"), said)
	return got.body["state"].(string), got.body["binding"].(string)
}

func (w *world) callback(code, state, binding string) answer {
	return w.send("POST", "/auth/callback/corp/"+w.app.ID.String(), fmt.Sprintf(`{"code":%q,"state":%q,"binding":%q}`, code, state, binding))
}

func TestAStateOfNoProvider(t *testing.T) {
	t.Parallel()
	w, p := withProvider(t, true)
	state, binding := w.begin(t, p, nil)
	at := func(provider string) string { return w.in("/auth/callback/" + provider + "/{app_id}") }
	body := fmt.Sprintf(`{"code":"good","state":%q,"binding":%q}`, state, binding)
	for name, c := range map[string]struct {
		body    string
		headers []string
	}{"as JSON": {`{"code":"good","state":"x","binding":"y"}`, nil}, "as a form": {"code=good&state=x", []string{form}}} {
		w.send("POST", at("github"), c.body, c.headers...).want(t, 404, "provider_not_configured")
		if got := w.send("POST", at("corp"), c.body, c.headers...); got.Code != 401 || got.body["code"] != "invalid_token" {
			t.Errorf("of a provider that there is, %s: got %d %s, want 401 invalid_token", name, got.Code, got.Body)
		}
	}
	w.send("PATCH", w.in("/apps/{app_id}/oauth-configs/corp"), `{"enabled":false}`, bearer(w.token)).want(t, 200, "")
	w.send("POST", at("corp"), `{"code":"good","state":"x","binding":"y"}`).want(t, 404, "provider_not_configured")
	w.send("POST", at("corp"), body).want(t, 401, "invalid_token") // of a flow in progress
}

func TestOAuthByJSON(t *testing.T) {
	t.Parallel()
	w, p := withProvider(t, true)
	state, binding := w.begin(t, p, nil)
	w.callback("good", state, strings.Repeat("A", 64)).want(t, 401, "invalid_token")
	first := w.callback("good", state, binding)
	first.want(t, 200, "")
	if first.body["created"] != true || first.body["user"].(map[string]any)["email_verified"] != true {
		t.Errorf("sign-in: got %s", first.Body)
	}
	w.callback("good", state, binding).want(t, 401, "invalid_token")

	t.Run("an identity does not move with its address", func(t *testing.T) {
		state, binding := w.begin(t, p, jwt.MapClaims{"email": "else@example.com"})
		got := w.callback("good", state, binding)
		got.want(t, 200, "")
		if got.body["user"].(map[string]any)["user_id"] != first.body["user"].(map[string]any)["user_id"] {
			t.Errorf("user: got %s", got.Body)
		}
	})
	t.Run("a state has one winner among sixteen", func(t *testing.T) {
		state, binding := w.begin(t, p, nil)
		var wg sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for range 16 {
			wg.Go(func() {
				got := w.callback("good", state, binding)
				mu.Lock()
				defer mu.Unlock()
				statuses[got.Code]++
			})
		}
		wg.Wait()
		if statuses[200] != 1 || statuses[401] != 15 {
			t.Errorf("statuses: got %v, want one 200 and fifteen 401", statuses)
		}
	})
	t.Run("a refused code is 400", func(t *testing.T) {
		state, binding := w.begin(t, p, nil)
		got := w.callback("bad", state, binding)
		got.want(t, 400, "provider_refused")
		if got.body["provider_code"] != "invalid_grant" {
			t.Errorf("provider_code: got %v", got.body["provider_code"])
		}
	})
	t.Run("another iss is refused", func(t *testing.T) {
		state, binding := w.begin(t, p, nil)
		w.send("POST", "/auth/callback/corp/"+w.app.ID.String(), fmt.Sprintf(`{"code":"good","state":%q,"binding":%q,"iss":"https://evil.example"}`, state, binding)).want(t, 401, "invalid_token")
	})
	t.Run("what is missing is named", func(t *testing.T) {
		for body, field := range map[string]string{
			`{"state":"s","binding":"b"}`: "code", `{"code":"good","binding":"b"}`: "state", `{"code":"good","state":"s"}`: "binding",
		} {
			got := w.send("POST", "/auth/callback/corp/"+w.app.ID.String(), body)
			got.want(t, 400, "invalid_request")
			if fields := got.body["errors"].([]any); len(fields) != 1 || fields[0].(map[string]any)["field"] != field {
				t.Errorf("%s: got %v, want the field %s", body, fields, field)
			}
		}
	})
	t.Run("a changed configuration stops the flow", func(t *testing.T) {
		state, binding := w.begin(t, p, nil)
		w.send("PATCH", "/apps/"+w.app.ID.String()+"/oauth-configs/corp", `{"scopes":["openid","email"]}`, bearer(w.token)).want(t, 200, "")
		w.callback("good", state, binding).want(t, 401, "invalid_token")
	})
	t.Run("HEAD refuses what GET does", func(t *testing.T) {
		for query, status := range map[string]int{"": 200, "?redirect_to=https://evil.example": 400, "?code_challenge=x": 400, "?a=1&a=2": 400} {
			w.send("HEAD", "/auth/corp/"+w.app.ID.String()+query, "").want(t, status, "")
		}
	})
	t.Run("a disabled provider is none", func(t *testing.T) {
		w.send("PATCH", "/apps/"+w.app.ID.String()+"/oauth-configs/corp", `{"enabled":false}`, bearer(w.token)).want(t, 200, "")
		for _, provider := range []string{"corp", "github"} {
			w.send("GET", "/auth/"+provider+"/"+w.app.ID.String(), "").want(t, 404, "provider_not_configured")
			w.send("HEAD", "/auth/"+provider+"/"+w.app.ID.String(), "").want(t, 404, "provider_not_configured")
		}
	})
}

func TestOAuthRefusesBadIDTokens(t *testing.T) {
	t.Parallel()
	w, p := withProvider(t, true)
	for name, said := range map[string]jwt.MapClaims{
		"another nonce":    {"nonce": "x"},
		"another audience": {"aud": "other"},
		"two audiences":    {"aud": []string{"client", "other"}},
		"another azp":      {"azp": "other"},
		"another issuer":   {"iss": "https://evil.example"},
		"expired":          {"exp": 1},
		"no subject":       {"sub": ""},
	} {
		state, binding := w.begin(t, p, said)
		if got := w.callback("good", state, binding); got.Code != 502 || got.body["code"] != "provider_error" {
			t.Errorf("%s: got %d %s, want 502", name, got.Code, got.Body)
		}
	}
	for name, alg := range map[string]jwt.SigningMethod{"the client secret as a key": jwt.SigningMethodHS256, "no signature": jwt.SigningMethodNone} {
		state, binding := w.begin(t, p, nil)
		p.mu.Lock()
		p.alg = alg
		p.mu.Unlock()
		if got := w.callback("good", state, binding); got.Code != 502 {
			t.Errorf("%s: got %d %s, want 502", name, got.Code, got.Body)
		}
	}
}

func TestOAuthLinking(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		local, verified, closed, trust bool
		said                           jwt.MapClaims
		status                         int
		code                           string
		isVerified                     bool
	}{
		"a trusted address makes a verified user":   {trust: true, status: 200, isVerified: true},
		"another makes an unverified one":           {status: 200},
		"verified as a text does not count":         {trust: true, said: jwt.MapClaims{"email_verified": "true"}, status: 200},
		"closed sign-up makes no user":              {trust: true, closed: true, status: 403, code: "signup_disabled"},
		"a verified account is linked":              {local: true, verified: true, trust: true, status: 200, isVerified: true},
		"but not on an untrusted word":              {local: true, verified: true, status: 409, code: "link_required"},
		"an unverified account is reset and linked": {local: true, trust: true, status: 200, isVerified: true},
		"and never joined on an untrusted word":     {local: true, status: 409, code: "link_required"},
		"no address is no user":                     {trust: true, said: jwt.MapClaims{"email": ""}, status: 409, code: "email_required"},
		"a malformed address is no address":         {trust: true, said: jwt.MapClaims{"email": "ann"}, status: 409, code: "email_required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overStores(t, func(s *stage) {
				p := s.provider()
				s.send("PATCH", s.in("/apps/{app_id}/oauth-configs/corp"), fmt.Sprintf(`{"trust_email":%v}`, c.trust), bearer(s.token)).want(s.t, 200, "")
				before := ""
				if c.local {
					before = s.signUp("ann@example.com").text(s.t, "token")
				}
				if c.verified {
					_, m := s.mailed("ann@example.com", "")
					s.verify(byLink(m, "")).want(s.t, 200, "")
				}
				if c.closed {
					s.settings(authkit.AppPatch{SignupClosed: new(true)})
				}
				state, binding := s.begin(s.t, p, c.said)
				got := s.callback("good", state, binding)
				got.want(s.t, c.status, c.code)
				if c.status != 200 {
					return
				}
				s.equal("email_verified", got.user("email_verified"), c.isVerified)
				if c.local && !c.verified {
					s.equal("the session before", s.lives(before), 401)
				}
				if c.local && c.verified {
					if m := s.mailTo("ann@example.com"); !strings.Contains(m.Text, "Corp") {
						s.t.Errorf("mail: got %q, want one about corp", m.Text)
					}
				}
			})
		})
	}
}

func TestOAuthByRedirect(t *testing.T) {
	t.Parallel()
	w, p := withProvider(t, true)
	goal := origin + "/done"
	w.send("PATCH", "/apps/"+w.app.ID.String(), `{"redirect_urls":["`+goal+`"]}`, bearer(w.token)).want(t, 200, "")
	begin := func(t *testing.T) (state, cookie string) {
		t.Helper()
		got := w.send("GET", "/auth/corp/"+w.app.ID.String()+"?redirect_to="+url.QueryEscape(goal), "")
		got.want(t, 302, "")
		u, err := url.Parse(got.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		p.says(u.Query().Get("nonce"), nil)
		cookie, _, _ = strings.Cut(got.Header().Get("Set-Cookie"), ";")
		return u.Query().Get("state"), cookie
	}
	path := "/auth/callback/corp/" + w.app.ID.String()
	finish := func(t *testing.T, got answer, cookie string) {
		t.Helper()
		got.want(t, 303, "")
		u, err := url.Parse(got.Header().Get("Location"))
		if err != nil || !strings.HasPrefix(u.String(), goal+"?") || u.Query().Get("iss") != base+"/apps/"+w.app.ID.String() {
			t.Fatalf("Location: got %q", got.Header().Get("Location"))
		}
		w.send("POST", "/auth/token/"+w.app.ID.String(), fmt.Sprintf(`{"code":%q}`, u.Query().Get("code")), "Cookie: "+cookie).want(t, 200, "")
	}
	t.Run("the cookie that began finishes", func(t *testing.T) {
		state, cookie := begin(t)
		w.send("GET", path+"?code=good&state="+state, "").want(t, 401, "invalid_token")
		w.send("GET", path+"?code=good&state="+state, "", "Cookie: "+authkit.BindingCookie(w.engine)).want(t, 401, "invalid_token")
		w.callback("good", state, strings.Repeat("A", 64)).want(t, 401, "invalid_token")
		finish(t, w.send("GET", path+"?code=good&state="+state, "", "Cookie: "+cookie), cookie)
	})
	t.Run("a form bounces, and the cookie decides after it", func(t *testing.T) {
		state, cookie := begin(t)
		form := url.Values{"code": {"good"}, "state": {state}}.Encode()
		bounce := w.send("POST", path, form, "Content-Type: application/x-www-form-urlencoded", "Origin: "+p.URL, "Sec-Fetch-Site: cross-site")
		bounce.want(t, 303, "")
		next := strings.TrimPrefix(bounce.Header().Get("Location"), base)
		if !strings.HasPrefix(next, path+"?resume=") {
			t.Fatalf("Location: got %q", bounce.Header().Get("Location"))
		}
		finish(t, w.send("GET", next, "", "Cookie: "+cookie), cookie)
		w.send("GET", next, "", "Cookie: "+cookie).want(t, 401, "invalid_token")
	})
	t.Run("a refusal goes to the goal", func(t *testing.T) {
		state, cookie := begin(t)
		got := w.send("GET", path+"?error=access_denied&error_description=x&state="+state, "", "Cookie: "+cookie)
		got.want(t, 303, "")
		if to := got.Header().Get("Location"); !strings.Contains(to, "error=provider_refused") || !strings.Contains(to, "provider_code=access_denied") || strings.Contains(to, "description") {
			t.Errorf("Location: got %q", to)
		}
	})
	t.Run("a flow that began with JSON does not end by cookie", func(t *testing.T) {
		_, cookie := begin(t)
		state, _ := w.begin(t, p, nil)
		w.send("GET", path+"?code=good&state="+state, "", "Cookie: "+cookie).want(t, 401, "invalid_token")
	})
}

func TestOAuthConfigs(t *testing.T) {
	t.Parallel()
	w, p := withProvider(t, true)
	path := "/apps/" + w.app.ID.String() + "/oauth-configs"
	body := func(provider, redirect, extra string) string {
		return `{"provider":"` + provider + `","client_id":"c","client_secret":"s","redirect_uri":"` + redirect + `"` + extra + `}`
	}
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"a second of the name":           {body("corp", "https://a.example", `,"issuer":"`+p.URL+`"`), 409, "oauth_config_exists"},
		"a reserved word":                {body("verify", "https://a.example", `,"issuer":"`+p.URL+`"`), 400, "invalid_request"},
		"an issuer for a built-in name":  {body("github", "https://a.example", `,"issuer":"`+p.URL+`"`), 400, "invalid_request"},
		"no issuer for another":          {body("other", "https://a.example", ""), 400, "invalid_request"},
		"an issuer without end":          {body("other", "https://a.example", `,"issuer":"`+p.URL+strings.Repeat("/a", 512)+`"`), 400, "invalid_request"},
		"an issuer in a private network": {body("other", "https://a.example", `,"issuer":"https://10.0.0.1"`), 400, "invalid_request"},
		"a short form of an address":     {body("other", "https://a.example", `,"issuer":"https://127.1"`), 400, "invalid_request"},
		"an issuer with a query":         {body("other", "https://a.example", `,"issuer":"`+p.URL+`/?tenant=x"`), 400, "invalid_request"},
		"an issuer with an empty query":  {body("other", "https://a.example", `,"issuer":"https://idp.example/?"`), 400, "invalid_request"},
		"an issuer with a space":         {body("other", "https://a.example", `,"issuer":"https://idp.example/a b"`), 400, "invalid_request"},
		"a redirect URI of http":         {body("github", "http://a.example", ""), 400, "invalid_request"},
		"a redirect URI that is shared":  {body("github", "https://spa.example/cb", ""), 400, "invalid_request"},
		"GitHub":                         {body("github", "https://a.example/gh", ""), 201, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w.send("POST", path, c.body, bearer(w.token)).want(t, c.status, c.code)
		})
	}
	t.Run("all that is wrong is told at once", func(t *testing.T) {
		for body, want := range map[string]string{
			`{}`: "provider client_id client_secret",
			`{"provider":"github","client_id":"","client_secret":"","redirect_uri":"ftp://x","scopes":["openid","é"],"issuer":"https://a.example","trust_email":true}`: "issuer trust_email client_id client_secret redirect_uri scopes",
		} {
			got := w.send("POST", path, body, bearer(w.token))
			got.want(t, 400, "invalid_request")
			if names := got.fields(); names != want {
				t.Errorf("%s: got %s, want %s", body, names, want)
			}
		}
		got := w.send("PATCH", path+"/corp", `{"client_secret":"","redirect_uri":""}`, bearer(w.token))
		if names := got.fields(); names != "client_secret redirect_uri" {
			t.Errorf("a change to nothing: got %s, want client_secret redirect_uri", names)
		}
	})
	w.send("DELETE", path+"/corp", "", bearer(w.token)).want(t, 204, "")
	w.send("DELETE", path+"/corp", "", bearer(w.token)).want(t, 204, "")
	if got := w.send("GET", path, "", bearer(w.token)); len(got.body["oauth_configs"].([]any)) != 1 {
		t.Errorf("configs: got %s, want one", got.Body)
	}
}
