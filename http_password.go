package authkit

import (
	"errors"
	"net/http"
	"strings"

	"github.com/authkit-dev/authkit/internal/httpio"
)

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

var resetPage = formPage{
	purpose: forReset, title: "Choose a new password for ", button: "Save", stale: "Ask for a new one where you wanted to sign in.", resets: true, newPassword: true,
}

// openReset shows the page of a reset link.
func openReset(c *call) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	return resetPage.show(c, values.Get("token"), nil)
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

// pressReset serves the button of the page.
func pressReset(c *call) error {
	press, form, err := c.readPress()
	if err != nil {
		return err
	}
	got, err := c.e.PressReset(c.ctx(), ResetPress{PagePress: press, Password: form.Get("password")})
	switch {
	case errors.Is(err, CodeWeakPassword) && httpio.Navigates(c.r): // a person; a program gets the refusal itself
		return resetPage.show(c, press.Token, refusalOf(err))
	case err != nil:
		return err
	}
	saved := "Your new password is saved." + removedText(got.SignIn.Removed)
	switch got.State {
	case LandingGoesOn:
		return c.redirectToGoal(got.RedirectTo, c.goalQuery(nil, "code", got.Code))
	case LandingSignedIn:
		c.setSignInCookies(got.SignIn)
		return c.notice("Signed in", saved+" You may close this page.")
	}
	return c.notice("Saved", saved+" Go back to where you wanted to sign in and use your new password there.")
}

// removedText lists the ways to sign in that a reset removed.
func removedText(all []Removed) string {
	if len(all) == 0 {
		return ""
	}
	var names []string
	for _, r := range all {
		names = append(names, r.Name)
	}
	return " Added in the last 72 hours, and no longer a way to sign in: " + strings.Join(names, ", ") + "."
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
