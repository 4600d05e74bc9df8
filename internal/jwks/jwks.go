// Package jwks reads JSON Web Key Sets (RFC 7517) with the standard library alone.
//
// Parse skips a key that it cannot use, as section 5 says: one of an unknown type, one that
// lacks a member, one with a member that is out of range or in a wrong form, and one that
// includes its private half, since anyone who read the set could sign with it. One bad key
// therefore affects its own tokens only. Certificates (x5c, x5t, x5u) are never read.
package jwks

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"

	"github.com/authkit-dev/authkit/internal/strictjson"
)

// Key is a public key with what its set says about it. ID, Use and Alg may be empty.
type Key struct {
	ID, Use, Alg string
	Type, Curve  string
	Public       crypto.PublicKey // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
	Size         int              // bytes of key material
}

// jwk holds the members that are read (RFC 7517, section 4; RFC 7518, section 6; RFC 8037,
// section 2).
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

var fields = strictjson.FieldsOf[jwk]()

// private lists the members of private and symmetric keys: RFC 7518, sections 6.2.2, 6.3.2 and
// 6.4.
var private = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// Parse returns the usable keys of a set, in the order of the set. An error means that b is not
// a key set.
func Parse(b []byte) ([]Key, error) {
	raw, err := members(b)
	if err != nil {
		return nil, err
	}
	var out []Key
	for _, one := range raw {
		if k, ok := read(one); ok {
			out = append(out, k)
		}
	}
	return out, nil
}

// members returns the keys of a set, unread. It ignores the other members of the set.
func members(b []byte) ([]json.RawMessage, error) {
	if !json.Valid(b) { // also bounds the depth
		return nil, errors.New("not JSON")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	var keys []json.RawMessage
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if name != "keys" {
			continue
		}
		if keys != nil {
			return nil, errors.New(`"keys" occurs twice`)
		}
		if err := json.Unmarshal(value, &keys); err != nil {
			return nil, errors.New(`"keys" is not a list`)
		}
	}
	if keys == nil {
		return nil, errors.New(`no "keys"`)
	}
	return keys, nil
}

func read(one json.RawMessage) (Key, bool) {
	var j jwk
	rest, err := strictjson.Unmarshal(one, &j, fields)
	if err != nil || slices.ContainsFunc(rest, func(name string) bool { return slices.Contains(private, name) }) {
		return Key{}, false
	}
	k := Key{ID: j.KID, Use: j.Use, Alg: j.Alg, Type: j.Type, Curve: j.Curve}
	var ok bool
	switch j.Type {
	case "RSA":
		k.Public, k.Size, ok = j.modulus()
	case "EC":
		k.Public, k.Size, ok = j.point()
	case "OKP":
		x, fine := decode(j.X)
		k.Public, k.Size, ok = ed25519.PublicKey(x), len(x), fine && j.Curve == "Ed25519" && len(x) == ed25519.PublicKeySize
	}
	return k, ok
}

// point reads a key on the curve of ES256, ES384 or ES512.
func (j jwk) point() (crypto.PublicKey, int, bool) {
	curves := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}
	curve, known := curves[j.Curve]
	x, ok := decode(j.X)
	y, ok2 := decode(j.Y)
	if !known || !ok || !ok2 {
		return nil, 0, false
	}
	size := (curve.Params().BitSize + 7) / 8
	if len(x) != size || len(y) != size {
		return nil, 0, false
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y)) // SEC 1, section 2.3.4
	return public, 2 * size, err == nil
}

// modulus reads an RSA key of 2048 to 8192 bits (RFC 7518, section 3.3). The exponent must be
// odd and have 2 to 31 bits.
func (j jwk) modulus() (crypto.PublicKey, int, bool) {
	n, ok := decode(j.N)
	e, ok2 := decode(j.E)
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
	if !ok || !ok2 || modulus.BitLen() < 2048 || modulus.BitLen() > 8192 || exponent.BitLen() < 2 || exponent.BitLen() > 31 || exponent.Bit(0) == 0 {
		return nil, 0, false
	}
	return &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}, len(n), true
}

// decode reads canonical base64url. It encodes the result again and compares, because the
// decoder skips CR and LF and, unless strict, ignores trailing bits (RFC 4648, section 3.5).
func decode(s string) ([]byte, bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return b, err == nil && base64.RawURLEncoding.EncodeToString(b) == s
}
