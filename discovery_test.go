package authkit_test

import (
	"crypto/ecdsa"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// A verifier that knows the issuer alone finds the keys, and they verify the app's tokens.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	w := setup(t)
	issuer := base + "/apps/" + w.app.ID.String()
	var metadata struct {
		Issuer     string
		JWKSURI    string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	decode(t, w.send("GET", strings.TrimPrefix(issuer, base)+"/.well-known/openid-configuration", ""), &metadata)
	if metadata.Issuer != issuer || len(metadata.Algorithms) != 1 || metadata.Algorithms[0] != "ES256" {
		t.Errorf("metadata: got %+v, want the issuer %s and ES256", metadata, issuer)
	}
	var set jose.JSONWebKeySet
	keys := w.send("GET", strings.TrimPrefix(metadata.JWKSURI, base), "")
	decode(t, keys, &set)
	if !strings.Contains(keys.Header().Get("Cache-Control"), "max-age") {
		t.Errorf("keys: got Cache-Control %q, want a max-age", keys.Header().Get("Cache-Control"))
	}
	raw := w.signUp("ann@example.com").field("token")
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	found := set.Key(token.Headers[0].KeyID)
	if len(found) != 1 || found[0].Use != "sig" || !found[0].IsPublic() {
		t.Fatalf("the token's key: got %+v, want one public key for signatures", found)
	}
	if _, ok := found[0].Key.(*ecdsa.PublicKey); !ok {
		t.Errorf("the token's key: got a %T, want one of ECDSA", found[0].Key)
	}
	var claims jwt.Claims
	if err := token.Claims(found[0].Key, &claims); err != nil {
		t.Fatalf("verify with the published key: %v", err)
	}
	if claims.Issuer != issuer || !claims.Audience.Contains(w.app.ID.String()) {
		t.Errorf("claims: got issuer %q and audience %q, want %q and the app", claims.Issuer, claims.Audience, issuer)
	}
}

func decode(t *testing.T, got answer, into any) {
	t.Helper()
	got.want(t, 200, "")
	if err := json.Unmarshal(got.Body.Bytes(), into); err != nil {
		t.Fatalf("decode %s: %v", got.Body, err)
	}
}
