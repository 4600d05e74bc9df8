package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

const rsaBits = 2048

// Pair is a signing key with its algorithm (ES256, EdDSA or RS256). Its id is the RFC 7638
// thumbprint.
type Pair struct {
	KID, Alg string
	Private  crypto.Signer
	Public   crypto.PublicKey
}

// Generate makes a pair for ES256, EdDSA or RS256 (2048 bits).
func Generate(alg string) (Pair, error) {
	private, err := generate(alg)
	if err != nil {
		return Pair{}, fmt.Errorf("token: generate %q key: %w", alg, err)
	}
	kid, err := thumbprint(private.Public())
	if err != nil {
		return Pair{}, err
	}
	return Pair{KID: kid, Alg: alg, Private: private, Public: private.Public()}, nil
}

func generate(alg string) (crypto.Signer, error) {
	switch alg {
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case "RS256":
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return nil, errors.New("unknown algorithm")
}

// MarshalPrivate returns the private key in PKCS #8 DER.
func (p Pair) MarshalPrivate() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(p.Private)
	if err != nil {
		return nil, fmt.Errorf("token: marshal private key %q: %w", p.KID, err)
	}
	return der, nil
}

// MarshalPublic returns the public key in PKIX DER.
func MarshalPublic(pub crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("token: marshal public key: %w", err)
	}
	return der, nil
}

// ParsePrivate reads what MarshalPrivate wrote. The key must fit alg.
func ParsePrivate(alg, kid string, pkcs8 []byte) (Pair, error) {
	k, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return Pair{}, fmt.Errorf("token: parse private key %q: %w", kid, err)
	}
	private, ok := k.(crypto.Signer)
	if !ok || !fits(alg, private.Public()) {
		return Pair{}, fmt.Errorf("token: private key %q does not fit %q", kid, alg)
	}
	return Pair{KID: kid, Alg: alg, Private: private, Public: private.Public()}, nil
}

// ParsePublic reads what MarshalPublic wrote.
func ParsePublic(der []byte) (crypto.PublicKey, error) {
	pub, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("token: parse public key: %w", err)
	}
	return pub, nil
}

// fits reports whether a key may be used with an algorithm: RFC 8725, section 3.1.
func fits(alg string, pub crypto.PublicKey) bool {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		return alg == "ES256" && k.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return alg == "EdDSA" && len(k) == ed25519.PublicKeySize
	case *rsa.PublicKey:
		return alg == "RS256" && k.N.BitLen() >= rsaBits
	}
	return false
}
