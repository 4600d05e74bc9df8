// Package password hashes passwords with argon2id, refuses weak ones, and keeps hashing from
// using up the machine.
//
//	gate := password.NewGate(2, 128, 3*time.Second)
//	err := gate.Do(ctx, password.Asker{Tenant: app, Peer: address}, func() { phc = password.Hash(pw, password.Salt(), password.Default()) })
//	ok, err := password.Verify(pw, phc)
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// ErrMalformed means that a PHC string has not the form that [Hash] writes.
var ErrMalformed = errors.New("password: malformed hash")

// Params are the costs of argon2id (RFC 9106).
type Params struct {
	MemoryKiB, Time uint32
	Threads         uint8
}

// Default is 19 MiB, two passes, one thread.
func Default() Params { return Params{MemoryKiB: 19 * 1024, Time: 2, Threads: 1} }

// Bounds of what Verify spends on a stored hash, whatever stored it.
const (
	maxMemory  = 1 << 20
	maxTime    = 16
	maxThreads = 16
	saltSize   = 16
	keySize    = 32
	maxField   = 128
)

// Hash returns the PHC string of a password.
func Hash(pw string, salt []byte, p Params) string {
	return p.phc(salt, argon2.IDKey([]byte(pw), salt, p.Time, p.MemoryKiB, p.Threads, keySize))
}

// Dummy returns a PHC string whose key is random, so that no password is known to have it.
// [Verify] spends as much on it as on one that [Hash] made, while Dummy itself hashes nothing.
func Dummy(p Params) string {
	var random [saltSize + keySize]byte
	_, _ = rand.Read(random[:]) // it never fails
	return p.phc(random[:saltSize], random[saltSize:])
}

// Salt returns the salt for a new password.
func Salt() []byte {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // it never fails
	return salt
}

// Verify reports whether phc is a hash of the password. It compares in constant time.
func Verify(pw, phc string) (ok bool, err error) {
	p, salt, key, err := parse(phc)
	if err != nil {
		return false, err
	}
	got := argon2.IDKey([]byte(pw), salt, p.Time, p.MemoryKiB, p.Threads, keySize)
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}

// Same reports whether phc was made with these parameters.
func (p Params) Same(phc string) bool { return strings.HasPrefix(phc, p.prefix()+"$") }

func (p Params) phc(salt, key []byte) string {
	return p.prefix() + "$" + encode(salt) + "$" + encode(key)
}

func (p Params) prefix() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d", argon2.Version, p.MemoryKiB, p.Time, p.Threads)
}

func parse(phc string) (p Params, salt, key []byte, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 {
		return p, nil, nil, ErrMalformed
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.MemoryKiB, &p.Time, &p.Threads); err != nil {
		return p, nil, nil, ErrMalformed
	}
	salt, err1 := decode(parts[4])
	key, err2 := decode(parts[5])
	if err1 != nil || err2 != nil || !p.Same(phc) || !p.bounded() || len(salt) < 8 || len(key) != keySize {
		return p, nil, nil, ErrMalformed
	}
	return p, salt, key, nil
}

func (p Params) bounded() bool {
	return p.Time >= 1 && p.Time <= maxTime && p.Threads >= 1 && p.Threads <= maxThreads &&
		p.MemoryKiB >= 8*uint32(p.Threads) && p.MemoryKiB <= maxMemory
}

func encode(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

func decode(s string) ([]byte, error) {
	if len(s) > maxField {
		return nil, ErrMalformed
	}
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil || encode(b) != s {
		return nil, ErrMalformed
	}
	return b, nil
}
