package password_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/password"
)

// FuzzParse checks that a hash is read from its one text only, that what is read stays within the
// bounds, and that a hash of authkit's own form verifies if and only if it is what Hash returns for
// the password.
func FuzzParse(f *testing.F) {
	good := password.Hash("pw", []byte("0123456789abcdef"), tiny())
	f.Add("pw", good)
	f.Add("pw", strings.Replace(good, "$m=8", "$m=08", 1))
	f.Add("pw", strings.Replace(good, "v=19", "v=19 ", 1))
	for _, seed := range []string{"", "$$$$$", good + "$", good + "=", good[1:], "$argon2id$v=19$m=8,t=1,p=1$$", "$argon2id$v=19$m=8,t=1,p=1$AA$AA", "$2a$10$x", strings.ToUpper(good)} {
		f.Add("pw", seed)
	}
	for _, v := range vectors {
		f.Add(v.pw, v.text)
	}
	f.Add("other", good)
	f.Fuzz(func(t *testing.T, pw, text string) {
		s, err := password.Parse(text)
		if err != nil {
			return
		}
		if s.String() != text {
			t.Fatalf("Parse(%q): got %q", text, s)
		}
		if s.Family() != "argon2id" && (s.Work() > 2*time.Second || s.MemoryKiB() > 128*1024) {
			t.Fatalf("Parse(%q): got %v and %d KiB of work taken", text, s.Work(), s.MemoryKiB())
		}
		if s.Work() > 10*time.Millisecond || s.MemoryKiB() > 1024 || len(pw) > 100 {
			return // too slow at these costs
		}
		ok := s.Verify(pw)
		parts := strings.Split(text, "$")
		if !tiny().Same(text) || len(parts[5]) != 43 {
			return
		}
		salt, err := base64.RawStdEncoding.Strict().DecodeString(parts[4])
		if err != nil || len(salt) < 8 {
			t.Fatalf("Parse(%q): got the salt %q taken, %v", text, parts[4], err)
		}
		if want := password.Hash(pw, salt, tiny()) == text; ok != want {
			t.Errorf("Verify(%q, %q): got %v, want %v", pw, text, ok, want)
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
