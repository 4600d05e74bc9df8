package authkit

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/naming"
	"github.com/authkit-dev/authkit/internal/pages"
	"github.com/authkit-dev/authkit/internal/useragent"
	"github.com/authkit-dev/authkit/oauth"
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
}

// accountQuery has the parameters of the account page.
type accountQuery struct {
	Done     string `json:"done"`     // the step that was just done; the page makes it
	Provider string `json:"provider"` // the provider that it was done with; the page makes it
	Flow     string `json:"flow"`     // of a step whose mail is on its way; the page makes it
}

// accountVisit is a visit of the signed-in person to the account page.
type accountVisit struct {
	methods SignInMethods
	mailed  *mailedStep // the code of a mail is awaited; nil: no mail is on its way
	query   url.Values  // what the forms of the page carry on
}

// openAccount shows the account page.
func openAccount(c person) error {
	visit, err := c.visitAccount()
	if err != nil || visit == nil {
		return err
	}
	values, err := query(c.r)
	if err != nil {
		return err
	}
	return c.showAccount(visit, http.StatusOK, values.Get("done"), nil)
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
	if visit.mailed = c.openStep(values.Get("flow")); visit.mailed != nil {
		visit.query.Set("flow", values.Get("flow"))
	}
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
		page.Done = p.T(key, "provider", c.namedProvider())
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
	if err := c.fillSessions(p, &page); err != nil {
		return err
	}
	return c.show(status, page.View(p))
}

// namedProvider is the label of the provider that the address of the page names, if it is a name.
func (c person) namedProvider() string {
	name := c.r.URL.Query().Get("provider")
	if !oauth.WellFormedName(name) {
		return ""
	}
	return naming.Provider(name)
}

// accountDone are the texts of what was done, by step.
var accountDone = map[string]string{
	pages.SaveName: "account.name_saved", pages.Prove: "account.email_confirmed", pages.ConfirmEmail: "account.email_changed",
	pages.ChangePassword: "account.password_saved", pages.SetPassword: "account.password_saved",
	pages.Disconnect: "account.identity_removed", pages.EndSession: "account.session_ended", pages.EndOthers: "account.sessions_ended",
	pages.FreshPassword: "account.proof_done", pages.FreshCode: "account.proof_done",
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
		item := pages.Item{Title: useragent.Describe(s.UserAgent), Text: p.T("account.session_used", "time", s.LastUsedAt.Format("2006-01-02 15:04"), "ip", s.IP)}
		if s.ID == c.session.ID {
			item.Text = p.T("account.session_this")
			page.Sessions = slices.Insert(page.Sessions, 0, item)
			continue
		}
		item.Form = page.EndForm(p, s.ID.String())
		page.Sessions, page.Elsewhere = append(page.Sessions, item), true
	}
	return err
}

// accountStep is one step of the account page. It returns where the browser goes on to; empty: to
// the page, which says what was done.
type accountStep struct {
	fresh bool // it wants a sign-in of the last ten minutes
	take  func(person, *accountVisit, pageForm) (next string, err error)
}

// accountSteps are the steps, by the value of the field "do".
func accountSteps(do string) (accountStep, bool) {
	step, ok := map[string]accountStep{
		pages.SaveName: {false, saveName}, pages.SendProof: {false, mailProof}, pages.Prove: {false, proveEmail},
		pages.ChangeEmail: {true, mailChange}, pages.ConfirmEmail: {false, confirmChanged},
		pages.ChangePassword: {false, replacePassword}, pages.SetPassword: {true, firstPassword},
		pages.Connect: {true, connect}, pages.Disconnect: {true, disconnect},
		pages.EndSession: {false, endOneSession}, pages.EndOthers: {false, endOthers}, pages.Leave: {true, leave},
		pages.FreshPassword: {false, signInAgain}, pages.FreshMail: {false, mailFresh}, pages.FreshCode: {false, codeAgain},
	}[do]
	return step, ok
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
	step, ok := accountSteps(do)
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
		return c.goOn(out.RedirectTo, nil)
	}
	if form.stale {
		return c.refuseStep(visit, "", errStaleForm)
	}
	next, err := step.take(c, visit, form)
	if err != nil {
		return c.refuseStep(visit, do, err)
	}
	if next == "" {
		next = c.pagePath("account") + "?" + url.Values{"done": {do}}.Encode()
	}
	c.rememberStep(press, next)
	return c.goOn(next, nil)
}

