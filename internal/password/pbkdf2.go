package password

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// pbkdf2Hash is a hash of PBKDF2 (RFC 8018) with SHA-256 or SHA-512.
type pbkdf2Hash struct {
	family     string // "pbkdf2-sha256" or "pbkdf2-sha512"
	iterations uint32
	salt, key  []byte
	tellsSize  bool // the text has the length of the key
	django     bool // the text is in Django's form
}

// readPBKDF2 reads the PHC form.
func readPBKDF2(text string) (scheme, bool) {
	parts := strings.Split(text, "$")
	if len(parts) != 5 {
		return nil, false
	}
	h := pbkdf2Hash{family: parts[1], tellsSize: strings.Contains(parts[2], ",")}
	names := []string{"i", "l"}
	if !h.tellsSize {
		names = names[:1]
	}
	n, ok := numbers(parts[2], names...)
	var ok1, ok2 bool
	h.salt, ok1 = decode(parts[3])
	h.key, ok2 = decode(parts[4])
	if !ok || !ok1 || !ok2 {
		return nil, false
	}
	h.iterations = n[0]
	return h, true
}

// readDjango reads the form of Django, whose salt is text.
func readDjango(text string) (scheme, bool) {
	parts := strings.Split(text, "$")
	if len(parts) != 4 || !utf8.ValidString(parts[2]) || strings.Contains(parts[2], "\x00") {
		return nil, false
	}
	n, ok1 := number(parts[1])
	key, ok2 := decodePadded(parts[3])
	return pbkdf2Hash{family: "pbkdf2-sha256", iterations: n, salt: []byte(parts[2]), key: key, django: true}, ok1 && ok2
}

func (h pbkdf2Hash) String() string {
	if h.django {
		return fmt.Sprintf("pbkdf2_sha256$%d$%s$%s", h.iterations, h.salt, encodePadded(h.key))
	}
	size := ""
	if h.tellsSize {
		size = fmt.Sprintf(",l=%d", len(h.key))
	}
	return fmt.Sprintf("$%s$i=%d%s$%s$%s", h.family, h.iterations, size, encode(h.salt), encode(h.key))
}

func (h pbkdf2Hash) Verify(pw string) bool {
	var got []byte
	var err error
	if h.family == "pbkdf2-sha512" {
		got, err = pbkdf2.Key(sha512.New, pw, h.salt, int(h.iterations), len(h.key))
	} else {
		got, err = pbkdf2.Key(sha256.New, pw, h.salt, int(h.iterations), len(h.key))
	}
	return err == nil && subtle.ConstantTimeCompare(got, h.key) == 1
}

func (h pbkdf2Hash) Family() string { return h.family }
func (h pbkdf2Hash) MemoryKiB() int { return 1 }

// Work grows with the blocks of the digest that the key takes.
func (h pbkdf2Hash) Work() time.Duration {
	each, size := 133*time.Nanosecond, sha256.Size
	if h.family == "pbkdf2-sha512" {
		each, size = 350*time.Nanosecond, sha512.Size
	}
	return each * time.Duration(h.iterations) * time.Duration((len(h.key)+size-1)/size)
}

// blank has a salt of the digit 0 in Django's form, which is text.
func (h pbkdf2Hash) blank() scheme {
	size := len(h.salt)
	h.salt, h.key = make([]byte, size), make([]byte, len(h.key))
	if h.django {
		h.salt = []byte(strings.Repeat("0", size))
	}
	return h
}

func (h pbkdf2Hash) fault() string {
	if h.iterations < 1 {
		return "PBKDF2 wants one iteration or more"
	}
	if fault := lengthFault(h.salt, h.key); fault != "" {
		return fault
	}
	return foreignFault(h)
}
