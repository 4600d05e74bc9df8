package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit/internal/token"
)

const (
	clientID     = "stored"
	clientSecret = "the client secret of the stored app"
	subject      = "cat-at-corp"
	catEmail     = "cat@example.com"
)

// provider is an OpenID provider on loopback at which every person is cat.
type provider struct {
	server *httptest.Server
	key    *ecdsa.PrivateKey
	now    func() time.Time
	nonce  string
}

func newProvider() (*provider, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	p := &provider{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /jwks", p.keys)
	mux.HandleFunc("POST /token", p.token)
	p.server = httptest.NewServer(mux)
	return p, nil
}

func (p *provider) close() { p.server.Close() }

func (p *provider) issuer() string { return p.server.URL }

// visit does the browser's part. The next token has the nonce of the request.
func (p *provider) visit(authURL string) error {
	u, err := url.Parse(authURL)
	if err != nil {
		return err
	}
	p.nonce = u.Query().Get("nonce")
	return nil
}

func (p *provider) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{
		"issuer": p.issuer(), "jwks_uri": p.issuer() + "/jwks",
		"authorization_endpoint": p.issuer() + "/authorize", "token_endpoint": p.issuer() + "/token",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"ES256"},
		"code_challenge_methods_supported":               []string{"S256"},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	key, err := token.JWK("corp", "ES256", &p.key.PublicKey)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, map[string]any{"keys": []any{key}})
}

func (p *provider) token(w http.ResponseWriter, _ *http.Request) {
	now := p.now()
	t := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": p.issuer(), "sub": subject, "aud": clientID, "nonce": p.nonce,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"email": catEmail, "email_verified": true, "name": "Cat",
	})
	t.Header["kid"] = "corp"
	signed, err := t.SignedString(p.key)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, map[string]any{"access_token": "at", "token_type": "Bearer", "expires_in": 3600, "id_token": signed})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
}
