package passkey_test

import (
	"testing"

	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/passkey"
)

var kinds = map[string]authkittest.AuthenticatorOptions{
	"ES256": {}, "EdDSA": {Algorithm: authkittest.EdDSA}, "RS256": {Algorithm: authkittest.RS256},
}

// BenchmarkVerify is what a sign-in costs beside its round trips: the claim, then the verification.
func BenchmarkVerify(b *testing.B) {
	for name, options := range kinds {
		b.Run(name, func(b *testing.B) {
			a, v := authkittest.NewAuthenticator(options), passkey.New()
			record := registered(b, a)
			credential := answer(b, a, ceremony(2), origin)
			for b.Loop() {
				if _, err := v.Claim(credential); err != nil {
					b.Fatal(err)
				}
				if _, err := v.Verify(ceremony(2), record, credential); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRegister(b *testing.B) {
	for name, options := range kinds {
		b.Run(name, func(b *testing.B) {
			a, v := authkittest.NewAuthenticator(options), passkey.New()
			requested, err := v.CreationOptions(registration(1))
			if err != nil {
				b.Fatal(err)
			}
			credential, err := a.Create(requested, origin)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := v.Register(registration(1), credential); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
