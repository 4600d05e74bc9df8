package authkit

import (
	"context"
	"errors"
	"fmt"

	"github.com/authkit-dev/authkit/oauth"
)

// CreateOAuthConfig configures a provider for an app. The client secret is sealed and never shown
// again. The issuer of a custom provider is asked for its discovery document; an issuer that
// cannot work is [CodeInvalidRequest], with what was found and what is needed.
// [CodeOAuthConfigExists]; [CodeLimitReached]: the app has 32 configurations.
func (e *Engine) CreateOAuthConfig(ctx context.Context, ref ProviderRef, p OAuthPatch) (OAuthConfig, error) {
	fresh := OAuthConfig{App: ref.App.ID, Provider: ref.Provider, Enabled: true, CreatedAt: e.now()}
	got, err := e.putOAuthConfig(ctx, ref.App, fresh, p)
	if errors.Is(err, ErrConflict) {
		return OAuthConfig{}, refuse(CodeOAuthConfigExists, "the app has a configuration for this provider")
	}
	if errors.Is(err, ErrStale) { // a new one has no Version that could be stale, so that its secret is retired
		return OAuthConfig{}, unavailable(fmt.Errorf("create an OAuth configuration of app %s: %w", ref.App.ID, err))
	}
	return got, err
}

// ChangeOAuthConfig changes a configuration. Sign-ins that have begun with it stop.
// [CodeProviderNotConfigured]: the app has no such configuration.
func (e *Engine) ChangeOAuthConfig(ctx context.Context, ref ProviderRef, p OAuthPatch) (OAuthConfig, error) {
	return again(func() (OAuthConfig, error) {
		if _, err := e.OwnApp(ctx, ref.App); err != nil {
			return OAuthConfig{}, err
		}
		old, err := e.providers.config(ctx, ref.App.ID, ref.Provider)
		if err != nil {
			return OAuthConfig{}, err
		}
		got, err := e.putOAuthConfig(ctx, ref.App, old, p)
		if errors.Is(err, ErrStale) {
			return OAuthConfig{}, errAgain
		}
		return got, err
	})
}

func (e *Engine) putOAuthConfig(ctx context.Context, ref AppRef, c OAuthConfig, p OAuthPatch) (OAuthConfig, error) {
	own, err := e.OwnApp(ctx, ref)
	if err != nil {
		return OAuthConfig{}, err
	}
	was := c
	c = e.providers.patched(was, p)
	if err := e.providers.check(ctx, c, p); err != nil {
		return OAuthConfig{}, err
	}
	if was.Version > 0 && p.changesNothing(was, c) {
		return was, nil
	}
	riders := Riders{Secret: e.secrets.newest()}
	riders.note(e.now(), Event{App: c.App, Type: EventOAuthConfigPut, Actor: own.Developer, Reason: c.Provider})
	if err := e.notifyOwner(ctx, &riders, own, ownerNotice{"provider", c.Provider}); err != nil {
		return OAuthConfig{}, err
	}
	if err := e.providers.put(ctx, c, riders); err != nil {
		return OAuthConfig{}, err
	}
	return c, nil
}

// OAuthConfigs lists the configurations of an app by provider.
func (e *Engine) OAuthConfigs(ctx context.Context, app AppRef) ([]OAuthConfig, error) {
	if _, err := e.OwnApp(ctx, app); err != nil {
		return nil, err
	}
	return e.providers.configs(ctx, app.ID)
}

// DeleteOAuthConfig removes a configuration. Sign-ins that have begun with it stop. A
// configuration that was removed in the last hour is no error, and is durably gone when this
// returns. [CodeProviderNotConfigured]: there was no such configuration in that time.
func (e *Engine) DeleteOAuthConfig(ctx context.Context, ref ProviderRef) error {
	app, provider := ref.App.ID, ref.Provider
	own, err := e.OwnApp(ctx, ref.App)
	if err != nil {
		return err
	}
	if !oauth.WellFormedName(provider) {
		return notConfigured()
	}
	var riders Riders
	riders.note(e.now(), Event{App: app, Type: EventOAuthConfigDelete, Actor: own.Developer, Reason: provider})
	if err := e.notifyOwner(ctx, &riders, own, ownerNotice{"provider_removed", provider}); err != nil {
		return err
	}
	err = e.providers.delete(ctx, app, provider, riders)
	if errors.Is(err, ErrNotFound) {
		done, err := revocations{e.store, e.now()}.noted(ctx, app, EventQuery{Type: EventOAuthConfigDelete}, func(ev Event) bool { return ev.Reason == provider })
		if err == nil && !done {
			return notConfigured()
		}
		return storeError(err, app)
	}
	return storeError(err, app)
}
