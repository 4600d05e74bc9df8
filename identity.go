package authkit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/oauth"
)

// LinkedIdentity is an account at a provider by which a user signs in.
type LinkedIdentity struct {
	// Provider is the name of the configuration by which the identity came last; where that
	// was never noted and none of the app fits, it is the host of the issuer.
	Provider string

	Email     string // what the provider told last; may be empty, and proves nothing
	CreatedAt time.Time
}

// identityData is what the Data of an external identity says. It is not sealed: it is as
// much as a user's own record shows.
type identityData struct {
	Provider string `json:"provider"`
	Email    string `json:"email,omitempty"`

	// Mailed is the address whose mailed proof began the session that added the identity: it
	// is the work of who has the mailbox.
	Mailed string `json:"mailed,omitempty"`
}

// subjectOf is the identity's key in an app: the provider's config name would move, the
// issuer does not.
func subjectOf(p oauth.Profile) string { return p.Issuer + " " + p.Subject }

// identityOf is the credential of who came from a provider.
func identityOf(p oauth.Profile, provider string) (Credential, error) {
	said := identityData{Provider: provider}
	if _, err := address.Parse(p.Email); err == nil {
		said.Email = p.Email
	}
	data, err := json.Marshal(said)
	if err != nil {
		return Credential{}, &Error{Code: CodeInternal, Detail: "the identity cannot be kept", Err: err}
	}
	return Credential{Kind: oauthKind, Subject: subjectOf(p), Data: data}, nil
}

// madeBy reports whether the account came to be with the credential.
func (a *Account) madeBy(c Credential) bool { return c.CreatedAt.Equal(a.User.CreatedAt) }

// mailed notes in an identity whose mailbox added it; what the account knows of that stays.
func (a *Account) mailed(identity Credential, address string) (Credential, error) {
	for _, c := range a.Credentials {
		if c.Kind == identity.Kind && c.Subject == identity.Subject {
			address = identitySaid(c).Mailed
		}
	}
	said := identitySaid(identity)
	said.Mailed = address
	data, err := json.Marshal(said)
	if err != nil {
		return identity, &Error{Code: CodeInternal, Detail: "the identity cannot be kept", Err: err}
	}
	identity.Data = data
	return identity, nil
}

// identitySaid is what is known of an identity.
func identitySaid(c Credential) identityData {
	var said identityData
	if json.Unmarshal(c.Data, &said) != nil {
		return identityData{}
	}
	return said
}

// Removed is a way to sign in that a reset of the password took from the account.
type Removed struct{ Type, Name string } // such as "identity" and the name of the provider

// lately are the identities that were added to a standing account in the last 72 hours, which
// a thief may have linked. They are not the one that made the account, nor those that were
// added in a session which a mail to the account's address began.
func (a *Account) lately(now time.Time) (drop []Credential) {
	for _, c := range a.Credentials {
		old := !c.CreatedAt.After(now.Add(-forUndo.ttl))
		if c.Kind != oauthKind || old || !a.User.Verified || a.madeBy(c) || identitySaid(c).Mailed == a.User.Email {
			continue
		}
		drop = append(drop, c)
	}
	return drop
}

// removedBy names the identities among credentials that a step drops.
func removedBy(drop []Credential) (names []Removed) {
	for _, c := range drop {
		if c.Kind == oauthKind {
			names = append(names, Removed{"identity", readIdentity(c, nil).Provider})
		}
	}
	return names
}

// holds says whether the account has the credential, whatever is known of it.
func (a *Account) holds(c Credential) bool {
	return slices.ContainsFunc(a.Credentials, func(x Credential) bool { return x.Kind == c.Kind && x.Subject == c.Subject })
}

// keeps says whether the account has the credential just so.
func (a *Account) keeps(c Credential) bool {
	return slices.ContainsFunc(a.Credentials, func(x Credential) bool {
		return x.Kind == c.Kind && x.Subject == c.Subject && bytes.Equal(x.Data, c.Data)
	})
}

// held is an identity with the credential that it is.
type held struct {
	LinkedIdentity

	credential Credential
	works      bool // the app's configuration lets it sign in
}

