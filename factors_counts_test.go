package authkit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// withoutRates lets through any number of tries at passwords and mails; the tries at second factors keep
// their limits.
func withoutRates(c *authkit.Config) {
	c.Limits.Credentials, c.Limits.Mail = "100000/m/ip, 100000/m/email", "100000/h/ip, 100000/h/email"
	c.Limits.OAuth = "100000/m/ip"
}

func TestRightCodesCountForNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutRates, withPasskeys)
	p := w.member(t, "ann@example.com")
	p.enrolTOTP(t)
	signIn := func(code string) answer { return p.second(t, p.first(), code, "") }
	t.Run("though another TOTP takes the place of theirs", func(t *testing.T) {
		for range 21 {
			got := signIn(p.code())
			got.want(t, 200, "")
			p.token = got.text(t, "token")
			w.clock.Advance(30 * time.Second)
		}
		p.enrolTOTP(t)
		signIn(p.code()).want(t, 200, "")
		w.clock.Advance(30 * time.Second)
	})
	t.Run("though new recovery codes take the place of theirs", func(t *testing.T) {
		for _, code := range p.recovery {
			got := signIn(code)
			got.want(t, 200, "")
			p.token = got.text(t, "token")
		}
		renewed := p.post("/auth/recovery-codes/{app_id}", `{}`)
		renewed.want(t, 201, "")
		signIn(renewed.body["recovery_codes"].([]any)[0].(string)).want(t, 200, "")
	})
	t.Run("and a TOTP that is replaced over and over gives a guesser no more tries", func(t *testing.T) {
		w.clock.Advance(24 * time.Hour)
		p.token = signIn(p.code()).text(t, "token")
		stepUp := func(code string) answer { return p.post("/auth/step-up/{app_id}", fmt.Sprintf(`{"code":%q}`, code)) }
		for range 3 {
			w.clock.Advance(30 * time.Second)
			p.enrolTOTP(t)
		}
		for range 20 {
			stepUp("000000").want(t, 401, "invalid_token")
		}
		stepUp(p.code()).want(t, 429, "rate_limited")
	})
}

// A stranger who has the password takes the tries of strangers at the mailed code, not those of the
// owner's device.
func TestTheMailedCodeIsGuessedFewTimes(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutRates)
	p := w.member(t, "ann@example.com")
	device := w.deviceOf(p.first())
	w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	guess := func(headers ...string) answer {
		due := p.first(headers...)
		due.want(t, 401, "mfa_enrollment_required")
		return w.send("POST", w.in("/auth/mfa/{app_id}"), fmt.Sprintf(`{"mfa_token":%q,"binding":%q,"code":"abcdef"}`, due.text(t, "mfa_token"), due.text(t, "binding")), headers...)
	}
	for range 20 {
		guess().want(t, 401, "invalid_token")
	}
	guess().want(t, 429, "rate_limited")
	guess(device).want(t, 401, "invalid_token")
}

// Each set costs ten password hashes.
func TestNewRecoveryCodesAreLimited(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.member(t, "ann@example.com")
	p.enrolTOTP(t)
	made := 0
	for range 21 {
		if p.post("/auth/recovery-codes/{app_id}", `{}`).Code == 201 {
			made++
		}
	}
	if made > 20 || made < 15 {
		t.Errorf("got %d sets in a minute, want what a peer may try proofs", made)
	}
}

// Each use of a passkey is counted for the peer, right or not: it costs a signature and a write.
func TestThePeerOfAPasskeyIsCounted(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(t *testing.T, p *factored, i int) answer{
		"a sign-in": func(t *testing.T, p *factored, _ int) answer { t.Helper(); return p.byPasskey(t) },
		"a second factor": func(t *testing.T, p *factored, i int) answer {
			t.Helper()
			due := p.w.from(fmt.Sprintf("198.51.100.%d:1", i)).send("POST", "/auth/credentials/"+p.w.app.ID.String(), signInBody(p.email, password, "sign_in"))
			due.want(t, 401, "mfa_required")
			return p.w.send("POST", p.w.in(secondFactor), fmt.Sprintf(`{"mfa_token":%q,%s}`, due.text(t, "mfa_token"), p.shows(t, due.text(t, "binding"))))
		},
		"a step-up": func(t *testing.T, p *factored, _ int) answer {
			t.Helper()
			return p.post("/auth/step-up/{app_id}", "{"+p.shows(t, "")+"}")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, withPasskeys, func(c *authkit.Config) {
				c.Limits.Credentials, c.Limits.OAuth = "20/m/ip, 100000/m/email", "100000/m/ip"
			})
			p := w.member(t, "ann@example.com")
			p.enrolPasskey(t)
			w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
			w.clock.Advance(5 * time.Minute)
			for i := range 21 {
				if got := use(t, p, i); got.Code == 429 {
					if i < 15 {
						t.Errorf("got %d %s at use %d, want it taken", got.Code, got.Body, i)
					}
					return
				}
			}
			t.Error("got no use refused, want the limit of the peer")
		})
	}
}

