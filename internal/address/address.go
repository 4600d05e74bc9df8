// Package address checks email addresses and brings them into one canonical form. It takes
// plain addresses only, as almost all are.
//
//	canonical, err := address.Parse("Ann@Example.COM") // "ann@example.com"
//
// Canonical forms are compared byte for byte.
package address

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// ErrInvalid is the only error that Parse returns.
var ErrInvalid = errors.New("address: invalid")

const (
	maxLocal  = 64  // RFC 5321, section 4.5.3.1.1
	maxLength = 254 // RFC 5321, section 4.5.3.1.3, without the angle brackets
)

// Parse returns the canonical form of an address: lower case, with the domain as A-labels. It
// takes a dot-atom (RFC 5322, section 3.2.3), an at sign and a domain of at least two labels.
// It trims nothing. It refuses quotes, comments, literals and display names.
func Parse(s string) (canonical string, err error) {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || !dotAtom(local) {
		return "", ErrInvalid
	}
	domain, ok = host(domain)
	if !ok {
		return "", ErrInvalid
	}
	canonical = strings.ToLower(local) + "@" + domain
	if len(s) > maxLength || len(canonical) > maxLength {
		return "", ErrInvalid
	}
	return canonical, nil
}

// Envelope returns the form of an address that every mail server takes: the local part
// unchanged and the domain as A-labels. The server then needs no SMTPUTF8 (RFC 6531).
func Envelope(s string) string {
	local, domain, _ := strings.Cut(s, "@")
	ascii, ok := host(domain)
	if !ok {
		return s
	}
	return local + "@" + ascii
}

// Mask replaces the local part of a canonical address, except for its first letter, by three
// asterisks.
func Mask(canonical string) string {
	local, domain, ok := strings.Cut(canonical, "@")
	if !ok || local == "" {
		return "***"
	}
	return local[:1] + "***@" + domain
}

func dotAtom(s string) bool {
	if s == "" || len(s) > maxLocal {
		return false
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !atext(r) }) {
			return false
		}
	}
	return true
}

func atext(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
		(r < 0x80 && strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r))
}

// host returns a domain name as A-labels (RFC 5891) and reports whether it is valid.
func host(s string) (string, bool) {
	if s == "" || strings.HasSuffix(s, ".") || len(s) > maxLength || strings.ContainsFunc(s, dropped) {
		return "", false
	}
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil || strings.HasSuffix(ascii, ".") {
		return "", false
	}
	ascii = strings.ToLower(ascii)
	labels := strings.Split(ascii, ".")
	last := labels[len(labels)-1]
	if len(labels) < 2 || strings.Trim(last, "0123456789") == "" {
		return "", false // a bare word, or an IPv4 address
	}
	for _, label := range labels {
		if !ldh(label) {
			return "", false
		}
	}
	// An A-label that decodes to something else is no A-label (RFC 5891, section 5.4).
	again, err := idna.Lookup.ToASCII(ascii)
	return ascii, err == nil && again == ascii
}

// dropped reports whether the mapping for look-ups removes a character without an error (UTS
// 46, section 4, "ignored"). Envelope keeps the address as it was given, so such a character
// would stay in it unseen. The two joiners are not included: some scripts need them, and the
// mapping itself checks where they may be.
func dropped(r rune) bool {
	const joiner, nonJoiner, graphemeJoiner = '\u200d', '\u200c', '\u034f'
	return r == graphemeJoiner || unicode.Is(unicode.Variation_Selector, r) || (unicode.Is(unicode.Cf, r) && r != joiner && r != nonJoiner)
}

// ldh reports whether a label consists of letters, digits and inner hyphens only (RFC 5890).
func ldh(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}
