package authkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/oauth"
)

// The bounds of a configuration's texts.
const (
	maxScopes       = 20
	maxScope        = 64   // bytes of each
	maxClientSecret = 4096 // bytes
	maxClientID     = 1024 // bytes
	maxIssuer       = 1024 // bytes; the issuer is a part of every identity's key
)

// check refuses a configuration with all of its errors. It asks a newly set issuer whether it can
// work here; an issuer that was accepted before may be down. The bounds apply to what the patch
// sets: a value that was stored without them stays until it is changed.
func (p *providers) check(ctx context.Context, c OAuthConfig, patch OAuthPatch) error {
	bad := checkProvider(c)
	if len(bad) == 0 && patch.Issuer != nil && !oauth.Known(c.Provider) {
		bad = p.askIssuer(ctx, c)
	}
	bad = append(bad, checkClient(c, patch)...)
	if c.RedirectURI != p.callbackURL(c) {
		bad = append(bad, p.checkRedirect(c)...)
	}
	if patch.Scopes != nil {
		bad = append(bad, checkScopes(c.Scopes)...)
	}
	if err := invalidFields(bad); err != nil {
		return err
	}
	return p.checkMixUp(ctx, c)
}

// checkProvider checks the name and the issuer of a configuration, without a call of the issuer.
// A stored configuration may be older than a reserved word.
func checkProvider(c OAuthConfig) []FieldError {
	known := oauth.Known(c.Provider)
	switch {
	case c.Version == 0 && !known && !oauth.ValidName(c.Provider):
		return []FieldError{{"provider", "invalid_name", "provider is not 2 to 32 of a-z, 0-9 and -, or is a reserved word"}}
	case known && c.Issuer != "":
		return []FieldError{{"issuer", "not_allowed", "issuer is for custom providers only"}}
	case len(c.Issuer) > maxIssuer:
		return []FieldError{{"issuer", "invalid_issuer", fmt.Sprintf("issuer is longer than %d bytes", maxIssuer)}}
	case !known && c.Issuer == "":
		return []FieldError{{"issuer", "required", "issuer is missing; a custom provider needs it"}}
	}
	return nil
}

// askIssuer reads the discovery document of the issuer and reports why the issuer cannot work
// here. An issuer that cannot be reached is not refused; the log says that it was not checked.
func (p *providers) askIssuer(ctx context.Context, c OAuthConfig) []FieldError {
	err := p.client.CheckIssuer(ctx, c.Issuer)
	if fault, ok := errors.AsType[*oauth.Error](err); ok && fault.Kind == oauth.Misconfigured {
		return []FieldError{{"issuer", "invalid_issuer", "the issuer cannot work here: " + fault.Finding()}}
	}
	if err != nil {
		p.log.WarnContext(ctx, "the issuer of an OAuth configuration was not checked", slog.String("app", c.App.String()), slog.String("provider", c.Provider), slog.Any("error", err))
	}
	return nil
}

// checkClient checks the client of a configuration, and whether it may trust the addresses of its
// provider.
func checkClient(c OAuthConfig, patch OAuthPatch) (bad []FieldError) {
	if oauth.Known(c.Provider) && c.TrustEmail {
		bad = append(bad, FieldError{"trust_email", "not_allowed", "trust_email is for custom providers only"})
	}
	switch {
	case c.ClientID == "":
		bad = append(bad, FieldError{"client_id", "required", "client_id is missing"})
	case len(c.ClientID) > maxClientID:
		bad = append(bad, FieldError{"client_id", "invalid_value", fmt.Sprintf("client_id is longer than %d bytes", maxClientID)})
	}
	switch {
	case c.SecretSealed == nil:
		bad = append(bad, FieldError{"client_secret", "required", "client_secret is missing"})
	case patch.ClientSecret != nil && len(*patch.ClientSecret) > maxClientSecret:
		bad = append(bad, FieldError{"client_secret", "invalid_value", fmt.Sprintf("client_secret is longer than %d bytes", maxClientSecret)})
	}
	return bad
}

// checkRedirect checks a redirect URI that is not authkit's own callback for the provider.
func (p *providers) checkRedirect(c OAuthConfig) []FieldError {
	if err := httpio.CheckProviderRedirect(c.RedirectURI); err != nil {
		return []FieldError{{"redirect_uri", "invalid_url", "redirect_uri: " + err.Error()}}
	}
	if httpio.Below(c.RedirectURI, p.callbacks) || httpio.OtherCallback(c.RedirectURI, c.Provider, c.App.String()) {
		return []FieldError{{"redirect_uri", "invalid_url", "redirect_uri is the callback of another provider or app; this one's is " + p.callbackURL(c)}}
	}
	return nil
}

// checkScopes checks each scope of a configuration (RFC 6749, section 3.3) and their number.
func checkScopes(scopes []string) (bad []FieldError) {
	if len(scopes) > maxScopes {
		bad = append(bad, FieldError{"scopes", "too_many", fmt.Sprintf("scopes has %d entries, of at most %d", len(scopes), maxScopes)})
	}
	strange := func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }
	if slices.ContainsFunc(scopes, func(s string) bool { return s == "" || len(s) > maxScope || strings.ContainsFunc(s, strange) }) {
		bad = append(bad, FieldError{"scopes", "invalid_value", fmt.Sprintf("a scope is empty, longer than %d bytes, or holds more than printable ASCII, or a space, a quote or a backslash", maxScope)})
	}
	return bad
}

// checkMixUp refuses two providers at one redirect URI if neither names itself in its answers
// (RFC 9207, section 1; RFC 9700, section 4.4).
func (p *providers) checkMixUp(ctx context.Context, c OAuthConfig) error {
	others, err := p.configs(ctx, c.App)
	if err != nil {
		return err
	}
	for _, other := range others {
		if c.shares(other) && !p.sendsIss(ctx, c) && !p.sendsIss(ctx, other) {
			return invalid("redirect_uri", "shared", "redirect_uri is another provider's, and neither of the two says in its answer who it is")
		}
	}
	return nil
}

// checkUnnamed refuses an answer without iss if another provider shares the redirect URI. When
// both were configured, perhaps only the other one promised an iss, and it may have stopped
// sending it. Authkit's own callback is never shared.
func (p *providers) checkUnnamed(ctx context.Context, c OAuthConfig) error {
	if c.RedirectURI == p.callbackURL(c) {
		return nil
	}
	others, err := p.configs(ctx, c.App)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(others, c.shares) {
		return invalidToken("the provider's answer has no iss, and another provider shares its redirect URI").with(ReasonWrongIssuer)
	}
	return nil
}

// shares reports whether two providers answer at one redirect URI, where only their iss tells
// them apart.
func (c OAuthConfig) shares(other OAuthConfig) bool {
	return other.Provider != c.Provider && httpio.SameResource(other.RedirectURI, c.RedirectURI)
}

// sendsIss reports whether the provider promises an iss in its answers. A provider that cannot be
// reached promises nothing.
func (p *providers) sendsIss(ctx context.Context, c OAuthConfig) bool {
	sends, err := p.client.SendsIss(ctx, oauth.Config{Provider: c.Provider, Issuer: c.Issuer})
	return err == nil && sends
}
