package authkit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/mail"
)

// does posts a step of the account page, and returns the page to which it leads.
func (b *seat) does(page answer, do string, typed ...string) answer {
	b.s.t.Helper()
	got := b.presses(page, do, typed...)
	got.want(b.s.t, 303, "")
	return b.opens(got.leadsTo())
}

func TestTheAuthenticatorAppOnTheAccountPage(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	b := s.visitor()
	b.enters()
	page := b.opens(ownPage)
	page.seen(t, `<section id="factors"`, "Set up an authenticator app", "Not set up.")
	page = b.does(page, "totp-begin")
	page.seen(t, `<svg class="qr"`, "Scan the picture")
	seed := seedOn(t, page)
	b.presses(page, "totp", "code=000000").marked(t, 401, "totp-code", "The code is wrong")
	s.clock.Advance(6 * time.Minute)
	page = b.does(page, "totp", "code="+codeOn(s, seed))
	page.seen(t, "The last picture has expired.")
	press := b.filled(page, "totp", "code="+codeOn(s, seedOn(t, page)))
	seed = seedOn(t, page)
	got := s.do(press())
	got.seen(t, `class="codes"`)
	codes := codesOnPage.FindAllString(got.Body.String(), -1)
	s.equal("recovery codes", len(codes), 10)
	s.equal("the codes after a second press", fmt.Sprint(codesOnPage.FindAllString(s.do(press()).Body.String(), -1)), fmt.Sprint(codes))
	s.clock.Advance(time.Minute)
	page = b.opens(ownPage)
	page.seen(t, "You have 10 recovery codes left.", "Get new recovery codes", "-Confirm that it is you")

	page.seen(t, `<p class="hint">When you get new recovery codes, the old ones stop working.</p>`)

	s.clock.Advance(11 * time.Minute)
	page = b.opens(ownPage)
	page.seen(t, "Confirm that it is you", "your second factor", `-value="fresh-password"`, `-value="totp-remove"`)
	b.presses(page, "totp-remove").want(t, 403, "")
	b.presses(page, "fresh-factor", "code=000000").marked(t, 401, "fresh-factor-code", "The code is wrong")
	b.presses(page, "fresh-factor", "recovery=abc").marked(t, 401, "fresh-factor-recovery", "not an unused recovery code")
	page = b.does(page, "fresh-factor", "code="+codeOn(s, seed))
	page.seen(t, "Thank you.")
	renewed := b.presses(page, "recovery-codes")
	s.equal("new recovery codes", len(codesOnPage.FindAllString(renewed.Body.String(), -1)), 10)
	b.does(page, "totp-remove").seen(t, "The authenticator app is turned off.", "Not set up.")
}

func TestTheAccountPageListsASessionWithoutAnAddress(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	b := s.visitor()
	email := s.entersProven(b)
	s.clock.Advance(time.Hour)
	host := authkit.HostSignIn{App: s.app.ID, User: s.userOf(email).ID, Method: "hwk", Client: authkit.Client{Cookie: true}}
	for _, ip := range []string{"", "192.0.2.7"} {
		host.Client.IP = ip
		if _, err := s.engine.StartSession(t.Context(), host); err != nil {
			t.Fatal(err)
		}
	}
	at := "Last used " + s.clock.Now().UTC().Format("2006-01-02 15:04") + " UTC"
	b.opens(ownPage).seen(t, ">"+at+"<", ">"+at+", from 192.0.2.7<", "-from <")
}

func TestPasskeysOnTheAccountPage(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits, withPasskeys)
	b := s.visitor()
	b.enters()
	p := &factored{w: s.world, device: authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{})}
	page := b.opens(ownPage)
	page.seen(t, "Add a passkey", " data-create hidden>")
	bad := b.presses(page, "passkey-add", "state=AAAAAAAAAAAAAAAAAAAAAA", "credential={}")
	bad.want(t, 401, "")
	bad.seen(t, "The passkey was not accepted.")
	page = b.does(page, "passkey-add", b.ceremony(p, page)...)
	page.seen(t, "The passkey is added.", "Not used yet.")
	id := page.found(t, `name="passkey_id" value="([^"]*)"`)
	page = b.does(page, "passkey-rename", "passkey_id="+id, "name=My phone")
	page.seen(t, "The passkey has its new name.", `value="My phone"`)
	b.presses(page, "passkey-rename", "passkey_id="+id, "name=").want(t, 400, "")

	s.clock.Advance(11 * time.Minute)
	page = b.opens(ownPage)
	page.seen(t, "Confirm with a passkey", "-your second factor within the last ten minutes</p><form")
	page = b.does(page, "fresh-factor", b.ceremony(p, page)...)
	page.seen(t, "Thank you.")
	b.presses(page, "passkey-remove", "passkey_id=nothing").want(t, 404, "")
	b.does(page, "passkey-remove", "passkey_id="+id).seen(t, "The passkey is removed.", "-My phone")
}

