package authkit

import "net/http"

func forgotPassword(c *call, in linkBody) (jsonResponse, error) {
	browser := c.browser.bind()
	got, err := c.e.ForgotPassword(c.ctx(), ForgotRequest{
		App: c.app.ID, Email: in.Email, RedirectTo: in.RedirectTo, CodeChallenge: in.Challenge, Browser: browser, Device: c.browser.device(), Client: c.client,
	})
	if err != nil {
		return jsonResponse{}, err
	}
	return pendingResponse(got), nil
}

// resetBody chooses a new password.
type resetBody struct {
	mailedProof

	Password *string `json:"password" raw:"ok" api:"required"` // the new password
}

func resetByProof(c *call, in resetBody) (jsonResponse, error) {
	if err := in.check(); err != nil {
		return jsonResponse{}, err
	}
	if err := requirePassword("password", in.Password); err != nil {
		return jsonResponse{}, err
	}
	got, err := c.e.ResetPassword(c.ctx(), PasswordReset{
		App: c.app.ID, Token: in.Token, Email: in.Email, Code: in.Code, Binding: in.Binding, Password: *in.Password, Client: c.client,
	})
	if err != nil {
		return jsonResponse{}, err
	}
	return c.signedIn(got), nil
}

// requirePassword refuses a missing password. An empty one is left to the flow, which finds it
// weak or wrong.
func requirePassword(member string, pw *string) error {
	if pw == nil {
		return invalid(member, "required", member+" is missing")
	}
	return nil
}

// changePasswordBody takes another password in the place of the one that is.
type changePasswordBody struct {
	Current *string `json:"current_password" raw:"ok" api:"required"` // the password until now
	New     *string `json:"new_password" raw:"ok" api:"required"`     // the password from now on
}

func changePassword(c *call, in changePasswordBody) (jsonResponse, error) {
	if err := requirePassword("current_password", in.Current); err != nil {
		return jsonResponse{}, err
	}
	if err := requirePassword("new_password", in.New); err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusNoContent, nil}, c.e.ChangePassword(c.ctx(), PasswordChange{
		App: c.app.ID, User: c.user.ID, Session: c.session.ID, Current: *in.Current, New: *in.New, Client: c.client,
	})
}

// setPasswordBody chooses the first password.
type setPasswordBody struct {
	New *string `json:"new_password" raw:"ok" api:"required"`
}

func setPassword(c *call, in setPasswordBody) (jsonResponse, error) {
	if err := requirePassword("new_password", in.New); err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusNoContent, nil}, c.e.SetPassword(c.ctx(), PasswordSet{App: c.app.ID, User: c.user.ID, New: *in.New, Client: c.client})
}
