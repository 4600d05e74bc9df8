package authkit

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/authkit-dev/authkit/internal/naming"
	"github.com/authkit-dev/authkit/internal/pages"
	"github.com/authkit-dev/authkit/internal/useragent"
)

// accountForm is a form of the account page.
type accountForm struct {
	Do        string `json:"do" api:"required"`         // the step
	FormToken string `json:"form_token" api:"required"` // as the page has it
	Name      string `json:"name"`                      // the new name
	Email     string `json:"email"`                     // the address of the account
	NewEmail  string `json:"new_email"`                 // the address to change to
	Code      string `json:"code"`                      // the six digits of a mail
	Password  string `json:"password"`                  // the password, to show that it is the person
	Current   string `json:"current_password"`          // the password until now
	New       string `json:"new_password"`              // the password from now on
	Provider  string `json:"provider"`                  // the provider to connect or disconnect
	SessionID string `json:"session_id"`                // the session to end

	Recovery   string `json:"recovery"`   // a recovery code, in the place of code
	PasskeyID  string `json:"passkey_id"` // the passkey to rename or remove
	State      string `json:"state"`      // of a ceremony with a passkey
	Credential string `json:"credential"` // what toJSON() of the browser's credential gives, as text
}

// accountQuery has the parameters of the account page.
type accountQuery struct {
	Done string `json:"done"` // the step that was just done; the page makes it
	Flow string `json:"flow"` // of a step whose mail is on its way; the page makes it
}

// accountVisit is a visit of the signed-in person to the account page.
type accountVisit struct {
	methods SignInMethods
	mailed  *mailedStep // the code of a mail is awaited; nil: no mail is on its way
	totp    *totpKey    // the code of a new TOTP is awaited; nil: it is not
	codes   []string    // new recovery codes, which are shown once
	done    doneStep    // what was just done
	query   url.Values  // what the forms of the page carry on
}

// openAccount shows the account page.
func openAccount(c person) error {
	visit, err := c.visitAccount()
	if err != nil || visit == nil {
		return err
	}
	return c.showAccount(visit, http.StatusOK, visit.done.Step, nil)
}

// doneStep is a step of the account page that was just done. The address of the page holds it,
// sealed for this browser, so that no link can say that something was done.
type doneStep struct {
	Step     string `json:"step"`
	Provider string `json:"provider,omitempty"` // that it was done with
}

// doneURL is the address of the page that says what was done.
func (c person) doneURL(done doneStep) string {
	return c.pagePath("account") + "?" + url.Values{"done": {c.states().seal("done", done)}}.Encode()
}

// visitAccount reads whose page it is; nil: the browser was sent to the sign-in page.
func (c person) visitAccount() (*accountVisit, error) {
	if !c.app.takesCookies() {
		return nil, refuse(CodeNotFound, "the app takes no session cookies, so that it has no account page")
	}
	if c.session.Cookie == nil { // no session, or one by an access token
		signIn := url.Values{"next": {nextAccount}}
		if c.app.Settings.SessionMode == SessionEither {
			signIn.Set("session", "cookie")
		}
		return nil, c.redirect(http.StatusSeeOther, c.pagePath("sign-in")+"?"+signIn.Encode())
	}
	values, err := query(c.r)
	if err != nil {
		return nil, err
	}
	visit := &accountVisit{query: url.Values{}}
	if visit.mailed = c.states().step(values.Get("flow")); visit.mailed != nil {
		visit.query.Set("flow", values.Get("flow"))
	}
	var key totpKey
	if c.states().open("totp", values.Get("flow"), &key) {
		visit.totp = &key
		visit.query.Set("flow", values.Get("flow"))
	}
	c.states().open("done", values.Get("done"), &visit.done)
	visit.methods, err = c.e.SignInMethods(c.ctx(), UserRef{App: c.app.ID, ID: c.user.ID})
	return visit, err
}

