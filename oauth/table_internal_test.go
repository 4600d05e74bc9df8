package oauth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit/internal/token"
)

// This test adds a row for a provider with many tenants, each an issuer of its own. The
// provider answers with a form, takes the secret in the form, and issues ID tokens without a
// nonce.
func TestTheTableCoversOtherKindsOfProviders(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := token.JWK("k", "ES256", &key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	var server *httptest.Server
	tenant := "9188040d"
	mux := http.NewServeMux()
	mux.HandleFunc("/common/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"issuer":"%[1]s/{tenantid}/v2.0","authorization_endpoint":"%[1]s/auth","token_endpoint":"%[1]s/token","jwks_uri":"%[1]s/keys","id_token_signing_alg_values_supported":["ES256"]}`, server.URL)
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":%q,"y":%q}]}`, public["x"], public["y"])
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		raw := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"iss": server.URL + "/" + tenant + "/v2.0", "aud": "client", "sub": "s", "exp": time.Now().Unix() + 60})
		raw.Header["kid"] = "k"
		text, err := raw.SignedString(key)
		if err != nil || r.PostFormValue("client_secret") != "secret" {
			http.Error(w, "want the secret in the form", http.StatusBadRequest)
			return
		}
		_, _ = fmt.Fprintf(w, `{"id_token":%q}`, text)
	})
	server = httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client := NewClient(Options{AllowLoopback: true})
	client.table["many"] = facts{
		issuer: server.URL + "/{tenantid}/v2.0", tenants: true, discovery: server.URL + "/common", noNonce: true, responseMode: "form_post", auth: authPost,
		scopes: []string{openID}, trusted: func(claims) bool { return false },
	}
	cfg := Config{Provider: "many", ClientID: "client", ClientSecret: "secret", RedirectURI: "https://a.example/cb"}
	raw, err := client.AuthURL(t.Context(), cfg, "state", "nonce", "verifier")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(raw)
	if err != nil || u.Query().Get("response_mode") != "form_post" || u.Query().Has("nonce") {
		t.Errorf("AuthURL: got %s, %v, want a form and no nonce", raw, err)
	}
	got, err := client.Exchange(t.Context(), cfg, Callback{Code: "code", Nonce: "nonce", Verifier: "verifier"})
	if want := (Profile{Issuer: server.URL + "/9188040d/v2.0", Subject: "s"}); err != nil || got != want {
		t.Errorf("Exchange: got %+v, %v, want %+v", got, err, want)
	}
	for _, iss := range []string{server.URL + "/other/v2.0", ""} {
		if err := client.CheckIss(t.Context(), cfg, iss); err != nil {
			t.Errorf("iss %q: got %v, want no error", iss, err)
		}
	}
	tenant = "a/b"
	if got, err := client.Exchange(t.Context(), cfg, Callback{Code: "code", Nonce: "nonce", Verifier: "verifier"}); err == nil {
		t.Errorf("an issuer that is no tenant: got %+v, want it refused", got)
	}
}
