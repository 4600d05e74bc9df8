package password_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/password"
)

// FuzzVerify checks that a hash is read in its canonical form only, and that it verifies if and
// only if it is what Hash returns for the password.
func FuzzVerify(f *testing.F) {
	good := password.Hash("pw", []byte("0123456789abcdef"), tiny())
	f.Add("pw", good)
	f.Add("pw", strings.Replace(good, "$m=8", "$m=08", 1))
	f.Add("pw", strings.Replace(good, "v=19", "v=19 ", 1))
	for _, seed := range []string{"", "$$$$$", good + "$", good + "=", good[1:], "$argon2id$v=19$m=8,t=1,p=1$$", "$argon2id$v=19$m=8,t=1,p=1$AA$AA", "$2a$10$x", strings.ToUpper(good)} {
		f.Add("pw", seed)
	}
	f.Add("other", good)
	f.Fuzz(func(t *testing.T, pw, phc string) {
		if len(phc) > 200 || len(pw) > 64 || strings.Contains(phc, "m=") && !strings.Contains(phc, "m=8,t=1,p=1") {
			return // too slow at these costs
		}
		ok, err := password.Verify(pw, phc)
		if err != nil {
			if ok {
				t.Errorf("Verify(%q): got true with %v", phc, err)
			}
			return
		}
		parts := strings.Split(phc, "$")
		if len(parts) != 6 || !tiny().Same(phc) {
			t.Fatalf("Verify(%q): got no error, want one", phc)
		}
		salt, err := base64.RawStdEncoding.Strict().DecodeString(parts[4])
		if err != nil || len(salt) < 8 {
			t.Fatalf("Verify(%q): got the salt %q taken, %v", phc, parts[4], err)
		}
		if want := password.Hash(pw, salt, tiny()) == phc; ok != want {
			t.Errorf("Verify(%q, %q): got %v, want %v", pw, phc, ok, want)
		}
	})
}

// FuzzPolicy checks that the order of the words does not matter, and that an accepted password
// has the required length.
func FuzzPolicy(f *testing.F) {
	for _, seed := range []string{"correct horse battery", "alice.example", "AliceExample1!", "acmecorp2026", "short", "qwertyuiop123", "\xff", "", strings.Repeat("é", 12)} {
		f.Add(seed, "Alice Example", "Acme Corp")
	}
	f.Fuzz(func(t *testing.T, pw, one, two string) {
		policy := password.Policy{}
		err := policy.Check(pw, one, two)
		if again := policy.Check(pw, two, one); (err == nil) != (again == nil) {
			t.Errorf("Check(%q, %q, %q): got %v, and in another order %v", pw, one, two, err, again)
		}
		if n := len([]rune(pw)); err == nil && (n < 12 || n > 1024 || len(pw) > 4096) {
			t.Errorf("Check(%q): got nil for %d characters", pw, n)
		}
		if err == nil && policy.Check(pw) != nil {
			t.Errorf("Check(%q): got nil with words and %v without", pw, policy.Check(pw))
		}
	})
}
