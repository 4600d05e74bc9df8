package authkit

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/aaguid"
	"github.com/authkit-dev/authkit/internal/naming"
	"github.com/authkit-dev/authkit/internal/token"
)

// Passkey is a passkey of a user.
type Passkey struct {
	ID         uuid.UUID
	Name       string
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: not yet
	BackedUp   bool      // a copy of it exists, so that it survives the loss of the device
	Transports []string  // by which it is reached, as the authenticator said ("internal", "hybrid", "usb" and others)
}

// maxPasskeys is how many passkeys a user may have.
const maxPasskeys = 20

// maxPasskeyName is how long the name of a passkey may be, in characters.
const maxPasskeyName = 64

// unnamedPasskey is the name of a passkey that has no other.
const unnamedPasskey = "Passkey"

// public returns the passkey as its user sees it.
func (p heldPasskey) public() Passkey {
	return Passkey{
		ID: p.ID, Name: p.Name, CreatedAt: p.credential.CreatedAt, LastUsedAt: p.LastUsed, BackedUp: p.BackedUp, Transports: p.Transports,
	}
}

// HasPasskeys reports whether people can use passkeys on the pages of an app: the app has passkeys, and the
// host of the base URL is one that may use them.
func (e *Engine) HasPasskeys(app App) bool {
	return e.factors.passkeysOn(app) && holdsHost(e.factors.relyingParty(app), e.factors.rpID)
}

// BeginNewPasskey returns the options with which a browser makes a passkey. They exclude the passkeys that
// the user has. [CodeLimitReached]: the user has 20. [CodeForbidden]: the app has second factors switched
// off, or the user of an Invitation has one. [CodeNotFound]: there are no passkeys here.
// [CodeInvalidToken], of a Token or an Invitation. It spends neither.
func (e *Engine) BeginNewPasskey(ctx context.Context, in FactorOwner) (Ceremony, error) {
	enrolment := in.enrolment
	if in.Invitation != "" {
		enrolment = in.invited
	}
	n, err := enrolment(ctx, e)
	if err != nil {
		return Ceremony{}, err
	}
	if err := e.factors.needPasskeys(n.app); err != nil {
		return Ceremony{}, err
	}
	held := n.account.factors()
	if len(held.passkeys) >= maxPasskeys {
		return Ceremony{}, limitReached("passkeys", maxPasskeys)
	}
	data := ceremonyData{Challenge: token.Random(challengeSize), RPID: e.factors.relyingParty(n.app), Handle: held.handle(), Invitation: n.invitation}
	options, err := e.factors.passkeys.CreationOptions(e.factors.registration(n.app, n.account, data))
	if err != nil {
		return Ceremony{}, &Error{Code: CodeInternal, Detail: "the options of a passkey could not be made", Err: err}
	}
	begun, err := e.factors.newState(ctx, n.app, n.state(newPasskeyKind), in.asker(), data)
	begun.Options = options
	return begun, err
}

// handle returns the user handle of the account's passkeys, or a new one if there is no passkey.
func (f heldFactors) handle() []byte {
	if len(f.passkeys) > 0 {
		return f.passkeys[0].UserHandle
	}
	return token.Random(challengeSize)
}

// registration is the ceremony in which a passkey is made for an account.
func (f *factors) registration(app App, account *Account, data ceremonyData) PasskeyRegistration {
	u := account.User
	r := PasskeyRegistration{
		PasskeyCeremony: f.ceremony(app, data.RPID, data.Challenge), RPName: app.Name, UserHandle: data.Handle,
		UserName: u.EmailTyped, DisplayName: cmp.Or(u.Name, u.EmailTyped),
	}
	for _, p := range account.factors().passkeys {
		if p.RPID == data.RPID {
			r.Exclude = append(r.Exclude, p.PasskeyRecord)
		}
	}
	return r
}

// PasskeyFinish is the passkey that a browser has made.
type PasskeyFinish struct {
	FactorOwner

	State      string          // Ceremony.State
	Credential json.RawMessage // what toJSON gives
	Name       string          // empty: that of the authenticator
}

