// Package totp computes and checks time-based one-time passwords (RFC 6238) as authenticator apps
// make them by default: HMAC-SHA-1, six digits, steps of 30 seconds. It keeps nothing: the caller
// remembers the last step that was used.
package totp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238 with the one hash that every authenticator app has; HMAC needs no collision resistance
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	seedSize = 20 // bytes, as long as the hash (RFC 4226, section 4, R6)
	digits   = 6
	period   = 30 // seconds
	skew     = 1  // steps to either side of now (RFC 6238, section 5.2)
)

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSeed returns a random seed.
func NewSeed() []byte {
	seed := make([]byte, seedSize)
	_, _ = rand.Read(seed) // it never fails
	return seed
}

// Secret returns a seed as people type it into an authenticator app: base32 without padding.
func Secret(seed []byte) string { return encoding.EncodeToString(seed) }

// ParseSecret reads a seed that another system wrote: base32 in either case, with or without
// padding and spaces; false: it is of another form, or not of 10 to 64 bytes.
func ParseSecret(text string) (seed []byte, ok bool) {
	text = strings.ToUpper(strings.TrimRight(strings.ReplaceAll(text, " ", ""), "="))
	seed, err := encoding.DecodeString(text)
	return seed, err == nil && len(seed) >= 10 && len(seed) <= 64 && encoding.EncodeToString(seed) == text
}

// StepOf returns the step of a time.
func StepOf(t time.Time) int64 { return t.Unix() / period }

// Code returns the code of a step (RFC 4226, section 5.3).
func Code(seed []byte, step int64) string {
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step))) //nolint:gosec // a step is not negative
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	n := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", digits, n%1_000_000)
}

// Match returns the step that a code is of, among the step of now and its two neighbours. ok is
// false if it is of another, or of a step that is not later than last: a step is used once (RFC 6238,
// section 5.2). Its time does not tell which step it is.
func Match(seed []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	current := StepOf(now)
	for s := current - skew; s <= current+skew; s++ {
		if subtle.ConstantTimeCompare([]byte(Code(seed, s)), []byte(code)) == 1 && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}

// IsCode reports whether a text has the form of a code.
func IsCode(text string) bool {
	return len(text) == digits && strings.Trim(text, "0123456789") == ""
}

// URI returns the otpauth URI of a seed, which an authenticator app reads from a QR code. The label names
// the issuer once more, for older apps, unless its name has a colon: in a label that ends it, and apps refuse
// a label whose issuer is not the one of the parameter.
func URI(issuer, account string, seed []byte) string {
	q := url.Values{"secret": {Secret(seed)}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {strconv.Itoa(digits)}, "period": {strconv.Itoa(period)}}
	// Authenticator apps do not read + as a space.
	query := strings.ReplaceAll(q.Encode(), "+", "%20")
	label := url.PathEscape(account)
	if !strings.Contains(issuer, ":") {
		label = url.PathEscape(issuer) + ":" + label
	}
	return "otpauth://totp/" + label + "?" + query
}
