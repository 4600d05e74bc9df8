package authkit

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	passkeyStateKind TokenKind = "passkey"     // of a sign-in, a second factor or a step-up
	newPasskeyKind   TokenKind = "new passkey" // of a registration
	newTOTPKind      TokenKind = "new totp"    // of the enrolment of a TOTP
	ceremonyTTL                = 5 * time.Minute
	challengeSize              = 32
)

// newFactors makes the part without the parts that it uses.
func newFactors(c *Config, base *url.URL, ring *seal.Ring, now func() time.Time) *factors {
	f := &factors{ring: ring, now: now, passkeys: c.Passkeys, origin: base.Scheme + "://" + base.Host}
	if net.ParseIP(base.Hostname()) == nil {
		f.rpID = strings.ToLower(base.Hostname())
	}
	return f
}

// ceremonyData is the sealed data of the state of a ceremony.
type ceremonyData struct {
	Challenge []byte `json:"challenge,omitempty"`
	RPID      string `json:"rp_id,omitempty"`
	Handle    []byte `json:"handle,omitempty"` // the user handle, of a registration
	Seed      []byte `json:"seed,omitempty"`   // of a TOTP
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
func (f *factors) ceremony(app App, data ceremonyData) PasskeyCeremony {
	return PasskeyCeremony{
		RPID: data.RPID, Origins: f.originsOf(app, data.RPID), Challenge: data.Challenge, Timeout: ceremonyTTL,
	}
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

// newState stores the token of a ceremony, whose App, Kind and user are set. A binding that was sent is
// bound, and answered again, so that one binding serves a sign-in and its second factor.
func (f *factors) newState(ctx context.Context, t Token, by asker, data ceremonyData) (Ceremony, error) {
	id := token.Random(idSize)
	binding := by.binding
	if binding == "" {
		browser := by.browser
		if len(browser) == 0 {
			browser = token.Random(macSize)
		}
		binding = bindingOf(browser, t.App, id)
	}
	t.Hash, t.Binding = token.Hash(id), token.Hash([]byte(binding))
	err := f.tokens.keep(ctx, t, data, ceremonyTTL)
	return Ceremony{State: token.Encode(id), Binding: binding, ExpiresIn: ceremonyTTL}, err
}

// ceremonyState is the state of a ceremony that was found live.
type ceremonyState struct {
	take  Take
	data  ceremonyData
	spent bool      // the flow has spent it before; otherwise its step does
	user  uuid.UUID // the nil UUID: of no user yet
}

// take names the token of a state or an mfa_token by its text and what its asker holds.
// [CodeInvalidToken].
func (by asker) take(app App, kind TokenKind, text string) (Take, error) {
	id, ok := token.Decode(text, idSize)
	if !ok {
		return Take{}, invalidToken("the token is malformed").with(reasonOfForm(text, formCode))
	}
	binding := by.binding
	if binding == "" {
		if len(by.browser) == 0 {
			return Take{}, invalidToken("the binding of the token is missing").with(ReasonBindingMissing)
		}
		binding = bindingOf(by.browser, app.ID, id)
	}
	return Take{Kind: kind, Hash: token.Hash(id), Binding: token.Hash([]byte(binding))}, nil
}

// claimState spends the state of a passkey whose answer goes into a step that spends another token, or
// no token. Of concurrent callers one gets it. [CodeInvalidToken].
func (f *factors) claimState(ctx context.Context, app App, text string, by asker) (ceremonyState, error) {
	take, err := by.take(app, passkeyStateKind, text)
	if err != nil {
		return ceremonyState{}, err
	}
	s := ceremonyState{take: take, spent: true}
	t, ok, err := f.tokens.claim(ctx, app.ID, take)
	switch {
	case err != nil:
		return ceremonyState{}, err
	case !ok:
		return ceremonyState{}, invalidToken("the state is spent, expired, or another browser's")
	}
	return s, f.tokens.open(t, take, &s.data)
}

// findState returns the state of a ceremony by its text and what its asker holds. It spends nothing.
// [CodeInvalidToken].
func (f *factors) findState(ctx context.Context, app App, kind TokenKind, text string, by asker) (ceremonyState, error) {
	take, err := by.take(app, kind, text)
	if err != nil {
		return ceremonyState{}, err
	}
	s := ceremonyState{take: take}
	t, ok, err := f.tokens.peek(ctx, app.ID, s.take)
	switch {
	case err != nil:
		return ceremonyState{}, err
	case !ok:
		return ceremonyState{}, invalidToken("the state is spent, expired, or another browser's")
	}
	s.user = t.UserID
	return s, f.tokens.open(t, s.take, &s.data)
}
