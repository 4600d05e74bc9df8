package authkit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// undo presses the link of a notice.
func (p *factored) undo(t *testing.T, notice mail.Message) {
	t.Helper()
	if !strings.Contains(notice.Text, "/auth/email/undo/") {
		t.Fatalf("got %q without a link that undoes it: %s", notice.Subject, notice.Text)
	}
	p.w.send("POST", p.w.in("/auth/email/undo/{app_id}"), byLink(notice, "")).want(t, 204, "")
}

// has compares the second factors that the user has.
func (p *factored) has(t *testing.T, want authkit.Factors) {
	t.Helper()
	user := p.w.userOf(p.email)
	list, err := p.w.engine.SecondFactors(t.Context(), authkit.UserRef{App: p.w.app.ID, ID: user.ID})
	if err != nil || user.Factors != want || (len(list.Methods) == 0) != (want == 0) || (list.RecoveryCodes > 0) != (want&authkit.FactorTOTP != 0) {
		t.Errorf("got the factors %v, %+v, %v; want %v", user.Factors, list, err, want)
	}
}

// notice is the mail about the factor that was added last.
func (p *factored) notice() mail.Message { p.w.t.Helper(); return p.w.mailTo(p.email) }

func TestTheUndoOfANewFactor(t *testing.T) {
	t.Parallel()
	const longAgo = 73 * time.Hour
	again := func(t *testing.T, p *factored) { // a later sign-in, with what the user has by then
		p.w.clock.Advance(longAgo)
		p.token = p.byPasskey(t).text(t, "token")
	}
	for name, c := range map[string]struct {
		adds func(t *testing.T, p *factored) (notice mail.Message)
		left authkit.Factors
	}{
		"takes a passkey back": {func(t *testing.T, p *factored) mail.Message {
			p.enrolPasskey(t)
			return p.notice()
		}, 0},
		"takes a TOTP back, with its recovery codes": {func(t *testing.T, p *factored) mail.Message {
			p.enrolTOTP(t)
			return p.notice()
		}, 0},
		"takes a passkey back that stands beside a TOTP of the same day, and that TOTP": {func(t *testing.T, p *factored) mail.Message {
			p.enrolTOTP(t)
			p.enrolPasskey(t)
			return p.notice()
		}, 0},
		"takes a TOTP back that a thief has added beside a passkey of the same day": {func(t *testing.T, p *factored) mail.Message {
			p.enrolPasskey(t)
			first := p.notice()
			p.enrolTOTP(t)
			return first
		}, 0},
		"takes a TOTP back that a thief has put in the place of another of the same day": {func(t *testing.T, p *factored) mail.Message {
			p.enrolTOTP(t)
			p.enrolTOTP(t)
			return p.notice()
		}, 0},
		"leaves a TOTP that was added beside an older passkey": {func(t *testing.T, p *factored) mail.Message {
			p.enrolPasskey(t)
			again(t, p)
			p.enrolTOTP(t)
			own := p.device
			p.enrolPasskey(t)
			p.device = own
			return p.notice()
		}, authkit.FactorTOTP | authkit.FactorPasskey},
		"leaves a TOTP that was put in the place of an older one": {func(t *testing.T, p *factored) mail.Message {
			p.enrolTOTP(t)
			p.enrolPasskey(t)
			again(t, p)
			p.enrolTOTP(t)
			p.enrolPasskey(t)
			return p.notice()
		}, authkit.FactorTOTP | authkit.FactorPasskey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, withoutLimits, withPasskeys)
			p := w.member(t, "ann@example.com")
			w.clock.Advance(time.Minute) // what came with the account stays
			notice := c.adds(t, p)
			p.undo(t, notice)
			p.has(t, c.left)
			w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(p.token)).want(t, 401, "invalid_token")
			p.first().want(t, 401, "invalid_credentials") // the password is void
			reset := w.mailTo(p.email)
			got := w.send("POST", w.in("/auth/password/reset/{app_id}"), byLink(reset, `,"password":"another good passphrase"`))
			if c.left == 0 {
				got.want(t, 200, "")
			} else {
				got.want(t, 401, "mfa_required")
			}
			w.send("POST", w.in("/auth/email/undo/{app_id}"), byLink(notice, "")).want(t, 401, "invalid_token")
		})
	}
}

// A link that says that it takes the TOTP back would not be true.
func TestANoticeHasALinkOnlyIfItUndoesTheChange(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	p := w.member(t, "ann@example.com")
	p.enrolPasskey(t)
	w.clock.Advance(73 * time.Hour)
	p.token = p.byPasskey(t).text(t, "token")
	p.enrolTOTP(t)
	if m := p.notice(); !strings.Contains(m.Subject, "authenticator app was added") || strings.Contains(m.Text, "/auth/email/undo/") || !strings.Contains(m.Text, "tell the people who run") {
		t.Errorf("got %q: %s, want a notice without a link", m.Subject, m.Text)
	}
}

