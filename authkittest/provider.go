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
// (ES256), an authorization endpoint that redirects at once without asking a user, a token
// endpoint that checks client, code, redirect URI and PKCE (S256), and userinfo. Its clock
// is the Kit's.
//
// The user is the login_hint of the authorization request, an address; the default is
// ann@example.com. An address always has the same subject. A Provider is safe for concurrent
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
		p.endHold() // closing waits for a held request
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

// Configure adds the provider to the app, which trusts it for addresses. The redirect URI is
// authkit's own callback. It fails the test if the app has a provider of that name, or if
// authkit reserves the name.
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

// SignIn does the flow of a single-page app: it begins, visits the provider as the user of the
// address, and finishes with the provider's answer. The error is authkit's refusal, an
// [*authkit.Error].
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

// Visit does the browser's part of a flow: it sends an authorization request to the provider,
// as the user of the address, and returns the URL that the provider redirects to. It fails the
// test if the provider does not answer with a redirect.
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
	defer res.Body.Close() //nolint:errcheck // the body is not read
	back, err := res.Location()
	if err != nil {
		tb.Fatalf("authkittest: provider %q answered %s to %q: %v", p.Name, res.Status, authURL, err)
	}
	return back
}

// Misbehave replaces the faults of the provider. Without any fault it behaves again.
func (p *Provider) Misbehave(faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = slices.Clone(faults)
}

// Say sets claims that ID tokens have beside or in place of the usual ones, until the next call;
// nil sets none. A claim with the value nil is left out: with an "email" of nil, the address is
// at userinfo alone.
func (p *Provider) Say(claims map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = maps.Clone(claims)
}

// Hold makes requests to the token endpoint wait. arrived is closed when the first one waits;
// release, or the end of the test, lets all of them continue.
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
