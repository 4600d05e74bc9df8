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

// changeEmailBody asks for a proof of a new address.
type changeEmailBody struct {
	NewEmail string `json:"new_email" api:"required"` // the address to change to
}

func changeEmail(c *call, in changeEmailBody) (jsonResponse, error) {
	browser := c.browser.bind()
	got, err := c.e.ChangeEmail(c.ctx(), EmailChange{App: c.app.ID, User: c.user.ID, NewEmail: in.NewEmail, Browser: browser, Client: c.client, alone: c.session.MFAAt.IsZero()})
	if err != nil {
		return jsonResponse{}, err
	}
	return pendingResponse(got), nil
}

// confirmBody is the link of a change of address, by its token, or its code with the binding.
type confirmBody struct {
	Token   string `json:"token"`   // the token of the link
	Code    string `json:"code"`    // the six digits of the mail
	Binding string `json:"binding"` // that of the answer to the request for the mail
}

func (in confirmBody) check() error { return mailedProof{Token: in.Token, Code: in.Code}.check() }

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

// undoBody takes back what a mail told of.
type undoBody struct {
	Token string `json:"token" api:"required"` // the token of the link
}

func undoByToken(c *call, in undoBody) (jsonResponse, error) {
	if in.Token == "" {
		return jsonResponse{}, invalid("token", "required", "token is missing")
	}
	return jsonResponse{http.StatusNoContent, nil}, c.e.UndoEmail(c.ctx(), EmailUndo{App: c.app.ID, Token: in.Token, Client: c.client})
}
