package authkittest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/authkit-dev/authkit"
)

const (
	clientID     = "authkittest"
	clientSecret = "the client secret of authkittest"
)

// Provider is an OpenID provider: a real HTTP server on loopback, with discovery, keys
// (ES256), an authorization endpoint that asks nobody and redirects at once, a token
// endpoint that checks client, code, redirect URI and PKCE (S256), and userinfo. Its clock
// is the Kit's.
//
// Who comes is the login_hint of the authorization request, an address; without one it is
// ann@example.com. The same address is always the same subject. It is safe for concurrent
// use.
type Provider struct {
	Name   string // of its configurations, and in paths: /auth/{Name}/{app_id}
	Issuer string // its URL

	kit           *Kit
	client        *http.Client
	key, wrongKey *ecdsa.PrivateKey

	mu     sync.Mutex
	faults []Fault
	said   map[string]any
	held   *hold
	codes  map[string]grant
	tokens map[string]grant
}

// NewProvider starts a provider, which ends with the test. The name is 2 to 32 of a-z,
// 0-9 and -.
func NewProvider(tb testing.TB, k *Kit, name string) *Provider {
	tb.Helper()
	p := &Provider{Name: name, kit: k, codes: map[string]grant{}, tokens: map[string]grant{}, key: newKey(tb), wrongKey: newKey(tb)}
	server := httptest.NewServer(p.routes())
	p.Issuer = server.URL
	p.client = server.Client()
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	tb.Cleanup(func() {
		p.endHold() // else closing waits for it
		server.Close()
	})
	return p
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatalf("authkittest: make a key: %v", err)
	}
	return key
}

// Configure makes the provider one of the app's, its word on addresses trusted. The
// redirect URI is authkit's own callback. A second one of the name fails the test.
func (p *Provider) Configure(tb testing.TB, app authkit.App) authkit.OAuthConfig {
	tb.Helper()
	_, owner, _ := strings.Cut(app.Developer, ":")
	config, err := p.kit.Engine.CreateOAuthConfig(tb.Context(), authkit.ProviderRef{App: authkit.AppRef{Developer: owner, ID: app.ID}, Provider: p.Name}, authkit.OAuthPatch{
		ClientID: new(clientID), ClientSecret: new(clientSecret), Issuer: &p.Issuer, TrustEmail: new(true),
		RedirectURI: new(p.kit.base.String() + "/auth/callback/" + p.Name + "/" + app.ID.String()),
	})
	if err != nil {
		tb.Fatalf("authkittest: configure provider %q for app %q: %v", p.Name, app.Name, err)
	}
	return config
}

// SignIn walks the flow of a single-page app: it begins, goes to the provider as the
// person with the address, and hands in what comes back. The error is authkit's
// refusal, an [*authkit.Error].
func (p *Provider) SignIn(tb testing.TB, app authkit.App, email string) (Person, error) {
	tb.Helper()
	ctx := tb.Context()
	to, err := p.kit.Engine.StartOAuth(ctx, authkit.OAuthStart{App: app.ID, Provider: p.Name})
	if err != nil {
		return Person{}, err
	}
	q := p.Visit(tb, to.URL, email).Query()
	in, err := p.kit.Engine.FinishOAuth(ctx, authkit.OAuthReturn{
		App: app.ID, Provider: p.Name, Binding: to.Binding,
		Code: q.Get("code"), State: q.Get("state"), Iss: q.Get("iss"), Fail: q.Get("error"),
	})
	if err != nil {
		return Person{}, err
	}
	return p.kit.person(in), nil
}

// Visit is the browser's part: it follows an authorization request to the provider, as the
// person with the address, and answers where the provider sends the browser back to. A
// request that the provider cannot answer by a redirect fails the test.
func (p *Provider) Visit(tb testing.TB, authURL, email string) *url.URL {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, authURL+"&login_hint="+url.QueryEscape(email), nil)
	if err != nil {
		tb.Fatalf("authkittest: %v", err)
	}
	res, err := p.client.Do(r)
	if err != nil {
		tb.Fatalf("authkittest: visit provider %q: %v", p.Name, err)
	}
	defer res.Body.Close() //nolint:errcheck // nothing in it is wanted
	back, err := res.Location()
	if err != nil {
		tb.Fatalf("authkittest: provider %q answered %s to %q: %v", p.Name, res.Status, authURL, err)
	}
	return back
}

// Misbehave replaces the faults that the provider has; without any it behaves again.
func (p *Provider) Misbehave(faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = slices.Clone(faults)
}

// Say replaces what ID tokens say beside or in place of the usual claims; nil is the usual
// again. A claim that is nil is left out: an "email" of nil stands at userinfo alone.
func (p *Provider) Say(claims map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = maps.Clone(claims)
}

// Hold makes the token endpoint slow: requests to it wait. Arrived is closed when the first
// one waits; release, or the end of the test, lets all of them go on.
func (p *Provider) Hold() (arrived <-chan struct{}, release func()) {
	p.endHold()
	p.mu.Lock()
	defer p.mu.Unlock()
	here, free := make(chan struct{}), make(chan struct{})
	p.held = &hold{
		free: free, arrive: sync.OnceFunc(func() { close(here) }), release: sync.OnceFunc(func() { close(free) }),
	}
	return here, p.held.release
}

// hold is what a slow token endpoint waits for.
type hold struct {
	free            <-chan struct{}
	arrive, release func()
}

func (p *Provider) endHold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held != nil {
		p.held.release()
	}
}
