package authkit_test

import (
	"context"
	"errors"
	"testing"

	"github.com/authkit-dev/authkit"
)

// BenchmarkAudit measures a sign-in whose event is chained beside it, and a refused one, whose event
// Run writes. BenchmarkSignInStubbed is the sign-in without Run.
func BenchmarkAudit(b *testing.B) {
	for name, pass := range map[string]string{"chained": password, "refused": "another passphrase"} {
		b.Run(name, func(b *testing.B) {
			onStores(b, stubHash, func(b *bench) {
				b.signUp("ann@example.com")
				stop := b.running()
				defer stop()
				for b.Loop() {
					_, err := b.engine.SignInWithPassword(b.Context(), authkit.PasswordSignIn{App: b.app.ID, Email: "ann@example.com", Password: pass})
					if (name == "refused") != errors.Is(err, authkit.CodeInvalidCredentials) {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// running starts Run, and returns a function that ends it.
func (b *bench) running() (stop func()) {
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.engine.Run(ctx) }()
	return func() { cancel(); b.ok(<-ended) }
}
