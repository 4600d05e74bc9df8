// Package naming decides which names apps and users may have, and which names are equal.
package naming

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Errors of App and User.
var (
	ErrInvalid = errors.New("naming: invalid name")

	// ErrAddress means that an app's name reads as a web address, an email address or a
	// telephone number.
	ErrAddress = errors.New("naming: the name reads as an address")
)

const (
	maxApp  = 64
	maxUser = 200
)

// App checks an app's name and returns its key: equal names have equal keys. A name has 1 to 64
// printable characters. Control, bidi and other invisible characters are refused. A name that
// reads as an address is refused with [ErrAddress]: one with "@", "/" or "www.", with a word
// that ends in a label and a public suffix, or with seven digits that only separators divide.
// The name appears in the host's mails, where mail programs turn what looks like an address
// into a link.
func App(name string) (key string, err error) {
	n := utf8.RuneCountInString(name)
	if n < 1 || n > maxApp || !utf8.ValidString(name) || strings.TrimFunc(name, blank) == "" {
		return "", ErrInvalid
	}
	key = Fold(name)
	for _, text := range []string{name, key} {
		if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) || invisible(r) }) {
			return "", ErrInvalid
		}
		if strings.ContainsAny(text, "@/") || strings.Contains(text, "www.") || namesHost(text) || telephone(text) {
			return "", ErrAddress
		}
	}
	return key, nil
}

// blank reports whether a character cannot make a name by itself. A variation selector is part
// of many an emoji but shows nothing alone.
func blank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Variation_Selector, r) }

// invisible reports whether a letter or mark shows nothing on paper, such as the Hangul filler or
// the blank of Braille. A name of such characters alone looks empty, and a name that contains
// one looks like another name.
func invisible(r rune) bool {
	return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || r == '\u2800'
}

// User checks a user's name and returns its form for search. A name has at most 200 characters
// and no control characters. The empty name is valid and means no name.
func User(name string) (key string, err error) {
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxUser || strings.ContainsFunc(name, unicode.IsControl) {
		return "", ErrInvalid
	}
	return Fold(name), nil
}

// Fold returns the same text for all spellings of a name that people take for the same. It
// applies NFKC and case folding (Unicode Standard, section 3.13, D146) until nothing changes,
// at most four times.
func Fold(s string) string {
	for range 4 {
		next := norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
		if next == s {
			break
		}
		s = next
	}
	return s
}
