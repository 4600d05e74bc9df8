package password

import (
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// bcryptHash is a hash of bcrypt. The prefixes 2a, 2b and 2y name implementations whose flaws
// differed; a hash of a correct one is the same under each.
type bcryptHash struct {
	text string
	cost uint32
}

// The parts of a bcrypt hash: $2b$10$ and 22 characters of salt and 31 of key.
const (
	bcryptHead, bcryptSize = 7, 60
	bcryptMax              = 72 // bytes of a password that bcrypt reads
	bcryptBase64           = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

func readBcrypt(text string) (scheme, bool) {
	if len(text) != bcryptSize || text[bcryptHead-1] != '$' || strings.Trim(text[bcryptHead:], bcryptBase64) != "" {
		return nil, false
	}
	cost, ok := number(text[4 : bcryptHead-1])
	return bcryptHash{text, cost}, ok
}

func (b bcryptHash) String() string { return b.text }

// Verify refuses a password of more than 72 bytes, of which bcrypt reads the first 72 only, and one
// with a zero byte, which bcrypt takes for the end of the password, where it begins anew: both
// would match by a part of the password.
func (b bcryptHash) Verify(pw string) bool {
	whole := len(pw) <= bcryptMax && !strings.Contains(pw, "\x00")
	err := bcrypt.CompareHashAndPassword([]byte(b.text), []byte(pw[:min(len(pw), bcryptMax)]))
	return err == nil && whole
}

func (b bcryptHash) Family() string { return "bcrypt" }
func (b bcryptHash) MemoryKiB() int { return 5 }

func (b bcryptHash) Work() time.Duration { return 46 * time.Microsecond << min(b.cost, 31) }

func (b bcryptHash) blank() scheme {
	b.text = b.text[:bcryptHead] + strings.Repeat(".", bcryptSize-bcryptHead)
	return b
}

func (b bcryptHash) fault() string {
	if b.cost < uint32(bcrypt.MinCost) || b.cost > uint32(bcrypt.MaxCost) {
		return "the cost of bcrypt is out of bounds"
	}
	return foreignFault(b)
}
