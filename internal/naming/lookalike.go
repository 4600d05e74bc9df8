package naming

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// namesHost reports whether a word of the text is a host name: it ends in a label and a public
// suffix, as "example.com" does. Node.js is not a host name, because js is no public suffix.
func namesHost(text string) bool {
	text = strings.ReplaceAll(strings.ToLower(text), "\u3002", ".") // browsers read it as a dot (UTS 46, section 2.3)
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !inHost(r) }) {
		if strings.Contains(word, ".") && registrable(strings.Trim(word, ".-")) {
			return true
		}
	}
	return false
}

// inHost reports whether a character may be part of a host name as people write it.
func inHost(r rune) bool {
	return r == '.' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// registrable reports whether a host name has a label before its public suffix. Only suffixes
// in the ICANN part of the list count: registries sell names below them to anyone. A suffix in
// the private part is itself below one of those.
func registrable(host string) bool {
	ascii, err := idna.ToASCII(host)
	if err != nil {
		return false // resolvers refuse it
	}
	suffix, icann := publicsuffix.PublicSuffix(ascii)
	for !icann && strings.Contains(suffix, ".") {
		_, parent, _ := strings.Cut(suffix, ".")
		suffix, icann = publicsuffix.PublicSuffix(parent)
	}
	return icann && strings.HasSuffix(ascii, "."+suffix) && len(ascii) > len(suffix)+1
}

// telephoneDigits is the least number of digits in a telephone number.
const telephoneDigits = 7

// telephone reports whether the text has telephoneDigits digits without a letter between them.
// Other characters between them do not matter.
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