// FinishNewPasskey adds a passkey to the user. The session at hand has shown a second factor from now on.
// A mail tells the user, with a link that undoes it. With a Token the sign-in that waited for the factor
// goes on in the same step, and the user's other sessions end.
//
// [CodeInvalidToken]: the state is spent, expired, or of another user or browser. [CodeInvalidCredentials]:
// the credential cannot be verified, or a user of the app has it. [CodeReauthenticationRequired], as by
// [Engine.FinishTOTP]. [CodeInvalidRequest]: the name. [CodeLimitReached]: the user has 20. [CodeNotFound]:
// there are no passkeys here. A refusal spends nothing.
func (e *Engine) FinishNewPasskey(ctx context.Context, in PasskeyFinish) (_ Enrolled, err error) {
	defer e.hooks.refused(ctx, attempt{EventFactorAdd, in.App, in.Client}, &err)
	if err := checkPasskeyName(in.Name); err != nil {
		return Enrolled{}, err
	}
	return in.enrol(ctx, e, press{}, func(ctx context.Context, n enrolment) (newFactor, error) { return n.newPasskey(ctx, in) })
}

// newPasskey verifies a new passkey for an account.
func (n enrolment) newPasskey(ctx context.Context, in PasskeyFinish) (newFactor, error) {
	f, account, now := n.e.factors, n.account, n.e.now()
	if err := f.needPasskeys(n.app); err != nil {
		return newFactor{}, err
	}
	state, err := n.findState(ctx, newPasskeyKind, in.State)
	if err != nil {
		return newFactor{}, err
	}
	held := account.factors()
	switch {
	case len(held.passkeys) >= maxPasskeys:
		return newFactor{}, limitReached("passkeys", maxPasskeys)
	case len(held.passkeys) > 0 && !bytes.Equal(held.handle(), state.data.Handle), state.data.RPID != f.relyingParty(n.app):
		return newFactor{}, invalidToken("another passkey was added, or the relying party changed, since the ceremony began").with(ReasonSpent)
	}
	record, err := f.passkeys.Register(f.registration(n.app, account, state.data), in.Credential)
	if err != nil {
		return newFactor{}, wrongPasskey(err).about(account)
	}
	record.UserHandle = state.data.Handle
	data := passkeyData{PasskeyRecord: record, ID: newID(now), RPID: state.data.RPID, Name: cmp.Or(in.Name, aaguid.Name(record.AAGUID), unnamedPasskey)}
	if err := n.noteOrigin(ctx, &data); err != nil {
		return newFactor{}, err
	}
	c := Credential{
		App: n.app.ID, UserID: account.User.ID, Kind: passkeyKind, Subject: passkeySubject(data.RPID, record.CredentialID),
		Data: plainJSON(data), CreatedAt: now,
	}
	return newFactor{
		kind: methodPasskey, take: state.take, passkey: heldPasskey{data, c}.public(), client: in.Client,
		use: factorUse{method: methodPasskey, amr: []string{amrPop, amrUser}, put: []Credential{c}},
	}, nil
}

// noteOrigin notes how the session that adds a passkey began, or that an invitation adds it. It refuses a
// passkey that a user of the app has.
func (n enrolment) noteOrigin(ctx context.Context, data *passkeyData) error {
	other, err := n.e.account(ctx, n.app.ID, AccountKey{Kind: passkeyKind, Subject: passkeySubject(data.RPID, data.CredentialID)})
	switch {
	case err != nil:
		return err
	case other != nil:
		return wrongPasskey(cause("a user of the app has the passkey")).about(n.account)
	case n.invitation != nil: // the mail is in the hands of the person who adds the passkey
		data.Mailed = n.account.User.Email
		return nil
	case n.in.Session == uuid.Nil:
		return nil
	}
	s, _, err := n.e.sessions.liveOf(ctx, SessionRef{App: n.app.ID, User: n.account.User.ID, ID: n.in.Session})
	if err != nil {
		return err
	}
	data.Mailed = s.mailedTo(n.account.User)
	if !s.MFAAt.IsZero() {
		data.Beside, err = n.e.factors.since(n.account.factors())
	}
	return err
}

