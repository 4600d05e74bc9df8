package authkit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// inHand is a proof that was asked for: what the asker and the mail hold.
type inHand struct {
	binding string
	m       mail.Message
}

// mailsProof asks for a proof, from an address that no other request comes from.
func (w *world) mailsProof(path, body string, headers ...string) inHand {
	w.t.Helper()
	w.tries++
	before := len(w.outbox.Messages())
	got := w.from(fmt.Sprintf("198.51.%d.%d:1", w.tries/250, w.tries%250)).send("POST", w.in(path), body, headers...)
	got.want(w.t, 202, "")
	w.runOnce()
	sent := w.outbox.Messages()
	if len(sent) == before {
		w.t.Fatalf("%s: got no mail", path)
	}
	return inHand{got.text(w.t, "binding"), sent[len(sent)-1]}
}

// byCodeOf redeems a proof by a code.
func (w *world) byCodeOf(path string, a inHand, code, more string, headers ...string) answer {
	w.t.Helper()
	w.tries++
	return w.from(fmt.Sprintf("198.51.%d.%d:1", w.tries/250, w.tries%250)).send("POST", w.in(path),
		fmt.Sprintf(`{"email":"ann@example.com","code":%q,"binding":%q%s}`, code, a.binding, more), headers...)
}

// classes are three who ask for a proof of one address: a stranger, a known device, and the
// account's own session.
type classes struct {
	*world

	device, token string
}

func threeClasses(t *testing.T, store authkit.Store, change ...func(*authkit.Config)) classes {
	t.Helper()
	w := setup(t, append(change, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })...)
	in := w.proven("ann@example.com")
	return classes{w, w.deviceOf(in), in.text(t, "token")}
}

const (
	askLink, redeemAt  = "/auth/magic-link/{app_id}", "/auth/verify/{app_id}"
	askReset, resetAt  = "/auth/password/forgot/{app_id}", "/auth/password/reset/{app_id}"
	askVerify, proveAt = "/auth/email/send/{app_id}", "/auth/email/verify/{app_id}"
	annBody            = `{"email":"ann@example.com"}`
	withNewPassword    = `,"password":"` + newPassword + `"`
)

func TestStrangersDisplaceNoAttemptOfAKnownDevice(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		w := threeClasses(t, store, muchMail)
		for _, c := range []struct{ name, ask, redeem, more string }{
			{"a sign-in link", askLink, redeemAt, ""},
			{"a password reset", askReset, resetAt, withNewPassword},
		} {
			mine := w.mailsProof(c.ask, annBody, w.device)
			for range 8 {
				w.mailsProof(c.ask, annBody)
			}
			if got := w.byCodeOf(c.redeem, mine, mail.Code(mine.m), c.more); got.Code != 200 {
				t.Errorf("%s: got %d %s, want 200", c.name, got.Code, got.Body)
			}
		}
	})
}

// Redeeming one attempt drops all others, no matter who asked for them.
func TestARedeemedAttemptDropsThoseOfEveryClass(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		w := threeClasses(t, store, muchMail)
		strange, mine, other := w.mailsProof(askLink, annBody), w.mailsProof(askLink, annBody, w.device), w.mailsProof(askLink, annBody, w.device)
		w.byCodeOf(redeemAt, mine, mail.Code(mine.m), "").want(t, 200, "")
		for _, dead := range []inHand{strange, mine, other} {
			w.verify(`{"token":"`+linkToken(dead.m)+`"}`).want(t, 401, "invalid_token")
		}
	})
}

func TestStrangersUseUpNoCodesOfOthers(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		w := threeClasses(t, store)
		for range 4 {
			strange := w.mailsProof(askLink, annBody)
			for range 5 {
				w.byCodeOf(redeemAt, strange, wrongCode(mail.Code(strange.m)), "").want(t, 401, "invalid_token")
			}
			w.clock.Advance(13 * time.Minute) // for the limit of mail
		}
		strange := w.mailsProof(askLink, annBody)
		w.byCodeOf(redeemAt, strange, mail.Code(strange.m), "").want(t, 401, "invalid_token")

		in := w.try(w.app.ID.String(), "ann@example.com", password, w.device)
		own := w.mailsProof(askVerify, "{}", bearer(in.text(t, "token")))
		w.byCodeOf(proveAt, own, mail.Code(own.m), "").want(t, 200, "")
		mine := w.mailsProof(askLink, annBody, w.device)
		w.byCodeOf(redeemAt, mine, mail.Code(mine.m), "").want(t, 200, "")
		w.clock.Advance(13 * time.Minute)
		reset := w.mailsProof(askReset, annBody, w.device)
		w.byCodeOf(resetAt, reset, mail.Code(reset.m), withNewPassword).want(t, 200, "")
	})
}

