package authkit

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"
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
	if err := e.store.confirm(ctx); err != nil { // there is no other call of the store that proves the app
		return Ceremony{}, storeError(err, app.ID)
	}
	return e.factors.beginShown(app, asker{in.Binding, in.Browser})
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
// so that no second one is asked for. The step that starts the session spends the state; a refusal spends
// nothing, but that of a clone spends the state.
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
	shown, err := e.factors.readShown(app, in.State, asker{in.Binding, in.Browser}, in.Credential, in.Client)
	if err != nil {
		return Landing{}, asWrongPasskey(err)
	}
	p.step.method = MethodPasskey
	key := AccountKey{Kind: passkeyKind, Subject: passkeySubject(shown.state.RPID, shown.claim.CredentialID)}
	landing, err := again(func() (Landing, error) {
		account, err := e.account(ctx, app.ID, key)
		switch {
		case err != nil:
			return Landing{}, err
		case account == nil:
			return Landing{}, wrongPasskey(cause("no user of the app has the passkey"))
		}
		use, err := shown.use(ctx, e, account)
		if err != nil {
			return Landing{}, err
		}
		p.step.second, p.step.amr = &use, use.amr
		return e.signInUser(ctx, app, account, p.step)
	})
	return landing, asWrongPasskey(err)
}
