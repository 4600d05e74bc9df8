package authkit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

// maxShownState bounds the text of a state, in bytes. A domain has at most 253.
const maxShownState = 1024

// shownStateAAD binds a state to its app.
func shownStateAAD(app uuid.UUID) []byte { return seal.AAD("passkey state", app.String()) }

// beginShown begins a ceremony in which a passkey is shown.
func (f *factors) beginShown(app App, by asker) (Ceremony, error) {
	s := shownState{Challenge: token.Random(challengeSize), RPID: f.relyingParty(app), Expires: f.now().Add(ceremonyTTL)}
	options, err := f.passkeys.RequestOptions(f.ceremony(app, s.RPID, s.Challenge))
	if err != nil {
		return Ceremony{}, &Error{Code: CodeInternal, Detail: "the options of a passkey could not be made", Err: err}
	}
	binding := by.binds(app, s.Challenge)
	s.Binding = token.Hash([]byte(binding))
	text := token.Encode(f.ring.Seal(plainJSON(s), shownStateAAD(app.ID)))
	return Ceremony{Options: options, State: text, Binding: binding, ExpiresIn: ceremonyTTL}, nil
}

// openShown opens a state of beginShown. [CodeInvalidToken]: it is of another app or browser, it has
// expired, or the relying party has changed.
func (f *factors) openShown(app App, text string, by asker) (s shownState, err error) {
	raw, ok := token.Decode(text, base64.RawURLEncoding.DecodedLen(min(len(text), maxShownState)))
	if !ok {
		return s, invalidToken("the state is malformed").with(ReasonMalformed)
	}
	plain, err := f.ring.Open(raw, shownStateAAD(app.ID))
	if err != nil || json.Unmarshal(plain, &s) != nil {
		return s, invalidToken("the state is of another app, or of another kind").with(reasonOfForm(text, formNone))
	}
	binding, err := by.shows(app, s.Challenge)
	switch {
	case err != nil:
		return s, err
	case !hmac.Equal(token.Hash([]byte(binding)), s.Binding):
		return s, invalidToken("the state is another browser's")
	case !s.Expires.After(f.now()):
		return s, invalidToken("the state has expired").with(ReasonExpired)
	case s.RPID != f.relyingParty(app):
		return s, invalidToken("the relying party has changed since the ceremony began")
	}
	return s, nil
}

// shownPasskey is the answer of a passkey in a ceremony. It is not verified.
type shownPasskey struct {
	app        App
	state      shownState
	claim      PasskeyClaim
	credential json.RawMessage
	client     Client
}

// readShown reads a state and the answer of a passkey. [CodeInvalidToken], as by openShown;
// [CodeInvalidCredentials]: the credential is malformed.
func (f *factors) readShown(app App, state string, by asker, credential json.RawMessage, client Client) (shownPasskey, error) {
	s := shownPasskey{app: app, credential: credential, client: client}
	var err error
	if s.state, err = f.openShown(app, state, by); err != nil {
		return shownPasskey{}, err
	}
	if s.claim, err = f.passkeys.Claim(credential); err != nil {
		return shownPasskey{}, wrongPasskey(err)
	}
	return s, nil
}

// use verifies the answer by the passkey of an account, and returns its use as a factor. errAgain: the
// account has to be read again. [CodeInvalidToken]: the user has used the state before.
func (s shownPasskey) use(ctx context.Context, e *Engine, account *Account) (factorUse, error) {
	f, all := e.factors, account.factors()
	held := all.byCredential(s.state.RPID, s.claim.CredentialID)
	switch {
	case held == nil:
		return factorUse{}, wrongPasskey(cause("the account has no such passkey")).about(account)
	case all.spent(s.state):
		return factorUse{}, invalidToken("the state was used before").with(ReasonSpent)
	}
	use, err := f.passkeys.Verify(f.ceremony(s.app, s.state.RPID, s.state.Challenge), held.PasskeyRecord, s.credential)
	if err != nil {
		return factorUse{}, wrongPasskey(err).about(account)
	}
	var room bool
	if held.passkeyData, room = held.spending(s.state, f.now()); !room {
		return factorUse{}, wrongPasskey(cause("the passkey was used too often within ten minutes")).about(account)
	}
	if held.cloned(use) {
		return factorUse{}, s.tellOfClone(ctx, e, account, held)
	}
	held.Counter, held.BackedUp, held.LastUsed = use.Counter, use.BackedUp, f.now()
	return factorUse{method: methodPasskey, amr: []string{amrPop, amrUser}, put: []Credential{held.put()}}, nil
}

// byCredential returns the passkey of that credential at the relying party; nil: the account has no such
// passkey.
func (f heldFactors) byCredential(rpID string, credentialID []byte) *heldPasskey {
	for i, p := range f.passkeys {
		if p.RPID == rpID && bytes.Equal(p.CredentialID, credentialID) {
			return &f.passkeys[i]
		}
	}
	return nil
}

// cloned reports whether the counter of an authenticator says that there may be two of it. Passkeys that
// can be backed up are on several devices by design, and have no counter to go by.
func (p heldPasskey) cloned(use PasskeyUse) bool {
	return !p.BackupEligible && (p.Counter != 0 || use.Counter != 0) && use.Counter <= p.Counter
}

// tellOfClone writes the event of an authenticator that may have been cloned and mails its user, once for
// a state, and returns the refusal.
func (s shownPasskey) tellOfClone(ctx context.Context, e *Engine, account *Account, p *heldPasskey) error {
	u, by := account.User, s.client
	c := UserChange{Now: e.now(), App: s.app.ID, ID: u.ID, Version: u.Version, Put: []Credential{p.put()}}
	c.Riders.note(c.Now, Event{App: c.App, UserID: u.ID, Type: EventPasskeyClone, Result: "warning", IP: by.IP, Reason: p.ID.String()})
	l := e.outbox.causedBy(by.Languages, by.UserAgent, letter{Template: "passkey_cloned", Provider: mailedPasskey(p.Name)})
	if err := e.factors.mailUser(ctx, &c, s.app, u, l); err != nil {
		return err
	}
	if _, err := e.changeUser(ctx, c); err != nil {
		return err
	}
	return wrongPasskey(cause("the signature counter has not grown: the authenticator may be cloned")).about(account)
}
