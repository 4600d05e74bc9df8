package oauth

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// silence is a provider that accepts every request and answers none of them.
type silence struct{}

func (silence) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// The browser is promised an answer within ten seconds in all, and to handle the provider's
// answer takes time too.
func TestASilentProviderTimesOutEarly(t *testing.T) {
	t.Parallel()
	const verifier = "verifier-verifier-verifier-verifier-verifier"
	corp, hub := Config{Provider: "corp", Issuer: "https://corp.example"}, Config{Provider: github}
	for name, call := range map[string]func(context.Context, *Client) error{
		"at the start": func(ctx context.Context, c *Client) error {
			_, err := c.AuthURL(ctx, corp, "state", "nonce", verifier)
			return err
		},
		"at its discovery": func(ctx context.Context, c *Client) error {
			_, err := c.Exchange(ctx, corp, Callback{Code: "code", Nonce: "nonce", Verifier: verifier})
			return err
		},
		"at its token endpoint": func(ctx context.Context, c *Client) error {
			_, err := c.Exchange(ctx, hub, Callback{Code: "code", Verifier: verifier})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := NewClient(Options{})
				c.http.Transport = silence{}
				begun := time.Now()
				got, ok := errors.AsType[*Error](call(t.Context(), c))
				if !ok || got.Kind != Timeout {
					t.Errorf("got %v, want a timeout", got)
				}
				if took := time.Since(begun); took >= 10*time.Second {
					t.Errorf("took %v, want less than ten seconds", took)
				}
			})
		})
	}
}
