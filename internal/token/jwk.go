package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// JWK returns the public key as a JSON Web Key (RFC 7517) for signatures. It never holds
// private members.
func JWK(kid, alg string, pub crypto.PublicKey) (map[string]string, error) {
	m, err := members(pub)
	if err != nil {
		return nil, err
	}
	m["use"], m["alg"], m["kid"] = "sig", alg, kid
	return m, nil
}

// members returns the required members: RFC 7518, section 6, and RFC 8037, section 2.
func members(pub crypto.PublicKey) (map[string]string, error) {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		return point(k)
	case ed25519.PublicKey:
		return map[string]string{"kty": "OKP", "crv": "Ed25519", "x": Encode(k)}, nil
	case *rsa.PublicKey:
		e := big.NewInt(int64(k.E)).Bytes()
		return map[string]string{"kty": "RSA", "n": Encode(k.N.Bytes()), "e": Encode(e)}, nil
	}
	return nil, errors.New("token: public key of unknown type")
}

func point(k *ecdsa.PublicKey) (map[string]string, error) {
	b, err := k.Bytes()
	if err != nil {
		return nil, fmt.Errorf("token: public key: %w", err)
	}
	if len(b) != 65 {
		return nil, errors.New("token: public key not on P-256")
	}
	return map[string]string{"kty": "EC", "crv": "P-256", "x": Encode(b[1:33]), "y": Encode(b[33:])}, nil
}

// thumbprint hashes the required members in lexicographic order, in which encoding/json writes
// a map (RFC 7638, section 3).
func thumbprint(pub crypto.PublicKey) (string, error) {
	m, err := members(pub)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("token: thumbprint: %w", err)
	}
	return Encode(Hash(b)), nil
}
