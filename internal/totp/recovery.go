package totp

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// crockford leaves out I, L, O and U, which people misread (Crockford's base 32).
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

const (
	recoverySize  = 15 // characters, of five bits each
	recoveryGroup = 5
)

// NewRecoveryCode returns a random code of 75 bits, as xxxxx-xxxxx-xxxxx.
func NewRecoveryCode() string {
	raw := make([]byte, 10)
	_, _ = rand.Read(raw) // it never fails
	return grouped(crockford.EncodeToString(raw)[:recoverySize])
}

var misread = strings.NewReplacer("o", "0", "i", "1", "l", "1", "-", "", " ", "")

// ParseRecoveryCode returns a typed recovery code in the form in which it was given: in either
// case, with or without hyphens and spaces, and with O, I and L for the digits that they look like.
// false: it is of another form.
func ParseRecoveryCode(text string) (string, bool) {
	if len(text) > 64 {
		return "", false
	}
	text = misread.Replace(strings.ToLower(text))
	if len(text) != recoverySize || strings.Trim(text, "0123456789abcdefghjkmnpqrstvwxyz") != "" {
		return "", false
	}
	return grouped(text), true
}

func grouped(text string) string {
	return text[:recoveryGroup] + "-" + text[recoveryGroup:2*recoveryGroup] + "-" + text[2*recoveryGroup:]
}
