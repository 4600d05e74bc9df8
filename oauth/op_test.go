package oauth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit/internal/testclock"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/oauth"
)

// start is the time at which the tests' clocks start.
var start = time.Unix(1_700_000_000, 0)

// op is an OpenID provider whose answers a test chooses.
type op struct {
	*httptest.Server

	sync.Mutex

	doc      map[string]any // added to the usual document, or in place of its members; nil leaves one out
	claims   map[string]any // of the ID token, in the same way
	kid      string
	key      *ecdsa.PrivateKey
	keys     func(own map[string]string) any // the answer of /keys; nil means the own key
	token    func(w http.ResponseWriter, idToken string)
	userInfo http.HandlerFunc
	hits     map[string]int
	forms    []http.Header // the headers of token requests
	posted   []string      // the secrets in their forms
}

func newOP(t *testing.T) *op {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &op{kid: "k", key: key, hits: map[string]int{}, doc: map[string]any{}, claims: map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { answer(w, p.document()) })
	mux.HandleFunc("GET /%7Bx%7D/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { answer(w, p.document()) })
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { p.answerKeys(t, w) })
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		p.forms, p.posted = append(p.forms, r.Header), append(p.posted, r.PostFormValue("client_secret"))
		idToken := p.idToken(t)
		if p.token != nil {
			p.token(w, idToken)
			return
		}
		answer(w, map[string]any{"access_token": "access", "token_type": "Bearer", "id_token": idToken})
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		if p.userInfo == nil {
			http.NotFound(w, r)
			return
		}
		p.userInfo(w, r)
	})
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.Lock()
		defer p.Unlock()
		p.hits[r.URL.Path]++
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func with(base, change map[string]any) map[string]any {
	maps.Copy(base, change)
	maps.DeleteFunc(base, func(_ string, v any) bool { return v == nil })
	return base
}

func (p *op) document() map[string]any {
	return with(map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"userinfo_endpoint": p.URL + "/userinfo", "id_token_signing_alg_values_supported": []string{"ES256"}, "response_types_supported": []string{"code"},
	}, p.doc)
}

func (p *op) answerKeys(t *testing.T, w http.ResponseWriter) {
	own, err := token.JWK(p.kid, "ES256", &p.key.PublicKey)
	if err != nil {
		t.Error(err)
	}
	if p.keys != nil {
		answer(w, p.keys(own))
		return
	}
	answer(w, map[string]any{"keys": []any{own}})
}

func (p *op) idToken(t *testing.T) string {
	tok := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims(with(map[string]any{
		"iss": p.URL, "aud": "client", "sub": "s1", "nonce": "nonce", "iat": start.Unix(), "exp": start.Unix() + 300,
		"email": "ann@example.com", "email_verified": true, "name": "Ann",
	}, p.claims)))
	if p.kid != "" {
		tok.Header["kid"] = p.kid
	}
	raw, err := tok.SignedString(p.key)
	if err != nil {
		t.Error(err)
	}
	return raw
}

// set changes the provider between requests.
func (p *op) set(change func(*op)) {
	p.Lock()
	defer p.Unlock()
	change(p)
}

func (p *op) hit(path string) int {
	p.Lock()
	defer p.Unlock()
	return p.hits[path]
}

func newClient() (*oauth.Client, *testclock.Clock) {
	c := testclock.At(start)
	return oauth.NewClient(oauth.Options{AllowLoopback: true, Now: c.Now}), c
}

func (p *op) config() oauth.Config {
	return oauth.Config{Provider: "corp", Issuer: p.URL, ClientID: "client", ClientSecret: "a secret: of 100%", RedirectURI: "https://a.example/cb", TrustEmail: true}
}

func (p *op) exchange(t *testing.T, client *oauth.Client) (oauth.Profile, error) {
	t.Helper()
	return client.Exchange(t.Context(), p.config(), oauth.Callback{Code: "the-code", Nonce: "nonce", Verifier: verifier})
}

func (p *op) profile() oauth.Profile {
	return oauth.Profile{Issuer: p.URL, Subject: "s1", Email: "ann@example.com", Name: "Ann", EmailVerified: true}
}

// wantProfile checks the outcome of an exchange: a profile whose Lack contains why, or an error
// whose kind contains it.
func wantProfile(t *testing.T, got oauth.Profile, err error, want oauth.Profile, why string) {
	t.Helper()
	lack := fmt.Sprint(got.Lack)
	if got.Lack == nil {
		lack = ""
	}
	got.Lack = nil
	if err != nil || got != want || (why == "") != (lack == "") || !contains(lack, why) {
		t.Errorf("Exchange: got %+v, %v, lack %q, want %+v, lack %q", got, err, lack, want, why)
	}
}
