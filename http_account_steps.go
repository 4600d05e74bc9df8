package authkit

import (
	"errors"
	"net/url"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/pages"
)

// userRef names the person whose page it is.
func (c person) userRef() UserRef { return UserRef{App: c.app.ID, ID: c.user.ID} }

func saveName(c person, _ *accountVisit, form pageForm) (string, error) {
	name := form.Get("name")
	_, err := c.e.ChangeUser(c.ctx(), c.userRef(), UserPatch{Name: &name})
	return "", err
}

// mailedURL is the address of the page on which the code of a mail is typed.
func (c person) mailedURL(step mailedStep) string {
	return c.pagePath("account") + "?" + url.Values{"flow": {c.states().seal("step", step)}}.Encode()
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
	got, err := c.e.ChangeEmail(c.ctx(), EmailChange{App: c.app.ID, User: c.user.ID, NewEmail: form.Get("new_email"), Browser: form.browser, Client: c.client, alone: c.session.MFAAt.IsZero()})
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
	return c.doneURL(doneStep{pages.Disconnect, provider}), c.e.UnlinkIdentity(c.ctx(), c.userRef(), provider)
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
