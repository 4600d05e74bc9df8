package main

import (
	"context"
	"fmt"
	"reflect"

	"github.com/authkit-dev/authkit"
)

// apply does what the plan says, through the methods that the endpoints use, and completes
// p.app. An app that does not exist is made without an API key.
func (p *plan) apply(ctx context.Context, work offline, owner authkit.User) error {
	if p.missing {
		made, err := work.EnsureApp(ctx, owner.ID.String(), p.document.Name)
		if err != nil {
			return fmt.Errorf("create app %q of %s: %w", p.document.Name, owner.Email, err)
		}
		p.app, p.patch.Name = ownedApp{made, owner}, nil
	}
	if p.patch != (authkit.AppPatch{}) {
		if _, err := work.ChangeApp(ctx, p.app.Ref(), p.patch); err != nil {
			return err
		}
	}
	if err := p.applyLogo(ctx, work); err != nil {
		return err
	}
	names := providerNames(p.was, p.is)
	for _, step := range []func(context.Context, offline, string) error{p.remove, p.put} { // a new provider may take the redirect URI of one that goes
		for _, name := range names {
			if err := step(ctx, work, name); err != nil {
				return fmt.Errorf("provider %q: %w", name, err)
			}
		}
	}
	return nil
}

func (p *plan) ref(provider string) authkit.ProviderRef {
	return authkit.ProviderRef{App: p.app.Ref(), Provider: provider}
}

// remove removes a provider that the document lacks.
func (p *plan) remove(ctx context.Context, work offline, name string) error {
	if _, wanted := providerNamed(p.is, name); wanted {
		return nil
	}
	return work.DeleteOAuthConfig(ctx, p.ref(name))
}

// put creates or changes a provider of the document.
func (p *plan) put(ctx context.Context, work offline, name string) error {
	is, wanted := providerNamed(p.is, name)
	if !wanted {
		return nil
	}
	was, exists := providerNamed(p.was, name)
	patch := is.patch(was)
	if !exists { // a new one is enabled, and Create takes no other word
		enabled := patch.Enabled
		patch.Enabled = nil
		if _, err := work.CreateOAuthConfig(ctx, p.ref(name), patch); err != nil {
			return err
		}
		patch = authkit.OAuthPatch{Enabled: enabled}
	}
	if patch.RedirectURI != nil && *patch.RedirectURI == "" {
		patch.RedirectURI = new(p.callback(p.app, name))
	}
	if patch == (authkit.OAuthPatch{}) {
		return nil
	}
	_, err := work.ChangeOAuthConfig(ctx, p.ref(name), patch)
	return err
}

// patch returns the change from was to p, both normal, of those members that differ.
func (p providerSection) patch(was providerSection) authkit.OAuthPatch {
	var out authkit.OAuthPatch
	if p.ClientID != was.ClientID {
		out.ClientID = &p.ClientID
	}
	if !reflect.DeepEqual(p.ClientSecret, was.ClientSecret) {
		out.ClientSecret = p.ClientSecret
	}
	if p.RedirectURI != was.RedirectURI {
		out.RedirectURI = &p.RedirectURI
	}
	if !reflect.DeepEqual(p.Scopes, was.Scopes) {
		out.Scopes = &p.Scopes
	}
	if p.Issuer != was.Issuer {
		out.Issuer = &p.Issuer
	}
	if p.TrustEmail != was.TrustEmail {
		out.TrustEmail = &p.TrustEmail
	}
	if !reflect.DeepEqual(p.Enabled, was.Enabled) {
		out.Enabled = new(p.Enabled == nil)
	}
	return out
}
