package authkit

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit/internal/pages"
)

// secondStep is the step of a flow in which a second factor is awaited. The address of the sign-in page
// holds it, sealed for this browser.
type secondStep struct {
	Token    string   `json:"token"` // SecondFactorDue.Token
	Methods  []string `json:"methods"`
	Password bool     `json:"password,omitempty"` // the flow also sets a new password
	TOTP     *totpKey `json:"totp,omitempty"`     // of the enrolment of a TOTP
}

// takes reports whether the step takes a second factor by a method.
func (s secondStep) takes(method string) bool { return slices.Contains(s.Methods, method) }

// goToSecond goes on to the step of the sign-in page that asks for the second factor which a sign-in
// waits for. It is the one place for every flow of a browser, whatever its first factor was.
func goToSecond(c person, refused *Error) error {
	due, query := refused.Second, url.Values{}
	switch path := c.r.URL.Path; {
	case strings.HasPrefix(path, "/auth/sign-in/"), strings.HasPrefix(path, "/auth/sign-up/"):
		query = carriedOn(c.r.URL.Query())
	case strings.HasPrefix(path, "/auth/account/"):
		query.Set("next", nextAccount)
	}
	flow := signInFlow{query: query}
	if due.Flow.RedirectTo != "" {
		query.Set("redirect_to", due.Flow.RedirectTo)
		query.Del("code_challenge")
		if due.Flow.CodeChallenge != "" {
			query.Set("code_challenge", due.Flow.CodeChallenge)
		}
	}
	if c.app.Settings.SessionMode == SessionEither && due.Flow.Cookie {
		query.Set("session", "cookie")
	}
	if c.browser.next != nil { // the token is bound to the secret that the browser has after a sign-up
		c.browser.keepBinding(*c.browser.next)
	}
	step := secondStep{Token: due.Token, Methods: due.Methods, Password: due.Flow.NewPassword}
	if refused.Code == CodeMFAEnrollmentRequired && !step.takes(methodEmailCode) {
		var err error
		if step.TOTP, err = newTOTPKey(c, step.owner(c)); err != nil {
			return err
		}
	}
	return c.redirect(http.StatusSeeOther, flow.url(c, "sign-in", "flow", c.states().seal("second", step)))
}

// carriedOn are the parameters of a flow that its URLs carry on.
func carriedOn(values url.Values) url.Values {
	out := url.Values{}
	for _, name := range carried {
		if values.Has(name) {
			out.Set(name, values.Get(name))
		}
	}
	return out
}

// second opens a step in which a second factor is awaited; nil: it is not this browser's, or it is no
// such step.
func (s pageStates) second(text string) *secondStep {
	var step secondStep
	if !s.open("second", text, &step) {
		return nil
	}
	return &step
}

// openSecond shows the step in which a second factor is awaited or, once nothing waits for it, where a
// sign-in starts over: the history of the browser has its address.
func openSecond(c person, flow signInFlow) error {
	waits, err := awaits(c, mfaKind, flow.second.Token)
	switch {
	case err != nil:
		return err
	case !waits:
		return showOver(c, flow, http.StatusOK, nil)
	}
	return showSecond(c, flow, http.StatusOK, nil)
}

// awaits reports whether a token of this browser can still be spent.
func awaits(c person, kind TokenKind, text string) (bool, error) {
	take, err := asker{browser: c.browser.secret()}.take(c.app, kind, text)
	if err != nil {
		return false, nil //nolint:nilerr // it is no token of this browser
	}
	_, ok, err := c.e.tokens.peek(c.ctx(), c.app.ID, take)
	return ok, err
}

// showSecond shows the step in which a second factor is awaited.
func showSecond(c person, flow signInFlow, status int, refused *Error) error {
	if flow.second.TOTP != nil {
		return showEnrolment(c, flow, status, refused)
	}
	p, step := c.view(), flow.second
	forms := offering(c, c.forms(c.browser.bind(), flow.query, c.told(p, refused)))
	page := pages.Second{
		Forms: forms, Mailed: step.takes(methodEmailCode), TOTP: step.takes(methodTOTP), Recovery: step.takes(methodRecovery),
		Remember: c.app.Settings.MFARememberDays, OverURL: flow.start(c),
	}
	switch {
	case !step.takes(methodPasskey):
	case c.e.HasPasskeys(c.app):
		page.Passkey = passkeyShown(c)
	case !page.TOTP:
		page.Elsewhere = passkeyDomain(c)
	}
	return c.show(status, page.View(p))
}