// showAccount shows the page. at is the step that was done or, with a refusal, that was refused.
func (c person) showAccount(v *accountVisit, status int, at string, refused *Error) error {
	p := c.view()
	page := pages.Account{
		Forms: c.forms(c.browser.bind(), v.query, c.told(p, refused)), At: at,
		Email: c.user.EmailTyped, Verified: c.user.Verified, NameText: c.user.Name, HasPassword: v.methods.Password,
		Fresh: c.mustBeFresh() == nil, SignOutURL: c.pagePath("sign-out"),
	}
	if key, ok := accountDone[at]; ok && refused == nil {
		page.Done = p.T(key, "provider", naming.Provider(v.done.Provider))
	}
	if v.mailed != nil {
		page.Proving, page.Mailed = v.mailed.Purpose == forVerify.kind, v.mailed.Purpose == forSignIn.kind
		if v.mailed.Purpose == forChange.kind {
			page.Pending = v.mailed.Email
		}
	}
	if err := c.fillProviders(&page, v); err != nil {
		return err
	}
	if err := fillFactors(c, p, &page, v); err != nil {
		return err
	}
	if err := c.fillSessions(p, &page); err != nil {
		return err
	}
	return c.show(status, page.View(p))
}

// accountDone are the texts of what was done, by step.
var accountDone = map[string]string{
	pages.SaveName: "account.name_saved", pages.Prove: "account.email_confirmed", pages.ConfirmEmail: "account.email_changed",
	pages.ChangePassword: "account.password_saved", pages.SetPassword: "account.password_saved",
	pages.Disconnect: "account.identity_removed", pages.EndSession: "account.session_ended", pages.EndOthers: "account.sessions_ended",
	pages.FreshPassword: "account.proof_done", pages.FreshCode: "account.proof_done", pages.FreshFactor: "account.proof_done",
	pages.RemoveTOTP: "account.totp_removed", pages.AddPasskey: "account.passkey_added",
	pages.RenamePasskey: "account.passkey_renamed", pages.RemovePasskey: "account.passkey_removed",
}

// fillProviders lists the identities of the user, and the providers that can be connected.
func (c person) fillProviders(page *pages.Account, v *accountVisit) error {
	linked := map[string]bool{}
	for _, one := range v.methods.Identities {
		linked[one.Provider] = true
		page.Identities = append(page.Identities, pages.Identity{Name: one.Provider, Label: naming.Provider(one.Provider)})
	}
	names, err := c.e.SignInProviders(c.ctx(), c.app.ID)
	for _, name := range names {
		if !linked[name] {
			page.Providers = append(page.Providers, pages.Provider{Name: name, Label: naming.Provider(name)})
		}
	}
	return err
}

// fillSessions lists the sessions of the user, this one first.
func (c person) fillSessions(p pages.Page, page *pages.Account) error {
	all, err := c.e.Sessions(c.ctx(), UserRef{App: c.app.ID, ID: c.user.ID})
	for _, s := range all {
		at := s.LastUsedAt.Format("2006-01-02 15:04")
		item := pages.Item{Title: p.Browser(useragent.Describe(s.UserAgent)), Text: p.T("account.session_used", "time", at, "ip", s.IP)}
		if s.IP == "" { // of a sign-in by the host
			item.Text = p.T("account.session_when", "time", at)
		}
		if s.ID == c.session.ID {
			item.Text = p.T("account.session_this")
			page.Sessions = slices.Insert(page.Sessions, 0, item)
			continue
		}
		item.Form = page.EndForm(p, s.ID.String())
		page.Sessions, page.Others = append(page.Sessions, item), true
	}
	return err
}

// accountStep is one step of the account page. It returns where the browser goes on to; empty: to
// the page, which says what was done.
type accountStep struct {
	fresh bool // it wants a sign-in of the last ten minutes
	take  func(person, *accountVisit, pageForm) (next string, err error)
}

