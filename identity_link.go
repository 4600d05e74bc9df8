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
	RedirectTo         string // as in MagicLinkRequest; the redirect has no one-time code

	// Browser is the secret in the binding cookie of a browser that has its session in a cookie.
	// The state is bound to it, and to the Binding of the answer, which is derived from it.
	// Without it the state is bound to the Binding alone. [Engine.Browser] returns it.
	Browser []byte

	Client Client
}

// LinkIdentity makes a state and returns the URL of the provider, as [Engine.StartOAuth] does.
// The state does not sign in. Only [Engine.FinishIdentityLink] spends it, within ten minutes, for
// this session of this user. Until then it dies with the session, and with whatever ends the
// user's other sessions. [CodeInvalidToken]: the user has no such session.
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
	if err := e.checkGoal(app, goal{to: in.RedirectTo, noSession: true}); err != nil {
		return OAuthGo{}, err
	}
	return e.beginFlow(ctx, config, departure{
		state:   Token{Kind: linkStateKind, UserID: u.ID, Epoch: u.Epoch},
		session: in.Session, browser: in.Browser, redirectTo: in.RedirectTo,
	})
}

// IdentityLinkReturn is the answer of a provider to a person who links an identity, with the
// session in which that person returned.
type IdentityLinkReturn struct {
	OAuthReturn

	User, Session uuid.UUID
}

// IdentityLanding is the outcome of linking. RedirectTo is empty if there is no redirect.
type IdentityLanding struct {
	RedirectTo string
	Provider   string
	Identities []LinkedIdentity // all of the user's, oldest first
}

// FinishIdentityLink spends a state of [Engine.LinkIdentity], asks the provider who the person
// is, and adds the identity to the account. A user with a verified address is notified by mail.
// An account that has the identity already keeps it. Once the state is claimed, RedirectTo is set
// beside an error, too, if the app still lists that URL. A browser that returns twice is answered
// as by [Engine.ReturnOAuth].
//
// [CodeInvalidToken]: the state is of a sign-in, or not of this session, app or binding, which
// spends nothing; it is another provider's, which spends it; or the session ended in the meantime.
// [CodeReauthenticationRequired]: the user has set up a second factor since, which the session has not
// shown.
// [CodeLinkRequired]: the identity is another account's, and stays there. The person has to sign
// in to that account first. A sign-in at a provider has the same code where its address is another
// account's.
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

// linkedBefore answers a return that has linked, or was refused, before.
func (e *Engine) linkedBefore(ctx context.Context, app App, in IdentityLinkReturn, out outcome) (IdentityLanding, error) {
	if !out.goalListed(app) {
		return IdentityLanding{}, invalidToken("the app no longer lists the redirect URL of the first, equal return")
	}
	done := IdentityLanding{RedirectTo: out.RedirectTo, Provider: out.Provider}
	if err := out.refusal(); err != nil {
		return done, err
	}
	var err error
	done.Identities, err = e.Identities(ctx, UserRef{App: in.App, ID: in.User})
	return done, err
}

// linking is a flow that links an identity, and whose state was claimed.
type linking struct {
	stateData

	take     Take // the state, which the step spends
	press    press
	identity Credential // of the person who came from the provider
}

// completeLink asks the provider who the person is, and links the identity.
func (e *Engine) completeLink(ctx context.Context, app App, in IdentityLinkReturn, l linking) (IdentityLanding, error) {
	if err := e.checkGoal(app, goal{to: l.RedirectTo, noSession: true}); err != nil {
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

// addIdentity decides by the session's user, and is guarded by the Version of that user: it sees
// any concurrent step that resets the account, disables it or ends its sessions.
func (e *Engine) addIdentity(ctx context.Context, app App, in IdentityLinkReturn, l linking) ([]LinkedIdentity, error) {
	session, u, err := e.sessions.liveOf(ctx, SessionRef{App: app.ID, User: in.User, ID: in.Session})
	if err != nil {
		return nil, err
	}
	account, configs, err := e.accountAndConfigs(ctx, app.ID, u.ID)
	if err != nil {
		return nil, err
	}
	if err := e.factors.wantShown(app, account, session); err != nil {
		return nil, err
	}
	now := e.now()
	identity := owned(account.withMailed(l.identity, session.mailedTo(u)), u, now)
	change := UserChange{Now: now, App: app.ID, ID: u.ID, Version: u.Version, Take: &l.take}
	switch {
	case account.hasSameCredential(identity):
	case account.hasCredential(identity): // and the provider gives another address
		change.Put = []Credential{identity}
		account.replaceData(identity)
	default:
		change.Put = []Credential{identity}
		account.Credentials = append(account.Credentials, identity)
		e.addLinkNotice(&change, app, account, l.Provider, in.Client)
	}
	e.tokens.addOutcome(&change, l.press, outcome{RedirectTo: l.RedirectTo, Provider: l.Provider})
	_, err = e.store.ChangeUser(ctx, change)
	switch {
	case errors.Is(err, ErrStale):
		return nil, errAgain
	case errors.Is(err, ErrNotFound):
		return nil, invalidToken("the sessions of the user ended while the provider was asked")
	case errors.Is(err, ErrConflict):
		return nil, &Error{
			Code: CodeLinkRequired, page: pageText{text: "problem.identity_taken"},
			Detail: "this identity is another account's; sign in to that one with it, and unlink it there first",
		}
	case err != nil:
		return nil, storeError(err, app.ID)
	}
	return linkedIdentities(account.identities(configs)), nil
}
