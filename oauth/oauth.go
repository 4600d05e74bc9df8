// Package oauth signs people in at a provider: GitHub, Google, or any OpenID Connect
// issuer. It keeps nothing: states, codes and users are its caller's.
//
//	client := oauth.NewClient(oauth.Options{})
//	url, err := client.AuthURL(ctx, cfg, state, nonce, verifier)
//	// … the person comes back with a code …
//	profile, err := client.Exchange(ctx, cfg, code, iss, nonce, verifier)
//
// Every request uses PKCE (RFC 7636, S256); ID tokens are verified by go-oidc. Issuers
// are URLs that developers give, so all traffic goes through a transport of its own that
// reaches public addresses only.
package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/endpoints"
)

// Config is what one app needs at one provider.
type Config struct {
	Provider, ClientID, ClientSecret, RedirectURI string

	Issuer     string   // of a custom provider
	Scopes     []string // empty: the least that tells who the person is
	TrustEmail bool     // the custom issuer's word on an address counts
}

// Profile is who signed in. (Issuer, Subject) is the identity; the address is not.
type Profile struct {
	Issuer, Subject, Email, Name string

	// EmailVerified is true only where the provider is trusted for this address.
	EmailVerified bool
}

// Endpoint replaces the addresses of a built-in provider, for tests.
type Endpoint struct{ AuthURL, TokenURL, APIURL, Issuer string }

// Options of a Client.
type Options struct {
	// AllowLoopback lets issuers be on this machine, and http; for tests.
	AllowLoopback bool
	Now           func() time.Time // default: time.Now
	Endpoints     map[string]Endpoint
}

// Client talks to providers. It is safe for concurrent use.
type Client struct {
	opts Options
	http *http.Client

	mu     sync.Mutex
	issued map[string]*discovery
}

const (
	github = "github"
	google = "google"

	// totalTimeout is for the provider's part: whoever waits has an answer within ten seconds.
	totalTimeout = 9 * time.Second
)

// NewClient makes a client; it talks to nobody yet.
func NewClient(o Options) *Client {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Client{opts: o, http: outbound(o.AllowLoopback), issued: map[string]*discovery{}}
}

// Known says whether a provider is built in.
func Known(provider string) bool { return provider == github || provider == google }

// IssuerOf is the Issuer of the profiles of a provider; issuer is that of a custom one.
func IssuerOf(provider, issuer string) string {
	switch provider {
	case github:
		return "https://github.com"
	case google:
		return "https://accounts.google.com"
	}
	return issuer
}

// ValidName says whether a custom provider may have the name: [a-z0-9-]{2,32}, and none
// of the words that stand in the same place of a path.
func ValidName(provider string) bool {
	if len(provider) < 2 || len(provider) > 32 {
		return false
	}
	for _, c := range provider {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return !slices.Contains([]string{
		"credentials", "magic-link", "verify", "callback", "token", "refresh", "sign-out", "me", "sessions",
		"identities", "id-token", "password", "email", "passkey", "totp", "mfa",
	}, provider)
}

// UsesNonce says whether the provider answers an ID token.
func UsesNonce(provider string) bool { return provider != github }

// AuthURL is where the browser goes.
func (c *Client) AuthURL(ctx context.Context, cfg Config, state, nonce, verifier string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, totalTimeout)
	defer cancel()
	o, _, err := c.oauth2(ctx, cfg)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	if UsesNonce(cfg.Provider) {
		options = append(options, oidc.Nonce(nonce))
	}
	return o.AuthCodeURL(state, options...), nil
}

// SendsIss says whether the provider announces `iss` in its answers (RFC 9207).
func (c *Client) SendsIss(ctx context.Context, cfg Config) (bool, error) {
	if cfg.Provider == github {
		return false, nil
	}
	d, err := c.discover(ctx, c.issuer(cfg))
	if err != nil {
		return false, err
	}
	return d.sendsIss, nil
}

// CheckIssuer refuses an issuer that is no public https URL, or none of an issuer (RFC
// 8414, section 2: it has no query). What stands there is read when somebody signs in.
func (c *Client) CheckIssuer(_ context.Context, issuer string) error {
	err := checkURL(issuer, c.opts.AllowLoopback)
	if err == nil && strings.ContainsAny(issuer, " ?#") {
		err = errors.New("it holds a space, a query or a fragment")
	}
	if err != nil {
		return &Error{Kind: Misconfigured, Err: fmt.Errorf("issuer %q: %w", issuer, err)}
	}
	return nil
}

// Exchange redeems a code, in less than ten seconds.
func (c *Client) Exchange(ctx context.Context, cfg Config, code, iss, nonce, verifier string) (Profile, error) {
	ctx, cancel := context.WithTimeout(ctx, totalTimeout)
	defer cancel()
	o, d, err := c.oauth2(ctx, cfg)
	if err != nil {
		return Profile{}, err
	}
	if err := checkIss(d, iss); err != nil {
		return Profile{}, err
	}
	tok, err := o.Exchange(oidc.ClientContext(ctx, c.http), code, oauth2.VerifierOption(verifier))
	if err != nil {
		return Profile{}, exchangeError(err)
	}
	if d == nil {
		return c.githubProfile(ctx, tok)
	}
	return c.oidcProfile(ctx, cfg, d, tok, nonce)
}

// checkIss stops mix-up attacks (RFC 9207, section 2.4).
func checkIss(d *discovery, iss string) error {
	switch {
	case d == nil && iss == "", d != nil && iss == d.issuer, d != nil && iss == "" && !d.sendsIss:
		return nil
	}
	return &Error{Kind: Refused, Err: errors.New("iss is missing or another issuer's")}
}

// oauth2 answers the client of a configuration, and the issuer's discovery if it has one.
func (c *Client) oauth2(ctx context.Context, cfg Config) (*oauth2.Config, *discovery, error) {
	o := &oauth2.Config{ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, RedirectURL: cfg.RedirectURI, Scopes: cfg.Scopes}
	if cfg.Provider == github {
		o.Endpoint = endpoints.GitHub
		if e, ok := c.opts.Endpoints[github]; ok {
			o.Endpoint = oauth2.Endpoint{AuthURL: e.AuthURL, TokenURL: e.TokenURL}
		}
		if len(o.Scopes) == 0 {
			o.Scopes = []string{"read:user", "user:email"}
		}
		return o, nil, nil
	}
	d, err := c.discover(ctx, c.issuer(cfg))
	if err != nil {
		return nil, nil, err
	}
	o.Endpoint = d.provider.Endpoint()
	if len(o.Scopes) == 0 {
		o.Scopes = []string{oidc.ScopeOpenID, "email", "profile"}
	} else if !slices.Contains(o.Scopes, oidc.ScopeOpenID) {
		o.Scopes = append([]string{oidc.ScopeOpenID}, o.Scopes...)
	}
	return o, d, nil
}

func (c *Client) issuer(cfg Config) string {
	if e, ok := c.opts.Endpoints[google]; ok && cfg.Provider == google {
		return e.Issuer
	}
	return IssuerOf(cfg.Provider, cfg.Issuer)
}
