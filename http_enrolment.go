package authkit

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit/internal/pages"
	"github.com/authkit-dev/authkit/internal/totp"
)

// totpKey is a TOTP that waits for its first code. The address of a page holds it, sealed for the
// browser.
type totpKey struct {
	State  string `json:"state"` // Ceremony.State
	Secret string `json:"secret"`
	URI    string `json:"uri"`
	Again  bool   `json:"again,omitempty"` // it is in the place of one that has expired
}

// newTOTPKey begins the enrolment of a TOTP.
func newTOTPKey(c person, owner FactorOwner) (*totpKey, error) {
	got, err := c.e.BeginTOTP(c.ctx(), owner)
	if err != nil {
		return nil, err
	}
	return &totpKey{State: got.State, Secret: got.Secret, URI: got.URI}, nil
}

// owner is whom a new factor is for that the sign-in waits for.
func (s secondStep) owner(c person) FactorOwner {
	return FactorOwner{App: c.app.ID, Token: s.Token, Browser: c.browser.secret(), Client: c.client}
}

// waits reports whether the key can still be confirmed. After that no page shows it: the history of the
// browser has the address, and a live TOTP must not be copied from it.
func (k totpKey) waits(c person) (bool, error) { return awaits(c, newTOTPKind, k.State) }

// picture returns the key as a page shows it.
func (k totpKey) picture(p pages.Page) (*pages.QR, pages.Fact, error) {
	path, size, err := totp.Path(k.URI)
	if err != nil {
		return nil, pages.Fact{}, &Error{Code: CodeInternal, Detail: "the QR code could not be drawn", Err: err}
	}
	var groups []string
	for group := range slices.Chunk([]byte(k.Secret), 4) {
		groups = append(groups, string(group))
	}
	return &pages.QR{Path: path, Size: size, Label: p.T("enrol.qr")}, pages.Fact{Name: p.T("enrol.secret"), Value: strings.Join(groups, " ")}, nil
}

// showEnrolment shows the step in which a sign-in waits for the enrolment of a factor.
func showEnrolment(c person, flow signInFlow, status int, refused *Error) error {
	switch waits, err := flow.second.TOTP.waits(c); {
	case err != nil:
		return err
	case !waits && refused != nil:
		return showOver(c, flow, status, refused)
	case !waits: // the sign-in outlives the key
		if flow, err = renewKey(c, flow); err != nil {
			return err
		}
	}
	p, step := c.view(), flow.second
	picture, secret, err := step.TOTP.picture(p)
	if err != nil {
		return err
	}
	page := pages.Enrol{Forms: c.forms(c.browser.bind(), flow.query, c.told(p, refused)), QR: picture, Secret: secret, Again: step.TOTP.Again, OverURL: flow.start(c)}
	if step.takes(methodPasskey) && c.e.HasPasskeys(c.app) {
		page.Passkey = &pages.Ceremony{Begin: c.pagePath("passkeys/begin"), Body: string(plainJSON(map[string]string{"mfa_token": step.Token})), Create: true}
	}
	return c.show(status, page.View(p))
}

// showOver shows where a sign-in starts over, or who is signed in.
func showOver(c person, flow signInFlow, status int, refused *Error) error {
	flow.query.Del("flow")
	if known, err := c.known(flow); known || err != nil {
		return err
	}
	return c.showSignIn(flow, status, flow.hint, refused)
}

// pressEnrolment adds the factor that a sign-in waits for.
func pressEnrolment(c person, flow signInFlow, form pageForm) error {
	if flow.second == nil || flow.second.TOTP == nil {
		return overdue()
	}
	in := FactorPress{FactorOwner: flow.second.owner(c), form: form.Get("form_token"), stale: form.stale}
	if form.Get("do") == stepNewKey {
		in.State, in.Credential = form.Get("state"), []byte(form.Get("credential"))
	} else {
		in.State, in.Code = flow.second.TOTP.State, digits(form.Get("code"))
	}
	got, err := c.e.PressFactor(c.ctx(), in)
	switch {
	case errors.Is(err, CodeInvalidToken) && in.Credential == nil && refusalOf(err).Reason != ReasonWrongCode:
		if flow, err = renewKey(c, flow); err != nil {
			return err
		}
		return c.redirect(http.StatusSeeOther, flow.url(c, "sign-in", "flow", flow.query.Get("flow")))
	case err != nil:
		return enrolmentRefusal(err, form)
	case len(got.RecoveryCodes) > 0:
		return showCodes(c, got, flow.second.Password)
	}
	return c.land(got)
}

// renewKey is the flow with another key of a TOTP, since the last one has expired.
func renewKey(c person, flow signInFlow) (signInFlow, error) {
	step := *flow.second
	var err error
	switch step.TOTP, err = newTOTPKey(c, step.owner(c)); {
	case errors.Is(err, CodeInvalidToken):
		return flow, overdue()
	case err != nil:
		return flow, err
	}
	step.TOTP.Again = true
	flow.second = &step
	flow.query.Set("flow", c.states().seal("second", step))
	return flow, nil
}

// enrolmentRefusal names the field that the refusal of a new factor is about.
func enrolmentRefusal(err error, form pageForm) error {
	named := *refusalOf(err)
	switch {
	case form.Get("credential") != "" && (named.Code == CodeInvalidCredentials || named.Code == CodeInvalidToken):
		named.Fields = []FieldError{{Code: faultPasskey}}
	case named.Code == CodeInvalidToken:
		named.Fields = []FieldError{{Field: "code", Code: faultCodeForm}}
	default:
		return err
	}
	return &named
}

// showCodes shows new recovery codes, and the way on to where the flow leads.
func showCodes(c person, got Landing, newPassword bool) error {
	p := c.view()
	texts := []string{p.T("codes.text")}
	if newPassword {
		texts = append(texts, p.T("reset.saved"))
	}
	if gone := got.SignIn.Reset; gone != nil && (gone.Password || gone.Name) {
		texts = append(texts, hasLost.text(p, gone.Password, gone.Name))
	}
	said := pages.Notice{Title: p.T("codes.title"), Text: strings.Join(texts, " "), Codes: pages.NewCodes(p, got.RecoveryCodes)}
	if got.Onward != "" {
		form := pages.Onwards(p, c.signInForms(), got.Onward)
		said.Form = &form
		return c.show(http.StatusOK, said.View(p))
	}
	return c.pause(got, said)
}

// pressOnward goes on to where the flow leads, now that the recovery codes were read.
func pressOnward(c person, form pageForm) error {
	got, err := c.e.PressOnward(c.ctx(), PagePress{App: c.app.ID, Token: form.Get("token"), Browser: form.browser, Client: c.client, stale: form.stale})
	if err != nil {
		refused := *refusalOf(err)
		if refused.Code == CodeInvalidToken {
			refused.page.text = "second.expired"
		}
		return &refused
	}
	return c.leave(got)
}
