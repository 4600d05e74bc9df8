package verify

import (
	"crypto"
	"crypto/rsa"
	"fmt"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit/internal/jwks"
)

// key is a public key with the only algorithm that it may be used with.
type key struct {
	method jwt.SigningMethod
	public crypto.PublicKey
}

// parseSet reads a JSON Web Key Set. It skips keys that cannot be read and keys of another use
// or algorithm. It refuses a set with two readable keys of the same id.
func parseSet(b []byte) (map[string]key, error) {
	all, err := jwks.Parse(b)
	if err != nil {
		return nil, err
	}
	seen, set := map[string]bool{}, map[string]key{}
	for _, one := range all {
		if one.ID == "" {
			continue
		}
		if seen[one.ID] {
			return nil, fmt.Errorf("key %q occurs twice", one.ID)
		}
		seen[one.ID] = true
		if method, ok := methodOf(one); ok {
			set[one.ID] = key{method, one.Public}
		}
	}
	return set, nil
}

// methodOf ties the algorithm to the type of key: RFC 8725, section 3.1. An RSA key must have
// the exponent that authkit uses.
func methodOf(k jwks.Key) (jwt.SigningMethod, bool) {
	if k.Use != "sig" {
		return nil, false
	}
	switch [3]string{k.Alg, k.Type, k.Curve} {
	case [3]string{"ES256", "EC", "P-256"}:
		return jwt.SigningMethodES256, true
	case [3]string{"EdDSA", "OKP", "Ed25519"}:
		return jwt.SigningMethodEdDSA, true
	case [3]string{"RS256", "RSA", ""}:
		public, ok := k.Public.(*rsa.PublicKey)
		return jwt.SigningMethodRS256, ok && public.E == 65537
	}
	return nil, false
}
