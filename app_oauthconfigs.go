package authkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/oauth"
)

// An app has so many configurations, each of so much text: all of them are read at once.
const (
	maxOAuthConfigs = 32
	maxScopes       = 20
	maxScope        = 64   // bytes of each
	maxClientSecret = 4096 // bytes
)

// OAuthPatch changes the fields of a configuration that are not nil. RedirectURI is where the
// provider sends people back to, as it is registered there; it defaults to authkit's own callback,
// <BaseURL>/auth/callback/{provider}/{app_id}.
type OAuthPatch struct {
	ClientID, ClientSecret, RedirectURI, Issuer *string
	Scopes                                      *[]string
	TrustEmail, Enabled                         *bool
}

// CreateOAuthConfig configures a provider for an app. The client secret is sealed and
// never shown again. The issuer of a custom provider is asked for its discovery document; one
// that cannot work is [CodeInvalidRequest], with what was seen and wanted. [CodeOAuthConfigExists];
// [CodeLimitReached]: the app has 32.
func (e *Engine) CreateOAuthConfig(ctx context.Context, ref ProviderRef, p OAuthPatch) (OAuthConfig, error) {
	fresh := OAuthConfig{App: ref.App.ID, Provider: ref.Provider, Enabled: true, CreatedAt: e.now()}
	got, err := e.putOAuthConfig(ctx, ref.App, fresh, p)
	if errors.Is(err, ErrConflict) {
		return OAuthConfig{}, refuse(CodeOAuthConfigExists, "the app has a configuration for this provider")
	}
	if errors.Is(err, ErrStale) { // a fresh one has no Version to be stale: its secret is retired
		return OAuthConfig{}, unavailable(fmt.Errorf("create an OAuth configuration of app %s: %w", ref.App.ID, err))
	}
	return got, err
}

// ChangeOAuthConfig changes a configuration; sign-ins under way with it stop.
// [CodeProviderNotConfigured]: there is none.
func (e *Engine) ChangeOAuthConfig(ctx context.Context, ref ProviderRef, p OAuthPatch) (OAuthConfig, error) {
	for range 5 {
		if _, err := e.OwnApp(ctx, ref.App); err != nil {
			return OAuthConfig{}, err
		}
		old, err := e.oauthConfig(ctx, ref.App.ID, ref.Provider)
		if err != nil {
			return OAuthConfig{}, err
		}
		got, err := e.putOAuthConfig(ctx, ref.App, old, p)
		if !errors.Is(err, ErrStale) {
			return got, err
		}
	}
	return OAuthConfig{}, unavailable(errAgain)
}

func (e *Engine) putOAuthConfig(ctx context.Context, ref AppRef, c OAuthConfig, p OAuthPatch) (OAuthConfig, error) {
	own, err := e.OwnApp(ctx, ref)
	if err != nil {
		return OAuthConfig{}, err
	}
	was := c
	e.patchOAuthConfig(&c, p)
	if err := e.checkOAuthConfig(ctx, c, p); err != nil {
		return OAuthConfig{}, err
	}
	if was.Version > 0 && p.idle(was, c) {
		return was, nil
	}
	also := Also{Secret: e.secrets.newest()}
	also.note(e.now(), Event{App: c.App, Type: EventOAuthConfigPut, Actor: own.Developer, Reason: c.Provider})
	if err := e.tellOwner(ctx, &also, own, "the sign-in provider "+c.Provider+" was configured"); err != nil {
		return OAuthConfig{}, err
	}
	err = e.store.PutOAuthConfig(ctx, c, maxOAuthConfigs, also)
	switch {
	case errors.Is(err, ErrConflict), errors.Is(err, ErrStale):
		return OAuthConfig{}, err
	case errors.Is(err, ErrFull):
		return OAuthConfig{}, limitReached("OAuth configurations of the app", maxOAuthConfigs)
	}
	return c, e.managed(err, c.App, also)
}

