package password

import (
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

// argon is a hash of argon2id or argon2i (RFC 9106).
type argon struct {
	Params

	family    string // "argon2id" or "argon2i"
	salt, key []byte
}

func readArgon(text string) (scheme, bool) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 {
		return nil, false
	}
	n, ok := numbers(parts[3], "m", "t", "p")
	salt, ok1 := decode(parts[4])
	key, ok2 := decode(parts[5])
	if !ok || !ok1 || !ok2 || n[2] > maxThreads {
		return nil, false
	}
	return argon{Params{n[0], n[1], uint8(n[2])}, parts[1], salt, key}, true //nolint:gosec // at most maxThreads
}

func (a argon) String() string {
	return fmt.Sprintf("$%s$v=%d$m=%d,t=%d,p=%d$%s$%s", a.family, argon2.Version, a.Params.MemoryKiB, a.Time, a.Threads, encode(a.salt), encode(a.key))
}

func (a argon) Verify(pw string) bool {
	derive := argon2.IDKey
	if a.family == "argon2i" {
		derive = argon2.Key
	}
	got := derive([]byte(pw), a.salt, a.Time, a.Params.MemoryKiB, a.Threads, uint32(len(a.key))) //nolint:gosec // at most maxKey
	return subtle.ConstantTimeCompare(got, a.key) == 1
}

func (a argon) Family() string { return a.family }
func (a argon) MemoryKiB() int { return int(a.Params.MemoryKiB) }

// Work counts all threads as one.
func (a argon) Work() time.Duration {
	return 600 * time.Nanosecond * time.Duration(a.Params.MemoryKiB) * time.Duration(a.Time)
}

func (a argon) blank() scheme {
	a.salt, a.key = make([]byte, len(a.salt)), make([]byte, len(a.key))
	return a
}

func (a argon) fault() string {
	if !a.bounded() {
		return "the parameters of argon2 are out of bounds"
	}
	if len(a.salt) < 8 {
		return "the salt is shorter than the 8 bytes that argon2 wants"
	}
	if a.family != "argon2id" {
		if fault := foreignFault(a); fault != "" {
			return fault
		}
	}
	return lengthFault(a.salt, a.key)
}
