package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/internal/naming"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/oauth"
)

const (
	stateKind  TokenKind = "state"
	resumeKind TokenKind = "resume"
	stateTTL             = 10 * time.Minute
	resumeTTL            = time.Minute
)

// OAuthStart begins a sign-in at a provider.
type OAuthStart struct {
	App                       uuid.UUID
	Provider                  string
	RedirectTo, CodeChallenge string // as in LinkRequest

	// Browser is the secret in the binding cookie. Without it the state is bound to the
	// Binding of the answer instead: how a flow begins decides how it may end.
	Browser []byte
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
}

// StartOAuth makes a state and answers the provider's URL. [CodeProviderNotConfigured].
func (e *Engine) StartOAuth(ctx context.Context, in OAuthStart) (OAuthGo, error) {
	app, err := e.App(ctx, in.App)
	if err != nil {
		return OAuthGo{}, err
	}
	if err := checkGoal(app, in.RedirectTo, in.CodeChallenge); err != nil {
		return OAuthGo{}, err
	}
	config, err := e.oauthConfig(ctx, app.ID, in.Provider)
	if err != nil {
		return OAuthGo{}, err
	}
	if !config.Enabled {
		return OAuthGo{}, notConfigured()
	}
	client, err := e.client(config)
	if err != nil {
		return OAuthGo{}, err
	}
	secrets, err := e.random(macSize + idSize + 2*macSize)
	if err != nil {
		return OAuthGo{}, unavailable(err)
	}
	cut := func(n int) []byte { b := secrets[:n]; secrets = secrets[n:]; return b }
	raw := cut(idSize)
	kept := flow{
		Provider: in.Provider, Edition: config.edition(), RedirectTo: in.RedirectTo, Challenge: in.CodeChallenge,
		Nonce: token.Encode(cut(macSize)), Verifier: token.Encode(cut(macSize)),
	}
	browser := in.Browser
	if browser == nil {
		browser = cut(macSize)
	}
	state := token.Encode(raw)
	to, err := e.oauth.AuthURL(ctx, client, state, kept.Nonce, kept.Verifier)
	if err != nil {
		return OAuthGo{}, providerError(err)
	}
	binding := bindingOf(browser, app.ID, raw)
	if err := e.keep(ctx, app.ID, stateKind, raw, token.Hash([]byte(binding)), kept, stateTTL); err != nil {
		return OAuthGo{}, err
	}
	if in.Browser != nil {
		binding = "" // the cookie is the binding
	}
	return OAuthGo{URL: to, State: state, Binding: binding}, nil
}

// keep stores a token with sealed data.
func (e *Engine) keep(ctx context.Context, app uuid.UUID, kind TokenKind, raw, binding []byte, data any, ttl time.Duration) error {
	plain, err := json.Marshal(data)
	if err != nil {
		return &Error{Code: CodeInternal, Detail: "the sign-in cannot be kept", Err: err}
	}
	hash := token.Hash(raw)
	return e.ownError(e.store.Put(ctx, app, Also{Tokens: []Token{{
		App: app, Kind: kind, Slot: token.Encode(hash), Hash: hash, Binding: binding,
		Data: e.ring.Seal(plain, tokenAAD(app, kind, hash)), ExpiresAt: e.now().Add(ttl),
	}}}), app)
}

// spend takes a token and opens its data.
func (e *Engine) spend(ctx context.Context, app uuid.UUID, take Take, data any) error {
	t, err := e.store.TakeToken(ctx, app, take, e.now())
	if errors.Is(err, ErrNotFound) {
		return invalidToken()
	}
	if err != nil {
		return unavailable(fmt.Errorf("take a token of app %s: %w", app, err))
	}
	plain, err := e.ring.Open(t.Data, tokenAAD(app, take.Kind, take.Hash))
	if err != nil || json.Unmarshal(plain, data) != nil {
		return invalidToken()
	}
	return nil
}

// OAuthReturn is what a provider sent back, with the proof of who began.
type OAuthReturn struct {
	App                    uuid.UUID
	Provider               string
	Code, State, Iss, Fail string // Fail is the provider's error code
	Binding                string // of a flow that began without a cookie
	Browser                []byte // of one that began with it
	Client                 Client
}

// FinishOAuth spends the state, asks the provider who came, and signs in. The state is
// spent first: what follows has an effect outside the store.
func (e *Engine) FinishOAuth(ctx context.Context, in OAuthReturn) (SignIn, error) {
	app, err := e.App(ctx, in.App)
	if err != nil {
		return SignIn{}, err
	}
	kept, err := e.takeState(ctx, app.ID, in)
	if err != nil {
		return SignIn{}, err
	}
	return e.finish(ctx, app, in, kept, nil)
}