// checkPasskeyName refuses a name that is too long, or that people cannot read as it is written.
func checkPasskeyName(name string) error {
	odd := func(r rune) bool {
		joins := r == '\u200c' || r == '\u200d' // letters of Persian, and emoji
		return !unicode.IsGraphic(r) && !joins || r == utf8.RuneError
	}
	blank := name != "" && strings.TrimSpace(name) == ""
	if utf8.RuneCountInString(name) > maxPasskeyName || blank || strings.ContainsFunc(name, odd) {
		return invalid("name", "invalid_name", "name is not up to 64 printable characters")
	}
	return nil
}

// mailedPasskey returns the name of a passkey as a mail has it. A thief names a passkey, too, and a mail
// program turns what reads as an address into a link: a name that no app may have is left out.
func mailedPasskey(name string) string {
	if _, err := naming.App(name); err != nil && name != "" {
		return unnamedPasskey
	}
	return name
}

// Passkeys returns the passkeys of a user, oldest first. [CodeUserNotFound].
func (e *Engine) Passkeys(ctx context.Context, ref UserRef) ([]Passkey, error) {
	account, err := e.accountOf(ctx, ref)
	if err != nil {
		return nil, err
	}
	list := []Passkey{}
	for _, p := range account.factors().passkeys {
		list = append(list, p.public())
	}
	return list, nil
}

// PasskeyRef names a passkey of a user.
type PasskeyRef struct {
	App, User, ID uuid.UUID
	Client        Client
}

// RenamePasskey gives a passkey another name, of 1 to 64 printable characters. [CodeNotFound]: the user has
// no such passkey. [CodeUserNotFound].
func (e *Engine) RenamePasskey(ctx context.Context, in PasskeyRef, name string) (Passkey, error) {
	if name == "" {
		return Passkey{}, invalid("name", "required", "name is missing")
	}
	if err := checkPasskeyName(name); err != nil {
		return Passkey{}, err
	}
	var out Passkey
	err := in.change(ctx, e, func(p *heldPasskey, c *factorStep) error {
		p.Name = name
		c.Put, out = append(c.Put, p.put()), p.public()
		return nil
	})
	return out, err
}

// RemovePasskey removes a passkey, and takes `mfa` out of the user's running sessions. A mail tells the
// user. The caller has checked that the sign-in is fresh. [CodeLastCredential]: it is the last way in; a
// proven address is one. [CodeNotFound]: the user has no such passkey. [CodeUserNotFound].
func (e *Engine) RemovePasskey(ctx context.Context, in PasskeyRef) (err error) {
	defer e.hooks.refused(ctx, attempt{EventFactorRemove, in.App, in.Client}, &err)
	return in.change(ctx, e, func(p *heldPasskey, c *factorStep) error {
		c.Drop = append(c.Drop, p.credential)
		live := e.factors.shown(c.app, c.account)
		if err := p.mayGo(ctx, c.account, live, e.providers); err != nil {
			return err
		}
		return e.factors.tellOfRemoved(ctx, c, FactorChange{Kind: methodPasskey, Name: p.Name})
	})
}

// mayGo refuses to remove the last way in: [CodeLastCredential]. The other ways are a proven address, a
// password, another passkey that is live or of the same relying party, and an identity of an enabled
// provider.
func (p heldPasskey) mayGo(ctx context.Context, account *Account, live heldFactors, of *providers) error {
	another := func(x heldPasskey) bool { return x.ID != p.ID && (x.RPID == p.RPID || live.passkey(x.ID) != nil) }
	if account.User.Verified || account.password() != "" || slices.ContainsFunc(account.factors().passkeys, another) {
		return nil
	}
	configs, err := of.configs(ctx, account.User.App)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(account.identities(configs), func(x heldIdentity) bool { return x.enabled }) {
		return nil
	}
	return refuse(CodeLastCredential, "it is the last way to sign in to the account: verify its address or add another first")
}

// change changes the passkey as change says. [CodeNotFound].
func (in PasskeyRef) change(ctx context.Context, e *Engine, change func(*heldPasskey, *factorStep) error) error {
	return FactorRemoval{App: in.App, User: in.User, Client: in.Client}.change(ctx, e, func(c *factorStep) error {
		p := c.account.factors().passkey(in.ID)
		if p == nil {
			return refuse(CodeNotFound, "the user has no such passkey")
		}
		return change(p, c)
	})
}
