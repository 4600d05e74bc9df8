package authkittest

import (
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/totp"
)

// TOTP is the authenticator app of a user. Its codes follow the clock of the kit.
type TOTP struct {
	Secret        string   // base32, as a person would type it
	RecoveryCodes []string // ten, each for one use

	tb   testing.TB
	kit  *Kit
	seed []byte
	last int64 // the step of the last code
}

// EnableTOTP gives the user a TOTP, in the place of one that the user has, and ends the user's other
// sessions. From then on a sign-in of the user waits for a second factor. The test fails if the user has a
// second factor or a passkey that the session has not shown: enable the TOTP before a passkey is added.
func (p Person) EnableTOTP(tb testing.TB) *TOTP {
	tb.Helper()
	owner := authkit.FactorOwner{App: p.User.App, User: p.User.ID, Session: p.SessionID, Browser: []byte("the browser of authkittest's user")}
	begun, err := p.kit.Engine.BeginTOTP(tb.Context(), owner)
	if err != nil {
		tb.Fatalf("authkittest: begin the TOTP of %q: %v", p.User.EmailTyped, err)
	}
	seed, ok := totp.ParseSecret(begun.Secret)
	if !ok {
		tb.Fatalf("authkittest: got a secret %q of a TOTP, want base32", begun.Secret)
	}
	t := &TOTP{Secret: begun.Secret, tb: tb, kit: p.kit, seed: seed, last: totp.StepOf(p.kit.Clock.Now()) - 2}
	got, err := p.kit.Engine.FinishTOTP(tb.Context(), authkit.TOTPFinish{FactorOwner: owner, State: begun.State, Code: t.Code()})
	if err != nil {
		tb.Fatalf("authkittest: confirm the TOTP of %q: %v", p.User.EmailTyped, err)
	}
	t.RecoveryCodes = got.RecoveryCodes
	return t
}

// Code returns a code that was not returned before, since each is used once. After [Person.EnableTOTP] and
// after each minute that the clock of the kit moves on there are two; the test fails at a third.
func (t *TOTP) Code() string {
	t.tb.Helper()
	now := totp.StepOf(t.kit.Clock.Now())
	step := max(t.last+1, now-1)
	if step > now+1 {
		t.tb.Fatalf("authkittest: no code is left that would be taken now: let Kit.Clock.Advance move on by a minute")
	}
	t.last = step
	return totp.Code(t.seed, step)
}
