// Package oauth signs people in at a provider: GitHub, Google, or any OpenID Connect issuer. It
// stores nothing: states, codes and users belong to its caller.
//
//	client := oauth.NewClient(oauth.Options{})
//	url, err := client.AuthURL(ctx, cfg, state, nonce, verifier)
//	// … the person comes back with a code …
//	profile, err := client.Exchange(ctx, cfg, oauth.Callback{Code: code, Iss: iss, Nonce: nonce, Verifier: verifier})
//
// Every request uses PKCE (RFC 7636, S256), and a code is sent to the provider once. Issuers
// are URLs that developers give, so all traffic goes through a transport of its own that
// reaches public addresses only.
//
// # What decides
//
// An ID token is judged by its signature, iss, sub, aud, exp, iat, nbf and nonce (OpenID
// Connect Core, section 3.1.3.7). A doubt about one of them refuses the token. Optional facts,
// such as an address or a name, are left out if they are missing, malformed, or out of reach.
package oauth

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/authkit-dev/authkit/internal/outbound"
)

// Config is what one app needs at one provider.
type Config struct {
	Provider, ClientID, ClientSecret, RedirectURI string

	Issuer     string   // of a custom provider
	Scopes     []string // empty means the least that identifies the person; openid is added for OpenID Connect
	TrustEmail bool     // whether the custom issuer is trusted for email addresses
}

// Profile is the person who signed in. (Issuer, Subject) is the identity. The address is not.
type Profile struct {
	Issuer, Subject, Email, Name string

	// EmailVerified is true only if the provider is trusted for this address.
	EmailVerified bool

	// Lack says why there is no address, if a request for it failed. It is for the log.
	Lack error
}

// Endpoint replaces the addresses of a built-in provider, for tests.
type Endpoint struct{ AuthURL, TokenURL, APIURL, Issuer string }

// Options of a Client.
type Options struct {
	// AllowLoopback allows issuers on this machine, and http. It is for tests.
	AllowLoopback bool

	// Proxy returns the proxy for a request, or nil for a direct connection. Default: nil. For
	// a request through a proxy only the URL is checked. What the proxy connects to is its own
	// decision.
	Proxy func(*http.Request) (*url.URL, error)

	Allow []netip.Prefix // ranges that are allowed although they are not public
	Ports []uint16       // allowed besides 443

	Now       func() time.Time // default: time.Now
	Endpoints map[string]Endpoint
}

// Client talks to providers. It is safe for concurrent use.
type Client struct {
	opts  Options
	rules outbound.Rules
	http  *http.Client
	table map[string]facts
	held  held

	mu      sync.Mutex
	issuers map[issuerKey]*issuer
	uses    uint64 // counts uses of issuers
}

const (
	// totalTimeout bounds the time for the provider, so that a caller has an answer within ten
	// seconds.
	totalTimeout = 9 * time.Second

	// sideTimeout bounds a request that a sign-in can do without.
	sideTimeout = 3 * time.Second
)

// NewClient returns a client. It makes no request.
func NewClient(o Options) *Client {
	if o.Now == nil {
		o.Now = time.Now
	}
	rules := outbound.Rules{Loopback: o.AllowLoopback, Proxy: o.Proxy, Allow: o.Allow, Ports: o.Ports}
	return &Client{
		opts: o, rules: rules, http: outbound.NewClient(rules, totalTimeout),
		table: builtIn(o.Endpoints), issuers: map[issuerKey]*issuer{},
	}
}

// provider is what a flow needs to know about a provider. Its issuer is nil for plain OAuth.
type provider struct {
	facts

	issuer  *issuer
	meta    *metadata
	authURL string
}

func (c *Client) facts(cfg Config) facts {
	if f, ok := c.table[cfg.Provider]; ok {
		return f
	}
	return custom(cfg)
}

