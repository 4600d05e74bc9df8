package authkit

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/oauth"
)

var (
	testApp = uuid.MustParse("00000000-0000-7000-8000-0000000000aa")
	testNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

const testCallbacks = "https://id.example/auth/callback/"

// configStore keeps the configurations of one app.
type configStore map[string]OAuthConfig

func (s configStore) PutOAuthConfig(_ context.Context, c OAuthConfig, most int, _ Riders) error {
	old, ok := s[c.Provider]
	switch {
	case c.Version == 0 && ok:
		return ErrConflict
	case c.Version == 0 && len(s) >= most:
		return ErrFull
	case c.Version != old.Version:
		return ErrStale
	}
	c.Version++
	s[c.Provider] = c
	return nil
}

func (s configStore) OAuthConfig(_ context.Context, _ uuid.UUID, provider string) (OAuthConfig, error) {
	if c, ok := s[provider]; ok {
		return c, nil
	}
	return OAuthConfig{}, ErrNotFound
}

func (s configStore) OAuthConfigs(context.Context, uuid.UUID) (all []OAuthConfig, _ error) {
	for _, c := range s {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b OAuthConfig) int { return cmp.Compare(a.Provider, b.Provider) })
	return all, nil
}

func (s configStore) DeleteOAuthConfig(_ context.Context, _ uuid.UUID, provider string, _ Riders) error {
	delete(s, provider)
	return nil
}

// ringOf seals under secrets of these letters, the newest first.
func ringOf(t *testing.T, letters ...string) *seal.Ring {
	t.Helper()
	var all [][]byte
	for _, letter := range letters {
		all = append(all, bytes.Repeat([]byte(letter), seal.MinSecret))
	}
	ring, err := seal.New(all...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// testProviders is the part over a store, with a client that asks servers on this machine.
func testProviders(t *testing.T, store configStore, endpoints map[string]oauth.Endpoint) *providers {
	t.Helper()
	client := oauth.NewClient(oauth.Options{AllowLoopback: true, Endpoints: endpoints})
	return newProviders(store, client, newSecrets(ringOf(t, "n"), nil, time.Now), testCallbacks, slog.New(slog.DiscardHandler))
}

// add stores an enabled configuration with a client secret.
func (p *providers) add(t *testing.T, c OAuthConfig) OAuthConfig {
	t.Helper()
	c.App, c.Enabled, c.CreatedAt = testApp, true, testNow
	c = p.patched(c, OAuthPatch{ClientID: new("the-client"), ClientSecret: new("the-secret")})
	if err := p.put(t.Context(), c, Riders{}); err != nil {
		t.Fatal(err)
	}
	c.Version++
	return c
}

// github is a provider that answers every code with the user 7. asked is called at each code.
func github(t *testing.T, asked func()) map[string]oauth.Endpoint {
	t.Helper()
	mux := http.NewServeMux()
	answer := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(body))
		}
	}
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) { asked(); answer(`{"access_token":"t"}`)(w, r) })
	mux.HandleFunc("GET /user", answer(`{"id":7,"name":"Ann"}`))
	mux.HandleFunc("GET /user/emails", answer(`[]`))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return map[string]oauth.Endpoint{"github": {AuthURL: server.URL + "/authorize", TokenURL: server.URL + "/token", APIURL: server.URL}}
}

// issuer is a provider that may promise an iss in its answers.
func issuer(t *testing.T, promises bool) string {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": server.URL, "authorization_endpoint": server.URL + "/a", "token_endpoint": server.URL + "/t", "jwks_uri": server.URL + "/k",
			"authorization_response_iss_parameter_supported": promises,
		})
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAConfigurationIsOpened(t *testing.T) {
	t.Parallel()
	p := testProviders(t, configStore{}, nil)
	c := p.add(t, OAuthConfig{Provider: "corp", Issuer: "https://corp.example", Scopes: []string{"openid"}, TrustEmail: true})
	got, err := p.open(c)
	want := oauth.Config{
		Provider: "corp", ClientID: "the-client", ClientSecret: "the-secret", RedirectURI: testCallbacks + "corp/" + testApp.String(),
		Issuer: "https://corp.example", Scopes: []string{"openid"}, TrustEmail: true,
	}
	if err != nil || got.ClientSecret != want.ClientSecret || got.RedirectURI != want.RedirectURI || got.Issuer != want.Issuer ||
		got.ClientID != want.ClientID || got.Provider != want.Provider || !slices.Equal(got.Scopes, want.Scopes) || !got.TrustEmail {
		t.Errorf("open: got %+v, %v, want %+v", got, err, want)
	}
	for name, moved := range map[string]func(*OAuthConfig){
		"of another app":      func(c *OAuthConfig) { c.App = Console },
		"of another provider": func(c *OAuthConfig) { c.Provider = "other" },
		"that is no blob":     func(c *OAuthConfig) { c.SecretSealed = []byte("the-secret") },
	} {
		bad := c
		if moved(&bad); !opensNot(p, bad) {
			t.Errorf("open of a secret %s: want %s", name, CodeInternal)
		}
	}
}

func opensNot(p *providers, c OAuthConfig) bool {
	got, err := p.open(c)
	return errors.Is(err, CodeInternal) && got.ClientSecret == ""
}

