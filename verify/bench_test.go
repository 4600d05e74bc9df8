package verify_test

import (
	"testing"

	"github.com/authkit-dev/authkit/internal/testratio"
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

// BenchmarkVerifyAgainstTheSignature compares a whole check with that of its signature alone.
func BenchmarkVerifyAgainstTheSignature(b *testing.B) {
	p := pair(b, "ES256")
	v, raw := publish(b, p).over(b, at(start)), mint(b, p, start)
	testratio.Compare(b, func() {
		if _, err := v.Verify(b.Context(), raw); err != nil {
			b.Fatal(err)
		}
	}, testratio.Signature(b))
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
