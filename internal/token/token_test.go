package token

import (
	"crypto/ed25519"
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/google/uuid"
)

func TestThumbprintVectors(t *testing.T) {
	t.Parallel()
	// RFC 8037, appendix A.3.
	x, ok := Decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", 32)
	if !ok {
		t.Fatal("vector: got no bytes, want 32")
	}
	got, err := thumbprint(ed25519.PublicKey(x))
	if want := "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; err != nil || got != want {
		t.Errorf("RFC 8037: got %q, %v, want %q", got, err, want)
	}
	// RFC 7638, section 3.1.
	n, _ := decode("0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw")
	got, err = thumbprint(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537})
	if want := "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"; err != nil || got != want {
		t.Errorf("RFC 7638: got %q, %v, want %q", got, err, want)
	}
}

func TestPairSurvivesMarshalling(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"ES256", "EdDSA"} {
		p := pair(t, alg)
		der, err := p.MarshalPrivate()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParsePrivate(alg, p.KID, der); err != nil || got.Alg != alg || got.KID != p.KID {
			t.Errorf("%s: got %+v, %v, want %+v", alg, got, err, p)
		}
		if _, err := ParsePrivate("RS256", p.KID, der); err == nil {
			t.Errorf("%s as RS256: got no error, want one", alg)
		}
	}
}

func TestAPIKey(t *testing.T) {
	t.Parallel()
	app := uuid.MustParse("0190a000-0000-7000-8000-000000000001")
	key := NewAPIKey(app)
	if got, ok := ParseAPIKey(key); !ok || got != app {
		t.Errorf("got %v, %v, want %v", got, ok, app)
	}
	if got := APIKeyHint(key); got != key[:11] {
		t.Errorf("hint: got %q, want %q", got, key[:11])
	}
	for i := range key {
		bad := []byte(key)
		bad[i] ^= 1
		if _, ok := ParseAPIKey(string(bad)); ok {
			t.Errorf("character %d altered: got true, want false", i)
		}
	}
}
