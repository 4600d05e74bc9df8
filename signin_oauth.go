package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/internal/naming"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/oauth"
)

// OAuthStart begins a sign-in at a provider.
type OAuthStart struct {
	App                       uuid.UUID
	Provider                  string
	RedirectTo, CodeChallenge string // as in LinkRequest

	// Browser is the secret in the binding cookie. Without it the state is bound to the
	// Binding of the answer instead: how a flow begins decides how it may end.
	Browser []byte

	Client Client
}

// OAuthGo is where the browser goes.
type OAuthGo struct{ URL, State, Binding string }

// flow is what a state keeps, sealed.
type flow struct {
	Provider   string `json:"provider"`
	Edition    string `json:"edition"` // of the configuration
	Nonce      string `json:"nonce"`
	Verifier   string `json:"verifier"`
	RedirectTo string `json:"redirect_to,omitempty"`
	Challenge  string `json:"challenge,omitempty"`
	Cookie     bool   `json:"cookie,omitempty"`

	Until time.Time `json:"until"` // when it may come back at the latest
}

// StartOAuth makes a state and answers the provider's URL. [CodeProviderNotConfigured].
func (e *Engine) StartOAuth(ctx context.Context, in OAuthStart) (OAuthGo, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return OAuthGo{}, err
	}
	to, err := e.depart(ctx, app, in, Token{Kind: stateKind}, uuid.Nil)
	if in.Browser != nil {
		to.Binding = "" // the cookie is the binding
	}
	return to, err
}

// mayDepart is the configuration that a flow begins with, or what speaks against beginning.
func (e *Engine) mayDepart(ctx context.Context, app App, in OAuthStart) (OAuthConfig, error) {
	config, err := e.providers.config(ctx, app.ID, in.Provider)
	switch {
	case err != nil:
		return OAuthConfig{}, err
	case !config.Enabled:
		return OAuthConfig{}, notConfigured()
	}
	return config, checkGoal(app, in.RedirectTo, in.CodeChallenge)
}

// maySignIn is mayDepart for a flow that hands over a code.
func (e *Engine) maySignIn(ctx context.Context, app App, in OAuthStart) (OAuthConfig, error) {
	config, err := e.mayDepart(ctx, app, in)
	if err != nil {
		return OAuthConfig{}, err
	}
	return config, checkHandOver(app, in.RedirectTo, in.CodeChallenge)
}

// depart makes a state out of a token of its kind and user, for a session if it links.
func (e *Engine) depart(ctx context.Context, app App, in OAuthStart, state Token, session uuid.UUID) (OAuthGo, error) {
	may := e.mayDepart
	if state.Kind == stateKind {
		may = e.maySignIn
	}
	config, err := may(ctx, app, in)
	if err != nil {
		return OAuthGo{}, err
	}
	client, err := e.providers.open(config)
	if err != nil {
		return OAuthGo{}, err
	}
	id := newState(state.Kind)
	kept := flow{
		Provider: in.Provider, Edition: config.edition(), RedirectTo: in.RedirectTo, Challenge: in.CodeChallenge, Cookie: in.Client.Cookie,
		Nonce: token.Encode(token.Random(macSize)), Verifier: token.Encode(token.Random(macSize)), Until: e.now().Add(stateTTL),
	}
	browser := in.Browser
	if browser == nil {
		browser = token.Random(macSize)
	}
	to, err := e.providers.client.AuthURL(ctx, client, id.String(), kept.Nonce, kept.Verifier)
	if err != nil {
		return OAuthGo{}, providerError(err)
	}
	binding := bindingOf(browser, app.ID, id.id)
	take := id.take(binding, session)
	state.App, state.Hash, state.Proof, state.Binding = app.ID, take.Hash, take.Hash, take.Binding
	if err := e.tokens.keep(ctx, state, kept, stateTTL+pressTime); err != nil {
		return OAuthGo{}, err
	}
	return OAuthGo{URL: to, State: id.String(), Binding: binding}, nil
}