// Three classes of clients have tries of their own. A thief who has the password is a stranger, also with a
// device that was known before the user had a second factor.
func TestAThiefTakesTheTriesOfStrangersAlone(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutRates)
	p := w.member(t, "ann@example.com")
	thief := w.deviceOf(p.first())
	p.enrolTOTP(t)
	mine := p.second(t, p.first(), p.code(), "")
	mine.want(t, 200, "")
	owner := w.deviceOf(mine)
	w.clock.Advance(30 * time.Second)
	tries := func(n int, codes ...string) {
		for i := range n {
			got := p.second(t, p.first(), codes[i%len(codes)], "", []string{thief, "X-Nothing: x"}[i%2])
			got.want(t, 401, "invalid_token")
		}
	}
	tries(20, "000000")
	tries(10, "00000-00000-00000", "OOOOO OOOOO ooooo", "000000000000000", "iIlL1 11111 11111")
	for name, device := range map[string]string{"the thief's device": thief, "a stranger": "X-Nothing: x"} {
		if got := p.second(t, p.first(), p.code(), "", device); got.Code != 429 {
			t.Errorf("%s: got %d, want 429", name, got.Code)
		}
	}
	for _, code := range []string{"OOOOO-ooooo-00000", "iIlL1 11111 11111", "000000000000000"} {
		if got := p.second(t, p.first(), code, ""); got.Code != 429 {
			t.Errorf("%s: got %d, want 429: each way to write a recovery code counts", code, got.Code)
		}
	}
	p.second(t, p.first(), p.code(), "", owner).want(t, 200, "")
	w.clock.Advance(30 * time.Second)
	p.post("/auth/step-up/{app_id}", fmt.Sprintf(`{"code":%q}`, p.code())).want(t, 200, "")
	p.post("/auth/step-up/{app_id}", fmt.Sprintf(`{"code":%q}`, p.recovery[0])).want(t, 200, "")
}

// A stranger may have taken the address: what the account does floods it no more than any other mail.
func TestUsedRecoveryCodesDoNotFloodAnUnprovenAddress(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := &factored{w: w, email: "ann@example.com"}
	p.token = w.signUp(p.email).text(t, "token")
	p.enrolTOTP(t)
	for i, code := range p.recovery {
		w.from(person(i)).send("POST", w.in(stepUp), fmt.Sprintf(`{"code":%q}`, code), bearer(p.token)).want(t, 200, "")
	}
	w.runOnce()
	if got := len(w.outbox.Messages()); got != 5 {
		t.Errorf("got %d mails, want 5 in an hour", got)
	}
}

// betweenTries is a store in which something happens once while an attempt on a token is counted.
type betweenTries struct {
	authkit.Store

	happens func()
}

func (m *betweenTries) TryToken(ctx context.Context, app uuid.UUID, t authkit.Try, now time.Time) (authkit.Tried, error) {
	if happens := m.happens; happens != nil {
		m.happens = nil
		happens()
	}
	return m.Store.TryToken(ctx, app, t, now)
}

// A right code takes a try of the day while it is checked, and gives it back: a process does not remember that
// the day had none left.
func TestARightMailedCodeGivesItsTryBack(t *testing.T) {
	t.Parallel()
	store := &betweenTries{Store: memory.New()}
	w := setup(t, withoutRates, func(c *authkit.Config) { c.Store = store })
	p := w.member(t, "ann@example.com")
	w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	begins := func() (shows func(code string) answer, code string) {
		due := p.first()
		return func(code string) answer {
			return w.send("POST", w.in(secondFactor), fmt.Sprintf(`{"mfa_token":%q,"binding":%q,"code":%q}`, due.text(t, "mfa_token"), due.text(t, "binding"), code))
		}, mail.Code(p.notice())
	}
	first, firstCode := begins()
	other, otherCode := begins()
	for range 19 {
		wrong, _ := begins()
		wrong("abcdef").want(t, 401, "invalid_token")
	}
	store.happens = func() { other(otherCode).want(t, 429, "rate_limited") } // the first code takes the last try
	first(firstCode).want(t, 401, "mfa_enrollment_required")
	other(otherCode).want(t, 401, "mfa_enrollment_required")
}
