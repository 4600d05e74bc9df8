package oauth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

const (
	goodFor   = 15 * time.Minute
	badFor    = 30 * time.Second
	maxIssued = 256
)

// discovery is what an issuer says of itself; ready is closed once it is known.
type discovery struct {
	issuer      string
	ready       chan struct{}
	from, until time.Time

	provider *oidc.Provider
	algs     []string
	sendsIss bool
	err      error
}

// discover asks an issuer once for all who wait, and remembers success and failure.
func (c *Client) discover(ctx context.Context, issuer string) (*discovery, error) {
	d, mine := c.entry(issuer)
	if mine {
		// The flight is not the first caller's alone: it must not end with them.
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), totalTimeout)
		c.fill(own, d)
		cancel()
	}
	select {
	case <-d.ready:
	case <-ctx.Done():
		return nil, broken(fmt.Errorf("discover %q: %w", issuer, ctx.Err()))
	}
	if d.err != nil {
		return nil, d.err
	}
	return d, nil
}

func (c *Client) entry(issuer string) (d *discovery, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.opts.Now()
	// Before from, the clock was set back: how old the answer is nobody knows.
	if d, ok := c.issued[issuer]; ok && (d.until.IsZero() || (!now.Before(d.from) && now.Before(d.until))) {
		return d, false
	}
	if len(c.issued) >= maxIssued {
		for other, old := range c.issued {
			if !old.until.IsZero() {
				delete(c.issued, other)
				break
			}
		}
	}
	d = &discovery{issuer: issuer, ready: make(chan struct{})}
	c.issued[issuer] = d
	return d, true
}

func (c *Client) fill(ctx context.Context, d *discovery) {
	err := c.ask(ctx, d)
	c.mu.Lock()
	defer c.mu.Unlock()
	d.from = c.opts.Now()
	d.until = d.from.Add(goodFor)
	if err != nil {
		d.err, d.until = broken(fmt.Errorf("discover %q: %w", d.issuer, err)), d.from.Add(badFor)
	}
	close(d.ready)
}

func (c *Client) ask(ctx context.Context, d *discovery) error {
	if err := checkURL(d.issuer, c.opts.AllowLoopback); err != nil {
		return err
	}
	// Keys are fetched later, beyond this call: the client is what the provider keeps.
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, c.http), d.issuer)
	if err != nil {
		return err
	}
	var claims struct {
		SendsIss bool     `json:"authorization_response_iss_parameter_supported"`
		Algs     []string `json:"id_token_signing_alg_values_supported"`
		JWKS     string   `json:"jwks_uri"`
	}
	if err := provider.Claims(&claims); err != nil {
		return err
	}
	for _, u := range []string{provider.Endpoint().AuthURL, provider.Endpoint().TokenURL, claims.JWKS} {
		if err := checkURL(u, c.opts.AllowLoopback); err != nil {
			return fmt.Errorf("endpoint %q: %w", u, err)
		}
	}
	// RFC 8725, section 3.1: never "none", and no client secret as a key.
	d.algs = slices.DeleteFunc(claims.Algs, func(alg string) bool { return alg == "none" || strings.HasPrefix(alg, "HS") })
	if len(d.algs) == 0 {
		d.algs = []string{oidc.RS256}
	}
	d.provider, d.sendsIss = provider, claims.SendsIss
	return nil
}