// passkeyShown is the ceremony in which a passkey is shown.
func passkeyShown(c person) *pages.Ceremony {
	return &pages.Ceremony{Begin: c.pagePath("passkey/begin"), Body: "{}"}
}

// passkeyDomain is the domain of the app's passkeys.
func passkeyDomain(c person) string { return cmp.Or(c.app.Settings.PasskeyRPID, c.e.http.origin) }

// pressSecond shows a second factor for the sign-in that waits.
func pressSecond(c person, flow signInFlow, form pageForm) error {
	if flow.second == nil {
		return overdue()
	}
	in := SecondFactor{
		App: c.app.ID, Token: flow.second.Token, Browser: form.browser, Code: typedCode(form), Remember: form.Get("remember") != "",
		Device: c.browser.device(), Client: c.client, form: form.Get("form_token"), stale: form.stale,
	}
	if credential := form.Get("credential"); credential != "" {
		in.Code, in.State, in.Credential = "", form.Get("state"), json.RawMessage(credential)
	}
	got, err := c.e.PressSecondFactor(c.ctx(), in)
	switch {
	case err != nil:
		return secondRefusal(err, form)
	case flow.second.Password:
		return c.landReset(got)
	}
	return landFrom(c, got, form)
}

// typedCode is the code of an authenticator app, which people type with spaces, or a recovery code.
func typedCode(form pageForm) string {
	if recovery := form.Get("recovery"); recovery != "" {
		return recovery
	}
	code := form.Get("code")
	if only := digits(code); len(only) == 6 {
		return only
	}
	return code
}

// overdue refuses a second factor that no sign-in waits for any more.
func overdue() *Error {
	refused := invalidToken("no sign-in of this browser waits for a second factor").with(ReasonSpent)
	refused.page.text = "second.expired"
	return refused
}

// secondRefusal names the field that the refusal of a second factor is about. A refusal that no other
// code can mend has no field.
func secondRefusal(err error, form pageForm) error {
	refused := refusalOf(err)
	if refused.Second != nil {
		return err
	}
	named, field, malformed := *refused, "code", faultCodeForm
	if form.Get("recovery") != "" {
		field, malformed = "recovery", faultRecoveryForm
	}
	switch {
	case form.Get("credential") != "" && (refused.Code == CodeInvalidCredentials || refused.Code == CodeInvalidToken):
		named.Fields = []FieldError{{Field: "", Code: faultPasskey}}
	case refused.Code != CodeInvalidToken:
		return err
	case refused.Reason == ReasonWrongCode && refused.TriesLeft > 0:
		named.Fields = []FieldError{{Field: field, Code: faultWrongCode}}
	case refused.Reason == ReasonMalformed, refused.Reason == ReasonWrongKind:
		named.Fields = []FieldError{{Field: field, Code: malformed}}
	default:
		named.page.text = "second.expired"
	}
	return &named
}

// The faults of a second factor, whose texts are those of the pages.
const (
	faultCodeForm     = "code_form"
	faultRecoveryForm = "recovery_form"
	faultPasskey      = "passkey_failed"
)

// pressPasskey signs in with a passkey.
func pressPasskey(c person, flow signInFlow, form pageForm) error {
	got, err := c.e.PressPasskey(c.ctx(), PasskeyPress{
		PasskeySignIn: PasskeySignIn{
			App: c.app.ID, State: form.Get("state"), Browser: form.browser, Credential: json.RawMessage(form.Get("credential")), Client: c.client,
		},
		RedirectTo: flow.redirectTo, CodeChallenge: flow.challenge, form: form.Get("form_token"), stale: form.stale,
	})
	if errors.Is(err, CodeInvalidCredentials) {
		named := *refusalOf(err)
		named.Fields = []FieldError{{Code: faultPasskey}}
		return &named
	}
	if err != nil {
		return err
	}
	return c.land(got)
}
