package authkit

import "time"

// SecondFactorDue tells a client that its first factor was right, and how to show a second one. It
// comes with [CodeMFARequired] and [CodeMFAEnrollmentRequired].
type SecondFactorDue struct {
	// Token stands for the first factor, for ten minutes: [Engine.SignInWithSecondFactor] takes it, and
	// the beginnings of an enrolment. It is spent by the sign-in.
	Token string

	// Binding is the asker's secret, which goes with Token. A browser whose secret the call had may
	// show that one instead.
	Binding string

	// Methods are those that are taken: "totp", "recovery_code" and "passkey"; with
	// [CodeMFAEnrollmentRequired] those that the user may enrol, or "email_code" alone: a code was
	// mailed, which SignInWithSecondFactor takes first.
	Methods []string

	ExpiresIn time.Duration

	// Flow is what waits, for a page that asks for the factor.
	Flow WaitingFlow
}

// WaitingFlow is the flow in which a sign-in waits for a second factor.
type WaitingFlow struct {
	RedirectTo, CodeChallenge string // where it leads; may be empty
	Cookie                    bool   // a cookie is to hold the session, where the asker chooses
	NewPassword               bool   // it also sets a new password
}