// A known device may try twenty wrong codes a day, like a stranger. Its tries do not reduce
// those of the account's session.
func TestAKnownDeviceHasTwentyWrongCodesOfItsOwn(t *testing.T) {
	t.Parallel()
	w := threeClasses(t, memory.New(), muchMail)
	for range 4 {
		mine := w.mailsProof(askLink, annBody, w.device)
		for range 5 {
			w.byCodeOf(redeemAt, mine, wrongCode(mail.Code(mine.m)), "").want(t, 401, "invalid_token")
		}
	}
	mine := w.mailsProof(askLink, annBody, w.device)
	w.byCodeOf(redeemAt, mine, mail.Code(mine.m), "").want(t, 401, "invalid_token")
	strange := w.mailsProof(askLink, annBody)
	w.byCodeOf(redeemAt, strange, wrongCode(mail.Code(strange.m)), "").want(t, 401, "invalid_token")
	own := w.mailsProof(askVerify, "{}", bearer(w.token))
	w.byCodeOf(proveAt, own, mail.Code(own.m), "").want(t, 200, "")
	w.byCodeOf(redeemAt, strange, mail.Code(strange.m), "").want(t, 200, "")
}

// The tries of another account's session do not reduce those of the account that has the
// address.
func TestAnotherAccountsChangeUsesUpNoCodes(t *testing.T) {
	t.Parallel()
	w := threeClasses(t, memory.New(), muchMail)
	eve := w.signUp("eve@example.com").text(t, "token")
	for range 4 {
		change := w.mailsProof("/auth/email/change/{app_id}", `{"new_email":"ann@example.com"}`, bearer(eve))
		for range 5 {
			w.send("POST", w.in("/auth/email/confirm/{app_id}"), fmt.Sprintf(`{"code":%q,"binding":%q}`, "000000", change.binding), bearer(eve)).want(t, 401, "invalid_token")
		}
		w.clock.Advance(time.Minute)
	}
	own := w.mailsProof(askVerify, "{}", bearer(w.token))
	w.byCodeOf(proveAt, own, mail.Code(own.m), "").want(t, 200, "")
}

// muchMail is for tests that ask often, from known devices. Without limits no device is known.
func muchMail(c *authkit.Config) { c.Limits.Mail = "1000/m/email" }

// The limit of twenty wrong codes a day belongs to the address, not to the account. A new
// account gets no new codes, and many accounts get no more.
func TestNewAccountsHaveNoNewCodes(t *testing.T) {
	t.Parallel()
	t.Run("one after the other at the address", func(t *testing.T) {
		t.Parallel()
		w := setup(t, muchMail)
		guesses := 0
		for range 4 {
			eve := w.signUp("ann@example.com").text(t, "token")
			for range 5 {
				own := w.mailsProof(askVerify, "{}", bearer(eve))
				for range 4 {
					w.byCodeOf(proveAt, own, wrongCode(mail.Code(own.m)), "").want(t, 401, "invalid_token")
				}
				if w.byCodeOf(proveAt, own, mail.Code(own.m), "").Code == 200 {
					guesses += 5
				} else {
					break
				}
			}
			w.send("DELETE", w.in("/auth/me/{app_id}"), "", bearer(eve)).want(t, 204, "")
		}
		if guesses != 20 {
			t.Errorf("tries in attempts that a right code ended: got %d, want 20", guesses)
		}
	})
	t.Run("many that move to the address", func(t *testing.T) {
		t.Parallel()
		w := setup(t, muchMail)
		w.mailsNoProof()
		moved := 0
		for i := range 10 {
			eve := w.signUp(w.nth(i)).text(t, "token")
			change := w.mailsProof("/auth/email/change/{app_id}", `{"new_email":"ann@example.com"}`, bearer(eve))
			confirm := func(code string) answer {
				return w.from(person(i)+":1").send("POST", w.in("/auth/email/confirm/{app_id}"), fmt.Sprintf(`{"code":%q,"binding":%q}`, code, change.binding), bearer(eve))
			}
			for range 4 {
				confirm(wrongCode(mail.Code(change.m))).want(t, 401, "invalid_token")
			}
			if confirm(mail.Code(change.m)).Code == 200 {
				moved++
				w.send("DELETE", w.in("/auth/me/{app_id}"), "", bearer(eve)).want(t, 204, "")
			}
		}
		if moved != 4 {
			t.Errorf("accounts that moved after four wrong codes each: got %d, want 4", moved)
		}
	})
}
