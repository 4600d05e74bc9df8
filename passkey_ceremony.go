package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	newPasskeyKind TokenKind = "new passkey" // of a registration
	newTOTPKind    TokenKind = "new totp"    // of the enrolment of a TOTP
	ceremonyTTL              = 5 * time.Minute
	challengeSize            = 32
)

// newFactors makes the part without the parts that it uses.
func newFactors(c *Config, base *url.URL, ring *seal.Ring, now func() time.Time) *factors {
	f := &factors{ring: ring, now: now, passkeys: c.Passkeys, origin: base.Scheme + "://" + base.Host}
	if net.ParseIP(base.Hostname()) == nil {
		f.rpID = strings.ToLower(base.Hostname())
	}
	return f
}

// ceremonyData is the sealed data of the state of a ceremony that adds a factor.
type ceremonyData struct {
	Challenge []byte `json:"challenge,omitempty"`
	RPID      string `json:"rp_id,omitempty"`
	Handle    []byte `json:"handle,omitempty"` // the user handle, of a registration
	Seed      []byte `json:"seed,omitempty"`   // of a TOTP

	Invitation []byte `json:"invitation,omitempty"` // the hash of the invitation by which a passkey is registered
}

// relyingParty returns the relying party of an app's passkeys; empty: the app can have no passkeys,
// since browsers take no IP address.
func (f *factors) relyingParty(app App) string {
	if app.Settings.PasskeyRPID != "" {
		return app.Settings.PasskeyRPID
	}
	return f.rpID
}

// passkeysOn reports whether the app can have passkeys.
func (f *factors) passkeysOn(app App) bool { return f.passkeys != nil && f.relyingParty(app) != "" }

// needPasskeys refuses where there are no passkeys: [CodeNotFound].
func (f *factors) needPasskeys(app App) error {
	switch {
	case f.passkeys == nil:
		return refuse(CodeNotFound, "there are no passkeys here: the host has passed no Config.Passkeys")
	case f.relyingParty(app) == "":
		return refuse(CodeNotFound, "there are no passkeys here: the base URL has an IP address in place of a domain such as localhost, and the app has no passkey_rp_id")
	}
	return nil
}

// ceremony is the part of a ceremony that follows from its state.
func (f *factors) ceremony(app App, rpID string, challenge []byte) PasskeyCeremony {
	return PasskeyCeremony{RPID: rpID, Origins: f.originsOf(app, rpID), Challenge: challenge, Timeout: ceremonyTTL}
}

// faultsOfRelyingParty says what is wrong with the relying party after a patch that changes it, or the
// origins: a relying party that no origin of the app may use is of no use.
func (f *factors) faultsOfRelyingParty(p *AppPatch, s Settings) []FieldError {
	const name = "passkey_rp_id"
	if p.PasskeyRPID == nil && p.Origins == nil || s.PasskeyRPID == "" || faultOfRelyingParty(s.PasskeyRPID) != "" {
		return nil
	}
	if len(f.originsOf(App{Settings: s}, s.PasskeyRPID)) > 0 {
		return nil
	}
	return []FieldError{{name, "no_origin", name + " is neither the host of the base URL or of one of the app's origins, nor what one of them ends in"}}
}

// originsOf returns the origins of an app that may use passkeys of a relying party.
func (f *factors) originsOf(app App, rpID string) (origins []string) {
	for _, origin := range append([]string{f.origin}, app.Settings.Origins...) {
		if u, err := url.Parse(origin); err == nil && holdsHost(rpID, u.Hostname()) {
			origins = append(origins, origin)
		}
	}
	return origins
}

// Ceremony is the beginning of a WebAuthn ceremony, or of the enrolment of a TOTP.
type Ceremony struct {
	// Options are what the browser's PublicKeyCredential.parseCreationOptionsFromJSON or
	// parseRequestOptionsFromJSON takes.
	Options json.RawMessage

	State     string        // goes with the answer, and works once; the end of an enrolment that is refused leaves it
	Binding   string        // goes with State, unless the binding cookie does
	ExpiresIn time.Duration // of State: five minutes
}

// asker is who begins a ceremony, and goes on with it: the binding that the request sent, or else the
// secret of the browser.
type asker struct {
	binding string
	browser []byte
}

// binds returns the binding of a token or state of that id: the one that was sent, so that one binding
// serves a sign-in and its second factor, or one of the browser, or a new one.
func (by asker) binds(app App, id []byte) string {
	if by.binding != "" {
		return by.binding
	}
	if len(by.browser) == 0 {
		return bindingOf(token.Random(macSize), app.ID, id)
	}
	return bindingOf(by.browser, app.ID, id)
}

// shows returns the binding that goes with a token or state of that id. [CodeInvalidToken]: there is none.
func (by asker) shows(app App, id []byte) (string, error) {
	if by.binding == "" && len(by.browser) == 0 {
		return "", invalidToken("the binding of the token is missing").with(ReasonBindingMissing)
	}
	return by.binds(app, id), nil
}

// take names the token of a state or an mfa_token by its text and what its asker holds.
// [CodeInvalidToken].
func (by asker) take(app App, kind TokenKind, text string) (Take, error) {
	id, ok := token.Decode(text, idSize)
	if !ok {
		return Take{}, invalidToken("the token is malformed").with(reasonOfForm(text, formCode))
	}
	binding, err := by.shows(app, id)
	return Take{Kind: kind, Hash: token.Hash(id), Binding: token.Hash([]byte(binding))}, err
}

// newState stores the token of a ceremony that adds a factor, whose Kind and user are set.
func (f *factors) newState(ctx context.Context, app App, t Token, by asker, data ceremonyData) (Ceremony, error) {
	id := token.Random(idSize)
	binding := by.binds(app, id)
	t.App, t.Hash, t.Binding = app.ID, token.Hash(id), token.Hash([]byte(binding))
	err := f.tokens.keep(ctx, t, data, ceremonyTTL)
	return Ceremony{State: token.Encode(id), Binding: binding, ExpiresIn: ceremonyTTL}, err
}

// ceremonyState is the state of a ceremony that adds a factor, as it was found live. The step spends it.
type ceremonyState struct {
	take Take
	data ceremonyData
	user uuid.UUID
}

// findState returns the state of a ceremony by its text and what its asker holds. It spends nothing.
// [CodeInvalidToken].
func (f *factors) findState(ctx context.Context, app App, kind TokenKind, text string, by asker) (ceremonyState, error) {
	take, err := by.take(app, kind, text)
	if err != nil {
		return ceremonyState{}, err
	}
	s := ceremonyState{take: take}
	take.Dead = true
	t, ok, err := f.tokens.peek(ctx, app.ID, take)
	switch {
	case err != nil:
		return ceremonyState{}, err
	case !ok:
		return ceremonyState{}, invalidToken("the state is unknown, another browser's, or expired long ago")
	case !f.now().Before(t.ExpiresAt):
		return ceremonyState{}, invalidToken("the state has expired").with(ReasonExpired)
	case t.Dead:
		return ceremonyState{}, invalidToken("the state was spent, or died with what its user changed").with(ReasonSpent)
	}
	s.user = t.UserID
	return s, f.tokens.open(t, s.take, &s.data)
}

// wrongPasskey refuses a passkey. The answer does not say why.
func wrongPasskey(why error) *Error {
	return refuse(CodeInvalidCredentials, "the passkey is not one of this app, or its answer cannot be verified").because(why)
}

// asWrongPasskey gives a state that is of no use the answer of a wrong passkey.
func asWrongPasskey(err error) error {
	if errors.Is(err, CodeInvalidToken) {
		return wrongPasskey(err)
	}
	return err
}
