package oauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/oauth"
)

// A failure is remembered for half a minute. If the clock is set back by an hour, it must not
// be remembered for an hour more.
func TestAnIssuerThatIsBackIsAskedAgain(t *testing.T) {
	t.Parallel()
	var back atomic.Bool
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !back.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"issuer":%[1]q,"authorization_endpoint":"%[2]s/auth","token_endpoint":"%[2]s/token","jwks_uri":"%[2]s/keys"}`, server.URL, server.URL)
	}))
	t.Cleanup(server.Close)
	for name, c := range map[string]struct {
		pass time.Duration
		ok   bool
	}{
		"after a second, not yet":           {time.Second, false},
		"after half a minute":               {30 * time.Second, true},
		"after the clock was set back":      {-time.Hour, true},
		"after it was set back by a second": {-time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			back.Store(false)
			at := time.Unix(1_700_000_000, 0)
			client := oauth.NewClient(oauth.Options{AllowLoopback: true, Now: func() time.Time { return at }})
			ask := func() error {
				_, err := client.AuthURL(t.Context(), oauth.Config{Provider: "corp", Issuer: server.URL}, "state", "nonce", "verifier")
				return err
			}
			if err := ask(); err == nil {
				t.Fatal("while it is away: got no error, want one")
			}
			back.Store(true)
			at = at.Add(c.pass)
			if err := ask(); (err == nil) != c.ok {
				t.Errorf("once it is back: got %v, want ok %v", err, c.ok)
			}
		})
	}
}
