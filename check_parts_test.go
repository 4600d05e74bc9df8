package authkit_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/internal/testworld"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func TestCheckOfTheBaseURL(t *testing.T) {
	t.Parallel()
	answers := func(status int, text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(text))
		})
	}
	for name, c := range map[string]struct {
		serves func(p *patient) http.Handler
		code   string
		seen   string
	}{
		"a handler whose mount point is not stripped": {
			func(p *patient) http.Handler { return p.Engine.Handler() }, "base_url_elsewhere error", "answers 404",
		},
		"a page of another server": {
			func(*patient) http.Handler { return answers(200, "<h1>It works!</h1>") }, "base_url_elsewhere error", "answers 200",
		},
		"a redirect": {
			func(*patient) http.Handler {
				return http.RedirectHandler("https://elsewhere.invalid/id", http.StatusPermanentRedirect)
			},
			"base_url_redirects error", `answers 308 and redirects to "https://elsewhere.invalid/id"`,
		},
		"a gateway without a server behind it": {
			func(*patient) http.Handler { return answers(502, "bad gateway") }, "base_url_unreachable warning", "answers 502",
		},
		"a server with another base URL": {
			func(*patient) http.Handler { return another("http://127.0.0.1:1/id") }, "base_url_differs error", `says that the issuer is "http://127.0.0.1:1/id/apps/`,
		},
		"a server with another store": {
			func(p *patient) http.Handler { return another(p.server.URL + "/id") }, "base_url_other_store error", "No key at",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			p.serves = c.serves(p)
			if found := p.finds(t, c.code); !strings.Contains(found[0].Seen, c.seen) {
				t.Errorf("seen: got %q, want %q in it", found[0].Seen, c.seen)
			}
		})
	}
	t.Run("no server at all", func(t *testing.T) {
		t.Parallel()
		p := newPatient(t)
		p.server.Close()
		p.finds(t, "base_url_unreachable warning")
	})
	t.Run("with developers of the host's own", func(t *testing.T) {
		t.Parallel()
		own := func(c *authkit.Config) {
			c.Developers = func(*http.Request) (string, time.Time, error) { return "me", time.Time{}, nil }
		}
		p := newPatient(t, own)
		p.finds(t) // the handler's health is enough without an app
		if _, err := p.Engine.EnsureApp(t.Context(), "me", "Shop"); err != nil {
			t.Fatal(err)
		}
		p.finds(t)
		p.serves = another(p.server.URL + "/id")
		if found := p.finds(t, "base_url_other_store error"); !strings.Contains(found[0].Seen, "app_not_found") {
			t.Errorf("seen: got %q, want the refusal of an unknown app", found[0].Seen)
		}
	})
}

// another is the handler of an engine of its own.
func another(base string) http.Handler {
	e, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: base, Mailer: mail.NewOutbox()})
	if err != nil {
		panic(err)
	}
	return http.StripPrefix("/id", e.Handler())
}

// ailing is a store that outlives the process, fails, has a clock of its own, and finds something
// itself.
type ailing struct {
	authkit.Store

	clock func() time.Time
	ahead time.Duration
	ping  error
	found []authkit.Finding
}

func (*ailing) Volatile() bool { return false }

func (a *ailing) Ping(context.Context) (time.Time, error) { return a.clock().Add(a.ahead), a.ping }

func (a *ailing) Probe(context.Context) ([]authkit.Finding, error) { return a.found, nil }

// shows and hides are wrappers of a store with and without Unwrap.
type (
	shows struct{ authkit.Store }
	hides struct{ authkit.Store }
)

func (s shows) Unwrap() authkit.Store { return s.Store }

// over makes the engine anew over another store.
func (p *patient) over(t *testing.T, store authkit.Store) {
	t.Helper()
	p.Config.Store = store
	var err error
	if p.Engine, err = authkit.New(p.Config); err != nil {
		t.Fatal(err)
	}
	p.serves = http.StripPrefix("/id", p.Engine.Handler())
}

