package authkit_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/mail"
)

// enrols signs in where the app requires a second factor, and returns the address of the page with the QR
// code.
func enrols(s *stage, b *seat) (at string) {
	s.t.Helper()
	p := s.member(s.t, s.email())
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie), MFA: new(authkit.MFARequired)})
	return b.presses(p.signsIn(b, ""), "second", "code="+mail.Code(s.mail(p.email))).leadsTo()
}

// A key lives five minutes, and the sign-in that waits for it lives ten.
func TestAPageOfAKeyThatIsOpenedTooLateHasAnotherKey(t *testing.T) {
	t.Parallel()
	t.Run("while the sign-in waits", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		b := s.visitor()
		at := enrols(s, b)
		old := seedOn(t, b.opens(at))
		s.clock.Advance(6 * time.Minute)
		page := b.opens(at)
		page.seen(t, `class="enrol"`, "The last picture has expired.")
		seed := seedOn(t, page)
		s.equal("the old key", bytes.Equal(seed, old), false)
		b.presses(page, "totp", "code="+codeOn(s, seed)).seen(t, `class="codes"`)
		s.equal("a session", b.lives(), true)
	})
	t.Run("until the sign-in has expired", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		b := s.visitor()
		at := enrols(s, b)
		s.clock.Advance(11 * time.Minute)
		b.opens(at).seen(t, `class="sign-in"`)
	})
}

// The history of a browser has the address of the page with the QR code. It shows the key no longer than the
// key can be confirmed: a person who comes to an unlocked browser must not copy a second factor.
func TestTheKeyOfATOTPIsShownUntilItIsConfirmed(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(s *stage, b *seat) (at string){
		"on the account page": func(s *stage, b *seat) string {
			b.enters()
			return b.presses(b.opens(ownPage), "totp-begin").leadsTo()
		},
		"during the sign-in": enrols,
	} {
		for then, passes := range map[string]func(s *stage, b *seat, at string, seed []byte){
			"it is confirmed": func(s *stage, b *seat, at string, seed []byte) {
				b.presses(b.opens(at), "totp", "code="+codeOn(s, seed)).seen(s.t, `class="codes"`)
				b.opens(at).seen(s.t, `-<svg class="qr"`)
			},
			"five minutes pass": func(s *stage, _ *seat, _ string, _ []byte) { s.clock.Advance(5*time.Minute + time.Second) },
		} {
			t.Run(name+", "+then, func(t *testing.T) {
				t.Parallel()
				s := newStage(t, withoutLimits)
				b := s.visitor()
				at := begin(s, b)
				seed := seedOn(t, b.opens(at))
				s.equal("the key of a reloaded page", totp.Secret(seedOn(t, b.opens(at))), totp.Secret(seed))
				passes(s, b, at, seed)
				key := totp.Secret(seed)
				b.opens(at).seen(t, "-"+key, "-"+key[:4]+" "+key[4:8])
			})
		}
	}
}