// accountSteps returns the steps by the value of the field "do".
func accountSteps() map[string]accountStep {
	return map[string]accountStep{
		pages.SaveName: {false, saveName}, pages.SendProof: {false, mailProof}, pages.Prove: {false, proveEmail},
		pages.ChangeEmail: {true, mailChange}, pages.ConfirmEmail: {false, confirmChanged},
		pages.ChangePassword: {false, replacePassword}, pages.SetPassword: {true, firstPassword},
		pages.Connect: {true, connect}, pages.Disconnect: {true, disconnect},
		pages.EndSession: {false, endOneSession}, pages.EndOthers: {false, endOthers}, pages.Leave: {true, leave},
		pages.FreshPassword: {false, stepUpHere}, pages.FreshMail: {false, mailFresh}, pages.FreshCode: {false, codeAgain},
		pages.BeginTOTP: {true, setUpTOTP}, pages.ConfirmTOTP: {false, confirmTOTP}, pages.RemoveTOTP: {true, removeTOTPHere},
		pages.RenewCodes: {true, renewCodes}, pages.AddPasskey: {false, addPasskey}, pages.RenamePasskey: {false, renamePasskeyHere},
		pages.RemovePasskey: {true, removePasskeyHere}, pages.FreshFactor: {false, stepUpHere},
	}
}

// pressAccount serves the forms of the page. A second press of the same form within a minute is
// answered as the first.
func pressAccount(c person) error {
	visit, err := c.visitAccount()
	if err != nil || visit == nil {
		return err
	}
	form, err := c.readPressed()
	if err != nil {
		return c.refuseStep(visit, "", err)
	}
	do := form.Get("do")
	step, ok := accountSteps()[do]
	if !ok {
		return invalid("do", "unknown_value", "do is not a step of the account page")
	}
	if step.fresh {
		if err := c.mustBeFresh(); err != nil {
			return c.refuseStep(visit, do, err)
		}
	}
	press := pressOf(c.app.ID, form.browser, "account", form.Encode())
	if out, ok, err := c.e.tokens.recall(c.ctx(), press); err != nil || ok {
		if err != nil {
			return err
		}
		if out.Recovery != nil {
			return showNewCodes(c, out.Recovery)
		}
		return c.goOn(out.RedirectTo, nil)
	}
	if form.stale {
		return c.refuseStep(visit, "", errStaleForm)
	}
	next, err := step.take(c, visit, form)
	if err != nil {
		if aboutFactors(do) {
			err = factorRefusal(refusalOf(err), do, form)
		}
		return c.refuseStep(visit, do, err)
	}
	if next == "" {
		next = c.doneURL(doneStep{Step: do})
	}
	c.rememberStep(press, outcome{RedirectTo: next, Recovery: visit.codes})
	if visit.codes != nil {
		return showNewCodes(c, visit.codes)
	}
	return c.goOn(next, nil)
}

// rememberStep keeps what a step has led to, for a second press. Without it a second press is one
// of its own.
func (c person) rememberStep(p press, out outcome) {
	err := c.e.tokens.put(c.ctx(), c.app.ID, Riders{Tokens: []Token{c.e.tokens.outcomeToken(p, out, c.e.now())}})
	if err != nil {
		cookieChange{c.e, c.browser, c.request.id}.warn(c.ctx(), "the outcome of a step of the account page was not stored", err)
	}
}

// refuseStep shows the page again, with what was wrong.
func (c person) refuseStep(v *accountVisit, at string, err error) error {
	err = c.chargeDeferred(err)
	refused := refusalOf(err)
	if refused.Code.Status() >= http.StatusInternalServerError && refused.Code != CodeUnavailable || waitsForFactor(err) {
		return err
	}
	return c.showAccount(v, refused.Code.Status(), at, accountRefusal(refused, at))
}

// accountRefusal names the field that a refusal is about.
func accountRefusal(refused *Error, at string) *Error {
	field, code := "password", "wrong_password"
	switch {
	case aboutFactors(at):
		return refused
	case refused.Code == CodeInvalidCredentials && at == pages.ChangePassword:
		field = "current_password"
	case refused.Code == CodeInvalidCredentials:
	case refused.Code == CodeInvalidToken:
		field, code = "code", codeFault(refused)
	case refused.Code == CodeWeakPassword:
		field, code = "new_password", string(refused.Code)
		if len(refused.Fields) > 0 {
			code = refused.Fields[0].Code
		}
	default:
		return refused
	}
	named := *refused
	named.Fields = []FieldError{{Field: field, Code: code}}
	return &named
}
