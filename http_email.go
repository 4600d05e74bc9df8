package authkit

import (
	"net/http"

	"github.com/google/uuid"
)

// emptyBody has no members.
type emptyBody struct{}

func sendProof(c *call, _ emptyBody) (jsonResponse, error) {
	browser := c.browser.bind()
	got, err := c.e.SendProof(c.ctx(), ProofRequest{App: c.app.ID, User: c.user.ID, Browser: browser, Client: c.client})
	if err != nil {
		return jsonResponse{}, err
	}
	return pendingResponse(got), nil
}

const askAgain = "Ask for a new one where you asked for this one."

var (
	verifyPage  = formPage{purpose: forVerify, title: "Confirm your address for ", button: "Confirm", stale: askAgain, resets: true, autoSubmit: true}
	confirmPage = formPage{purpose: forChange, title: "Confirm your new address for ", button: "Confirm", stale: askAgain}
	undoPage    = formPage{purpose: forUndo, title: "Take back what was changed at ", button: "Take it back", stale: "Ask the people who run the application."}
)

func openVerify(c *call) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	return verifyPage.show(c, values.Get("token"), nil)
}

// verifyByProof proves an address by a mailed link or code: for the asker, by binding or session,
// or for a person who has only the link, who signs in by it.
func verifyByProof(c *call, in mailedProof) (jsonResponse, error) {
	if err := in.check(); err != nil {
		return jsonResponse{}, err
	}
	if in.Binding == "" && in.Token != "" && c.user.ID == uuid.Nil {
		got, err := c.e.SignInByProof(c.ctx(), ProofSignIn{App: c.app.ID, Token: in.Token, Browser: c.browser.secret(), Client: c.client})
		if err != nil {
			return jsonResponse{}, err
		}
		return c.signedIn(got), nil
	}
	u, err := c.e.VerifyEmail(c.ctx(), EmailProof{
		App: c.app.ID, Token: in.Token, Email: in.Email, Code: in.Code, Binding: in.Binding, User: c.user.ID, Client: c.client,
	})
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusOK, toUserJSON(u)}, nil
}

// pressVerify serves the button of the page. It confirms the address in the browser that asked,
// and in one that is signed in to the account; another browser signs in.
func pressVerify(c *call) error {
	press, _, err := c.readPress()
	if err != nil {
		return err
	}
	got, err := c.e.PressVerify(c.ctx(), VerifyPress{PagePress: press, User: c.user.ID})
	if err != nil {
		return err
	}
	switch got.State {
	case LandingConfirmed:
		return c.notice("Confirmed", "Your address is confirmed. You may close this page.")
	case LandingSignedIn:
		c.setSignInCookies(got.SignIn)
		return c.notice("Signed in", "You may close this page.")
	}
	return c.notice("Type the code", "Go back to where you signed up and type the six-digit code from the mail there.")
}

// changeEmailBody asks for a proof of a new address.
type changeEmailBody struct {
	NewEmail string `json:"new_email" api:"required"` // the address to change to
}

func changeEmail(c *call, in changeEmailBody) (jsonResponse, error) {
	browser := c.browser.bind()
	got, err := c.e.ChangeEmail(c.ctx(), EmailChange{App: c.app.ID, User: c.user.ID, NewEmail: in.NewEmail, Browser: browser, Client: c.client})
	if err != nil {
		return jsonResponse{}, err
	}
	return pendingResponse(got), nil
}

// openConfirm shows the button where a session cookie can say who presses it.
func openConfirm(c *call) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	raw := values.Get("token")
	if c.app.takesCookies() && c.bringsCookie() {
		return confirmPage.show(c, raw, nil)
	}
	if _, err := c.e.tokens.findLink(c.ctx(), c.app.ID, forChange, raw, ""); err != nil {
		return staleLink(err, askAgain)
	}
	return c.notice("Type the code", "Go back to where you asked for the change and type the six-digit code from the mail there.")
}

// confirmBody is the link of a change of address, by its token, or its code with the binding.
type confirmBody struct {
	Token   string `json:"token"`   // the token of the link
	Code    string `json:"code"`    // the six digits of the mail
	Binding string `json:"binding"` // that of the answer to the request for the mail
}

func (in confirmBody) check() error { return mailedProof{Token: in.Token, Code: in.Code}.check() }

func pressConfirm(c *call) error {
	press, _, err := c.readPress()
	if err != nil {
		return err
	}
	if _, err := c.e.ConfirmEmail(c.ctx(), EmailConfirm{App: c.app.ID, User: c.user.ID, Token: press.Token, Browser: press.Browser, Client: c.client}); err != nil {
		return err
	}
	return c.notice("Confirmed", "Your new address is confirmed. You may close this page.")
}

func confirmByProof(c *call, in confirmBody) (jsonResponse, error) {
	if err := in.check(); err != nil {
		return jsonResponse{}, err
	}
	u, err := c.e.ConfirmEmail(c.ctx(), EmailConfirm{
		App: c.app.ID, User: c.user.ID, Token: in.Token, Code: in.Code, Binding: in.Binding, Client: c.client,
	})
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusOK, toUserJSON(u)}, nil
}

func openUndo(c *call) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	_, former, err := c.e.findUndo(c.ctx(), c.app.ID, values.Get("token"))
	if err != nil {
		return staleLink(err, undoPage.stale)
	}
	return undoPage.write(c, values.Get("token"), linkPage{challenge: challenge{data: challengeData{Email: former.Email}}})
}

// undoBody takes back what a mail told of.
type undoBody struct {
	Token string `json:"token" api:"required"` // the token of the link
}

func pressUndo(c *call) error {
	press, _, err := c.readPress()
	if err != nil {
		return err
	}
	if err := c.e.UndoEmail(c.ctx(), EmailUndo{App: c.app.ID, Token: press.Token, Browser: press.Browser, Client: c.client}); err != nil {
		return err
	}
	return c.notice("Taken back", "What was changed is taken back, and every session is signed out. A mail is on its way with which you choose a new password.")
}

func undoByToken(c *call, in undoBody) (jsonResponse, error) {
	if in.Token == "" {
		return jsonResponse{}, invalid("token", "required", "token is missing")
	}
	return jsonResponse{http.StatusNoContent, nil}, c.e.UndoEmail(c.ctx(), EmailUndo{App: c.app.ID, Token: in.Token, Client: c.client})
}
