// Package token makes and reads every token of authkit: opaque random values, API keys, signing
// keys and the JWTs signed by them.
//
// An opaque token is random bytes for the client and a hash in the store:
//
//	secret := token.Random(32)
//	answer, stored := token.Encode(secret), token.Hash(secret)
//
// An access token is minted with a Pair and verified with its public key:
//
//	pair, err := token.Generate("ES256")
//	raw, err := token.Mint(pair, token.Access{Issuer: iss, Audience: app})
//	access, err := token.Verify(raw, iss, app, lookup, now)
//
// Every reader is strict: it accepts one spelling of each value, which is the one that the
// writer produces.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// Random returns n unpredictable bytes. It cannot fail: if the system has no randomness,
// crypto/rand ends the process.
func Random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// Encode writes b in base64url without padding.
func Encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Decode reads exactly n bytes that Encode wrote. Any other spelling is refused: padding, line
// breaks, stray trailing bits.
func Decode(s string, n int) ([]byte, bool) {
	if n < 0 || len(s) != base64.RawURLEncoding.EncodedLen(n) {
		return nil, false
	}
	b, ok := decode(s)
	return b, ok && len(b) == n
}

// canonical refuses trailing bits (RFC 4648, section 3.5).
var canonical = base64.RawURLEncoding.Strict()

// decode reads canonical base64url. The decoder would skip CR and LF.
func decode(s string) ([]byte, bool) {
	if strings.IndexByte(s, '\r') >= 0 || strings.IndexByte(s, '\n') >= 0 {
		return nil, false
	}
	b, err := canonical.DecodeString(s)
	return b, err == nil
}

// Hash returns the SHA-256 of a single part. Of several parts, each is preceded by its length,
// so that bytes cannot move from one to the next.
func Hash(parts ...[]byte) []byte {
	if len(parts) == 1 {
		sum := sha256.Sum256(parts[0])
		return sum[:]
	}
	h := sha256.New()
	for _, p := range parts {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		_, _ = h.Write(p)
	}
	return h.Sum(nil)
}
