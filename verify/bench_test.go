package verify_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"testing"
)

func BenchmarkVerify(b *testing.B) {
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		b.Run(alg, func(b *testing.B) {
			p := pair(b, alg)
			v, raw := publish(b, p).over(b, at(start)), mint(b, p, start)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBareSignature(b *testing.B) {
	k := pair(b, "ES256").Private.(*ecdsa.PrivateKey)
	sum := make([]byte, 32)
	sig, err := ecdsa.SignASN1(rand.Reader, k, sum)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !ecdsa.VerifyASN1(&k.PublicKey, sum, sig) {
			b.Fatal("got false, want true")
		}
	}
}

// BenchmarkForged measures a token that names the app and is not signed by its key.
func BenchmarkForged(b *testing.B) {
	p := pair(b, "ES256")
	v := publish(b, p).over(b, at(start))
	raw := mint(b, pair(b, "ES256"), start)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), raw); err == nil {
			b.Fatal("got no error, want one")
		}
	}
}