func (e *Engine) patchOAuthConfig(c *OAuthConfig, p OAuthPatch) {
	set(&c.ClientID, p.ClientID)
	set(&c.RedirectURI, p.RedirectURI)
	set(&c.Issuer, p.Issuer)
	set(&c.Scopes, p.Scopes)
	set(&c.TrustEmail, p.TrustEmail)
	set(&c.Enabled, p.Enabled)
	if c.RedirectURI == "" && p.RedirectURI == nil {
		c.RedirectURI = e.callbackURL(*c)
	}
	switch {
	case p.ClientSecret == nil:
		// A put must not bring an older secret back that a reseal has just made needless.
		if next, err := e.secrets.renewed(Sealed{Part: SealedClientSecret, App: c.App, Name: c.Provider, Blob: c.SecretSealed}); err == nil && next != nil {
			c.SecretSealed = next
		}
	case *p.ClientSecret == "":
		c.SecretSealed = nil
	default:
		c.SecretSealed = e.ring.Seal([]byte(*p.ClientSecret), clientSecretAAD(c.App, c.Provider))
	}
}

// callbackURL is where a provider sends browsers back to, unless a configuration says
// another place.
func (e *Engine) callbackURL(c OAuthConfig) string {
	return e.cfg.url("/auth/callback/" + c.Provider + "/" + c.App.String())
}

func clientSecretAAD(app uuid.UUID, provider string) []byte {
	return seal.AAD("client secret", app.String(), provider)
}

// checkOAuthConfig tells all at once what is wrong with a configuration. An issuer that is new
// to it is asked whether it can work here; one that was taken before may be out of order. The
// bounds are those of what the patch has: what was taken without them stands until it is
// changed.
func (e *Engine) checkOAuthConfig(ctx context.Context, c OAuthConfig, p OAuthPatch) error {
	var bad []FieldError
	wrong := func(field, code, detail string) { bad = append(bad, FieldError{field, code, detail}) }
	known := oauth.Known(c.Provider)
	switch {
	case c.Version == 0 && !known && !oauth.ValidName(c.Provider): // one that stands may be older than a reserved word
		wrong("provider", "invalid_name", "provider is not 2 to 32 of a-z, 0-9 and -, or is a reserved word")
	case known && c.Issuer != "":
		wrong("issuer", "not_allowed", "issuer is for custom providers only")
	case len(c.Issuer) > 1024: // it is a part of every identity's key
		wrong("issuer", "invalid_issuer", "issuer is longer than 1024 bytes")
	case !known && c.Issuer == "":
		wrong("issuer", "required", "issuer is missing; a custom provider needs it")
	case !known && p.Issuer != nil:
		if finding := e.issuerFinding(ctx, c); finding != "" {
			wrong("issuer", "invalid_issuer", "the issuer cannot work here: "+finding)
		}
	}
	if known && c.TrustEmail {
		wrong("trust_email", "not_allowed", "trust_email is for custom providers only")
	}
	switch {
	case c.ClientID == "":
		wrong("client_id", "required", "client_id is missing")
	case len(c.ClientID) > 1024:
		wrong("client_id", "invalid_value", "client_id is longer than 1024 bytes")
	}
	switch {
	case c.SecretSealed == nil:
		wrong("client_secret", "required", "client_secret is missing")
	case p.ClientSecret != nil && len(*p.ClientSecret) > maxClientSecret:
		wrong("client_secret", "invalid_value", fmt.Sprintf("client_secret is longer than %d bytes", maxClientSecret))
	}
	switch err := httpio.CheckProviderRedirect(c.RedirectURI); {
	case c.RedirectURI == e.callbackURL(c):
	case err != nil:
		wrong("redirect_uri", "invalid_url", "redirect_uri: "+err.Error())
	case httpio.Below(c.RedirectURI, e.cfg.url("/auth/callback/")):
		wrong("redirect_uri", "invalid_url", "redirect_uri is the callback of another provider or app; this one's is "+e.callbackURL(c))
	}
	if p.Scopes != nil {
		bad = append(bad, checkScopes(c.Scopes)...)
	}
	if err := invalidFields(bad); err != nil {
		return err
	}
	return e.checkMixUp(ctx, c)
}

// checkScopes judges the scopes of a configuration, one by one (RFC 6749, section 3.3) and in
// number.
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

