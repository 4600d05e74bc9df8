package naming

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// namesHost reports whether a word of the text ends in a label and a public suffix, such as
// "example.com". Node.js is no host, since nothing is registered under js.
func namesHost(text string) bool {
	text = strings.ReplaceAll(strings.ToLower(text), "\u3002", ".") // a dot to browsers (UTS 46, section 2.3)
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !inHost(r) }) {
		if strings.Contains(word, ".") && registrable(strings.Trim(word, ".-")) {
			return true
		}
	}
	return false
}

// inHost reports whether a character may stand in a host name as people write it.
func inHost(r rune) bool {
	return r == '.' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// registrable reports whether a host name has a label before its public suffix, of the
// ICANN part of the list: what a registry gives to anyone. A suffix of the private part
// stands below one of those.
func registrable(host string) bool {
	ascii, err := idna.ToASCII(host)
	if err != nil {
		return false // no resolver takes it
	}
	suffix, icann := publicsuffix.PublicSuffix(ascii)
	for !icann && strings.Contains(suffix, ".") {
		_, parent, _ := strings.Cut(suffix, ".")
		suffix, icann = publicsuffix.PublicSuffix(parent)
	}
	return icann && strings.HasSuffix(ascii, "."+suffix) && len(ascii) > len(suffix)+1
}

// telephoneDigits is how many digits a telephone number has at least.
const telephoneDigits = 7

// telephone reports whether so many digits follow each other, whatever stands between them
// but letters.
func telephone(text string) bool {
	digits := 0
	for _, r := range text {
		switch {
		case unicode.IsLetter(r):
			digits = 0
		case unicode.IsDigit(r):
			digits++
		}
		if digits == telephoneDigits {
			return true
		}
	}
	return false
}
