package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// IdentityLink begins to link an identity to the user of a session.
type IdentityLink struct {
	App, User, Session uuid.UUID
	Provider           string
	RedirectTo         string // as in MagicLinkRequest; no code is added when it is gone on to

	// Browser is the secret in the binding cookie of a browser that has its session in
	// cookies. The state is bound to it, and to the Binding of the answer, which is derived
	// from it. Without it there is the Binding alone.
	Browser []byte

	Client Client
}

// LinkIdentity makes a state and answers the provider's URL, as [Engine.StartOAuth] does. The
// state signs nobody in: [Engine.FinishIdentityLink] spends it for this very session of this very
// user, within ten minutes, or nobody does. Until then it dies with the session, and with
// whatever ends the user's other sessions. [CodeInvalidToken]: the user has no such session.
// [CodeProviderNotConfigured].
func (e *Engine) LinkIdentity(ctx context.Context, in IdentityLink) (OAuthGo, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return OAuthGo{}, err
	}
	_, u, err := e.sessions.liveOf(ctx, SessionRef{App: app.ID, User: in.User, ID: in.Session})
	if err != nil {
		return OAuthGo{}, err
	}
	config, err := e.providers.enabled(ctx, app.ID, in.Provider)
	if err != nil {
		return OAuthGo{}, err
	}
	if err := checkGoal(app, in.RedirectTo, ""); err != nil {
		return OAuthGo{}, err
	}
	return e.beginFlow(ctx, config, departure{
		state:   Token{Kind: linkStateKind, UserID: u.ID, Epoch: u.Epoch},
		session: in.Session, browser: in.Browser, redirectTo: in.RedirectTo,
	})
}

// IdentityLinkReturn is what a provider sent back to somebody who links an identity, with the
// session in which that person came back.
type IdentityLinkReturn struct {
	OAuthReturn

	User, Session uuid.UUID
}

// IdentityLanding is the outcome of linking. RedirectTo is empty where it goes nowhere.
type IdentityLanding struct {
	RedirectTo string
	Provider   string
	Identities []LinkedIdentity // all of the user's, oldest first
}

// FinishIdentityLink spends a state of [Engine.LinkIdentity], asks the provider who came, and adds
// the identity to the account, telling a user of a proven address by mail. An account that
// has it already keeps it. Once the state is claimed, RedirectTo comes with an error, too. A
// browser that comes back twice is answered as by [Engine.ReturnOAuth].
//
// [CodeInvalidToken]: the state is a sign-in's, or not of this session, app, provider or
// binding, which spends nothing; or the session ended meanwhile. [CodeLinkRequired]: the
// identity is another account's, and stays there: what would have to happen first is the
// same as where an address is another account's, to sign in to that one.
func (e *Engine) FinishIdentityLink(ctx context.Context, in IdentityLinkReturn) (IdentityLanding, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return IdentityLanding{}, err
	}
	p := in.press(in.Session)
	kept, take, err := e.claimState(ctx, app.ID, in.OAuthReturn, linkStateKind, in.Session)
	if err != nil {
		out, err := e.awaitOutcome(ctx, p, take, err)
		if err != nil {
			return IdentityLanding{}, err
		}
		return e.linkedBefore(ctx, app, in, out)
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	done, err := e.completeLink(ctx, app, in, linking{stateData: kept, take: take, press: p})
	if err != nil {
		e.rememberRefusal(ctx, p, take, done.RedirectTo, err)
	}
	return done, err
}

// linkedBefore answers a return that linked, or was refused, before.
func (e *Engine) linkedBefore(ctx context.Context, app App, in IdentityLinkReturn, out outcome) (IdentityLanding, error) {
	if !out.goalListed(app) {
		return IdentityLanding{}, invalidToken("the app no longer has the URL that the same return led to")
	}
	done := IdentityLanding{RedirectTo: out.RedirectTo, Provider: out.Provider}
	if err := out.refusal(); err != nil {
		return done, err
	}
	var err error
	done.Identities, err = e.Identities(ctx, UserRef{App: in.App, ID: in.User})
	return done, err
}

// linking is a flow that links, whose state was claimed.
type linking struct {
	stateData

	take     Take // the state, which the step spends
	press    press
	identity Credential // of who came from the provider
}

// completeLink asks the provider who came, and links.
func (e *Engine) completeLink(ctx context.Context, app App, in IdentityLinkReturn, l linking) (IdentityLanding, error) {
	if err := checkGoal(app, l.RedirectTo, ""); err != nil {
		return IdentityLanding{}, err // no longer registered
	}
	done := IdentityLanding{RedirectTo: l.RedirectTo, Provider: l.Provider}
	who, err := e.providers.exchangeAnswer(ctx, app.ID, in.answer(), l.stateData)
	if err != nil {
		return done, err
	}
	l.identity = who.identity()
	done.Identities, err = again(func() ([]LinkedIdentity, error) { return e.addIdentity(ctx, app, in, l) })
	return done, err
}

// addIdentity decides by the session's user and is guarded by that user's Version: whatever
// resets the account, disables it or ends its sessions beside it is seen.
func (e *Engine) addIdentity(ctx context.Context, app App, in IdentityLinkReturn, l linking) ([]LinkedIdentity, error) {
	session, u, err := e.sessions.liveOf(ctx, SessionRef{App: app.ID, User: in.User, ID: in.Session})
	if err != nil {
		return nil, err
	}
	account, configs, err := e.accountAndConfigs(ctx, app.ID, u.ID)
	if err != nil {
		return nil, err
	}
	now := e.now()
	identity := owned(account.withMailed(l.identity, session.mailedTo(u)), u, now)
	change := UserChange{Now: now, App: app.ID, ID: u.ID, Version: u.Version, Take: &l.take}
	switch {
	case account.hasSameCredential(identity):
	case account.hasCredential(identity): // and the provider tells another address
		change.Put = []Credential{identity}
		account.replaceData(identity)
	default:
		change.Put = []Credential{identity}
		account.Credentials = append(account.Credentials, identity)
		e.addLinkNotice(&change, app, account, l.Provider, in.Client.IP)
	}
	e.tokens.addOutcome(&change, l.press, outcome{RedirectTo: l.RedirectTo, Provider: l.Provider})
	_, err = e.store.ChangeUser(ctx, change)
	switch {
	case errors.Is(err, ErrStale):
		return nil, errAgain
	case errors.Is(err, ErrNotFound):
		return nil, invalidToken("the sessions of the user ended while the provider was asked")
	case errors.Is(err, ErrConflict):
		return nil, refuse(CodeLinkRequired, "this identity is another account's; sign in to that one with it, and unlink it there first")
	case err != nil:
		return nil, storeError(err, app.ID)
	}
	return linkedIdentities(account.identities(configs)), nil
}
