package authkit

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// factorOwnerBody says for whom a factor is added, where no session does.
type factorOwnerBody struct {
	MFAToken string `json:"mfa_token"` // of mfa_enrollment_required, in the place of a session
	Binding  string `json:"binding"`   // that the answer with the token or the state had, unless the binding cookie does
}

// factorOwner returns the owner of a new factor: the user of the session or, with an mfa_token, of the
// sign-in that waits. A session has to be fresh to begin.
func (c *call) factorOwner(in factorOwnerBody, begins bool) (FactorOwner, error) {
	o := FactorOwner{App: c.app.ID, Token: in.MFAToken, Binding: in.Binding, Browser: c.browser.secret(), Client: c.client}
	if in.MFAToken != "" {
		return o, nil
	}
	if c.session.ID == uuid.Nil {
		return o, refuse(CodeUnauthenticated, "send an access token or the session cookie or, during a sign-in, mfa_token")
	}
	o.User, o.Session = c.user.ID, c.session.ID
	if begins {
		if in.Binding == "" {
			o.Browser = c.browser.bind()
		}
		return o, c.mustBeFresh()
	}
	return o, nil
}

// ceremonyJSON is the beginning of a ceremony with a passkey.
type ceremonyJSON struct {
	Options   objectJSON `json:"options"`    // what the browser's parseCreationOptionsFromJSON or parseRequestOptionsFromJSON takes
	State     string     `json:"state"`      // goes with the answer, once
	Binding   string     `json:"binding"`    // goes with the state, unless the binding cookie does
	ExpiresIn int        `json:"expires_in"` // in how many seconds the state expires
}

func toCeremonyJSON(c Ceremony) ceremonyJSON {
	return ceremonyJSON{objectJSON(c.Options), c.State, c.Binding, int(c.ExpiresIn / time.Second)}
}

// passkeyBeginBody begins a sign-in with a passkey.
type passkeyBeginBody struct {
	Binding string `json:"binding"` // of an mfa_token: one binding then serves both
}

func beginPasskey(c *call, in passkeyBeginBody) (jsonResponse, error) {
	begin := PasskeyBegin{App: c.app.ID, Binding: in.Binding, Client: c.client}
	if in.Binding == "" {
		begin.Browser = c.browser.bind()
	}
	got, err := c.e.BeginPasskey(c.ctx(), begin)
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusOK, toCeremonyJSON(got)}, nil
}

// passkeySignInBody is the answer of a passkey.
type passkeySignInBody struct {
	State      string     `json:"state" api:"required"`                  // of the beginning
	Binding    string     `json:"binding"`                               // of the beginning, unless the binding cookie goes with it
	Credential objectJSON `json:"credential" null:"deep" api:"required"` // what toJSON() of the browser's credential gives
}

func finishPasskey(c *call, in passkeySignInBody) (jsonResponse, error) {
	if err := invalidFields(faultsOfPasskey(in.State, in.Credential)); err != nil {
		return jsonResponse{}, err
	}
	got, err := c.e.SignInWithPasskey(c.ctx(), PasskeySignIn{
		App: c.app.ID, State: in.State, Binding: in.Binding, Browser: c.browser.secret(), Credential: json.RawMessage(in.Credential), Client: c.client,
	})
	if err != nil {
		return jsonResponse{}, err
	}
	return c.signedIn(got), nil
}

// newPasskeyBeginBody begins to add a passkey.
type newPasskeyBeginBody struct {
	factorOwnerBody

	Invitation string `json:"invitation"` // the token of an invitation's link, in the place of a session: its page takes the answer of the browser
}

// owner returns the owner of the new passkey.
func (in newPasskeyBeginBody) owner(c *call) (FactorOwner, error) {
	switch {
	case in.Invitation == "":
		return c.factorOwner(in.factorOwnerBody, true)
	case in.MFAToken != "":
		return FactorOwner{}, invalid("invitation", "ambiguous", "send mfa_token or invitation, not both")
	}
	o := FactorOwner{App: c.app.ID, Invitation: in.Invitation, Binding: in.Binding, Client: c.client}
	if in.Binding == "" {
		o.Browser = c.browser.bind()
	}
	return o, nil
}

