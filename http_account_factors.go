package authkit

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/pages"
)

// fillFactors fills in the section with the passkeys and the second factor, if the app or the user has
// them, and by what the user shows that it is the person.
func fillFactors(c person, p pages.Page, page *pages.Account, v *accountVisit) error {
	got, err := c.e.SecondFactors(c.ctx(), c.userRef())
	if err != nil {
		return err
	}
	passkeys := c.e.HasPasskeys(c.app)
	page.HasFactor, page.ByCode = len(got.Methods) > 0, slices.Contains(got.Methods, methodTOTP)
	switch {
	case slices.Contains(got.Methods, methodPasskey) && passkeys:
		page.ByPasskey = passkeyShown(c)
	case page.HasFactor && !page.ByCode:
		page.Elsewhere = passkeyDomain(c)
	}
	setUp := c.app.Settings.MFA != MFAOff
	if !setUp && !page.HasFactor {
		return nil
	}
	f := &pages.Factors{TOTP: page.ByCode, Left: got.RecoveryCodes, SetUp: setUp}
	if setUp && passkeys {
		f.Add = &pages.Ceremony{Begin: c.pagePath("passkeys/begin"), Body: "{}", Create: true}
	}
	if err := fillKey(c, p, f, v.totp); err != nil {
		return err
	}
	all, err := c.e.Passkeys(c.ctx(), c.userRef())
	for _, one := range all {
		text := p.T("account.passkey_unused", "date", one.CreatedAt.Format(time.DateOnly))
		if !one.LastUsedAt.IsZero() {
			text = p.T("account.passkey_used", "date", one.CreatedAt.Format(time.DateOnly), "used", one.LastUsedAt.Format(time.DateOnly))
		}
		f.Passkeys = append(f.Passkeys, pages.Passkey{ID: one.ID.String(), Name: one.Name, Text: text})
	}
	page.Factors = f
	return err
}

// fillKey fills in the key that waits for its first code; nil: no key waits.
func fillKey(c person, p pages.Page, f *pages.Factors, key *totpKey) error {
	if key == nil {
		return nil
	}
	waits, err := key.waits(c)
	if err != nil || !waits {
		return err
	}
	f.Again = key.Again
	f.QR, f.Secret, err = key.picture(p)
	return err
}

// sessionOwner is the owner of a new factor that the session adds.
func sessionOwner(c person, form pageForm) FactorOwner {
	return FactorOwner{App: c.app.ID, User: c.user.ID, Session: c.session.ID, Browser: form.browser, Client: c.client}
}

// setUpTOTP goes on to the page with the QR code of a new TOTP.
func setUpTOTP(c person, v *accountVisit, form pageForm) (string, error) {
	key, err := newTOTPKey(c, sessionOwner(c, form))
	if err != nil {
		return "", err
	}
	key.Again = v.totp != nil
	return c.pagePath("account") + "?" + url.Values{"flow": {c.states().seal("totp", key)}}.Encode(), nil
}

// confirmTOTP adds the TOTP by its first code, and shows the recovery codes. A key that has expired is
// made anew.
func confirmTOTP(c person, v *accountVisit, form pageForm) (string, error) {
	if v.totp == nil {
		return "", invalidToken("the page awaits no code of a new TOTP")
	}
	got, err := c.e.FinishTOTP(c.ctx(), TOTPFinish{FactorOwner: sessionOwner(c, form), State: v.totp.State, Code: digits(form.Get("code"))})
	if errors.Is(err, CodeInvalidToken) && refusalOf(err).Reason != ReasonWrongCode && c.mustBeFresh() == nil {
		return setUpTOTP(c, v, form)
	}
	v.codes = got.RecoveryCodes
	return "", err
}

func removeTOTPHere(c person, _ *accountVisit, _ pageForm) (string, error) {
	return "", c.e.RemoveTOTP(c.ctx(), removalBy(c.call))
}

func renewCodes(c person, v *accountVisit, _ pageForm) (_ string, err error) {
	v.codes, err = c.e.RenewRecoveryCodes(c.ctx(), removalBy(c.call))
	return "", err
}

func addPasskey(c person, _ *accountVisit, form pageForm) (string, error) {
	_, err := c.e.FinishNewPasskey(c.ctx(), PasskeyFinish{
		FactorOwner: sessionOwner(c, form), State: form.Get("state"), Credential: json.RawMessage(form.Get("credential")),
	})
	return "", err
}

// passkeyOf names the passkey that a form is about.
func passkeyOf(c person, form pageForm) (PasskeyRef, error) {
	id, err := uuid.Parse(form.Get("passkey_id"))
	if err != nil {
		return PasskeyRef{}, refuse(CodeNotFound, "the user has no such passkey")
	}
	return PasskeyRef{App: c.app.ID, User: c.user.ID, ID: id, Client: c.client}, nil
}

func renamePasskeyHere(c person, _ *accountVisit, form pageForm) (string, error) {
	ref, err := passkeyOf(c, form)
	if err != nil {
		return "", err
	}
	_, err = c.e.RenamePasskey(c.ctx(), ref, form.Get("name"))
	return "", err
}

func removePasskeyHere(c person, _ *accountVisit, form pageForm) (string, error) {
	ref, err := passkeyOf(c, form)
	if err != nil {
		return "", err
	}
	return "", c.e.RemovePasskey(c.ctx(), ref)
}

// stepUpHere makes the session fresh by a second factor or, for a person without one, by the password.
func stepUpHere(c person, _ *accountVisit, form pageForm) (string, error) {
	up := StepUp{
		App: c.app.ID, User: c.user.ID, Session: c.session.ID, Password: form.Get("password"), Code: typedCode(form),
		Browser: form.browser, Client: c.client,
	}
	if credential := form.Get("credential"); credential != "" {
		up.Code, up.State, up.Credential = "", form.Get("state"), json.RawMessage(credential)
	}
	_, err := c.e.StepUpSession(c.ctx(), up)
	return "", err
}

// aboutFactors reports whether a step of the account page is about factors.
func aboutFactors(do string) bool {
	return slices.Contains([]string{
		pages.BeginTOTP, pages.ConfirmTOTP, pages.RemoveTOTP, pages.RenewCodes, pages.AddPasskey, pages.RenamePasskey, pages.RemovePasskey, pages.FreshFactor,
	}, do)
}

// factorRefusal names the field that the refusal of a step about factors is about.
func factorRefusal(refused *Error, at string, form pageForm) *Error {
	named := *refused
	ceremony := form.Get("credential") != ""
	switch {
	case ceremony && (refused.Code == CodeInvalidCredentials || refused.Code == CodeInvalidToken):
		named.Fields = []FieldError{{Code: faultPasskey}}
	case at == pages.FreshFactor && form.Get("recovery") != "" && refused.Code == CodeInvalidToken:
		named.Fields = []FieldError{{Field: "recovery", Code: faultRecoveryForm}}
	case refused.Code == CodeInvalidToken:
		named.Fields = []FieldError{{Field: "code", Code: faultCodeForm}}
	case at == pages.RenamePasskey && len(refused.Fields) > 0:
		named.Fields = []FieldError{{Code: refused.Fields[0].Code}}
	}
	return &named
}

// showNewCodes shows recovery codes that a step of the account page has made.
func showNewCodes(c person, codes []string) error {
	p := c.view()
	return c.show(http.StatusOK, pages.Notice{
		Title: p.T("codes.title"), Text: p.T("codes.text"), Codes: pages.NewCodes(p, codes),
		Links: []pages.Link{{Label: p.T("onward.button"), URL: c.pagePath("account"), Kind: pages.Primary}},
	}.View(p))
}
