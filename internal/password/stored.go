package password

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Stored is a password hash as an account holds it, of one of these forms:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>            also argon2i; what [Hash] writes is one
//	$2b$10$<salt and key>                                  bcrypt; also 2a and 2y
//	$scrypt$ln=14,r=8,p=1$<salt>$<key>
//	$fbscrypt$v=1,n=14,r=8,p=1,ss=<b64>,sk=<b64>$<b64>$<b64>   Firebase's scrypt
//	$pbkdf2-sha256$i=600000$<salt>$<key>                   also sha512; also i=600000,l=32
//	pbkdf2_sha256$1000000$<salt as text>$<b64>             Django's
//
// Salt and key are base64 without padding, and <b64> is base64 with padding. The parameters of
// Firebase are those of its project: n is mem_cost, r is rounds, ss is base64_salt_separator and
// sk is base64_signer_key.
type Stored struct{ scheme }

// scheme is a hash of one form.
type scheme interface {
	// String is the one text that the form has for these values.
	String() string

	// Verify reports whether the hash is one of the password. It compares in constant time, and a
	// wrong password takes the time of the right one.
	Verify(pw string) bool

	// Family names the algorithm. Hashes of one family differ in their parameters alone.
	Family() string

	// Work is about how long [Stored.Verify] takes on one core of a server of the year 2024. It
	// follows from the parameters alone, so that every process comes to the same.
	Work() time.Duration

	// MemoryKiB is the memory that [Stored.Verify] needs.
	MemoryKiB() int

	// blank is a hash of the same parameters and lengths that holds zero bytes for all else.
	blank() scheme

	// fault says which parameter is out of bounds; empty: all are within.
	fault() string
}

// The bounds of a hash that another system made.
const (
	maxForeignMemory = 128 * 1024 // KiB
	maxForeignWork   = 2 * time.Second
	maxText          = 512
	minSalt          = 4
	minKey, maxKey   = 16, 64
)

// Refused is the error of a text that is not taken. Detail says why, and holds no part of the text
// but the name of its form.
type Refused struct{ Detail string }

// Error returns the detail.
func (r *Refused) Error() string { return "password: " + r.Detail }

// Unwrap returns [ErrMalformed].
func (r *Refused) Unwrap() error { return ErrMalformed }

// forms lists the forms that are taken, by how their texts begin.
var forms = []struct {
	begin string
	read  func(text string) (scheme, bool)
}{
	{"$argon2id$", readArgon},
	{"$argon2i$", readArgon},
	{"$2a$", readBcrypt},
	{"$2b$", readBcrypt},
	{"$2y$", readBcrypt},
	{"$scrypt$", readScrypt},
	{"$fbscrypt$", readFirebase},
	{"$pbkdf2-sha256$", readPBKDF2},
	{"$pbkdf2-sha512$", readPBKDF2},
	{"pbkdf2_sha256$", readDjango},
}

// Taken names the forms that are taken, for messages.
const Taken = "argon2id, argon2i, bcrypt (2a, 2b, 2y), scrypt, fbscrypt, pbkdf2-sha256, pbkdf2-sha512 and Django's pbkdf2_sha256"

// others are known forms that are not taken, by how their texts begin.
var others = []struct{ begin, name string }{
	{"$P$", "phpass"}, {"$H$", "phpass"}, {"$S$", "Drupal's phpass"},
	{"{SSHA", "salted SHA of LDAP"}, {"{SHA", "SHA of LDAP"}, {"{", "an LDAP form"},
	{"$1$", "md5-crypt"}, {"$apr1$", "md5-crypt of Apache"}, {"$5$", "sha256-crypt"}, {"$6$", "sha512-crypt"}, {"$y$", "yescrypt"},
	{"$argon2d$", "argon2d"}, {"$2x$", "faulty bcrypt"}, {"$2$", "the first bcrypt"},
	{"$pbkdf2$", "PBKDF2 with SHA-1"}, {"$pbkdf2-", "PBKDF2 with this digest"}, {"pbkdf2_sha1$", "PBKDF2 with SHA-1"},
	{"bcrypt_sha256$", "Django's bcrypt_sha256"}, {"bcrypt$", "Django's bcrypt"}, {"scrypt$", "Django's scrypt"},
	{"md5$", "Django's md5"}, {"sha1$", "Django's sha1"}, {"!", "a password that cannot be used"},
}