// identities are those of the account, oldest first.
func (a *Account) identities(configs []OAuthConfig) []held {
	var out []held
	for _, c := range a.Credentials {
		if c.Kind == oauthKind {
			out = append(out, readIdentity(c, configs))
		}
	}
	slices.SortStableFunc(out, func(a, b held) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return out
}

// readIdentity derives from the issuer what is not noted.
func readIdentity(c Credential, configs []OAuthConfig) held {
	issuer, _, _ := strings.Cut(c.Subject, " ")
	said := identitySaid(c)
	out := held{credential: c}
	for _, config := range configs {
		if !oauth.Issues(config.Provider, config.Issuer, issuer) {
			continue
		}
		out.works = out.works || config.Enabled
		if said.Provider == "" {
			said.Provider = config.Provider
		}
	}
	if u, err := url.Parse(issuer); err == nil && said.Provider == "" {
		said.Provider = u.Host
	}
	out.LinkedIdentity = LinkedIdentity{Provider: said.Provider, Email: said.Email, CreatedAt: c.CreatedAt}
	return out
}

func linked(all []held) []LinkedIdentity {
	out := make([]LinkedIdentity, len(all))
	for i, one := range all {
		out[i] = one.LinkedIdentity
	}
	return out
}

// Identities lists the accounts at providers by which a user signs in, oldest first.
// [CodeUserNotFound].
func (e *Engine) Identities(ctx context.Context, ref UserRef) ([]LinkedIdentity, error) {
	account, err := e.account(ctx, ref.App, AccountKey{ID: ref.ID})
	if err != nil {
		return nil, err
	}
	if account == nil {
		return nil, noUser()
	}
	var configs []OAuthConfig
	if account.needsConfigs() {
		if configs, err = e.store.OAuthConfigs(ctx, ref.App); err != nil {
			return nil, storeError(err, ref.App)
		}
	}
	return linked(account.identities(configs)), nil
}

// needsConfigs reports whether an identity does not say by which configuration it came.
func (a *Account) needsConfigs() bool {
	return slices.ContainsFunc(a.Credentials, func(c Credential) bool { return c.Kind == oauthKind && identitySaid(c).Provider == "" })
}

// waysIn reads an account and the configurations that its identities hang on.
func (e *Engine) waysIn(ctx context.Context, app, user uuid.UUID) (*Account, []OAuthConfig, error) {
	account, err := e.account(ctx, app, AccountKey{ID: user})
	if err != nil {
		return nil, nil, err
	}
	if account == nil {
		return nil, nil, noUser()
	}
	configs, err := e.store.OAuthConfigs(ctx, app)
	return account, configs, storeError(err, app)
}

// IdentityLink begins to link an identity to the user of a session.
type IdentityLink struct {
	App, User, Session uuid.UUID
	Provider           string
	RedirectTo         string // as in LinkRequest; no code is added when it is gone on to

	// Browser is the secret in the binding cookie of a browser that has its session in
	// cookies. The state is bound to it, and to the Binding of the answer, which is derived
	// from it. Without it there is the Binding alone.
	Browser []byte

	Client Client
}

// LinkIdentity makes a state and answers the provider's URL, as [Engine.StartOAuth] does. The
// state signs nobody in: [Engine.FinishLink] spends it for this very session of this very
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
	start := OAuthStart{App: app.ID, Provider: in.Provider, RedirectTo: in.RedirectTo, Browser: in.Browser}
	return e.depart(ctx, app, start, Token{Kind: linkStateKind, UserID: u.ID, Epoch: u.Epoch}, in.Session)
}

// LinkReturn is what a provider sent back to somebody who links an identity, with the
// session in which that person came back.
type LinkReturn struct {
	OAuthReturn

	User, Session uuid.UUID
}

// Linked is the outcome of linking. RedirectTo is empty where it goes nowhere.
type Linked struct {
	RedirectTo string
	Provider   string
	Identities []LinkedIdentity // all of the user's, oldest first
}

// FinishLink spends a state of [Engine.LinkIdentity], asks the provider who came, and adds
// the identity to the account, telling a user of a proven address by mail. An account that
// has it already keeps it. Once the state is claimed, RedirectTo comes with an error, too. A
// browser that comes back twice is answered as by [Engine.ReturnOAuth].
//
// [CodeInvalidToken]: the state is a sign-in's, or not of this session, app, provider or
// binding, which spends nothing; or the session ended meanwhile. [CodeLinkRequired]: the
// identity is another account's, and stays there: what would have to happen first is the
// same as where an address is another account's, to sign in to that one.
func (e *Engine) FinishLink(ctx context.Context, in LinkReturn) (Linked, error) {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return Linked{}, err
	}
	p := in.press(in.Session)
	kept, take, err := e.claimState(ctx, app.ID, in.OAuthReturn, linkStateKind, in.Session)
	if err != nil {
		out, err := e.await(ctx, p, take, err)
		if err != nil {
			return Linked{}, err
		}
		return e.linkedBefore(ctx, app, in, out)
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	done, err := e.linkBack(ctx, app, in, kept, both(spending(take), e.remember(p, func(out *outcome) {
		out.RedirectTo, out.Provider = kept.RedirectTo, kept.Provider
	})))
	if err != nil {
		e.rememberRefusal(ctx, p, take, done.RedirectTo, err)
	}
	return done, err
}

// linkedBefore answers a return that linked, or was refused, before.
func (e *Engine) linkedBefore(ctx context.Context, app App, in LinkReturn, out outcome) (Linked, error) {
	if !out.leads(app) {
		return Linked{}, invalidToken("the app no longer has the URL that the same return led to")
	}
	done := Linked{RedirectTo: out.RedirectTo, Provider: out.Provider}
	if err := out.refusal(); err != nil {
		return done, err
	}
	var err error
	done.Identities, err = e.Identities(ctx, UserRef{App: in.App, ID: in.User})
	return done, err
}