func TestCheckOfTheStore(t *testing.T) {
	t.Parallel()
	ill := func(t *testing.T) (*patient, *ailing) {
		t.Helper()
		p := newPatient(t)
		a := &ailing{Store: memory.New(), clock: p.Clock.Now}
		p.over(t, a)
		return p, a
	}
	t.Run("that cannot write", func(t *testing.T) {
		t.Parallel()
		p, a := ill(t)
		a.ping = errors.New("read-only file system")
		if found := p.finds(t, "store_unreachable error"); !strings.Contains(found[0].Seen, "read-only file system") {
			t.Errorf("seen: got %q, want the error of the store", found[0].Seen)
		}
	})
	t.Run("whose clock is off", func(t *testing.T) {
		t.Parallel()
		p, a := ill(t)
		a.ahead = 10 * time.Second
		p.finds(t, "clock_skewed warning")
		a.ahead = -time.Minute
		p.finds(t, "clock_off error")
	})
	t.Run("that finds something itself, unless a wrapper hides it", func(t *testing.T) {
		t.Parallel()
		p, a := ill(t)
		a.found = []authkit.Finding{authkit.NewFinding(authkit.FindingSchemaPending, "0009.sql")}
		p.finds(t, "schema_pending warning")
		p.over(t, shows{shows{a}})
		p.finds(t, "schema_pending warning")
		p.over(t, hides{a})
		p.finds(t)
	})
}

func TestCheckOfSecrets(t *testing.T) {
	t.Parallel()
	older, newer := []byte("\x01older secret of 32 random bytes!"), []byte("\x02newer secret of 32 random bytes!")
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		store = onDisk{store}
		with := func(secrets ...[]byte) *patient {
			return newPatient(t, func(c *authkit.Config) { c.Store, c.Secrets = store, secrets })
		}
		before, rotating := with(older, newer), with(newer, older)
		rotating.finds(t, "secrets_left note")
		if _, err := rotating.Engine.Reseal(t.Context()); err != nil {
			t.Fatal(err)
		}
		rotating.finds(t)
		before.finds(t, "secret_retired error")
	})
}

func ids(t *testing.T, store authkit.Store) []string {
	t.Helper()
	notes, err := store.Secrets(t.Context())
	if err != nil || len(notes) == 0 {
		t.Fatalf("notes: got %v, %v, want some", notes, err)
	}
	var out []string
	for _, n := range notes {
		out = append(out, n.ID)
	}
	return out
}

func TestCheckOfSigningKeys(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		at := func(c *authkit.Config) { c.Store = onDisk{store} }
		p := newPatient(t, at)
		app, err := p.Engine.EnsureApp(t.Context(), "me", "Shop")
		if err != nil {
			t.Fatal(err)
		}
		p.Clock.Advance(90 * 24 * time.Hour)
		about(t, p.ofApp(app.ID), "")
		p.Clock.Advance(25 * time.Hour)
		about(t, p.ofApp(app.ID), "signing_key_due note")
		if _, err := p.Engine.RotateSigningKey(t.Context(), authkit.AppRef{Developer: "me", ID: app.ID}, authkit.SigningKeyRotation{}); err != nil {
			t.Fatal(err)
		}
		about(t, p.ofApp(app.ID), "")
		if _, err := p.Engine.ChangeApp(t.Context(), authkit.AppRef{Developer: "me", ID: app.ID}, authkit.AppPatch{SigningAlg: new("EdDSA")}); err != nil {
			t.Fatal(err)
		}
		about(t, p.ofApp(app.ID), "signing_key_due note")
	})
	t.Run("without rotation, after a year", func(t *testing.T) {
		t.Parallel()
		p := newPatient(t, func(c *authkit.Config) { c.Tokens.KeyRotation = -1 })
		p.Clock.Advance(364 * 24 * time.Hour)
		p.finds(t)
		p.Clock.Advance(48 * time.Hour)
		p.finds(t, "signing_key_old warning")
	})
}

// ofApp returns the findings about an app.
func (p *patient) ofApp(app uuid.UUID) []authkit.Finding {
	return slices.DeleteFunc(p.Engine.Check(context.Background()), func(f authkit.Finding) bool { return f.App != app })
}

