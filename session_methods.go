package authkit

import (
	"slices"
	"time"
)

// The entries of `amr` (RFC 8176).
const (
	amrMFA  = "mfa"
	amrPwd  = "pwd"
	amrOTP  = "otp"
	amrPop  = "pop"
	amrUser = "user"
)

// clockLeeway is how far ahead of its own clock a process takes a time that another has written.
const clockLeeway = time.Minute

// methods returns the entries of `amr`: how the user signed in and, as long as no factor is removed,
// whether a second factor was shown.
func (s Session) methods() []string {
	if s.MFAAt.IsZero() {
		return s.AMR
	}
	return append(slices.Clone(s.AMR), amrMFA)
}

// withMethods adds entries that are not there yet.
func withMethods(amr []string, more ...string) []string {
	out := slices.Clone(amr)
	for _, m := range more {
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

// assuranceOf returns the `acr` of a session (NIST SP 800-63B): aal2 for a password with a second
// factor, and for a passkey with user verification.
func assuranceOf(methods []string) string {
	if slices.Contains(methods, amrMFA) && (slices.Contains(methods, amrPwd) || slices.Contains(methods, amrPop)) {
		return "aal2"
	}
	return "aal1"
}