func beginNewPasskey(c *call, in newPasskeyBeginBody) (jsonResponse, error) {
	owner, err := in.owner(c)
	if err != nil {
		return jsonResponse{}, err
	}
	got, err := c.e.BeginNewPasskey(c.ctx(), owner)
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusOK, toCeremonyJSON(got)}, nil
}

// newPasskeyBody is a passkey that a browser has made.
type newPasskeyBody struct {
	factorOwnerBody

	State      string     `json:"state" api:"required"`                  // of the beginning
	Credential objectJSON `json:"credential" null:"deep" api:"required"` // what toJSON() of the browser's credential gives
	Name       string     `json:"name"`                                  // up to 64 characters; empty: the name of the authenticator
}

// passkeyJSON is a passkey of the user.
type passkeyJSON struct {
	ID         uuid.UUID `json:"id"`           // the passkey's id
	Name       string    `json:"name"`         // as it was given, or the name of the authenticator
	CreatedAt  time.Time `json:"created_at"`   // when it was added
	LastUsedAt nullTime  `json:"last_used_at"` // null: not yet
	BackedUp   bool      `json:"backed_up"`    // whether a copy of it exists beside the device
	Transports []string  `json:"transports"`   // by which it is reached, as the authenticator said

	SignIn *signInJSON `json:"sign_in,omitempty"` // with an mfa_token: the sign-in that waited
}

func toPasskeyJSON(p Passkey) passkeyJSON {
	return passkeyJSON{
		ID: p.ID, Name: p.Name, CreatedAt: p.CreatedAt.UTC(), LastUsedAt: nullTime(p.LastUsedAt), BackedUp: p.BackedUp, Transports: orEmpty(p.Transports),
	}
}

func finishNewPasskey(c *call, in newPasskeyBody) (jsonResponse, error) {
	owner, err := c.factorOwner(in.factorOwnerBody, false)
	if err != nil {
		return jsonResponse{}, err
	}
	if err := invalidAll(invalidFields(faultsOfPasskey(in.State, in.Credential)), checkPasskeyName(in.Name)); err != nil {
		return jsonResponse{}, err
	}
	got, err := c.e.FinishNewPasskey(c.ctx(), PasskeyFinish{FactorOwner: owner, State: in.State, Credential: json.RawMessage(in.Credential), Name: in.Name})
	if err != nil {
		return jsonResponse{}, err
	}
	out := toPasskeyJSON(got.Passkey)
	out.SignIn = waitedFor(c, got)
	return jsonResponse{http.StatusCreated, out}, nil
}

// waitedFor returns the sign-in that waited for a factor, and sets its cookies; nil: no sign-in waited.
func waitedFor(c *call, got Enrolled) *signInJSON {
	if got.Landing == nil {
		return nil
	}
	out, ok := c.signedIn(got.Landing.SignIn).body.(signInJSON)
	if !ok {
		return nil
	}
	return &out
}

// passkeysJSON lists the passkeys of a user.
type passkeysJSON struct {
	Passkeys []passkeyJSON `json:"passkeys"` // oldest first
}

func listPasskeys(c *call) (any, error) {
	all, err := c.e.Passkeys(c.ctx(), UserRef{App: c.app.ID, ID: c.user.ID})
	if err != nil {
		return nil, err
	}
	out := passkeysJSON{make([]passkeyJSON, len(all))}
	for i, p := range all {
		out.Passkeys[i] = toPasskeyJSON(p)
	}
	return out, nil
}

// passkeyRef names the passkey of the path.
func passkeyRef(c *call) (PasskeyRef, error) {
	id, ok := httpio.CanonicalUUID(c.r.PathValue("id"))
	if !ok {
		return PasskeyRef{}, refuse(CodeNotFound, "the user has no such passkey")
	}
	return PasskeyRef{App: c.app.ID, User: c.user.ID, ID: id, Client: c.client}, nil
}

// passkeyNameBody renames a passkey.
type passkeyNameBody struct {
	Name string `json:"name" api:"required"` // 1 to 64 characters
}

