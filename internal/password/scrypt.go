package password

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/scrypt"
)

// scryptCosts are the parameters of scrypt (RFC 7914): N is 2 to the power ln.
type scryptCosts struct{ ln, r, p uint32 }

// The bounds within which the numbers below stay far from overflowing.
const maxLogN, maxBlock, maxParallel = 24, 64, 64

func (c scryptCosts) derive(pw string, salt []byte, size int) []byte {
	key, err := scrypt.Key([]byte(pw), salt, 1<<c.ln, int(c.r), int(c.p), size)
	if err != nil { // parameters out of bounds, which fault refuses
		panic(err)
	}
	return key
}

// MemoryKiB is 128 r N bytes, with what the parallel blocks take.
func (c scryptCosts) MemoryKiB() int { return int(c.r) * (1<<c.ln + int(c.p)) / 8 }

// Work is that of 2 N r p blocks.
func (c scryptCosts) Work() time.Duration {
	return 220 * time.Nanosecond * time.Duration(c.r) * time.Duration(c.p) << c.ln
}

func (c scryptCosts) within() bool {
	return c.ln >= 1 && c.ln <= maxLogN && c.r >= 1 && c.r <= maxBlock && c.p >= 1 && c.p <= maxParallel
}

// scryptHash is a hash of scrypt.
type scryptHash struct {
	scryptCosts

	salt, key []byte
}

func readScrypt(text string) (scheme, bool) {
	parts := strings.Split(text, "$")
	if len(parts) != 5 {
		return nil, false
	}
	n, ok := numbers(parts[2], "ln", "r", "p")
	salt, ok1 := decode(parts[3])
	key, ok2 := decode(parts[4])
	if !ok || !ok1 || !ok2 {
		return nil, false
	}
	return scryptHash{scryptCosts{n[0], n[1], n[2]}, salt, key}, true
}

func (s scryptHash) String() string {
	return fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s", s.ln, s.r, s.p, encode(s.salt), encode(s.key))
}

func (s scryptHash) Verify(pw string) bool {
	return subtle.ConstantTimeCompare(s.derive(pw, s.salt, len(s.key)), s.key) == 1
}

func (s scryptHash) Family() string { return "scrypt" }

func (s scryptHash) blank() scheme {
	s.salt, s.key = make([]byte, len(s.salt)), make([]byte, len(s.key))
	return s
}

func (s scryptHash) fault() string {
	if !s.within() {
		return "the parameters of scrypt are out of bounds"
	}
	if fault := foreignFault(s); fault != "" {
		return fault
	}
	return lengthFault(s.salt, s.key)
}

// firebaseHash is a hash of Firebase: what scrypt derives encrypts the signer key of the project,
// and the result is the hash.
type firebaseHash struct {
	scryptCosts

	separator, signer []byte
	salt, key         []byte
}

func readFirebase(text string) (scheme, bool) {
	parts := strings.Split(text, "$")
	if len(parts) != 5 {
		return nil, false
	}
	costs, keys, _ := strings.Cut(parts[2], ",ss=")
	separator, signer, _ := strings.Cut(keys, ",sk=")
	n, ok := numbers(costs, "v", "n", "r", "p")
	f := firebaseHash{}
	var oks [4]bool
	f.separator, oks[0] = decodePadded(separator)
	f.signer, oks[1] = decodePadded(signer)
	f.salt, oks[2] = decodePadded(parts[3])
	f.key, oks[3] = decodePadded(parts[4])
	if !ok || slices.Contains(oks[:], false) {
		return nil, false
	}
	f.scryptCosts = scryptCosts{n[1], n[2], n[3]}
	return f, true
}

func (f firebaseHash) String() string {
	return fmt.Sprintf("$fbscrypt$v=1,n=%d,r=%d,p=%d,ss=%s,sk=%s$%s$%s", f.ln, f.r, f.p,
		encodePadded(f.separator), encodePadded(f.signer), encodePadded(f.salt), encodePadded(f.key))
}

func (f firebaseHash) Verify(pw string) bool {
	block, err := aes.NewCipher(f.derive(pw, slices.Concat(f.salt, f.separator), 32))
	if err != nil { // a key of 32 bytes is one of AES
		panic(err)
	}
	got := make([]byte, len(f.signer))
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(got, f.signer) //nolint:gosec // Firebase takes a counter from zero, and each key encrypts once
	return subtle.ConstantTimeCompare(got, f.key) == 1
}

func (f firebaseHash) Family() string { return "fbscrypt" }

func (f firebaseHash) blank() scheme {
	f.separator, f.signer = make([]byte, len(f.separator)), make([]byte, len(f.signer))
	f.salt, f.key = make([]byte, len(f.salt)), make([]byte, len(f.key))
	return f
}

func (f firebaseHash) fault() string {
	switch {
	case !f.within():
		return "the parameters of scrypt are out of bounds"
	case len(f.signer) != len(f.key):
		return "the hash is not as long as the signer key"
	case len(f.separator) > maxKey:
		return fmt.Sprintf("the salt separator has %d bytes, and at most %d are taken", len(f.separator), maxKey)
	}
	if fault := foreignFault(f); fault != "" {
		return fault
	}
	return lengthFault(f.salt, f.key)
}
