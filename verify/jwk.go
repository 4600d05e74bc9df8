package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// key is a public key with the one algorithm it may be used with.
type key struct {
	method jwt.SigningMethod
	public crypto.PublicKey
}

// jwk holds the members that matter of a JSON Web Key (RFC 7517, section 4; RFC 7518,
// section 6; RFC 8037, section 2).
type jwk struct {
	Type  string `json:"kty"`
	Use   string `json:"use"`
	Alg   string `json:"alg"`
	KID   string `json:"kid"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	Y     string `json:"y"`
	N     string `json:"n"`
	E     string `json:"e"`
}

type keySet struct {
	Keys []json.RawMessage `json:"keys"`
}

var keyFields, setFields = fieldsOf[jwk](), fieldsOf[keySet]()

// private are the members that no public key has: RFC 7518, sections 6.2.2, 6.3.2 and 6.4.
var private = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// parseSet reads a JSON Web Key Set. Keys of another use or algorithm are left out, and so
// is one whose private half stands beside it: it is everybody's. A set that says two things
// of one id is refused.
func parseSet(b []byte) (map[string]key, error) {
	var doc keySet
	if _, err := unmarshal(b, &doc, setFields); err != nil {
		return nil, err
	}
	if doc.Keys == nil {
		return nil, errors.New(`no "keys"`)
	}
	seen, set := map[string]bool{}, map[string]key{}
	for _, one := range doc.Keys {
		var j jwk
		rest, err := unmarshal(one, &j, keyFields)
		if err != nil || j.KID == "" {
			continue // of a kind that is not ours
		}
		if seen[j.KID] {
			return nil, fmt.Errorf("key %q stands twice", j.KID)
		}
		seen[j.KID] = true
		if k, ok := j.key(); ok && !slices.ContainsFunc(rest, isPrivate) {
			set[j.KID] = k
		}
	}
	return set, nil
}

func isPrivate(name string) bool { return slices.Contains(private, name) }

// key ties the algorithm to the type of key: RFC 8725, section 3.1.
func (j jwk) key() (key, bool) {
	if j.Use != "sig" {
		return key{}, false
	}
	switch [3]string{j.Alg, j.Type, j.Curve} {
	case [3]string{"ES256", "EC", "P-256"}:
		return j.point()
	case [3]string{"EdDSA", "OKP", "Ed25519"}:
		x, ok := decode(j.X)
		return key{jwt.SigningMethodEdDSA, ed25519.PublicKey(x)}, ok && len(x) == ed25519.PublicKeySize
	case [3]string{"RS256", "RSA", ""}:
		return j.modulus()
	}
	return key{}, false
}

func (j jwk) point() (key, bool) {
	x, ok := decode(j.X)
	y, ok2 := decode(j.Y)
	if !ok || !ok2 || len(x) != 32 || len(y) != 32 {
		return key{}, false
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y)) // SEC 1, section 2.3.4
	return key{jwt.SigningMethodES256, public}, err == nil
}

// modulus takes 2048 to 8192 bits, and the one exponent that is made.
func (j jwk) modulus() (key, bool) {
	b, ok := decode(j.N)
	n := new(big.Int).SetBytes(b)
	fits := ok && n.BitLen() >= 2048 && n.BitLen() <= 8192 && j.E == "AQAB"
	return key{jwt.SigningMethodRS256, &rsa.PublicKey{N: n, E: 65537}}, fits
}
