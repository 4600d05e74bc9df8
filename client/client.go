// Package client manages the users of an app from the app's own server, over HTTP.
//
//	c, err := client.New("https://example.com/auth", os.Getenv("AUTHKIT_API_KEY"))
//	if err != nil { … }
//	for u, err := range c.Users(ctx, client.Filter{Prefix: "ann"}) {
//		if err != nil { … }
//		fmt.Println(u.ID, u.Email)
//	}
//	u, err := c.CreateUser(ctx, client.NewUser{Email: "ann@example.com"})
//	if errors.Is(err, client.CodeEmailTaken) { … }
//
// The API key names the app. It needs the scope users:read to read, and users:write to create,
// change and delete.
//
// # Errors
//
// A refusal is an [*Error] with the stable [Code] of the server, which errors.Is finds, and the id
// of the request, which the server's log has, too. New codes may come: treat an unknown one by its
// status.
//
// # Retries
//
// A call is tried up to four times where that is safe. A read or a deletion is repeated after a
// lost connection and after 429, 502, 503 and 504; a change, which
// may be made twice, after 429 and 503; a creation after 429 alone. Between two tries it waits as long as the
// server asks for in Retry-After, at most 30 seconds, or else for a short time that doubles. The
// context ends the wait.
//
// The package uses the standard library only.
package client

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Client calls the management endpoints for one app. It is safe for concurrent use.
type Client struct {
	mount  *url.URL // the base URL
	base   string   // of the users of the app
	app    string
	key    string
	http   *http.Client
	tries  int
	sleep  func(context.Context, time.Duration) error
	jitter func() float64 // from 0 to 1
	plain  bool           // http is allowed beyond loopback
}

// Option changes a default of [New].
type Option func(*Client)

// WithHTTPClient sets what sends the requests. Its timeout bounds each try. Redirects are never
// followed, whatever it says. Default: a client of its own with a timeout of 30 seconds.
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// WithTries sets how often a call is tried at most, where that is safe. 1 tries once. Default 4.
func WithTries(n int) Option { return func(c *Client) { c.tries = max(n, 1) } }

// InsecureAllowHTTP allows a base URL of http that is not on loopback. The API key then crosses
// the network in the clear.
func InsecureAllowHTTP() Option { return func(c *Client) { c.plain = true } }

// requestTimeout bounds one try by default.
const requestTimeout = 30 * time.Second

// New returns a Client for the server at the base URL, mount point included, and the app of the
// API key. It sends nothing. No error holds the key.
func New(baseURL, apiKey string, options ...Option) (*Client, error) {
	c := &Client{key: apiKey, http: &http.Client{Timeout: requestTimeout}, tries: 4, sleep: sleep, jitter: rand.Float64}
	for _, set := range options {
		set(c)
	}
	base, err := url.Parse(baseURL)
	switch {
	case err != nil:
		return nil, errors.New("authkit client: the base URL is no URL")
	case base.User != nil:
		return nil, errors.New("authkit client: the base URL has a user: the API key is all that the server asks for")
	case base.Host == "" || strings.ContainsAny(baseURL, "?#") || (base.Scheme != "https" && base.Scheme != "http"):
		return nil, fmt.Errorf("authkit client: base URL %q is not scheme, host and mount point, such as https://example.com/auth", baseURL)
	}
	if base.Scheme == "http" && !loopback(base.Hostname()) && !c.plain {
		return nil, fmt.Errorf("authkit client: base URL %q is http beyond loopback, where the API key would cross the network in the clear: use https, or InsecureAllowHTTP", baseURL)
	}
	if c.app, err = appOf(apiKey); err != nil {
		return nil, err
	}
	own := *c.http
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &own
	c.mount, c.base = base, strings.TrimSuffix(baseURL, "/")+"/users/"+c.app
	return c, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// appOf returns the id of the app that a key is for. A key is "ak_" and the base64url of a secret
// of 32 bytes, the id of the app and a checksum of 4 bytes.
func appOf(key string) (string, error) {
	const secret, id, sum = 32, 16, 4
	text, ok := strings.CutPrefix(key, "ak_")
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(b) != secret+id+sum {
		return "", errors.New("authkit client: the API key is not a whole one: it begins with ak_ and has 73 characters")
	}
	u := b[secret : secret+id]
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]), nil
}

// URL returns the address of a path of the server, such as "/auth/credentials/" and the id of the app.
func (c *Client) URL(path string) string { return strings.TrimSuffix(c.mount.String(), "/") + path }

// App returns the id of the app that the API key is for.
func (c *Client) App() string { return c.app }

// Forward sends a request to an authkit endpoint of the app for a person (a sign-in, say), and makes it
// count as one of that person's own: limits and sessions then go by that address and user agent. The
// API key needs the scope auth:forward. The request must have no Origin header. A URL that is not
// below the base URL is an error, and a redirect is the answer: neither another server nor a provider
// gets the key. The caller closes the body of the answer.
func (c *Client) Forward(r *http.Request, ip netip.Addr, userAgent string) (*http.Response, error) {
	if r.URL.Scheme != c.mount.Scheme || r.URL.Host != c.mount.Host || !strings.HasPrefix(r.URL.Path, strings.TrimSuffix(c.mount.Path, "/")+"/") {
		return nil, fmt.Errorf("authkit client: got a request for %s, want one below the base URL %s", r.URL.Redacted(), c.mount)
	}
	r = r.Clone(r.Context())
	r.Header.Set("X-Authkit-Key", c.key)
	r.Header.Set("X-Authkit-Client-IP", ip.WithZone("").String()) //nolint:canonicalheader // as the contract writes it
	r.Header.Set("X-Authkit-User-Agent", userAgent)
	return c.http.Do(r)
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
