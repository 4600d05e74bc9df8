package authkit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/oauth"
)

// OAuthPatch changes the fields of a configuration that are not nil.
type OAuthPatch struct {
	ClientID, ClientSecret, RedirectURI, Issuer *string
	Scopes                                      *[]string
	TrustEmail, Enabled                         *bool
}

// CreateOAuthConfig configures a provider for an app. The client secret is sealed and
// never shown again. [CodeOAuthConfigExists].
func (e *Engine) CreateOAuthConfig(ctx context.Context, developer string, app uuid.UUID, provider string, p OAuthPatch) (OAuthConfig, error) {
	if !oauth.Known(provider) && !oauth.ValidName(provider) {
		return OAuthConfig{}, invalid("provider", "invalid_name", "provider is not 2 to 32 of a-z, 0-9 and -, or is a reserved word")
	}
	for field, v := range map[string]*string{"client_id": p.ClientID, "client_secret": p.ClientSecret, "redirect_uri": p.RedirectURI} {
		if v == nil || *v == "" {
			return OAuthConfig{}, invalid(field, "required", field+" is missing")
		}
	}
	fresh := OAuthConfig{App: app, Provider: provider, Enabled: true, CreatedAt: e.now()}
	got, err := e.putOAuthConfig(ctx, developer, fresh, p)
	if errors.Is(err, ErrConflict) {
		return OAuthConfig{}, refuse(CodeOAuthConfigExists, "the app has a configuration for this provider")
	}
	return got, err
}

// ChangeOAuthConfig changes a configuration; sign-ins under way with it stop.
// [CodeProviderNotConfigured]: there is none.
func (e *Engine) ChangeOAuthConfig(ctx context.Context, developer string, app uuid.UUID, provider string, p OAuthPatch) (OAuthConfig, error) {
	for range 5 {
		if _, err := e.OwnApp(ctx, developer, app); err != nil {
			return OAuthConfig{}, err
		}
		old, err := e.oauthConfig(ctx, app, provider)
		if err != nil {
			return OAuthConfig{}, err
		}
		got, err := e.putOAuthConfig(ctx, developer, old, p)
		if !errors.Is(err, ErrStale) {
			return got, err
		}
	}
	return OAuthConfig{}, unavailable(errAgain)
}

func (e *Engine) putOAuthConfig(ctx context.Context, developer string, c OAuthConfig, p OAuthPatch) (OAuthConfig, error) {
	own, err := e.OwnApp(ctx, developer, c.App)
	if err != nil {
		return OAuthConfig{}, err
	}
	e.patchOAuthConfig(&c, p)
	if err := e.checkOAuthConfig(ctx, c); err != nil {
		return OAuthConfig{}, err
	}
	var also Also
	if err := e.note(&also, e.now(), Event{App: c.App, Type: EventOAuthConfigPut, Actor: own.Developer, Reason: c.Provider}); err != nil {
		return OAuthConfig{}, err
	}
	err = e.store.PutOAuthConfig(ctx, c, also)
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrStale) {
		return OAuthConfig{}, err
	}
	return c, e.ownError(err, c.App)
}

func (e *Engine) patchOAuthConfig(c *OAuthConfig, p OAuthPatch) {
	for _, set := range []struct{ to, from *string }{{&c.ClientID, p.ClientID}, {&c.RedirectURI, p.RedirectURI}, {&c.Issuer, p.Issuer}} {
		if set.from != nil {
			*set.to = *set.from
		}
	}
	if p.ClientSecret != nil {
		c.SecretSealed = e.ring.Seal([]byte(*p.ClientSecret), clientSecretAAD(c.App, c.Provider))
	}
	if p.Scopes != nil {
		c.Scopes = *p.Scopes
	}
	if p.TrustEmail != nil {
		c.TrustEmail = *p.TrustEmail
	}
	if p.Enabled != nil {
		c.Enabled = *p.Enabled
	}
}

func clientSecretAAD(app uuid.UUID, provider string) []byte {
	return seal.AAD("client secret", app.String(), provider)
}

