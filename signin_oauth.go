package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/internal/naming"
)

// OAuthStart begins a sign-in at a provider.
type OAuthStart struct {
	App                       uuid.UUID
	Provider                  string
	RedirectTo, CodeChallenge string // as in MagicLinkRequest

	// Browser is the secret in the binding cookie, as [Engine.Browser] returns it. Without it the
	// state is bound to the Binding of the answer instead: how a flow begins decides how it may end.
	Browser []byte

	// Offer comes back as [Landing.Offer]: the browser that begins can make a passkey, and may be offered one.
	Offer bool

	Client Client
}

// StartOAuth makes a state and returns the URL of the provider. [CodeProviderNotConfigured].
func (e *Engine) StartOAuth(ctx context.Context, in OAuthStart) (OAuthGo, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return OAuthGo{}, err
	}
	config, err := e.maySignIn(ctx, app, in)
	if err != nil {
		return OAuthGo{}, err
	}
	to, err := e.beginFlow(ctx, config, departure{
		state: Token{Kind: stateKind}, browser: in.Browser,
		redirectTo: in.RedirectTo, challenge: in.CodeChallenge, cookie: in.Client.Cookie, offer: in.Offer,
	})
	if in.Browser != nil {
		to.Binding = "" // the cookie is the binding
	}
	return to, err
}

// maySignIn checks a sign-in that is to begin, and returns the configuration of its provider.
func (e *Engine) maySignIn(ctx context.Context, app App, in OAuthStart) (OAuthConfig, error) {
	config, err := e.providers.enabled(ctx, app.ID, in.Provider)
	if err != nil {
		return OAuthConfig{}, err
	}
	return config, e.checkGoal(app, goal{to: in.RedirectTo, challenge: in.CodeChallenge, cookie: app.holdsInCookie(in.Client), begins: true})
}

// beginFlow makes the state of a flow and stores it. The state lives longer than the provider may take
// to answer, by the time that the work on the answer may take.
func (e *Engine) beginFlow(ctx context.Context, c OAuthConfig, d departure) (OAuthGo, error) {
	d.now = e.now()
	flow, err := e.providers.begin(ctx, c, d)
	if err != nil {
		return OAuthGo{}, err
	}
	if err := e.tokens.keep(ctx, flow.state, flow.data, stateTTL+pressTime); err != nil {
		return OAuthGo{}, err
	}
	return flow.to, nil
}

// finish exchanges the provider's answer and signs in. The caller sets the take of the step and the
// fields that say how the flow ends.
func (e *Engine) finish(ctx context.Context, app App, in OAuthReturn, kept stateData, step signInStep) (Landing, error) {
	in.Client.Cookie = kept.Cookie // the choice made when the flow began, not that of the return
	who, err := e.providers.exchangeAnswer(ctx, app.ID, in.answer(), kept)
	if err != nil {
		return Landing{}, err
	}
	if app, err = e.live.apps.read(ctx, app.ID); err != nil {
		return Landing{}, err
	}
	step.method, step.amr, step.client = MethodOAuth, []string{"fed"}, in.Client
	landing, err := again(func() (Landing, error) { return e.signInByProvider(ctx, app, who, step) })
	landing.Offer = kept.Offer
	return landing, err
}

// signInByProvider signs in a person who came back from a provider, as the linking truth table decides:
// to an account, as a new user, or not at all.
func (e *Engine) signInByProvider(ctx context.Context, app App, p arrival, step signInStep) (Landing, error) {
	known, err := e.account(ctx, app.ID, AccountKey{Kind: oauthKind, Subject: p.subject()})
	if err != nil {
		return Landing{}, err
	}
	// A malformed address counts as no address.
	email, bad := address.Parse(p.Email)
	var local *Account
	if known == nil && bad == nil {
		if local, err = e.account(ctx, app.ID, AccountKey{Email: email}); err != nil {
			return Landing{}, err
		}
	}
	c := linkCase{
		identityKnown: known != nil, local: local != nil, localVerified: local != nil && local.User.Verified,
		signupOpen: !app.Settings.SignupClosed, never: app.Settings.IdentityPolicy == IdentitiesJoinNever, email: bad == nil, emailVerified: p.EmailVerified,
	}
	identity := p.identity()
	switch outcome := link(c); outcome {
	case linkSignIn:
		identity = known.withMailed(identity, "")
		if !known.hasSameCredential(identity) { // the configuration's name or the address is new
			step.put = []Credential{owned(identity, known.User, e.now())}
		}
		return e.signInUser(ctx, app, known, step)
	case linkCreateVerified, linkCreateUnverified:
		if err := e.mayCreate(ctx, app, step.client); err != nil {
			return Landing{}, err
		}
		step.put = identityCredentials(p.Profile, p.provider, identity)
		return e.signUpUser(ctx, app, User{
			Email: email, EmailTyped: p.Email, Name: p.userName(), Verified: outcome == linkCreateVerified,
		}, step)
	case linkAdd, linkResetAndAdd:
		step.put = []Credential{owned(identity, local.User, e.now())}
		step.proof, step.emailTyped = outcome == linkResetAndAdd, p.Email
		if step.proof {
			step.put = identityCredentials(p.Profile, p.provider, step.put[0])
		}
		step.linkedProvider = p.provider
		return e.signInUser(ctx, app, local, step)
	case linkSignupDisabled:
		return Landing{}, signupClosed()
	case linkEmailRequired:
		return Landing{}, &Error{Code: CodeEmailRequired, Detail: "the provider gave no usable email address", Err: p.Lack}
	}
	return Landing{}, refuse(CodeLinkRequired, "an account with this address exists; sign in to it first, then link the provider")
}

// addLinkNotice adds the event of a new identity to a step, and a mail to the user with a link
// that undoes it.
func (e *Engine) addLinkNotice(c *UserChange, app App, of *Account, provider string, by Client) {
	u := of.User
	c.Riders.note(c.Now, Event{App: app.ID, UserID: u.ID, Type: EventIdentityLink, IP: by.IP, Reason: provider})
	if !u.Verified { // the mail might reach another person
		return
	}
	link := e.tokens.addUndo(c, of)
	l := letter{
		To: u.EmailTyped, Template: "identity_linked", App: app.Name, Provider: naming.Provider(provider), Link: link,
		Minutes: int(forUndo.ttl / time.Minute), Proven: of.verifiedByProof(),
	}
	e.outbox.queue(&c.Riders, app.ID, e.outbox.causedBy(by.Languages, by.UserAgent, l), c.Now, noticeTTL)
}

// SignInProviders returns the names of the providers by which users of the app can sign in, in
// order: those that are configured and enabled. [CodeAppNotFound].
func (e *Engine) SignInProviders(ctx context.Context, app uuid.UUID) ([]string, error) {
	configs, err := e.providers.configs(ctx, app)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range configs {
		if c.Enabled {
			names = append(names, c.Provider)
		}
	}
	return names, nil
}