func renamePasskey(c *call, in passkeyNameBody) (jsonResponse, error) {
	ref, err := passkeyRef(c)
	if err != nil {
		return jsonResponse{}, err
	}
	got, err := c.e.RenamePasskey(c.ctx(), ref, in.Name)
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusOK, toPasskeyJSON(got)}, nil
}

func removePasskey(c *call) error {
	ref, err := passkeyRef(c)
	if err != nil {
		return err
	}
	if err := c.e.RemovePasskey(c.ctx(), ref); err != nil {
		return err
	}
	return c.noContent()
}

// totpJSON is the beginning of the enrolment of a TOTP.
type totpJSON struct {
	Secret    string `json:"secret"`     // base32, to type into an authenticator app
	URI       string `json:"uri"`        // otpauth://totp/…
	QR        string `json:"qr"`         // the URI as a QR code: a data URL of an SVG image
	State     string `json:"state"`      // goes with the first code, once
	Binding   string `json:"binding"`    // goes with the state, unless the binding cookie does
	ExpiresIn int    `json:"expires_in"` // in how many seconds the state expires
}

func beginTOTP(c *call, in factorOwnerBody) (jsonResponse, error) {
	owner, err := c.factorOwner(in, true)
	if err != nil {
		return jsonResponse{}, err
	}
	got, err := c.e.BeginTOTP(c.ctx(), owner)
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusOK, totpJSON{got.Secret, got.URI, got.QR, got.State, got.Binding, int(got.ExpiresIn / time.Second)}}, nil
}

// totpFinishBody confirms a TOTP.
type totpFinishBody struct {
	factorOwnerBody

	State string `json:"state" api:"required"` // of the beginning
	Code  string `json:"code" api:"required"`  // the six digits that the authenticator app shows
}

// recoveryJSON has recovery codes, which are shown once.
type recoveryJSON struct {
	Codes []string `json:"recovery_codes"` // ten, each for one use

	SignIn *signInJSON `json:"sign_in,omitempty"` // with an mfa_token: the sign-in that waited
}

func finishTOTP(c *call, in totpFinishBody) (jsonResponse, error) {
	owner, err := c.factorOwner(in.factorOwnerBody, false)
	if err != nil {
		return jsonResponse{}, err
	}
	if err := invalidFields(missing([2]string{"state", in.State}, [2]string{"code", in.Code})); err != nil {
		return jsonResponse{}, err
	}
	got, err := c.e.FinishTOTP(c.ctx(), TOTPFinish{FactorOwner: owner, State: in.State, Code: digits(in.Code)})
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusCreated, recoveryJSON{got.RecoveryCodes, waitedFor(c, got)}}, nil
}

func removalBy(c *call) FactorRemoval {
	return FactorRemoval{App: c.app.ID, User: c.user.ID, Client: c.client}
}

func removeTOTP(c *call) error {
	if err := c.e.RemoveTOTP(c.ctx(), removalBy(c)); err != nil {
		return err
	}
	return c.noContent()
}

func renewRecoveryCodes(c *call, _ emptyBody) (jsonResponse, error) {
	codes, err := c.e.RenewRecoveryCodes(c.ctx(), removalBy(c))
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusCreated, recoveryJSON{Codes: codes}}, nil
}

// mfaJSON says which second factors a user has.
type mfaJSON struct {
	Methods  []string `json:"methods"`             // that the user has: totp, passkey
	Left     int      `json:"recovery_codes_left"` // how many recovery codes were not used
	Required bool     `json:"required"`            // whether the app requires a second factor
}

func secondFactors(c *call) (any, error) {
	got, err := c.e.SecondFactors(c.ctx(), UserRef{App: c.app.ID, ID: c.user.ID})
	if err != nil {
		return nil, err
	}
	return mfaJSON{got.Methods, got.RecoveryCodes, got.Required}, nil
}

func removeUserFactors(c *call) error {
	id, err := c.pathUser()
	if err != nil {
		return err
	}
	if err := c.e.RemoveFactors(c.ctx(), UserRef{App: c.key.App, ID: id}); err != nil {
		return err
	}
	return c.noContent()
}