// issuerFinding is why an issuer cannot work here, for the owner of the configuration, or "". One
// that is out of reach for now is not refused, and the log tells of it.
func (e *Engine) issuerFinding(ctx context.Context, c OAuthConfig) string {
	err := e.oauth.CheckIssuer(ctx, c.Issuer)
	if fault, ok := errors.AsType[*oauth.Error](err); ok && fault.Kind == oauth.Misconfigured {
		return fault.Finding()
	}
	if err != nil {
		e.log.WarnContext(ctx, "the issuer of an OAuth configuration was not checked", slog.String("app", c.App.String()), slog.String("provider", c.Provider), slog.Any("error", err))
	}
	return ""
}

// checkMixUp refuses two providers at one redirect URI that do not say who answers (RFC
// 9207, section 1; RFC 9700, section 4.4).
func (e *Engine) checkMixUp(ctx context.Context, c OAuthConfig) error {
	others, err := e.store.OAuthConfigs(ctx, c.App)
	if err != nil {
		return storeError(err, c.App)
	}
	for _, other := range others {
		if c.shares(other) && !e.sendsIss(ctx, c) && !e.sendsIss(ctx, other) {
			return invalid("redirect_uri", "shared", "redirect_uri is another provider's, and neither of the two says in its answer who it is")
		}
	}
	return nil
}

// shares reports whether the answers for two providers come to one place, where only their iss
// can tell them apart.
func (c OAuthConfig) shares(other OAuthConfig) bool {
	return other.Provider != c.Provider && httpio.SameResource(other.RedirectURI, c.RedirectURI)
}

// checkUnnamed refuses an answer without iss where another provider's come to the same place:
// of the two only the other may have promised it, and a promise can be taken back. To the
// provider's own callback here no other may send people.
func (e *Engine) checkUnnamed(ctx context.Context, c OAuthConfig) error {
	if c.RedirectURI == e.callbackURL(c) {
		return nil
	}
	others, err := e.store.OAuthConfigs(ctx, c.App)
	if err != nil {
		return storeError(err, c.App)
	}
	if slices.ContainsFunc(others, c.shares) {
		return invalidToken("the provider's answer has no iss, and another provider shares its redirect URI")
	}
	return nil
}

func (e *Engine) sendsIss(ctx context.Context, c OAuthConfig) bool {
	sends, err := e.oauth.SendsIss(ctx, oauth.Config{Provider: c.Provider, Issuer: c.Issuer})
	return err == nil && sends
}

// OAuthConfigs lists the configurations of an app by provider.
func (e *Engine) OAuthConfigs(ctx context.Context, app AppRef) ([]OAuthConfig, error) {
	if _, err := e.OwnApp(ctx, app); err != nil {
		return nil, err
	}
	configs, err := e.store.OAuthConfigs(ctx, app.ID)
	return configs, storeError(err, app.ID)
}

// DeleteOAuthConfig removes a configuration; sign-ins under way with it stop. One that was
// removed in the last hour is no error, and is durably gone when this returns.
func (e *Engine) DeleteOAuthConfig(ctx context.Context, ref ProviderRef) error {
	app, provider := ref.App.ID, ref.Provider
	own, err := e.OwnApp(ctx, ref.App)
	if err != nil {
		return err
	}
	if !oauth.WellFormedName(provider) {
		return notConfigured()
	}
	var also Also
	also.note(e.now(), Event{App: app, Type: EventOAuthConfigDelete, Actor: own.Developer, Reason: provider})
	if err := e.tellOwner(ctx, &also, own, "the sign-in provider "+provider+" was removed"); err != nil {
		return err
	}
	err = e.store.DeleteOAuthConfig(ctx, app, provider, also)
	if errors.Is(err, ErrNotFound) {
		done, err := e.revokedBefore(ctx, app, EventQuery{Type: EventOAuthConfigDelete}, func(ev Event) bool { return ev.Reason == provider })
		if err == nil && !done {
			return notConfigured()
		}
		return storeError(err, app)
	}
	return e.managed(err, app, also)
}

func (e *Engine) oauthConfig(ctx context.Context, app uuid.UUID, provider string) (OAuthConfig, error) {
	if !oauth.WellFormedName(provider) {
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
