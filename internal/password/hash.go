// Package password hashes passwords with argon2id, verifies the hashes of other systems, refuses
// weak passwords, and keeps hashing from using up the machine.
//
//	gate := password.NewGate(2, 128, 3*time.Second)
//	err := gate.Do(ctx, password.Asker{Tenant: app, Peer: address}, func() { phc = password.Hash(pw, password.Salt(), password.Default()) })
//	ok, err := password.Verify(pw, phc)
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// ErrMalformed means that a text is not a hash of a form that [Parse] takes.
var ErrMalformed = errors.New("password: malformed hash")

// Params are the costs of argon2id (RFC 9106).
type Params struct {
	MemoryKiB, Time uint32
	Threads         uint8
}

// Default is 19 MiB, two passes, one thread.
func Default() Params { return Params{MemoryKiB: 19 * 1024, Time: 2, Threads: 1} }

// Bounds of what Verify spends on a hash that Hash wrote.
const (
	maxMemory  = 1 << 20
	maxTime    = 16
	maxThreads = 16
	saltSize   = 16
	keySize    = 32
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

// MatchAny returns the index of the hash that a password has, or -1. The hashes have the parameters and
// the salt of the first, so that one derivation serves all; one that has not does not match. The time
// does not tell which hash matched.
func MatchAny(pw string, phcs []string) int {
	at := -1
	if len(phcs) == 0 {
		return at
	}
	first, ok := readArgon(phcs[0])
	if !ok || first.fault() != "" {
		return at
	}
	mine, ok := first.(argon)
	if !ok {
		return at
	}
	mine.key = argon2.IDKey([]byte(pw), mine.salt, mine.Time, mine.Params.MemoryKiB, mine.Threads, uint32(len(mine.key))) //nolint:gosec // at most maxKey
	text := []byte(mine.String())
	for i, phc := range phcs {
		if subtle.ConstantTimeCompare([]byte(phc), text) == 1 {
			at = i
		}
	}
	return at
}

// Same reports whether phc was made with these parameters.
func (p Params) Same(phc string) bool { return strings.HasPrefix(phc, p.prefix()+"$") }

func (p Params) phc(salt, key []byte) string {
	return p.prefix() + "$" + encode(salt) + "$" + encode(key)
}

func (p Params) prefix() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d", argon2.Version, p.MemoryKiB, p.Time, p.Threads)
}

func (p Params) bounded() bool {
	return p.Time >= 1 && p.Time <= maxTime && p.Threads >= 1 && p.Threads <= maxThreads &&
		p.MemoryKiB >= 8*uint32(p.Threads) && p.MemoryKiB <= maxMemory
}
