package authkit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/oauth"
)

// providersAtOnce is how many providers Check asks at a time.
const providersAtOnce = 8

// providers checks every enabled OAuth configuration. It asks each provider once, whatever the
// number of apps that use it.
func (c checkup) providers(ctx context.Context) (found []Finding, err error) {
	configs, err := c.enabledProviders(ctx)
	asked := asking{client: c.e.providers.client, free: make(chan struct{}, providersAtOnce), answers: map[providerKey]*discoveryAnswer{}}
	for _, o := range configs {
		asked.begin(ctx, o)
	}
	asked.working.Wait()
	left := 0
	for _, o := range configs {
		answer := asked.answers[providerOf(o)]
		if !answer.asked {
			left++
		}
		found = append(append(found, c.stored(o)...), answer.judge(o)...)
	}
	if left > 0 {
		err = errors.Join(err, fmt.Errorf("%d configurations of providers were not checked: %w", left, ctx.Err()))
	}
	return found, err
}

// enabledProviders reads the enabled configurations of all apps.
func (c checkup) enabledProviders(ctx context.Context) (configs []OAuthConfig, err error) {
	var ids []uuid.UUID
	err = c.eachSealed(ctx, SealedClientSecret, func(blob Sealed) {
		if len(ids) == 0 || ids[len(ids)-1] != blob.App {
			ids = append(ids, blob.App)
		}
	})
	var errs []error
	for _, id := range ids {
		all, err := c.e.store.OAuthConfigs(ctx, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			errs = append(errs, fmt.Errorf("read the OAuth configurations of app %s: %w", id, err))
		}
		for _, o := range all {
			if o.Enabled {
				configs = append(configs, o)
			}
		}
	}
	return configs, errors.Join(err, errEach(errs))
}

// stored checks what the store keeps of a configuration.
func (c checkup) stored(o OAuthConfig) (found []Finding) {
	if _, err := c.e.secrets.ring.Open(o.SecretSealed, clientSecretAAD(o.App, o.Provider)); err != nil {
		found = append(found, NewFinding(FindingSealedUnreadable, fmt.Sprintf("The client secret for %q does not open: %v.", o.Provider, err)).of(o.App))
	}
	own, path := c.e.providers.callbackURL(o), "/auth/callback/"+o.Provider+"/"+o.App.String()
	if o.RedirectURI != own && strings.HasSuffix(o.RedirectURI, path) {
		found = append(found, NewFinding(FindingProviderRedirectElsewhere, fmt.Sprintf("The redirect_uri for %q is %q; the callback of this base URL is %q.", o.Provider, o.RedirectURI, own)).of(o.App))
	}
	return found
}

// providerKey tells providers apart. A custom provider is its issuer, whatever name an app gives
// it.
type providerKey struct{ builtIn, issuer string }

func providerOf(o OAuthConfig) providerKey {
	if oauth.Known(o.Provider) {
		return providerKey{builtIn: o.Provider}
	}
	return providerKey{issuer: o.Issuer}
}

// discoveryAnswer is what a provider's discovery led to.
type discoveryAnswer struct {
	asked bool // before the time was over
	err   error
}

// judge returns the finding for a configuration at the provider.
func (a *discoveryAnswer) judge(o OAuthConfig) []Finding {
	if a.err == nil {
		return nil
	}
	code, text := FindingProviderUnreachable, a.err.Error()
	if fault, ok := errors.AsType[*oauth.Error](a.err); ok {
		text = fault.Finding()
		if fault.Kind == oauth.Misconfigured {
			code = FindingProviderMisconfigured
		}
	}
	return []Finding{NewFinding(code, fmt.Sprintf("Provider %q: %s.", o.Provider, text)).of(o.App)}
}

// asking asks providers, several at a time, each once.
type asking struct {
	client  *oauth.Client
	free    chan struct{}
	working sync.WaitGroup
	answers map[providerKey]*discoveryAnswer // complete once working is done
}

func (a *asking) begin(ctx context.Context, o OAuthConfig) {
	key := providerOf(o)
	if a.answers[key] != nil {
		return
	}
	answer := &discoveryAnswer{}
	a.answers[key] = answer
	a.working.Go(func() {
		select {
		case a.free <- struct{}{}:
			defer func() { <-a.free }()
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return
		}
		answer.asked = true
		answer.err = a.client.CheckProvider(ctx, oauth.Config{Provider: o.Provider, Issuer: o.Issuer})
	})
}