// noState refuses a state that is none, or the provider that it would be of.
func (e *Engine) noState(ctx context.Context, app uuid.UUID, provider string, why cause) error {
	config, err := e.providers.config(ctx, app, provider)
	switch {
	case err != nil:
		return err
	case !config.Enabled:
		return notConfigured()
	}
	return invalidToken(why)
}

// finish asks the provider who came, and signs in. Of the step, the take is given, and what has to
// do with the end of the flow.
func (e *Engine) finish(ctx context.Context, app App, in OAuthReturn, kept flow, step signInStep) (Landing, error) {
	in.Client.Cookie = kept.Cookie // chosen where the flow began, and not by what came back
	profile, err := e.whoCame(ctx, app.ID, in, kept)
	if err != nil {
		return Landing{}, err
	}
	if app, err = e.live.apps.read(ctx, app.ID); err != nil {
		return Landing{}, err
	}
	step.method, step.amr, step.client = MethodOAuth, []string{"fed"}, in.Client
	return again(func() (Landing, error) { return e.enterByProvider(ctx, app, arrival{profile, kept.Provider}, step) })
}

// arrival is who came from a provider.
type arrival struct {
	oauth.Profile

	provider string // the name of the configuration
}

// whoCame asks the provider.
func (e *Engine) whoCame(ctx context.Context, app uuid.UUID, in OAuthReturn, kept flow) (oauth.Profile, error) {
	config, err := e.underWay(ctx, app, kept)
	if err != nil {
		return oauth.Profile{}, err
	}
	client, err := e.providers.open(config)
	if err != nil {
		return oauth.Profile{}, err
	}
	if in.Fail != "" || in.Code == "" {
		return oauth.Profile{}, e.providerFailed(ctx, client, in)
	}
	if in.Iss == "" {
		if err := e.providers.checkUnnamed(ctx, config); err != nil {
			return oauth.Profile{}, err
		}
	}
	profile, err := e.providers.client.Exchange(ctx, client, oauth.Callback{Code: in.Code, Iss: in.Iss, Nonce: kept.Nonce, Verifier: kept.Verifier})
	if err != nil {
		return oauth.Profile{}, providerError(err)
	}
	// A provider may take its time: what was looked up before it answered may be long ago.
	_, err = e.underWay(ctx, app, kept)
	return profile, err
}

// providerFailed is the refusal for an answer without a code. RFC 9207, section 2.4: its iss is
// judged like that of any answer.
func (e *Engine) providerFailed(ctx context.Context, client oauth.Config, in OAuthReturn) error {
	err := e.providers.client.CheckIss(ctx, client, in.Iss)
	if fault, ok := errors.AsType[*oauth.Error](err); ok && fault.Kind == oauth.WrongIssuer {
		return providerError(fault)
	}
	if in.Fail == "" {
		return providerRefused("", errors.New("the provider's answer has neither a code nor an error"))
	}
	return providerRefused(in.Fail, fmt.Errorf("the provider answers error %s", oauth.LoggableCode(in.Fail, client.ClientSecret)))
}

// underWay answers the configuration of a flow, unless it changed since the flow began.
func (e *Engine) underWay(ctx context.Context, app uuid.UUID, kept flow) (OAuthConfig, error) {
	config, err := e.providers.config(ctx, app, kept.Provider)
	if err != nil {
		return OAuthConfig{}, err
	}
	if !config.Enabled || config.edition() != kept.Edition {
		return OAuthConfig{}, invalidToken("the provider's configuration changed since the flow began")
	}
	return config, nil
}

// providerError turns a fault at the provider into a code of the contract.
func providerError(err error) error {
	fault, ok := errors.AsType[*oauth.Error](err)
	switch {
	case ok && fault.Kind == oauth.Refused:
		return providerRefused(fault.Code, err)
	case ok && fault.Kind == oauth.WrongIssuer:
		return invalidToken("the provider's answer names another issuer").because(err)
	case ok && fault.Kind == oauth.Timeout:
		return &Error{Code: CodeProviderTimeout, Detail: "the provider did not answer in time", Err: err}
	}
	return &Error{Code: CodeProviderError, Detail: "the provider cannot be reached, or its answer cannot be used", Err: err}
}