func TestTheUndoOfAFactorTakesAThiefsIdentityToo(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	token, id := s.owner("ann@example.com")
	p := &factored{w: s.world, email: "ann@example.com", token: token}
	s.link(token, nil)
	p.enrolTOTP(t)
	notice := p.notice()
	s.clock.Advance(71 * time.Hour)
	p.undo(t, notice)
	p.has(t, 0)
	if left := s.providers(id); left != "" {
		t.Errorf("identities: got %q, want none", left)
	}
}

// The name of a passkey is a text of a request.
func TestOnlyAProvenAddressIsToldTheNameOfAPasskey(t *testing.T) {
	t.Parallel()
	const name = "The blue key"
	w := setup(t, withoutLimits, withPasskeys)
	w.mailsNoProof()
	for _, proven := range []bool{true, false} {
		p := &factored{w: w, email: "bob@example.com"}
		if proven {
			p.email = "ann@example.com"
			p.token = w.provenUser(p.email).text(t, "token")
		} else {
			p.token = w.signUp(p.email).text(t, "token")
		}
		added := p.enrolNamed(t, name)
		m := p.notice()
		if got := strings.Contains(m.Text, name) && strings.Contains(m.HTML, name); got != proven || !strings.Contains(m.Subject, "A passkey was added") {
			t.Errorf("proven: %v: got the name %v, in %s %s", proven, got, m.Subject, m.Text)
		}
		if got := strings.Contains(m.Text, "/auth/email/undo/"); got != proven {
			t.Errorf("proven: %v: got a link %v in %s", proven, got, m.Text)
		}
		w.send("DELETE", w.in("/auth/passkeys/{app_id}/"+added.text(t, "id")), "", bearer(p.token)).want(t, 204, "")
		m = p.notice()
		if got := strings.Contains(m.Text, name); got != proven || !strings.Contains(m.Subject, "A passkey was removed") {
			t.Errorf("proven: %v: got the name %v, in %s %s", proven, got, m.Subject, m.Text)
		}
	}
}

// A thief names a passkey, too, and a mail program turns what reads as an address into a link.
func TestAMailHasNoNameOfAPasskeyThatReadsAsAnAddress(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Not you? Go to evil.com", "https://evil.example/undo", "Call +1 202 555 0143", "mail help@evil.example"} {
		w := setup(t, withoutLimits, withPasskeys)
		w.mailsNoProof()
		p := &factored{w: w, email: "ann@example.com"}
		in := w.provenUser(p.email)
		p.token = in.text(t, "token")
		mailed := func(what string) {
			t.Helper()
			m := p.notice()
			if strings.Contains(m.Text+m.HTML, "evil.") || strings.Contains(m.Text, "202 555") || !strings.Contains(m.Subject+m.Text, what) || !strings.Contains(m.Text, "Passkey") {
				t.Errorf("%q: got %s %s, want %q without the name", name, m.Subject, m.Text, what)
			}
		}
		made := p.enrolNamed(t, name)
		if made.text(t, "name") != name {
			t.Errorf("got %s, want the name %q", made.Body, name)
		}
		mailed("A passkey was added")
		w.send("DELETE", w.in(passkeyList+"/"+made.text(t, "id")), "", bearer(p.token)).want(t, 204, "")
		mailed("A passkey was removed")
	}
}

func TestEveryMailAboutAFactorIsInTheLanguageOfItsCause(t *testing.T) {
	t.Parallel()
	const german = "Accept-Language: de"
	w := setup(t, withoutLimits)
	p := w.member(t, "ann@example.com")
	wants := func(subject string, texts ...string) {
		t.Helper()
		m := p.notice()
		for _, text := range texts {
			if !strings.Contains(m.Text, text) {
				t.Errorf("%s: got %s, want %q in it", m.Subject, m.Text, text)
			}
		}
		if m.Subject != subject {
			t.Errorf("got %q, want %q", m.Subject, subject)
		}
	}
	p.enrolTOTP(t)
	got := p.second(t, p.first(), p.recovery[0], "", german)
	got.want(t, 200, "")
	p.token = got.text(t, "token")
	wants("Bei Demo wurde ein Wiederherstellungscode verwendet", "ann@example.com: 9.")
	p.post("/auth/recovery-codes/{app_id}", `{}`, german).want(t, 201, "")
	wants("Sie haben neue Wiederherstellungscodes für Demo", "gelten nicht mehr")
	w.send("DELETE", w.in("/auth/totp/{app_id}"), "", bearer(p.token), german).want(t, 204, "")
	wants("Aus Ihrem Demo-Konto wurde die Authenticator-App entfernt")
	w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	p.first(german).want(t, 401, "mfa_enrollment_required")
	wants("Ihr Code für Demo", "Geben Sie diesen Code ein: ", "10 Minuten")
}
