// Package naming says which names apps and users may have, and which names are the same.
package naming

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The errors of App and User.
var (
	ErrInvalid = errors.New("naming: invalid name")

	// ErrAddress is the error of an app's name that reads as a web or email address or as a
	// telephone number.
	ErrAddress = errors.New("naming: the name reads as an address")
)

const (
	maxApp  = 64
	maxUser = 200
)

// App checks an app's name and returns the key under which equal names meet. A name is 1 to
// 64 printable characters (control, bidi and other invisible characters are refused). It
// stands in the host's mails, where mail programs make a link of what looks like one: an
// [ErrAddress] has "@", "/" or "www.", a word that ends in a label and a public suffix, or
// seven digits with nothing but separators between them.
func App(name string) (key string, err error) {
	n := utf8.RuneCountInString(name)
	if n < 1 || n > maxApp || !utf8.ValidString(name) || strings.TrimFunc(name, blank) == "" {
		return "", ErrInvalid
	}
	key = Fold(name)
	for _, text := range []string{name, key} {
		if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) || unseen(r) }) {
			return "", ErrInvalid
		}
		if strings.ContainsAny(text, "@/") || strings.Contains(text, "www.") || namesHost(text) || telephone(text) {
			return "", ErrAddress
		}
	}
	return key, nil
}

// blank says whether a character alone is no name. A variation selector is a part of many an
// emoji, and nothing without one.
func blank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Variation_Selector, r) }

// unseen says whether a letter or mark is one that leaves no mark on paper, such as the Hangul
// filler or the blank of Braille: a name of them is none, and one with them passes for another.
func unseen(r rune) bool {
	return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || r == '\u2800'
}

// User checks a user's name, of up to 200 characters without control characters, and
// returns its form for search. The empty name is no name.
func User(name string) (key string, err error) {
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxUser || strings.ContainsFunc(name, unicode.IsControl) {
		return "", ErrInvalid
	}
	return Fold(name), nil
}

// Fold maps names that people take for the same to one text: NFKC and case folding
// (Unicode Standard, section 3.13, D146), until nothing changes.
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
