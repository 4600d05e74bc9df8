package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// issuer is an OpenID provider on loopback, at which ann@example.com signs in with the
// code "good".
type issuer struct {
	*httptest.Server

	key   *ecdsa.PrivateKey
	mu    sync.Mutex
	nonce string // of the flow under way
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &issuer{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		write200(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token",
			"jwks_uri": p.URL + "/jwks", "id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		point, err := key.PublicKey.Bytes() // 4, x, y
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		encode := base64.RawURLEncoding.EncodeToString
		write200(w, map[string]any{"keys": []any{map[string]string{
			"kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256", "use": "sig", "x": encode(point[1:33]), "y": encode(point[33:]),
		}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("code") != "good" || r.FormValue("code_verifier") == "" {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		write200(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.idToken(t)})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *issuer) idToken(t *testing.T) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	tok := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": p.URL, "aud": "client", "sub": "s1", "nonce": p.nonce, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		"email": "ann@example.com", "email_verified": true,
	})
	tok.Header["kid"] = "k"
	raw, err := tok.SignedString(p.key)
	if err != nil {
		t.Error(err)
	}
	return raw
}

func write200(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// begin starts a flow at the issuer, which is the app's provider "corp".
func (p *issuer) begin(t *testing.T, at *process, app string) (state, binding string) {
	t.Helper()
	got := at.send("GET", "/auth/corp/"+app, "", "Accept: application/json").want(t, 200, "")
	to, err := url.Parse(got.string("redirect_url"))
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nonce = to.Query().Get("nonce")
	return got.string("state"), got.string("binding")
}

// configure makes the issuer the app's provider "corp".
func (p *issuer) configure(t *testing.T, at *process, developer, app string) {
	t.Helper()
	at.send("POST", "/apps/"+app+"/oauth-configs", fmt.Sprintf(
		`{"provider":"corp","client_id":"client","client_secret":"secret","redirect_uri":"https://spa.example/cb","issuer":%q,"trust_email":true}`, p.URL),
		bearer(developer)).want(t, 201, "")
}