// linkBack asks the provider who came, and links. The rider spends the state.
func (e *Engine) linkBack(ctx context.Context, app App, in LinkReturn, kept flow, then rider) (Linked, error) {
	if err := checkGoal(app, kept.RedirectTo, ""); err != nil {
		return Linked{}, err // no longer registered
	}
	done := Linked{RedirectTo: kept.RedirectTo, Provider: kept.Provider}
	profile, err := e.whoCame(ctx, app.ID, in.OAuthReturn, kept)
	if err != nil {
		return done, err
	}
	identity, err := identityOf(profile, kept.Provider)
	if err != nil {
		return done, err
	}
	for range 5 {
		done.Identities, err = e.addIdentity(ctx, app, in, identity, kept.Provider, then)
		if !errors.Is(err, ErrStale) {
			return done, err
		}
	}
	return done, unavailable(errAgain)
}

// addIdentity decides by the session's user and is guarded by that user's Version: whatever
// resets the account, disables it or ends its sessions beside it is seen.
func (e *Engine) addIdentity(ctx context.Context, app App, in LinkReturn, identity Credential, provider string, then rider) ([]LinkedIdentity, error) {
	session, u, err := e.sessions.liveOf(ctx, SessionRef{App: app.ID, User: in.User, ID: in.Session})
	if err != nil {
		return nil, err
	}
	account, configs, err := e.waysIn(ctx, app.ID, u.ID)
	if err != nil {
		return nil, err
	}
	now := e.now()
	if identity, err = account.mailed(identity, session.mailedTo(u)); err != nil {
		return nil, err
	}
	identity = owned(identity, u, now)
	change := UserChange{Now: now, App: app.ID, ID: u.ID, Version: u.Version}
	switch {
	case account.keeps(identity):
	case account.holds(identity): // and the provider tells another address
		change.Put = []Credential{identity}
		account.renew(identity)
	default:
		change.Put = []Credential{identity}
		account.Credentials = append(account.Credentials, identity)
		if err := e.noteLink(&change, app, account, provider, in.Client.IP); err != nil {
			return nil, err
		}
	}
	if err := then(&change, nil, sessionSecret{}); err != nil {
		return nil, err
	}
	_, err = e.store.ChangeUser(ctx, change)
	switch {
	case errors.Is(err, ErrStale):
		return nil, err
	case errors.Is(err, ErrNotFound):
		return nil, invalidToken("the sessions of the user ended while the provider was asked")
	case errors.Is(err, ErrConflict):
		return nil, refuse(CodeLinkRequired, "this identity is another account's; sign in to that one with it, and unlink it there first")
	case err != nil:
		return nil, storeError(err, app.ID)
	}
	e.outbox.wakeFor(change.Also)
	return linked(account.identities(configs)), nil
}

// renew puts what is known of a credential in the place of what was.
func (a *Account) renew(c Credential) {
	for i, x := range a.Credentials {
		if x.Kind == c.Kind && x.Subject == c.Subject {
			a.Credentials[i].Data = c.Data
		}
	}
}

// UnlinkIdentity takes every identity of a provider from a user; sessions that began with
// one go on. [CodeIdentityNotFound]: the user has none of that provider. [CodeUserNotFound].
//
// [CodeLastCredential]: there is no other way in to the account, and it would be lost. A way in is
// a password, a proven address, since a link in a mail signs in to it, or an identity of
// another provider that the app has configured and enabled. An address that was never
// proven is none: the link that proves it resets the account first. Of callers that
// concurrently take the last two ways, one is refused.
func (e *Engine) UnlinkIdentity(ctx context.Context, ref UserRef, provider string) error {
	for range 5 {
		account, configs, err := e.waysIn(ctx, ref.App, ref.ID)
		if err != nil {
			return err
		}
		change, err := e.unlink(account, account.identities(configs), provider)
		if err != nil {
			return err
		}
		if _, err := e.store.ChangeUser(ctx, change); !errors.Is(err, ErrStale) {
			return storeError(err, ref.App)
		}
	}
	return unavailable(errAgain)
}

// unlink decides by the account as it was read, whose Version is the guard.
func (e *Engine) unlink(account *Account, all []held, provider string) (UserChange, error) {
	u := account.User
	change := UserChange{Now: e.now(), App: u.App, ID: u.ID, Version: u.Version}
	stays := u.Verified || account.password() != ""
	for _, one := range all {
		if one.Provider == provider {
			change.Drop = append(change.Drop, one.credential)
		} else {
			stays = stays || one.works
		}
	}
	switch {
	case len(change.Drop) == 0:
		return UserChange{}, refuse(CodeIdentityNotFound, "the account has no identity at this provider")
	case !stays:
		return UserChange{}, refuse(CodeLastCredential, "this is the last way to sign in to the account; prove its address or link another provider first")
	}
	change.Also.note(change.Now, Event{App: u.App, UserID: u.ID, Type: EventIdentityUnlink, Reason: provider})
	return change, nil
}