func (e *Engine) takeState(ctx context.Context, app uuid.UUID, in OAuthReturn) (flow, error) {
	raw, ok := token.Decode(in.State, idSize)
	if !ok {
		return flow{}, invalidToken()
	}
	binding := in.Binding
	if in.Browser != nil {
		binding = bindingOf(in.Browser, app, raw)
	}
	var kept flow
	take := Take{Kind: stateKind, Hash: token.Hash(raw), Binding: token.Hash([]byte(binding))}
	if err := e.spend(ctx, app, take, &kept); err != nil {
		return flow{}, err
	}
	if kept.Provider != in.Provider {
		return flow{}, invalidToken()
	}
	return kept, nil
}

func (e *Engine) finish(ctx context.Context, app App, in OAuthReturn, kept flow, then rider) (SignIn, error) {
	config, err := e.underWay(ctx, app.ID, kept)
	if err != nil {
		return SignIn{}, err
	}
	if in.Fail != "" || in.Code == "" {
		return SignIn{}, providerRefused(in.Fail, nil)
	}
	client, err := e.client(config)
	if err != nil {
		return SignIn{}, err
	}
	profile, err := e.oauth.Exchange(ctx, client, in.Code, in.Iss, kept.Nonce, kept.Verifier)
	if err != nil {
		return SignIn{}, providerError(err)
	}
	// A provider may take its time: what was looked up before it answered may be long ago.
	if _, err := e.underWay(ctx, app.ID, kept); err != nil {
		return SignIn{}, err
	}
	if app, err = e.readApp(ctx, app.ID); err != nil {
		return SignIn{}, err
	}
	return e.again(func() (SignIn, error) { return e.enterByProvider(ctx, app, profile, kept.Provider, in.Client, then) })
}

// underWay answers the configuration of a flow, unless it changed since the flow began.
func (e *Engine) underWay(ctx context.Context, app uuid.UUID, kept flow) (OAuthConfig, error) {
	config, err := e.oauthConfig(ctx, app, kept.Provider)
	if err != nil {
		return OAuthConfig{}, err
	}
	if !config.Enabled || config.edition() != kept.Edition {
		return OAuthConfig{}, invalidToken()
	}
	return config, nil
}

// providerError turns a fault at the provider into a code of the contract.
func providerError(err error) error {
	fault, ok := errors.AsType[*oauth.Error](err)
	switch {
	case ok && fault.Kind == oauth.Refused:
		return providerRefused(fault.Code, err)
	case ok && fault.Kind == oauth.Timeout:
		return &Error{Code: CodeProviderTimeout, Detail: "the provider did not answer in time", Err: err}
	}
	return &Error{Code: CodeProviderError, Detail: "the provider's answer cannot be used", Err: err}
}

func providerRefused(code string, err error) error {
	if !oauth.KnownErrorCode(code) {
		code = ""
	}
	return &Error{Code: CodeProviderRefused, Detail: "the provider refused the sign-in", ProviderCode: code, Err: err}
}

// subjectOf is the identity's key in an app: the provider's config name would move, the
// issuer does not.
func subjectOf(p oauth.Profile) string { return p.Issuer + " " + p.Subject }

func (e *Engine) enterByProvider(ctx context.Context, app App, p oauth.Profile, provider string, by Client, then rider) (SignIn, error) {
	known, err := e.account(ctx, app.ID, AccountKey{Kind: oauthKind, Subject: subjectOf(p)})
	if err != nil {
		return SignIn{}, err
	}
	// An address that is none counts as no address.
	email, bad := address.Parse(p.Email)
	var local *Account
	if known == nil && bad == nil {
		if local, err = e.account(ctx, app.ID, AccountKey{Email: email}); err != nil {
			return SignIn{}, err
		}
	}
	c := linkCase{
		identityKnown: known != nil, local: local != nil, localVerified: local != nil && local.User.Verified,
		signupOpen: !app.Settings.SignupClosed, never: app.Settings.LinkPolicy == LinkNever, email: bad == nil, emailVerified: p.EmailVerified,
	}
	enter := entry{method: MethodOAuth, amr: []string{"fed"}, by: by, then: then}
	identity := Credential{Kind: oauthKind, Subject: subjectOf(p)}
	switch outcome := link(c); outcome {
	case linkSignIn:
		return e.enter(ctx, app, known, enter)
	case linkCreateVerified, linkCreateUnverified:
		name := p.Name
		if _, err := naming.User(name); err != nil {
			name = ""
		}
		if err := e.mayCreate(ctx, app, by); err != nil {
			return SignIn{}, err
		}
		enter.put = []Credential{identity}
		return e.create(ctx, app, User{
			Email: email, EmailTyped: p.Email, Name: name, NameKey: naming.Fold(name), Verified: outcome == linkCreateVerified,
		}, enter)
	case linkJoin, linkResetAndJoin:
		enter.put = []Credential{owned(identity, local.User, e.now())}
		enter.proof = outcome == linkResetAndJoin
		enter.then = e.tell(local.User, app, provider, then)
		return e.enter(ctx, app, local, enter)
	case linkSignupDisabled:
		return SignIn{}, refuse(CodeSignupDisabled, "this app takes no new users")
	case linkEmailRequired:
		return SignIn{}, refuse(CodeEmailRequired, "the provider told no usable email address")
	}
	return SignIn{}, refuse(CodeLinkRequired, "an account with this address exists; sign in to it first, then link the provider")
}