// rememberStep keeps where a step has led to, for a second press. Without it a second press is one
// of its own.
func (c person) rememberStep(p press, next string) {
	err := c.e.tokens.put(c.ctx(), c.app.ID, Riders{Tokens: []Token{c.e.tokens.outcomeToken(p, outcome{RedirectTo: next}, c.e.now())}})
	if err != nil {
		cookieChange{c.e, c.browser, c.request.id}.warn(c.ctx(), "the outcome of a step of the account page was not stored", err)
	}
}

// refuseStep shows the page again, with what was wrong.
func (c person) refuseStep(v *accountVisit, at string, err error) error {
	refused := refusalOf(err)
	if refused.Code.Status() >= http.StatusInternalServerError && refused.Code != CodeUnavailable {
		return err
	}
	return c.showAccount(v, refused.Code.Status(), at, accountRefusal(refused, at))
}

// accountRefusal names the field that a refusal is about.
func accountRefusal(refused *Error, at string) *Error {
	field, code := "password", "wrong_password"
	switch {
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

// userRef names the person whose page it is.
func (c person) userRef() UserRef { return UserRef{App: c.app.ID, ID: c.user.ID} }

func saveName(c person, _ *accountVisit, form pageForm) (string, error) {
	name := form.Get("name")
	_, err := c.e.ChangeUser(c.ctx(), c.userRef(), UserPatch{Name: &name})
	return "", err
}

// mailedURL is the address of the page on which the code of a mail is typed.
func (c person) mailedURL(step mailedStep) string {
	return c.pagePath("account") + "?" + url.Values{"flow": {c.sealStep(step)}}.Encode()
}

func mailProof(c person, _ *accountVisit, form pageForm) (string, error) {
	got, err := c.e.SendProof(c.ctx(), ProofRequest{App: c.app.ID, User: c.user.ID, Browser: form.browser, Client: c.client})
	if err != nil {
		return "", err
	}
	return c.mailedURL(mailedStep{Purpose: forVerify.kind, Email: c.user.EmailTyped, Binding: got.Binding}), nil
}

// awaited returns the step whose code is awaited, if it is of that purpose.
func (v *accountVisit) awaited(p purpose) (mailedStep, error) {
	if v.mailed == nil || v.mailed.Purpose != p.kind {
		return mailedStep{}, invalidToken("the page awaits no such code")
	}
	return *v.mailed, nil
}

func proveEmail(c person, v *accountVisit, form pageForm) (string, error) {
	step, err := v.awaited(forVerify)
	if err != nil {
		return "", err
	}
	_, err = c.e.VerifyEmail(c.ctx(), EmailProof{
		App: c.app.ID, Email: step.Email, Code: digits(form.Get("code")), Binding: step.Binding, User: c.user.ID, Client: c.client,
	})
	return "", err
}

func mailChange(c person, _ *accountVisit, form pageForm) (string, error) {
	got, err := c.e.ChangeEmail(c.ctx(), EmailChange{App: c.app.ID, User: c.user.ID, NewEmail: form.Get("new_email"), Browser: form.browser, Client: c.client})
	if err != nil {
		return "", err
	}
	return c.mailedURL(mailedStep{Purpose: forChange.kind, Email: form.Get("new_email"), Binding: got.Binding}), nil
}

func confirmChanged(c person, v *accountVisit, form pageForm) (string, error) {
	step, err := v.awaited(forChange)
	if err != nil {
		return "", err
	}
	_, err = c.e.ConfirmEmail(c.ctx(), EmailConfirm{App: c.app.ID, User: c.user.ID, Code: digits(form.Get("code")), Binding: step.Binding, Client: c.client})
	return "", err
}

func replacePassword(c person, _ *accountVisit, form pageForm) (string, error) {
	return "", c.e.ChangePassword(c.ctx(), PasswordChange{
		App: c.app.ID, User: c.user.ID, Session: c.session.ID, Current: form.Get("current_password"), New: form.Get("new_password"), Client: c.client,
	})
}

func firstPassword(c person, _ *accountVisit, form pageForm) (string, error) {
	return "", c.e.SetPassword(c.ctx(), PasswordSet{App: c.app.ID, User: c.user.ID, New: form.Get("new_password"), Client: c.client})
}

func connect(c person, _ *accountVisit, form pageForm) (string, error) {
	got, err := c.e.LinkIdentity(c.ctx(), IdentityLink{
		App: c.app.ID, User: c.user.ID, Session: c.session.ID, Provider: form.Get("provider"), Browser: form.browser, Client: c.client,
	})
	return got.URL, err
}

func disconnect(c person, _ *accountVisit, form pageForm) (string, error) {
	provider := form.Get("provider")
	done := url.Values{"done": {pages.Disconnect}, "provider": {provider}}
	return c.pagePath("account") + "?" + done.Encode(), c.e.UnlinkIdentity(c.ctx(), c.userRef(), provider)
}

func endOneSession(c person, _ *accountVisit, form pageForm) (string, error) {
	id, err := uuid.Parse(form.Get("session_id"))
	if err != nil {
		return "", refuse(CodeSessionNotFound, "the user has no such session")
	}
	return "", c.e.EndSession(c.ctx(), SessionRef{App: c.app.ID, User: c.user.ID, ID: id})
}

func endOthers(c person, _ *accountVisit, _ pageForm) (string, error) {
	return "", c.e.EndOtherSessions(c.ctx(), SessionRef{App: c.app.ID, User: c.user.ID, ID: c.session.ID})
}

// leave deletes the account of a person who has typed its address.
func leave(c person, _ *accountVisit, form pageForm) (string, error) {
	if email, err := checkEmail(form.Get("email")); err != nil || email != c.user.Email {
		return "", invalid("email", "leave_mismatch", "the address is not that of the account")
	}
	if err := c.e.DeleteUser(c.ctx(), c.userRef()); err != nil {
		return "", err
	}
	c.dropCookies()
	return c.pagePath("sign-out") + "?left", nil
}

// signInAgain begins another session in the place of this one, with a new time of sign-in.
func signInAgain(c person, _ *accountVisit, form pageForm) (string, error) {
	by := c.client
	by.Cookie = true
	got, err := c.e.SignInWithPassword(c.ctx(), PasswordSignIn{
		App: c.app.ID, Email: c.user.EmailTyped, Password: form.Get("password"), Intent: "sign_in", Browser: form.browser, Device: c.browser.device(), Client: by,
	})
	if err != nil {
		return "", err
	}
	c.setSignInCookies(got)
	return "", nil
}

// freshByMail refuses the proof by mail to an account whose address was never proven: a sign-in by
// link would reset it.
func (c person) freshByMail() error {
	if !c.user.Verified {
		return refuse(CodeEmailNotVerified, "the address of the account is not confirmed")
	}
	return nil
}

func mailFresh(c person, _ *accountVisit, form pageForm) (string, error) {
	if err := c.freshByMail(); err != nil {
		return "", err
	}
	by := c.client
	by.Cookie = true
	got, err := c.e.RequestMagicLink(c.ctx(), MagicLinkRequest{App: c.app.ID, Email: c.user.EmailTyped, Browser: form.browser, Device: c.browser.device(), Client: by})
	if err != nil {
		return "", err
	}
	return c.mailedURL(mailedStep{Purpose: forSignIn.kind, Email: c.user.EmailTyped, Binding: got.Binding}), nil
}

func codeAgain(c person, v *accountVisit, form pageForm) (string, error) {
	step, err := v.awaited(forSignIn)
	if err = errors.Join(err, c.freshByMail()); err != nil {
		return "", err
	}
	by := c.client
	by.Cookie = true
	got, err := c.e.RedeemMagicLink(c.ctx(), MagicLinkProof{
		App: c.app.ID, Email: step.Email, Code: digits(form.Get("code")), Binding: step.Binding, Browser: form.browser, Client: by,
	})
	switch {
	case err != nil:
		return "", err
	case got.User.ID != c.user.ID: // the address became another account's meanwhile
		return "", errors.Join(c.e.EndSession(c.ctx(), SessionRef{App: c.app.ID, User: got.User.ID, ID: got.SessionID}), invalidToken("the address is another account's"))
	}
	c.setSignInCookies(got)
	return "", nil
}