func about(t *testing.T, found []authkit.Finding, want string) {
	t.Helper()
	if got := strings.Join(codes(found), ", "); got != want {
		t.Errorf("findings about the app: got %q, want %q\n%+v", got, want, found)
	}
}

func TestCheckOfProviders(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		p := newPatient(t, func(c *authkit.Config) { c.Store, c.InsecureAllowLoopbackProviders = onDisk{store}, true })
		app, err := p.Engine.EnsureApp(t.Context(), "me", "Shop")
		if err != nil {
			t.Fatal(err)
		}
		issuer := newDiscovered(t)
		ref := authkit.ProviderRef{App: authkit.AppRef{Developer: "me", ID: app.ID}, Provider: "corp"}
		if _, err := p.Engine.CreateOAuthConfig(t.Context(), ref, authkit.OAuthPatch{ClientID: new("id"), ClientSecret: new("a client secret"), Issuer: &issuer.URL}); err != nil {
			t.Fatal(err)
		}
		about(t, p.ofApp(app.ID), "")
		issuer.says("the issuer of another house")
		about(t, p.ofApp(app.ID), "provider_misconfigured error")
		issuer.Close()
		about(t, p.ofApp(app.ID), "provider_unreachable warning")

		moved := testworld.New(t, "http://127.0.0.1:1/other", p.Clock.Now(), func(c *authkit.Config) {
			c.Store, c.Secrets, c.InsecureAllowLoopbackProviders = onDisk{store}, p.Config.Secrets, true
		})
		other := &patient{World: moved}
		about(t, other.ofApp(app.ID), "provider_redirect_elsewhere warning, provider_unreachable warning")

		if _, err := p.Engine.ChangeOAuthConfig(t.Context(), ref, authkit.OAuthPatch{Enabled: new(false)}); err != nil {
			t.Fatal(err)
		}
		about(t, p.ofApp(app.ID), "")
	})
}

// discovered is an issuer of which only discovery is asked.
type discovered struct {
	*httptest.Server

	name string
}

func newDiscovered(t *testing.T) *discovered {
	t.Helper()
	i := &discovered{}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		name := i.name
		if name == "" {
			name = i.URL
		}
		_, _ = w.Write([]byte(`{"issuer":"` + name + `","authorization_endpoint":"` + i.URL + `/a","token_endpoint":"` + i.URL + `/t","jwks_uri":"` + i.URL + `/k"}`))
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *discovered) says(name string) { i.name = name }

// TestCheckOfDamage lets a signing key and a client secret be sealed by another secret than that
// of the configuration.
func TestCheckOfDamage(t *testing.T) {
	t.Parallel()
	kit := authkittest.New(t)
	corp := authkittest.NewProvider(t, kit, "corp")
	corp.Configure(t, kit.App)
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		p := newPatient(t, func(c *authkit.Config) { c.Store, c.InsecureAllowLoopbackProviders = onDisk{store}, true })
		app, err := p.Engine.EnsureApp(t.Context(), "me", "Shop")
		if err != nil {
			t.Fatal(err)
		}
		ref := authkit.ProviderRef{App: authkit.AppRef{Developer: "me", ID: app.ID}, Provider: "corp"}
		if _, err := p.Engine.CreateOAuthConfig(t.Context(), ref, authkit.OAuthPatch{ClientID: new("id"), ClientSecret: new("a client secret"), Issuer: &corp.Issuer}); err != nil {
			t.Fatal(err)
		}
		for _, part := range []authkit.SealedPart{authkit.SealedSigningKey, authkit.SealedClientSecret} {
			blobs, err := store.Sealed(t.Context(), authkit.SealedQuery{Part: part, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			blob := blobs[len(blobs)-1]
			if err := store.Reseal(t.Context(), app.ID, blob, []byte("damaged"), ids(t, store)[0]); err != nil {
				t.Fatal(err)
			}
		}
		found := p.ofApp(app.ID)
		about(t, found, "sealed_unreadable error")
		if len(found) != 2 {
			t.Errorf("got %d findings, want one for the key and one for the client secret\n%+v", len(found), found)
		}
	})
}