func (e *Engine) checkOAuthConfig(ctx context.Context, c OAuthConfig) error {
	if c.ClientID == "" || len(c.ClientID) > 1024 {
		return invalid("client_id", "invalid_value", "client_id is empty or longer than 1024 bytes")
	}
	if err := httpio.CheckProviderRedirect(c.RedirectURI); err != nil {
		return invalid("redirect_uri", "invalid_url", "redirect_uri: "+err.Error())
	}
	for _, scope := range c.Scopes {
		if scope == "" || len(scope) > 256 || strings.ContainsAny(scope, " \"\\") {
			return invalid("scopes", "invalid_value", "a scope is empty, too long, or holds a space, a quote or a backslash")
		}
	}
	if oauth.Known(c.Provider) {
		if c.Issuer != "" || c.TrustEmail {
			return invalid("issuer", "not_allowed", "issuer and trust_email are for custom providers only")
		}
	} else if err := e.oauth.CheckIssuer(ctx, c.Issuer); err != nil {
		return invalid("issuer", "invalid_issuer", "issuer is not a public https URL on port 443")
	}
	return e.checkMixUp(ctx, c)
}

// checkMixUp refuses two providers at one redirect URI that do not say who answers (RFC
// 9207, section 1; RFC 9700, section 4.4).
func (e *Engine) checkMixUp(ctx context.Context, c OAuthConfig) error {
	others, err := e.store.OAuthConfigs(ctx, c.App)
	if err != nil {
		return e.ownError(err, c.App)
	}
	for _, other := range others {
		if other.Provider == c.Provider || other.RedirectURI != c.RedirectURI {
			continue
		}
		if !e.sendsIss(ctx, c) && !e.sendsIss(ctx, other) {
			return invalid("redirect_uri", "shared", "redirect_uri is another provider's, and neither of the two says in its answer who it is")
		}
	}
	return nil
}

func (e *Engine) sendsIss(ctx context.Context, c OAuthConfig) bool {
	sends, err := e.oauth.SendsIss(ctx, oauth.Config{Provider: c.Provider, Issuer: c.Issuer})
	return err == nil && sends
}

// OAuthConfigs lists the configurations of an app by provider.
func (e *Engine) OAuthConfigs(ctx context.Context, developer string, app uuid.UUID) ([]OAuthConfig, error) {
	if _, err := e.OwnApp(ctx, developer, app); err != nil {
		return nil, err
	}
	configs, err := e.store.OAuthConfigs(ctx, app)
	return configs, e.ownError(err, app)
}

// DeleteOAuthConfig removes a configuration; sign-ins under way with it stop.
func (e *Engine) DeleteOAuthConfig(ctx context.Context, developer string, app uuid.UUID, provider string) error {
	own, err := e.OwnApp(ctx, developer, app)
	if err != nil {
		return err
	}
	if !oauth.Known(provider) && !oauth.ValidName(provider) {
		return notConfigured()
	}
	var also Also
	if err := e.note(&also, e.now(), Event{App: app, Type: EventOAuthConfigDelete, Actor: own.Developer, Reason: provider}); err != nil {
		return err
	}
	err = e.store.DeleteOAuthConfig(ctx, app, provider, also)
	if errors.Is(err, ErrNotFound) {
		return notConfigured()
	}
	return e.ownError(err, app)
}

func (e *Engine) oauthConfig(ctx context.Context, app uuid.UUID, provider string) (OAuthConfig, error) {
	if !oauth.Known(provider) && !oauth.ValidName(provider) {
		return OAuthConfig{}, notConfigured() // a path may hold what is no text to a store
	}
	c, err := e.store.OAuthConfig(ctx, app, provider)
	switch {
	case errors.Is(err, ErrNotFound):
		return OAuthConfig{}, notConfigured()
	case err != nil:
		return OAuthConfig{}, unavailable(fmt.Errorf("read an OAuth configuration of app %s: %w", app, err))
	}
	return c, nil
}

func notConfigured() *Error {
	return refuse(CodeProviderNotConfigured, "the app has no such provider, or it is disabled")
}

// client opens a configuration for use.
func (e *Engine) client(c OAuthConfig) (oauth.Config, error) {
	secret, err := e.ring.Open(c.SecretSealed, clientSecretAAD(c.App, c.Provider))
	if err != nil {
		return oauth.Config{}, &Error{Code: CodeInternal, Detail: "the client secret cannot be opened", Err: err}
	}
	return oauth.Config{
		Provider: c.Provider, ClientID: c.ClientID, ClientSecret: string(secret), RedirectURI: c.RedirectURI,
		Issuer: c.Issuer, Scopes: c.Scopes, TrustEmail: c.TrustEmail,
	}, nil
}

// edition tells a configuration from what it was before a change.
func (c OAuthConfig) edition() string {
	return fmt.Sprintf("%d/%s", c.Version, c.CreatedAt.UTC().Format(time.RFC3339Nano))
}
