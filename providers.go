package authkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/oauth"
)

// maxOAuthConfigs bounds the configurations of an app: all of them are read at once.
const maxOAuthConfigs = 32

// providers reads, opens and checks the OAuth configurations of apps, and calls their providers.
// It is the only user of the store's [ProviderStore] role. It does not decide what a sign-in at a
// provider leads to. It is safe for concurrent use.
type providers struct {
	store     ProviderStore
	client    *oauth.Client
	secrets   *secrets
	log       *slog.Logger
	callbacks string // prefix of the URL of every callback of this server

	waiting chan struct{} // holds a value for each return that waits for the same one
}

// newProviders makes the part for a server whose callbacks are below that URL.
func newProviders(store ProviderStore, client *oauth.Client, s *secrets, callbacks string, log *slog.Logger) *providers {
	return &providers{
		store: store, client: client, secrets: s, log: log, callbacks: callbacks,
		waiting: make(chan struct{}, maxReturnsWaiting),
	}
}

// config returns the configuration of one provider. [CodeProviderNotConfigured]: the app has no
// such configuration; [CodeUnavailable].
func (p *providers) config(ctx context.Context, app uuid.UUID, provider string) (OAuthConfig, error) {
	if !oauth.WellFormedName(provider) {
		return OAuthConfig{}, notConfigured() // a path may hold text that a store does not take
	}
	c, err := p.store.OAuthConfig(ctx, app, provider)
	switch {
	case errors.Is(err, ErrNotFound):
		return OAuthConfig{}, notConfigured()
	case err != nil:
		return OAuthConfig{}, unavailable(fmt.Errorf("read an OAuth configuration of app %s: %w", app, err))
	}
	return c, nil
}

// enabled is config for an enabled configuration: a disabled one is [CodeProviderNotConfigured]
// as well.
func (p *providers) enabled(ctx context.Context, app uuid.UUID, provider string) (OAuthConfig, error) {
	c, err := p.config(ctx, app, provider)
	switch {
	case err != nil:
		return OAuthConfig{}, err
	case !c.Enabled:
		return OAuthConfig{}, notConfigured()
	}
	return c, nil
}

func notConfigured() *Error {
	return refuse(CodeProviderNotConfigured, "the app has no such provider, or it is disabled")
}

// configs lists the configurations of an app by provider. [CodeAppNotFound]: the app was
// deleted; [CodeUnavailable].
func (p *providers) configs(ctx context.Context, app uuid.UUID) ([]OAuthConfig, error) {
	configs, err := p.store.OAuthConfigs(ctx, app)
	return configs, storeError(err, app)
}

// put stores a configuration, as [ProviderStore.PutOAuthConfig] does. [ErrConflict] and
// [ErrStale] are the caller's to translate. [CodeLimitReached]: the app has 32; the other errors
// are those of configs.
func (p *providers) put(ctx context.Context, c OAuthConfig, riders Riders) error {
	err := p.store.PutOAuthConfig(ctx, c, maxOAuthConfigs, riders)
	switch {
	case errors.Is(err, ErrConflict), errors.Is(err, ErrStale):
		return err
	case errors.Is(err, ErrFull):
		return limitReached("OAuth configurations of the app", maxOAuthConfigs)
	}
	return storeError(err, c.App)
}

// delete removes a configuration. [ErrNotFound]: the app has no such configuration.
func (p *providers) delete(ctx context.Context, app uuid.UUID, provider string, riders Riders) error {
	return p.store.DeleteOAuthConfig(ctx, app, provider, riders)
}

// open opens a configuration for use.
func (p *providers) open(c OAuthConfig) (oauth.Config, error) {
	secret, err := p.secrets.ring.Open(c.SecretSealed, clientSecretAAD(c.App, c.Provider))
	if err != nil {
		return oauth.Config{}, &Error{Code: CodeInternal, Detail: "the client secret cannot be opened", Err: err}
	}
	return oauth.Config{
		Provider: c.Provider, ClientID: c.ClientID, ClientSecret: string(secret), RedirectURI: c.RedirectURI,
		Issuer: c.Issuer, Scopes: c.Scopes, TrustEmail: c.TrustEmail,
	}, nil
}

// seal puts a new client secret into a configuration; an empty one leaves it without.
func (p *providers) seal(c *OAuthConfig, secret string) {
	if secret == "" {
		c.SecretSealed = nil
		return
	}
	c.SecretSealed = p.secrets.ring.Seal([]byte(secret), clientSecretAAD(c.App, c.Provider))
}

// reseal seals the client secret of a configuration that is put again under the newest secret:
// the put must not bring an older one back that a reseal has just made needless. A blob that does
// not open stays.
func (p *providers) reseal(c *OAuthConfig) {
	old := Sealed{Part: SealedClientSecret, App: c.App, Name: c.Provider, Blob: c.SecretSealed}
	if next, err := p.secrets.renewed(old); err == nil && next != nil {
		c.SecretSealed = next
	}
}

func clientSecretAAD(app uuid.UUID, provider string) []byte {
	return seal.ClientSecretAAD(app.String(), provider)
}

// callbackURL is where a provider sends browsers back to, unless a configuration says another
// place.
func (p *providers) callbackURL(c OAuthConfig) string {
	return p.callbacks + c.Provider + "/" + c.App.String()
}

// edition tells a configuration from what it was before a change.
func (c OAuthConfig) edition() string {
	return fmt.Sprintf("%d/%s", c.Version, c.CreatedAt.UTC().Format(time.RFC3339Nano))
}
