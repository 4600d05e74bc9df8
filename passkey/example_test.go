package passkey_test

import (
	"crypto/rand"
	"fmt"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/passkey"
)

// An engine runs the ceremonies; this is what it asks of a Verifier. The authenticator stands for the
// browser.
func Example() {
	var verifier authkit.PasskeyVerifier = passkey.New()
	browser := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{Synced: true})
	ceremony := func() authkit.PasskeyCeremony {
		challenge := make([]byte, 32)
		rand.Read(challenge)
		return authkit.PasskeyCeremony{RPID: "example.com", Origins: []string{"https://id.example.com"}, Challenge: challenge}
	}

	made := authkit.PasskeyRegistration{
		PasskeyCeremony: ceremony(), RPName: "Demo", UserHandle: []byte("32 random bytes of the user's own"), UserName: "ann@example.com", DisplayName: "Ann",
	}
	options, err := verifier.CreationOptions(made)
	if err != nil {
		panic(err)
	}
	credential, err := browser.Create(options, "https://id.example.com")
	if err != nil {
		panic(err)
	}
	record, err := verifier.Register(made, credential)
	if err != nil {
		panic(err)
	}

	used := ceremony()
	if options, err = verifier.RequestOptions(used); err != nil {
		panic(err)
	}
	if credential, err = browser.Get(options, "https://id.example.com"); err != nil {
		panic(err)
	}
	use, err := verifier.Verify(used, record, credential)
	fmt.Println("signed in:", err == nil, "backed up:", use.BackedUp)

	_, err = verifier.Verify(ceremony(), record, credential)
	fmt.Println(err)
	// Output:
	// signed in: true backed up: true
	// passkey: verify: the challenge of another ceremony
}