// The person signs in at a shop of another domain, where the passkey works.
func TestThePagesSayWhereAPasskeyOfAnotherDomainWorks(t *testing.T) {
	t.Parallel()
	const words = "belongs to \u2068shop.example\u2069 and cannot be used on this page"
	s := newStage(t, withoutLimits, withPasskeys)
	p := s.member(t, s.email())
	p.from = "https://shop.example"
	s.settings(authkit.AppPatch{Origins: &[]string{p.from}, PasskeyRPID: new("shop.example"), SessionMode: new(authkit.SessionEither)})
	p.enrolPasskey(t)
	in := func() (*seat, answer) {
		b := s.visitor()
		return b, b.presses(b.opens(signInPage+"?session=cookie"), "password", "email="+p.email, "password="+password)
	}
	b, got := in()
	page := b.opens(got.leadsTo())
	page.seen(t, "Confirm that it is you", words, "-data-body", `-value="fresh-`, `-value="totp-begin"`)
	b.presses(page, "fresh-factor", "code=000000").want(t, 401, "")
	s.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	b, got = in()
	page = b.opens(got.leadsTo())
	page.seen(t, `class="second"`, words, "Start over", "-data-body")

	if err := s.engine.RemoveFactors(t.Context(), authkit.UserRef{App: s.app.ID, ID: s.userOf(p.email).ID}); err != nil {
		t.Fatal(err)
	}
	s.settings(authkit.AppPatch{MFA: new(authkit.MFAOptional)})
	b, got = in()
	b.opens(got.leadsTo()).seen(t, "-Confirm that it is you", `value="totp-begin"`)
}

func TestAnAppWithoutFactorsShowsNoneOnTheAccountPage(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	b := s.visitor()
	b.enters()
	s.settings(authkit.AppPatch{MFA: new(authkit.MFAOff)})
	page := b.opens(ownPage)
	page.seen(t, `-id="factors"`)
	b.presses(page, "totp-begin").want(t, 403, "")
}

// An app may begin to require a factor while a person without one is signed in. A proof by mail is a
// sign-in, which sets one up.
func TestAProofOnTheAccountPageSetsUpARequiredFactor(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	b := s.visitor()
	email := s.entersProven(b)
	s.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	s.clock.Advance(11 * time.Minute)
	page := b.does(b.opens(ownPage), "fresh-mail")
	page = b.does(page, "fresh-code", "code="+mail.Code(s.mail(email)))
	got := b.presses(page, "totp", "code="+codeOn(s, seedOn(t, page)))
	got.seen(t, `class="codes"`, `href="`+accountPage+s.app.ID.String()+`"`)
	b.opens(ownPage).seen(t, "You have 10 recovery codes left.", "-Confirm that it is you")
}

// entersProven signs in a browser to a new account with a proven address and a password.
func (s *stage) entersProven(b *seat) (email string) {
	s.t.Helper()
	email = s.email()
	s.member(s.t, email)
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	b.presses(b.opens(signInPage), "password", "email="+email, "password="+password).want(s.t, 303, "")
	return email
}

// The session goes on: what it began and what it is told apart by stays.
func TestAProofByPasswordOnTheAccountPageIsOfTheSameSession(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	b := s.visitor()
	email := s.entersProven(b)
	user := authkit.UserRef{App: s.app.ID, ID: s.userOf(email).ID}
	before, err := s.engine.Sessions(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(11 * time.Minute)
	page := b.opens(ownPage)
	b.presses(page, "fresh-password", "password=wrong").marked(t, 401, "fresh-password-password", "The password is wrong")
	press := b.filled(page, "fresh-password", "password="+password)
	for range 2 {
		got := s.do(press())
		got.want(t, 303, "")
		if cookies := got.Header()["Set-Cookie"]; len(cookies) > 0 {
			t.Errorf("got the cookies %q, want none", cookies)
		}
		b.opens(got.leadsTo()).seen(t, "Thank you.", "-Confirm that it is you")
	}
	after, err := s.engine.Sessions(t.Context(), user)
	if err != nil || len(after) != len(before) || after[0].ID != before[0].ID {
		t.Errorf("got the sessions %v, %v, want %v", after, err, before)
	}
}
