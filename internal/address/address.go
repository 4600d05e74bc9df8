// Package address says what an email address is here: a plain one, as almost all are.
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

// ErrInvalid is the one error of Parse.
var ErrInvalid = errors.New("address: invalid")

const (
	maxLocal  = 64  // RFC 5321, section 4.5.3.1.1
	maxLength = 254 // RFC 5321, section 4.5.3.1.3, without the angle brackets
)

// Parse takes a dot-atom (RFC 5322, section 3.2.3), an at sign and a domain of two labels
// or more, and returns them in lower case, the domain as A-labels. Nothing is trimmed;
// quotes, comments, literals and display names are refused.
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

// Envelope is the form of an address that any mail server takes: the local part as it was
// given, the domain as A-labels. SMTPUTF8 (RFC 6531) is then no matter.
func Envelope(s string) string {
	local, domain, _ := strings.Cut(s, "@")
	ascii, ok := host(domain)
	if !ok {
		return s
	}
	return local + "@" + ascii
}

// Mask keeps the first letter and the domain of a canonical address.
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

// host answers the A-labels of a domain name (RFC 5891).
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

// dropped finds what the mapping for look-ups leaves out without a word (UTS 46, section 4,
// "ignored"): an address is kept as it was given, and nobody would see that in it. The two
// joiners, which some scripts need, are judged by where they stand.
func dropped(r rune) bool {
	const joiner, nonJoiner, graphemeJoiner = '\u200d', '\u200c', '\u034f'
	return r == graphemeJoiner || unicode.Is(unicode.Variation_Selector, r) || (unicode.Is(unicode.Cf, r) && r != joiner && r != nonJoiner)
}

// ldh says whether a label has letters, digits and inner hyphens only (RFC 5890).
func ldh(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}