// A put of a configuration seals its secret anew where a newer one seals by then.
func TestAPutBringsNoOlderSecretBack(t *testing.T) {
	t.Parallel()
	p := testProviders(t, configStore{}, nil)
	old := p.add(t, OAuthConfig{Provider: "corp", Issuer: "https://corp.example"})
	p.secrets = newSecrets(ringOf(t, "m", "n"), nil, time.Now)
	c := p.patched(old, OAuthPatch{ClientID: new("another")})
	if id, ok := seal.SealedBy(c.SecretSealed); !ok || id != p.secrets.newest() {
		t.Errorf("got a secret that %q seals, want %q", id, p.secrets.newest())
	}
	if got, err := p.open(c); err != nil || got.ClientSecret != "the-secret" || got.ClientID != "another" {
		t.Errorf("open: got %+v, %v", got, err)
	}
	p.secrets = newSecrets(ringOf(t, "x"), nil, time.Now)
	if got := p.patched(old, OAuthPatch{}); !bytes.Equal(got.SecretSealed, old.SecretSealed) {
		t.Error("a blob that does not open was replaced")
	}
}

func TestAConfigurationThatIsNotThere(t *testing.T) {
	t.Parallel()
	p := testProviders(t, configStore{}, nil)
	c := p.add(t, OAuthConfig{Provider: "corp", Issuer: "https://corp.example"})
	for _, name := range []string{"", "other", "CORP", "corp\x00", strings.Repeat("a", 33)} {
		if _, err := p.config(t.Context(), testApp, name); !errors.Is(err, CodeProviderNotConfigured) {
			t.Errorf("config of %q: got %v, want %s", name, err, CodeProviderNotConfigured)
		}
	}
	c.Enabled = false
	if err := p.put(t.Context(), c, Riders{}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.config(t.Context(), testApp, "corp"); err != nil {
		t.Errorf("config of a disabled one: %v", err)
	}
	if _, err := p.enabled(t.Context(), testApp, "corp"); !errors.Is(err, CodeProviderNotConfigured) {
		t.Errorf("enabled of a disabled one: got %v, want %s", err, CodeProviderNotConfigured)
	}
	if err := p.noState(t.Context(), testApp, "corp", invalidToken("unknown")); !errors.Is(err, CodeProviderNotConfigured) {
		t.Errorf("noState of a disabled one: got %v, want %s", err, CodeProviderNotConfigured)
	}
}

// Two providers at one redirect URI have to say who answers (RFC 9207; RFC 9700, section 4.4).
func TestMixUpIsRefused(t *testing.T) {
	t.Parallel()
	const shared, alone = "https://app.example/back", "https://app.example/corp"
	for name, c := range map[string]struct {
		one, two bool // whether it promises an iss
		at       string
		check    error
		unnamed  error
	}{
		"neither says who it is": {false, false, shared, CodeInvalidRequest, CodeInvalidToken},
		"the other one does":     {true, false, shared, nil, CodeInvalidToken},
		"it does itself":         {false, true, shared, nil, CodeInvalidToken},
		"they share no place":    {false, false, alone, nil, nil},
		"its own callback":       {false, false, testCallbacks + "corp/" + testApp.String(), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := testProviders(t, configStore{}, nil)
			p.add(t, OAuthConfig{Provider: "other", Issuer: issuer(t, c.one), RedirectURI: shared})
			corp := OAuthConfig{App: testApp, Provider: "corp", Issuer: issuer(t, c.two), RedirectURI: c.at, ClientID: "c", SecretSealed: []byte("s")}
			if err := p.check(t.Context(), corp, OAuthPatch{}); !errors.Is(err, c.check) {
				t.Errorf("check: got %v, want %v", err, c.check)
			}
			if err := p.checkUnnamed(t.Context(), corp); !errors.Is(err, c.unnamed) {
				t.Errorf("an answer without iss: got %v, want %v", err, c.unnamed)
			}
		})
	}
}

func TestACheckTellsEverything(t *testing.T) {
	t.Parallel()
	p := testProviders(t, configStore{}, nil)
	for name, c := range map[string]struct {
		config OAuthConfig
		patch  OAuthPatch
		want   string
	}{
		"nothing is there": {
			OAuthConfig{Provider: "corp"}, OAuthPatch{},
			"issuer required, client_id required, client_secret required, redirect_uri invalid_url",
		},
		"a built-in provider": {
			OAuthConfig{Provider: "google", Issuer: "https://corp.example", TrustEmail: true, ClientID: "c", SecretSealed: []byte("s")}, OAuthPatch{},
			"issuer not_allowed, trust_email not_allowed, redirect_uri invalid_url",
		},
		"a reserved word, and another app's callback": {
			OAuthConfig{Provider: "me", RedirectURI: testCallbacks + "me/" + Console.String(), SecretSealed: []byte("s"), Scopes: []string{""}},
			OAuthPatch{Scopes: new([]string{""}), ClientSecret: new(strings.Repeat("s", maxClientSecret+1))},
			"provider invalid_name, client_id required, client_secret invalid_value, redirect_uri invalid_url, scopes invalid_value",
		},
		"what was taken before is not judged by a patch without it": {
			OAuthConfig{Provider: "me", Version: 1, Issuer: "https://corp.example", ClientID: "c", SecretSealed: []byte("s"), RedirectURI: testCallbacks + "me/" + testApp.String(), Scopes: []string{""}},
			OAuthPatch{}, "",
		},
		"an issuer that cannot work": {
			OAuthConfig{Provider: "corp", Issuer: "ftp://corp.example"}, OAuthPatch{Issuer: new("ftp://corp.example")},
			"issuer invalid_issuer, client_id required, client_secret required, redirect_uri invalid_url",
		},
	} {
		c.config.App = testApp
		var got []string
		for _, f := range fieldsOf(p.check(t.Context(), c.config, c.patch)) {
			got = append(got, f.Field+" "+f.Code)
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: got %q, want %q", name, text, c.want)
		}
	}
}
