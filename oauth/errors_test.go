package oauth_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/oauth"
)

// A provider may answer anything, even the request that it was sent.
func TestAnErrorQuotesNoAnswer(t *testing.T) {
	t.Parallel()
	const secret, code, page = "the-client-secret", "the-code-of-the-person", "the page of the provider"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, pw, _ := r.BasicAuth()
		if strings.HasPrefix(r.URL.Path, "/talks") {
			w.Header().Set("Content-Type", "text/"+strings.Repeat("x", 8<<10))
		} else {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = io.WriteString(w, page+" "+user+" "+pw+" "+string(body)+strings.Repeat("x", 64<<10))
	}))
	t.Cleanup(server.Close)
	client := oauth.NewClient(oauth.Options{AllowLoopback: true, Endpoints: map[string]oauth.Endpoint{
		"github": {AuthURL: server.URL, TokenURL: server.URL, APIURL: server.URL},
	}})
	start := func(issuer string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.AuthURL(ctx, oauth.Config{Provider: "corp", Issuer: issuer}, "state", "nonce", verifier)
			return err
		}
	}
	for name, do := range map[string]func(context.Context) error{
		"that the discovery document is":    start(server.URL),
		"that stands beside a content type": start(server.URL + "/talks"),
		"of a token endpoint": func(ctx context.Context) error {
			config := oauth.Config{Provider: "github", ClientID: "id", ClientSecret: secret, RedirectURI: "https://a.example"}
			_, err := client.Exchange(ctx, config, oauth.Callback{Code: code, Nonce: "nonce", Verifier: verifier})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := do(t.Context())
			if err == nil {
				t.Fatal("got no error, want one")
			}
			text := err.Error()
			if len(text) > 1024 {
				t.Errorf("error: got %d bytes, want a line", len(text))
			}
			for _, kept := range []string{secret, code, verifier, page} {
				if strings.Contains(text, kept) {
					t.Errorf("error: got %q in %.200q, want it left out", kept, text)
				}
			}
		})
	}
}
