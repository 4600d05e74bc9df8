package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/seal"
)

// configuration are the flags of the commands that compare an app with a document.
type configuration struct {
	manage
	reach

	BaseURL string `help:"Where clients reach the server, as serve has it: the redirect URI of a provider that has none is made from it." placeholder:"URL"`
}

func (c configuration) open(ctx context.Context, to access) (offline, error) {
	outbound, err := c.outbound()
	if err != nil {
		return offline{}, err
	}
	return c.manage.open(ctx, to, func(config *authkit.Config) {
		config.BaseURL = cmp.Or(c.BaseURL, config.BaseURL)
		config.InsecureAllowHTTP = true // nothing is served here
		config.Outbound, config.InsecureAllowLoopbackProviders = outbound, c.Loopback
	})
}

// callback is the default redirect URI of a provider; empty if --base-url is not set.
func (c configuration) callback(app ownedApp, provider string) string {
	if c.BaseURL == "" {
		return ""
	}
	return strings.TrimSuffix(c.BaseURL, "/") + "/auth/callback/" + provider + "/" + app.ID.String()
}

// providers returns the configured providers of an app as a document has them, by name. secrets
// adds the client secrets.
func (c configuration) providers(ctx context.Context, work offline, app ownedApp, secrets bool) ([]providerSection, error) {
	configs, err := work.OAuthConfigs(ctx, app.Ref())
	if err != nil {
		return nil, err
	}
	out := []providerSection{}
	for _, config := range configs {
		p := providerSection{
			Provider: config.Provider, ClientID: config.ClientID, RedirectURI: config.RedirectURI,
			Scopes: config.Scopes, Issuer: config.Issuer, TrustEmail: config.TrustEmail,
		}
		if !config.Enabled {
			p.Enabled = new(false)
		}
		if secrets {
			if p.ClientSecret, err = work.clientSecret(config); err != nil {
				return nil, err
			}
		}
		out = append(out, c.normal(app, p))
	}
	slices.SortFunc(out, func(a, b providerSection) int { return strings.Compare(a.Provider, b.Provider) })
	return out, nil
}

// normal leaves out what is the default.
func (c configuration) normal(app ownedApp, p providerSection) providerSection {
	unset(&p.Enabled, true)
	if len(p.Scopes) == 0 {
		p.Scopes = nil
	}
	if p.RedirectURI == c.callback(app, p.Provider) {
		p.RedirectURI = ""
	}
	return p
}

// clientSecret opens the client secret of a provider, which the Engine itself shows to providers
// only.
func (o offline) clientSecret(c authkit.OAuthConfig) (*string, error) {
	if len(c.SecretSealed) == 0 {
		return new(""), nil
	}
	ring, err := seal.New(o.secrets...)
	if err != nil {
		return nil, err
	}
	text, err := ring.Open(c.SecretSealed, seal.ClientSecretAAD(c.App.String(), c.Provider))
	if err != nil {
		return nil, fmt.Errorf("open the client secret of provider %q: %w", c.Provider, err)
	}
	return new(string(text)), nil
}

// plan is what import has to do.
type plan struct {
	app      ownedApp
	missing  bool // the app does not exist yet
	patch    authkit.AppPatch
	was, is  []providerSection
	logo     *logoChange // nil: it stays
	changes  []difference
	document document
	callback func(ownedApp, string) string // the default redirect URI
}

// plan compares a document with the app that it is about; nil: the app does not exist.
func (c configuration) plan(ctx context.Context, work offline, d document, found *ownedApp) (plan, error) {
	p := plan{document: d, missing: found == nil, callback: c.callback}
	was := document{Settings: &settingsDocument{}}
	if found != nil {
		p.app = *found
		was.Name, was.Settings = found.Name, settingsOf(found.Settings)
		var err error
		if p.was, err = c.providers(ctx, work, p.app, true); err != nil {
			return plan{}, err
		}
	}
	if d.Name != "" && d.Name != was.Name {
		p.patch.Name = &d.Name
		named, err := members("", document{Name: was.Name}, document{Name: d.Name})
		if err != nil {
			return plan{}, err
		}
		p.changes = append(p.changes, named...)
	}
	if d.Settings != nil {
		is, name := d.Settings.normal(), p.patch.Name
		p.patch = is.patch(was.Settings)
		p.patch.Name = name
		changed, err := members("settings.", *was.Settings, *is)
		if err != nil {
			return plan{}, err
		}
		p.changes = append(p.changes, changed...)
	}
	if err := p.planLogo(ctx, work); err != nil {
		return plan{}, err
	}
	return p, c.planProviders(&p)
}

// planProviders adds the changes of the providers.
func (c configuration) planProviders(p *plan) error {
	if p.document.Providers == nil {
		p.is = p.was
		return nil
	}
	var bad []error
	for _, section := range *p.document.Providers {
		old, exists := providerNamed(p.was, section.Provider)
		if section = c.normal(p.app, section); section.ClientSecret == nil {
			section.ClientSecret = old.ClientSecret
		}
		if section.RedirectURI == "" && c.BaseURL == "" {
			section.RedirectURI = old.RedirectURI
		}
		if !exists && section.ClientSecret == nil {
			bad = append(bad, fmt.Errorf("provider %q is new here, and the document has no client_secret: add it, or export with --secrets", section.Provider))
		}
		if !exists && section.RedirectURI == "" && c.BaseURL == "" {
			bad = append(bad, fmt.Errorf("provider %q is new here, and the document has no redirect_uri: add it, or give --base-url", section.Provider))
		}
		if section.RedirectURI != old.RedirectURI && httpio.OtherCallback(section.RedirectURI, section.Provider, p.app.ID.String()) {
			bad = append(bad, fmt.Errorf("provider %q: redirect_uri %q is the callback of another provider or app: leave it out, and give --base-url", section.Provider, section.RedirectURI))
		}
		p.is = append(p.is, section)
	}
	changed, err := providerDifferences(p.was, p.is)
	p.changes = append(p.changes, changed...)
	return errors.Join(append(bad, err)...)
}
