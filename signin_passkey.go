package authkit

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// PasskeyBegin begins a sign-in, a second factor or a step-up by a passkey.
type PasskeyBegin struct {
	App uuid.UUID

	// Binding, if it is set, is bound to the ceremony and answered again: that of an mfa_token serves
	// both. Otherwise Browser, the secret in the binding cookie as [Engine.Browser] returns it, is
	// bound; without either, a new binding.
	Binding string
	Browser []byte
	Client  Client
}

// BeginPasskey returns the options of a ceremony in which a person shows a passkey. They name no
// credential, so that they tell nothing about any user. [CodeNotFound]: there are no passkeys here.
func (e *Engine) BeginPasskey(ctx context.Context, in PasskeyBegin) (Ceremony, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return Ceremony{}, err
	}
	if err := e.factors.needPasskeys(app); err != nil {
		return Ceremony{}, err
	}
	data := ceremonyData{Challenge: token.Random(challengeSize), RPID: e.factors.relyingParty(app)}
	options, err := e.factors.passkeys.RequestOptions(e.factors.ceremony(app, data))
	if err != nil {
		return Ceremony{}, &Error{Code: CodeInternal, Detail: "the options of a passkey could not be made", Err: err}
	}
	begun, err := e.factors.newState(ctx, Token{App: app.ID, Kind: passkeyStateKind}, asker{in.Binding, in.Browser}, data)
	begun.Options = options
	return begun, err
}

// PasskeySignIn is the sign-in with a passkey.
type PasskeySignIn struct {
	App        uuid.UUID
	State      string // Ceremony.State
	Binding    string // Ceremony.Binding, or Browser in its place
	Browser    []byte
	Credential json.RawMessage // what toJSON gives

	Client Client
}

// SignInWithPasskey signs the user of a passkey in. A passkey with user verification is both factors,
// so that no second one is asked for. The step that starts the session spends the state.
//
// Whatever is wrong with the state or the credential is one [CodeInvalidCredentials]. So is a signature
// counter that has not grown, of a passkey that cannot be backed up: the authenticator may have been
// cloned (WebAuthn Level 3, section 6.1.1), and a mail and an event tell of it.
// [CodeUserDisabled]; [CodeEmailNotVerified]; [CodeForbidden]; [CodeNotFound]: there are no passkeys here.
func (e *Engine) SignInWithPasskey(ctx context.Context, in PasskeySignIn) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	landing, err := passkeyTry{e, app, in, signInStep{client: in.Client, browser: in.Browser}}.run(ctx)
	return landing.SignIn, err
}

// PasskeyPress is [PasskeySignIn] from a page, with the place to which the flow leads.
type PasskeyPress struct {
	PasskeySignIn

	RedirectTo, CodeChallenge string // as in [PasswordPress]

	form  string // identifies the form that was shown
	stale bool   // as in PagePress
}

// PressPasskey is [Engine.SignInWithPasskey] from a page. It ends as [Engine.PressPassword] does, and a
// second press of the same form within a minute gets the outcome of the first.
func (e *Engine) PressPasskey(ctx context.Context, in PasskeyPress) (Landing, error) {
	page := PagePress{App: in.App, Browser: in.Browser, Client: in.Client, stale: in.stale}
	return e.pressPage(ctx, page, []string{"passkey", in.form, in.State, string(in.Credential), in.RedirectTo}, func(ctx context.Context, app App, p press) (Landing, error) {
		step := signInStep{client: in.Client, press: p, browser: in.Browser}.endingAt(app, handOver{in.RedirectTo, in.CodeChallenge, in.Browser})
		to := step.leadsTo(app)
		to.begins = true
		if err := e.checkGoal(app, to); err != nil {
			return Landing{}, err
		}
		return passkeyTry{e, app, in.PasskeySignIn, step}.run(ctx)
	})
}

// passkeyTry is a sign-in by a passkey.
type passkeyTry struct {
	e    *Engine
	app  App
	in   PasskeySignIn
	step signInStep
}

// run signs in. The caller sets the fields of the step that say how the flow ends.
func (p passkeyTry) run(ctx context.Context) (Landing, error) {
	e, app, in := p.e, p.app, p.in
	if err := e.factors.needPasskeys(app); err != nil {
		return Landing{}, err
	}
	if err := e.limits.hit(ctx, app, in.Client.withDeferred(nil)...); err != nil {
		return Landing{}, err
	}
	state, err := e.factors.findState(ctx, app, passkeyStateKind, in.State, asker{in.Binding, in.Browser})
	if err != nil {
		return Landing{}, asWrongPasskey(err)
	}
	claim, err := e.factors.passkeys.Claim(in.Credential)
	if err != nil {
		return Landing{}, wrongPasskey(err)
	}
	p.step.method, p.step.take = MethodPasskey, &state.take
	key := AccountKey{Kind: passkeyKind, Subject: passkeySubject(state.data.RPID, claim.CredentialID)}
	return again(func() (Landing, error) {
		account, err := e.account(ctx, app.ID, key)
		switch {
		case err != nil:
			return Landing{}, err
		case account == nil:
			return Landing{}, wrongPasskey(cause("no user of the app has the passkey"))
		}
		use, err := e.factors.usePasskey(ctx, account, shownPasskey{app, state, in.Credential, in.Client})
		if err != nil {
			return Landing{}, err
		}
		p.step.second, p.step.amr = &use, use.amr
		landing, err := e.signInUser(ctx, app, account, p.step)
		return landing, asWrongPasskey(err)
	})
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

// shownPasskey is the answer of a passkey in a ceremony.
type shownPasskey struct {
	app        App
	state      ceremonyState
	credential json.RawMessage
	client     Client
}

// usePasskey verifies the answer of a passkey of an account, and returns its use as a factor.
func (f *factors) usePasskey(ctx context.Context, account *Account, shown shownPasskey) (factorUse, error) {
	claim, err := f.passkeys.Claim(shown.credential)
	if err != nil {
		return factorUse{}, wrongPasskey(err)
	}
	held := account.factors().byCredential(shown.state.data.RPID, claim.CredentialID)
	if held == nil {
		return factorUse{}, wrongPasskey(cause("the account has no such passkey")).about(account)
	}
	use, err := f.passkeys.Verify(f.ceremony(shown.app, shown.state.data), held.PasskeyRecord, shown.credential)
	if err != nil {
		return factorUse{}, wrongPasskey(err).about(account)
	}
	if held.cloned(use) {
		return factorUse{}, f.tellOfClone(ctx, account, held, shown)
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
func (f *factors) tellOfClone(ctx context.Context, account *Account, p *heldPasskey, shown shownPasskey) error {
	if !shown.state.spent {
		if _, ok, err := f.tokens.claim(ctx, shown.app.ID, shown.state.take); err != nil || !ok {
			return cmp.Or[error](err, wrongPasskey(cause("the state was spent by another request")))
		}
	}
	u, by := account.User, shown.client
	c := UserChange{Now: f.now(), App: shown.app.ID, ID: u.ID}
	c.Riders.note(c.Now, Event{App: c.App, UserID: u.ID, Type: EventPasskeyClone, Result: "warning", IP: by.IP, Reason: p.ID.String()})
	l := f.outbox.causedBy(by.Languages, by.UserAgent, letter{Template: "passkey_cloned", Provider: p.Name})
	if err := f.mailUser(ctx, &c, shown.app, u, l); err != nil {
		return err
	}
	if err := f.tokens.put(ctx, c.App, c.Riders); err != nil {
		return err
	}
	return wrongPasskey(cause("the signature counter has not grown: the authenticator may be cloned")).about(account)
}