// Parse reads a hash that an account holds. [ErrMalformed]: it has no form of [Stored],
// is not the one text for its values, or orders more than the bounds allow: 128 MiB and two seconds
// of [Stored.Work], and 1 GiB, 16 passes and 16 threads for argon2id, which [Hash] writes.
func Parse(text string) (Stored, error) {
	if len(text) > maxText {
		return Stored{}, &Refused{fmt.Sprintf("the hash is longer than %d bytes", maxText)}
	}
	for _, form := range forms {
		if !strings.HasPrefix(text, form.begin) {
			continue
		}
		s, ok := form.read(text)
		if !ok || s.String() != text {
			return Stored{}, &Refused{"the hash begins " + form.begin + " and does not go on as that form does"}
		}
		if fault := s.fault(); fault != "" {
			return Stored{}, &Refused{fault}
		}
		return Stored{s}, nil
	}
	for _, o := range others {
		if strings.HasPrefix(text, o.begin) {
			return Stored{}, &Refused{o.name + " is not taken; " + Taken + " are"}
		}
	}
	return Stored{}, &Refused{"the hash has an unknown form; " + Taken + " are taken"}
}

// Import reads a hash that another system made, within the bounds for those: 128 MiB and two
// seconds of [Stored.Work], whatever the form. It also takes the argon2 of Django, whose texts
// begin argon2$argon2id$, and the result is in PHC form.
func Import(text string) (Stored, error) {
	if phc, ok := strings.CutPrefix(text, "argon2$"); ok {
		text = "$" + phc
	}
	s, err := Parse(text)
	if err != nil {
		return Stored{}, err
	}
	if fault := foreignFault(s.scheme); fault != "" {
		return Stored{}, &Refused{fault}
	}
	return s, nil
}

// foreignFault says how a hash goes beyond the bounds for those of other systems.
func foreignFault(s scheme) string {
	switch {
	case s.MemoryKiB() > maxForeignMemory:
		return fmt.Sprintf("the hash needs %d MiB of memory, and at most %d are taken", s.MemoryKiB()/1024, maxForeignMemory/1024)
	case s.Work() > maxForeignWork:
		return fmt.Sprintf("the hash takes about %v, and at most %v are taken", s.Work().Round(100*time.Millisecond), maxForeignWork)
	}
	return ""
}

// Blank returns a hash of the same form, parameters and lengths, in which salt, key and all that
// belongs to one account or project is zero bytes. It names the parameters, and [Stored.Verify]
// takes as long with it.
func (s Stored) Blank() Stored { return Stored{s.blank()} }

// Verify reports whether text is a hash of the password. It compares in constant time.
// [ErrMalformed] as with [Parse].
func Verify(pw, text string) (ok bool, err error) {
	s, err := Parse(text)
	if err != nil {
		return false, err
	}
	return s.Verify(pw), nil
}

// lengthFault says which of salt and key is too short or too long, if one is.
func lengthFault(salt, key []byte) string {
	switch {
	case len(salt) < minSalt || len(salt) > maxKey:
		return fmt.Sprintf("the salt has %d bytes, and %d to %d are taken", len(salt), minSalt, maxKey)
	case len(key) < minKey || len(key) > maxKey:
		return fmt.Sprintf("the key has %d bytes, and %d to %d are taken", len(key), minKey, maxKey)
	}
	return ""
}

// number reads a decimal number of at most 32 bits. It returns false for any other text.
func number(text string) (uint32, bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err == nil
}

// numbers reads parameters such as "m=8,t=1,p=1", which are named in that order.
func numbers(text string, names ...string) (values []uint32, ok bool) {
	parts := strings.Split(text, ",")
	if len(parts) != len(names) {
		return nil, false
	}
	for i, part := range parts {
		digits, named := strings.CutPrefix(part, names[i]+"=")
		n, ok := number(digits)
		if !named || !ok {
			return nil, false
		}
		values = append(values, n)
	}
	return values, true
}

// encode and decode are base64 without padding, and encodePadded and decodePadded with it. What is
// read is compared with what would be written.
func encode(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

func decode(s string) ([]byte, bool) {
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil
}

func encodePadded(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func decodePadded(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	return b, err == nil
}