func (c *Client) provider(ctx context.Context, cfg Config) (*provider, error) {
	p := &provider{facts: c.facts(cfg)}
	if p.discovery == "" {
		p.authURL = p.endpoint.AuthURL
		return p, nil
	}
	p.issuer = c.issuer(p.discovery, p.facts.issuer)
	var err error
	if p.meta, err = p.issuer.metadata(ctx); err != nil {
		return nil, err
	}
	p.authURL, p.endpoint.TokenURL = p.meta.AuthURL, p.meta.TokenURL
	if p.auth == "" {
		p.auth = p.meta.auth
	}
	if p.responseMode == "" {
		p.responseMode = p.meta.responseMode
	}
	return p, nil
}

// AuthURL returns the URL to which the browser must go.
func (c *Client) AuthURL(ctx context.Context, cfg Config, state, nonce, verifier string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, totalTimeout)
	defer cancel()
	p, err := c.provider(ctx, cfg)
	if err != nil {
		return "", err
	}
	o := &oauth2.Config{
		ClientID: cfg.ClientID, RedirectURL: cfg.RedirectURI, Scopes: p.requestedScopes(cfg.Scopes),
		Endpoint: oauth2.Endpoint{AuthURL: p.authURL},
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	if p.usesNonce() {
		options = append(options, oauth2.SetAuthURLParam("nonce", nonce))
	}
	if p.responseMode != "" {
		options = append(options, oauth2.SetAuthURLParam("response_mode", p.responseMode))
	}
	return o.AuthCodeURL(state, options...), nil
}

// requestedScopes returns the scopes of a request: the configured ones, or the least that is
// needed.
func (p *provider) requestedScopes(scopes []string) []string {
	switch {
	case len(scopes) == 0:
		return p.scopes
	case p.discovery != "" && !slices.Contains(scopes, openID):
		return append([]string{openID}, scopes...)
	}
	return scopes
}

// SendsIss reports whether the provider promises `iss` in its answers (RFC 9207).
func (c *Client) SendsIss(ctx context.Context, cfg Config) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, totalTimeout)
	defer cancel()
	p, err := c.provider(ctx, cfg)
	if err != nil {
		return false, err
	}
	return p.promisesIss(), nil
}

func (p *provider) promisesIss() bool { return p.meta != nil && p.meta.sendsIss }

// CheckIss refuses an answer whose iss is not the provider's, with [WrongIssuer]. This stops
// mix-up attacks (RFC 9207, section 2.4; RFC 9700, section 4.4).
func (c *Client) CheckIss(ctx context.Context, cfg Config, iss string) error {
	ctx, cancel := context.WithTimeout(ctx, totalTimeout)
	defer cancel()
	p, err := c.provider(ctx, cfg)
	if err != nil {
		return err
	}
	return p.checkIss(iss)
}

func (p *provider) checkIss(iss string) error {
	want, taken := p.iss, p.iss != "" && iss == p.iss
	if want == "" && p.meta != nil {
		want, taken = p.facts.issuer, p.ownIssuer(iss)
	}
	switch {
	case taken, iss == "" && !p.promisesIss():
		return nil
	case iss == "":
		return finding(WrongIssuer, "iss is missing in the provider's answer", "none", quote(want))
	case want == "":
		return finding(WrongIssuer, "iss in the provider's answer is another issuer's", quote(iss), "none")
	}
	return finding(WrongIssuer, "iss in the provider's answer is another issuer's", quote(iss), quote(want))
}

// Callback is the answer of a provider, with the two secrets of the request that it answers.
type Callback struct {
	Code, Iss       string // as in the answer; Iss may be empty
	Nonce, Verifier string // as in AuthURL
}

// Exchange redeems a code, in less than ten seconds. It refuses an iss as CheckIss does.
func (c *Client) Exchange(ctx context.Context, cfg Config, back Callback) (Profile, error) {
	ctx, cancel := context.WithTimeout(ctx, totalTimeout)
	defer cancel()
	p, err := c.provider(ctx, cfg)
	if err != nil {
		return Profile{}, err
	}
	if err := p.checkIss(back.Iss); err != nil {
		return Profile{}, err
	}
	got, err := c.redeem(ctx, p, cfg, back)
	if err != nil {
		return Profile{}, err
	}
	if p.issuer == nil {
		return c.githubProfile(ctx, p, got.access)
	}
	return c.oidcProfile(ctx, p, cfg, got, back.Nonce)
}
