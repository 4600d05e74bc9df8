package authkit_test

import (
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/mail"
)

// The history of a browser has the address of the page with the QR code. It shows the key no longer than the
// key can be confirmed: a person who comes to an unlocked browser must not copy a second factor.
func TestTheKeyOfATOTPIsShownUntilItIsConfirmed(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(s *stage, b *seat) (at string){
		"on the account page": func(s *stage, b *seat) string {
			b.enters()
			return b.presses(b.opens(ownPage), "totp-begin").leadsTo()
		},
		"during the sign-in": func(s *stage, b *seat) string {
			p := s.member(s.t, s.email())
			s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie), MFA: new(authkit.MFARequired)})
			return b.presses(p.signsIn(b, ""), "second", "code="+mail.Code(s.mail(p.email))).leadsTo()
		},
	} {
		for then, passes := range map[string]func(s *stage, b *seat, page answer, seed []byte){
			"it is confirmed": func(s *stage, b *seat, page answer, seed []byte) {
				b.presses(page, "totp", "code="+codeOn(s, seed)).seen(s.t, `class="codes"`)
			},
			"five minutes pass": func(s *stage, _ *seat, _ answer, _ []byte) { s.clock.Advance(5*time.Minute + time.Second) },
		} {
			t.Run(name+", "+then, func(t *testing.T) {
				t.Parallel()
				s := newStage(t, withoutLimits)
				b := s.visitor()
				at := begin(s, b)
				page := b.opens(at)
				seed := seedOn(t, page)
				s.equal("the key of a reloaded page", totp.Secret(seedOn(t, b.opens(at))), totp.Secret(seed))
				passes(s, b, page, seed)
				key := totp.Secret(seed)
				b.opens(at).seen(t, `-<svg class="qr"`, "-"+key, "-"+key[:4]+" "+key[4:8])
			})
		}
	}
}
