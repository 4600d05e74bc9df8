package authkit

import (
	"encoding/json"
	"net/http"
)

// secondFactorBody shows a second factor: a code, or a passkey.
type secondFactorBody struct {
	MFAToken   string     `json:"mfa_token" api:"required"` // of mfa_required
	Binding    string     `json:"binding"`                  // that came with the token, unless the binding cookie goes with it
	Code       string     `json:"code"`                     // of the TOTP, a recovery code, or with email_code the code of the mail
	State      string     `json:"state"`                    // of a passkey's beginning
	Credential objectJSON `json:"credential" null:"deep"`   // what toJSON() of the browser's credential gives
	Remember   bool       `json:"remember"`                 // whether this browser is not to be asked again, for as long as the app allows
}

func signInWithSecondFactor(c *call, in secondFactorBody) (jsonResponse, error) {
	bad := append(missing([2]string{"mfa_token", in.MFAToken}), oneFactor(in.Code, in.State, in.Credential)...)
	if err := invalidFields(bad); err != nil {
		return jsonResponse{}, err
	}
	got, err := c.e.SignInWithSecondFactor(c.ctx(), SecondFactor{
		App: c.app.ID, Token: in.MFAToken, Binding: in.Binding, Browser: c.browser.secret(), Code: in.Code, State: in.State,
		Credential: json.RawMessage(in.Credential), Remember: in.Remember, Device: c.browser.device(), Client: c.client,
	})
	if err != nil {
		return jsonResponse{}, err
	}
	return c.signedIn(got), nil
}

// oneFactor tells what is wrong with a body that shows no factor, or two.
func oneFactor(code, state string, credential objectJSON) []FieldError {
	switch passkey := credential != nil || state != ""; {
	case code != "" && faultOfCredential(credential) != nil:
		return faultOfCredential(credential)
	case code == "" && !passkey:
		return []FieldError{{"code", "required", "code is missing, or state and credential of a passkey"}}
	case code != "" && passkey:
		return []FieldError{{"credential", "ambiguous", "send code, or state and credential, not both"}}
	case passkey:
		return faultsOfPasskey(state, credential)
	}
	return nil
}

// faultsOfPasskey lists what is wrong with the members that show a passkey.
func faultsOfPasskey(state string, credential objectJSON) []FieldError {
	bad := missing([2]string{"state", state}, [2]string{"credential", string(credential)})
	return append(bad, faultOfCredential(credential)...)
}

// faultOfCredential tells what is wrong with a credential that is no object.
func faultOfCredential(credential objectJSON) []FieldError {
	switch {
	case credential == nil || credential.isObject():
		return nil
	case string(credential) == "null":
		return []FieldError{{"credential", "null", "credential is null"}}
	}
	return []FieldError{{"credential", "wrong_type", "credential is not an object"}}
}

// stepUpBody proves that the user of the session is still there: by the password, a code or a passkey.
type stepUpBody struct {
	Password   *string    `json:"password" raw:"ok"`      // of a user without a second factor
	Code       string     `json:"code"`                   // of the TOTP, or a recovery code
	State      string     `json:"state"`                  // of a passkey's beginning
	Binding    string     `json:"binding"`                // of a passkey's beginning, unless the binding cookie goes with it
	Credential objectJSON `json:"credential" null:"deep"` // what toJSON() of the browser's credential gives
}

func stepUp(c *call, in stepUpBody) (jsonResponse, error) {
	up := StepUp{
		App: c.app.ID, User: c.user.ID, Session: c.session.ID, Code: in.Code, State: in.State, Binding: in.Binding, Browser: c.browser.secret(),
		Credential: json.RawMessage(in.Credential), Client: c.client,
	}
	switch {
	case in.Password == nil:
		if err := invalidFields(oneFactor(in.Code, in.State, in.Credential)); err != nil {
			return jsonResponse{}, err
		}
	case in.Code != "" || in.State != "" || in.Credential != nil:
		return jsonResponse{}, invalid("password", "ambiguous", "send one of password, code, and state with credential")
	default:
		up.Password = *in.Password
	}
	got, err := c.e.StepUpSession(c.ctx(), up)
	if err != nil {
		return jsonResponse{}, err
	}
	return steppedUp(c, got), nil
}

// steppedUp answers a step-up. Where a cookie holds the session, the body holds no access token.
func steppedUp(c *call, s SignIn) jsonResponse {
	if c.session.Cookie != nil {
		s.Token, s.ExpiresIn = "", 0
	}
	return jsonResponse{http.StatusOK, toSignInJSON(s)}
}