func providerRefused(code string, err error) error {
	if !oauth.KnownErrorCode(code) {
		code = ""
	}
	return &Error{Code: CodeProviderRefused, Detail: "the provider refused the sign-in", ProviderCode: code, Err: err}
}

func (e *Engine) enterByProvider(ctx context.Context, app App, p arrival, step signInStep) (Landing, error) {
	known, err := e.account(ctx, app.ID, AccountKey{Kind: oauthKind, Subject: subjectOf(p.Profile)})
	if err != nil {
		return Landing{}, err
	}
	// An address that is none counts as no address.
	email, bad := address.Parse(p.Email)
	var local *Account
	if known == nil && bad == nil {
		if local, err = e.account(ctx, app.ID, AccountKey{Email: email}); err != nil {
			return Landing{}, err
		}
	}
	c := linkCase{
		identityKnown: known != nil, local: local != nil, localVerified: local != nil && local.User.Verified,
		signupOpen: !app.Settings.SignupClosed, never: app.Settings.LinkPolicy == LinkNever, email: bad == nil, emailVerified: p.EmailVerified,
	}
	identity, err := identityOf(p.Profile, p.provider)
	if err != nil {
		return Landing{}, err
	}
	switch outcome := link(c); outcome {
	case linkSignIn:
		if identity, err = known.mailed(identity, ""); err != nil {
			return Landing{}, err
		}
		if !known.keeps(identity) { // the provider tells another address, or nothing was kept yet
			step.put = []Credential{owned(identity, known.User, e.now())}
		}
		return e.enter(ctx, app, known, step)
	case linkCreateVerified, linkCreateUnverified:
		if err := e.mayCreate(ctx, app, step.client); err != nil {
			return Landing{}, err
		}
		step.put = provenAt(p.Profile, p.provider, identity)
		return e.create(ctx, app, User{
			Email: email, EmailTyped: p.Email, Name: p.userName(), Verified: outcome == linkCreateVerified,
		}, step)
	case linkAdd, linkResetAndAdd:
		step.put = []Credential{owned(identity, local.User, e.now())}
		step.proof, step.shown = outcome == linkResetAndAdd, p.Email
		if step.proof {
			step.put = provenAt(p.Profile, p.provider, step.put[0])
		}
		step.joins = p.provider
		return e.enter(ctx, app, local, step)
	case linkSignupDisabled:
		return Landing{}, signupClosed()
	case linkEmailRequired:
		return Landing{}, &Error{Code: CodeEmailRequired, Detail: "the provider told no usable email address", Err: p.Lack}
	}
	return Landing{}, refuse(CodeLinkRequired, "an account with this address exists; sign in to it first, then link the provider")
}

// userName is the name that a new user gets; empty: the provider told none that a user may have.
func (p arrival) userName() string {
	if _, err := naming.User(p.Name); err != nil {
		return ""
	}
	return p.Name
}

// noteLink adds the event of a new identity to a step, and a mail to the user, with a link that
// takes it back.
func (e *Engine) noteLink(c *UserChange, app App, of *Account, provider, ip string) error {
	u := of.User
	c.Also.note(c.Now, Event{App: app.ID, UserID: u.ID, Type: EventIdentityLink, IP: ip, Reason: provider})
	if !u.Verified { // mail to an unproven address says nothing
		return nil
	}
	link := e.tokens.addUndo(c, of)
	l := letter{
		To: u.EmailTyped, Template: "identity_linked", App: app.Name, Provider: provider, Link: link,
		Minutes: int(forUndo.ttl / time.Minute), Proven: of.provenHere(),
	}
	e.outbox.queue(&c.Also, app.ID, l, c.Now, noticeTTL)
	return nil
}