// tell adds a mail about the new identity to the step that links it.
func (e *Engine) tell(u User, app App, provider string, then rider) rider {
	return func(c *UserChange, s *Session, refresh token.Refresh) error {
		if u.Verified { // mail to an unproven address says nothing
			l := letter{To: u.EmailTyped, Template: "identity_linked", App: app.Name, Provider: provider}
			if err := e.queue(&c.Also, app.ID, l, c.Now, c.Now.Add(24*time.Hour)); err != nil {
				return err
			}
		}
		if then != nil {
			return then(c, s, refresh)
		}
		return nil
	}
}

// ReturnOAuth finishes a flow that began with a redirect. With a goal, the session is
// handed over by a one-time code; an error then goes to the goal, too, and is returned
// beside it.
func (e *Engine) ReturnOAuth(ctx context.Context, in OAuthReturn) (Goal, SignIn, error) {
	app, err := e.App(ctx, in.App)
	if err != nil {
		return Goal{}, SignIn{}, err
	}
	kept, err := e.takeState(ctx, app.ID, in)
	if err != nil {
		return Goal{}, SignIn{}, err
	}
	if kept.RedirectTo == "" {
		got, err := e.finish(ctx, app, in, kept, nil)
		return Goal{}, got, err
	}
	if err := checkGoal(app, kept.RedirectTo, kept.Challenge); err != nil {
		return Goal{}, SignIn{}, err // no longer registered
	}
	goal := Goal{RedirectTo: kept.RedirectTo}
	got, err := e.finish(ctx, app, in, kept, e.handOver(&goal, kept.Challenge, in.Browser))
	return goal, got, err
}

// BounceOAuth keeps what a provider posted, for a minute: a cross-site form carries no
// Lax cookie, the redirect that follows does. A state that is not alive keeps nothing.
func (e *Engine) BounceOAuth(ctx context.Context, in OAuthReturn) (resume string, err error) {
	app, err := e.App(ctx, in.App)
	if err != nil {
		return "", err
	}
	state, ok := token.Decode(in.State, idSize)
	if !ok {
		return "", invalidToken()
	}
	_, err = e.store.Token(ctx, app.ID, Take{Kind: stateKind, Hash: token.Hash(state)}, e.now())
	if errors.Is(err, ErrNotFound) {
		return "", invalidToken()
	}
	if err != nil {
		return "", unavailable(fmt.Errorf("look at a state: %w", err))
	}
	raw, err := e.random(idSize)
	if err != nil {
		return "", unavailable(err)
	}
	kept := bounced{in.Provider, in.Code, in.State, in.Iss, in.Fail}
	return token.Encode(raw), e.keep(ctx, app.ID, resumeKind, raw, nil, kept, resumeTTL)
}

// bounced is what a resume token keeps.
type bounced struct{ Provider, Code, State, Iss, Fail string }

// ResumeOAuth answers what [Engine.BounceOAuth] kept, once.
func (e *Engine) ResumeOAuth(ctx context.Context, app uuid.UUID, provider, resume string) (OAuthReturn, error) {
	raw, ok := token.Decode(resume, idSize)
	if !ok {
		return OAuthReturn{}, invalidToken()
	}
	var kept bounced
	if err := e.spend(ctx, app, Take{Kind: resumeKind, Hash: token.Hash(raw)}, &kept); err != nil {
		return OAuthReturn{}, err
	}
	if kept.Provider != provider {
		return OAuthReturn{}, invalidToken()
	}
	return OAuthReturn{App: app, Provider: provider, Code: kept.Code, State: kept.State, Iss: kept.Iss, Fail: kept.Fail}, nil
}
