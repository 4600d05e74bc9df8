package authkittest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// host is a host with one route, which answers who is signed in.
func host(k *authkittest.Kit, app authkit.App) http.Handler {
	return k.Engine.Require(authkit.ForApp(app.ID))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := authkit.IdentityFrom(r.Context())
		_ = json.NewEncoder(w).Encode(map[string]string{"user": id.User.String(), "email": id.Email})
	}))
}

// ask sends a request and checks its status; the answer is its JSON.
func ask(t *testing.T, h http.Handler, r *http.Request, status int) map[string]any {
	t.Helper()
	got := httptest.NewRecorder()
	h.ServeHTTP(got, r)
	if got.Code != status {
		t.Fatalf("%s %s: got %d %s, want %d", r.Method, r.URL, got.Code, got.Body, status)
	}
	var body map[string]any
	if strings.Contains(got.Header().Get("Content-Type"), "json") || status == http.StatusOK {
		if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil {
			t.Fatalf("%s %s: got %q, want JSON", r.Method, r.URL, got.Body)
		}
	}
	return body
}

func get(t *testing.T, path string) *http.Request {
	t.Helper()
	return httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	kit := authkittest.New(t)
	h := host(kit, kit.App)
	ann := kit.SignIn(t, kit.App, "ann@example.com")

	t.Run("a bearer token works behind Require", func(t *testing.T) {
		t.Parallel()
		got := ask(t, h, ann.Bearer(get(t, "/me")), 200)
		if got["user"] != ann.User.ID.String() || got["email"] != "ann@example.com" {
			t.Errorf("identity: got %v, want that of %s", got, ann.User.ID)
		}
		ask(t, h, get(t, "/me"), 401)
	})
	t.Run("the same address is the same user in another session", func(t *testing.T) {
		t.Parallel()
		again := kit.SignIn(t, kit.App, "Ann@Example.com")
		if again.User.ID != ann.User.ID || again.SessionID == ann.SessionID {
			t.Errorf("again: got user %s in session %s, want %s in another than %s", again.User.ID, again.SessionID, ann.User.ID, ann.SessionID)
		}
	})
	t.Run("an unverified user has no address to show", func(t *testing.T) {
		t.Parallel()
		bob := kit.SignInUnverified(t, kit.App, "bob@example.com")
		if got := ask(t, h, bob.Bearer(get(t, "/me")), 200); got["email"] != "" || bob.User.Verified {
			t.Errorf("identity: got %v of %+v, want no address", got, bob.User)
		}
	})
	t.Run("a token of one app is refused in another", func(t *testing.T) {
		t.Parallel()
		other := kit.NewApp(t, "other")
		ask(t, h, kit.SignIn(t, other, "ann@example.com").Bearer(get(t, "/me")), 401)
		ask(t, host(kit, other), ann.Bearer(get(t, "/me")), 401)
	})
	t.Run("sessions that were ended are refused at once", func(t *testing.T) {
		t.Parallel()
		carol := kit.SignIn(t, kit.App, "carol@example.com")
		ask(t, h, carol.Bearer(get(t, "/me")), 200)
		if err := kit.Engine.EndSessions(t.Context(), authkit.UserRef{App: kit.App.ID, ID: carol.User.ID}); err != nil {
			t.Fatal(err)
		}
		ask(t, h, carol.Bearer(get(t, "/me")), 401)
	})
	t.Run("closed sign-up does not matter", func(t *testing.T) {
		t.Parallel()
		app := kit.NewApp(t, "closed")
		change(t, kit, app, authkit.AppPatch{SignupClosed: new(true)})
		kit.SignIn(t, app, "dave@example.com")
	})
}

// change changes an app that the kit made.
func change(t *testing.T, kit *authkittest.Kit, app authkit.App, p authkit.AppPatch) {
	t.Helper()
	_, owner, _ := strings.Cut(app.Developer, ":")
	if _, err := kit.Engine.ChangeApp(t.Context(), authkit.AppRef{Developer: owner, ID: app.ID}, p); err != nil {
		t.Fatal(err)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	kit := authkittest.New(t)
	ann := kit.SignIn(t, kit.App, "ann@example.com")
	h := host(kit, kit.App)
	start := kit.Clock.Now()
	if want := authkittest.New(t).Clock.Now(); !start.Equal(want) {
		t.Errorf("Now: got %s, want %s in every kit", start, want)
	}
	kit.Clock.Advance(15 * time.Minute)
	ask(t, h, ann.Bearer(get(t, "/me")), 200)
	kit.Clock.Advance(2 * time.Minute)
	ask(t, h, ann.Bearer(get(t, "/me")), 401)
	kit.Clock.Advance(-10 * time.Minute)
	ask(t, h, ann.Bearer(get(t, "/me")), 200)
	if got := kit.Clock.Now().Sub(start); got != 7*time.Minute {
		t.Errorf("Now: got %s after the start, want 7m", got)
	}
}

func TestADatabaseGoesByTheKitsClock(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "auth.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	kit := authkittest.New(t, func(c *authkit.Config) {
		c.Store, c.Secrets = authkittest.Timed(store, c.Now), [][]byte{make([]byte, 32)}
	})
	ann := kit.SignIn(t, kit.App, "ann@example.com")
	kit.Clock.Advance(17 * time.Minute)
	if err := kit.Engine.RunOnce(t.Context()); err != nil { // measures the store's clock
		t.Fatal(err)
	}
	ask(t, host(kit, kit.App), ann.Bearer(get(t, "/me")), 401)
}

func TestCookies(t *testing.T) {
	t.Parallel()
	for name, base := range map[string]string{
		"on loopback": authkittest.BaseURL,
		"over TLS":    "https://example.com/id",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kit := authkittest.New(t, func(c *authkit.Config) { c.BaseURL = base })
			h := host(kit, kit.App)
			ann := kit.SignIn(t, kit.App, "ann@example.com")
			ask(t, h, ann.Cookies(get(t, "/me")), 401)
			for _, mode := range []authkit.SessionMode{authkit.SessionCookie, authkit.SessionEither} {
				change(t, kit, kit.App, authkit.AppPatch{SessionMode: new(mode)})
				ann = kit.SignIn(t, kit.App, "ann@example.com")
				ask(t, h, ann.Cookies(get(t, "/me")), 200)
				ask(t, h, ann.Bearer(get(t, "/me")), 200)
			}
			kit.Clock.Advance(17 * time.Minute)
			ask(t, h, ann.Bearer(get(t, "/me")), 401)
			ask(t, h, ann.Cookies(get(t, "/me")), 200)
		})
	}
}

// The kit spells the cookie by itself, so that it is held to the cookie of the handler.
func TestACookieIsTheHandlers(t *testing.T) {
	t.Parallel()
	for _, base := range []string{authkittest.BaseURL, "https://example.com/id"} {
		kit := authkittest.New(t, func(c *authkit.Config) { c.BaseURL = base })
		change(t, kit, kit.App, authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, base+"/auth/credentials/"+kit.App.ID.String(),
			strings.NewReader(`{"email":"ann@example.com","password":"a long enough passphrase"}`))
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		kit.Handler().ServeHTTP(rec, r)
		jar := get(t, "/me")
		kit.SignIn(t, kit.App, "bob@example.com").Cookies(jar)
		if got := jar.Cookies(); len(got) != 1 || !slices.ContainsFunc(rec.Result().Cookies(), func(c *http.Cookie) bool { return c.Name == got[0].Name && len(c.Value) == len(got[0].Value) }) {
			t.Errorf("at %s: got %v, want the cookie of a session as in %v", base, got, rec.Header())
		}
	}
}

// askForLink has the handler mail a link and returns the binding.
func askForLink(t *testing.T, kit *authkittest.Kit, email string, status int) string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, authkittest.BaseURL+"/auth/magic-link/"+kit.App.ID.String(),
		strings.NewReader(`{"email":"`+email+`"}`))
	r.Header.Set("Content-Type", "application/json")
	binding, _ := ask(t, kit.Handler(), r, status)["binding"].(string)
	return binding
}

func TestMails(t *testing.T) {
	t.Parallel()
	kit := authkittest.New(t)
	t.Run("a link can be requested from the handler as it stands", func(t *testing.T) {
		t.Parallel()
		askForLink(t, kit, "ann@example.com", 202)
		r := get(t, kit.LastLink(t, "ANN@example.com"))
		r.Header.Set("Accept", "application/json")
		got := ask(t, kit.Handler(), r, 200)
		if got["created"] != true {
			t.Errorf("sign-in: got %v", got)
		}
	})
	t.Run("the latest code signs in", func(t *testing.T) {
		t.Parallel()
		askForLink(t, kit, "bob@example.com", 202)
		first := kit.LastLink(t, "bob@example.com")
		binding := askForLink(t, kit, "bob@example.com", 202)
		if kit.LastLink(t, "bob@example.com") == first {
			t.Error("LastLink: got the first link, want the second")
		}
		in, err := kit.Engine.RedeemMagicLink(t.Context(), authkit.MagicLinkProof{
			App: kit.App.ID, Email: "bob@example.com", Code: kit.LastCode(t, "bob@example.com"), Binding: binding,
		})
		if err != nil || in.User.EmailTyped != "bob@example.com" {
			t.Errorf("RedeemMagicLink: got %+v, %v", in.User, err)
		}
	})
}

func TestLimitsAreASwitch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		off  bool
		want int
	}{"off at first": {true, 7}, "on where the test wants": {false, 5}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kit := authkittest.New(t, func(cfg *authkit.Config) {
				if !c.off {
					cfg.Limits.InsecureOff = false
				}
			})
			for range 7 {
				askForLink(t, kit, "ann@example.com", 202)
			}
			kit.LastLink(t, "ann@example.com")
			if got := len(kit.Outbox.Messages()); got != c.want {
				t.Errorf("mails: got %d, want %d", got, c.want)
			}
		})
	}
}

func TestTwoKitsOverOneStore(t *testing.T) {
	t.Parallel()
	store := memory.New()
	use := func(c *authkit.Config) { c.Store = store }
	first, second := authkittest.New(t, use), authkittest.New(t, use)
	if first.App.ID != second.App.ID {
		t.Errorf("App: got %s and %s, want one", first.App.ID, second.App.ID)
	}
	ann := first.SignIn(t, first.App, "ann@example.com")
	ask(t, host(second, second.App), ann.Bearer(get(t, "/me")), 200)
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	cfg := authkittest.Config(t)
	cfg.BaseURL = "https://example.com/sub/auth"
	engine, err := authkit.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	app, err := engine.EnsureApp(t.Context(), "me", "demo")
	if err != nil {
		t.Fatal(err)
	}
	kit := authkittest.Adopt(t, engine, app, cfg)
	ann := kit.SignIn(t, kit.App, "ann@example.com")
	ask(t, host(kit, app), ann.Bearer(get(t, "/me")), 200)

	if _, err := engine.RequestMagicLink(t.Context(), authkit.MagicLinkRequest{App: app.ID, Email: "bob@example.com"}); err != nil {
		t.Fatal(err)
	}
	link := kit.LastLink(t, "bob@example.com")
	if !strings.HasPrefix(link, cfg.BaseURL+"/auth/verify/") {
		t.Errorf("LastLink: got %q, want one under %q", link, cfg.BaseURL)
	}
	r := get(t, link)
	r.Header.Set("Accept", "application/json")
	ask(t, kit.Handler(), r, 200)

	kit.Clock.Advance(17 * time.Minute)
	ask(t, host(kit, app), ann.Bearer(get(t, "/me")), 401)

	corp := authkittest.NewProvider(t, kit, "corp")
	corp.Configure(t, kit.App)
	if _, err := corp.SignIn(t, kit.App, "carol@example.com"); err != nil {
		t.Errorf("SignIn at a provider: %v", err)
	}
}

func TestSignInWithRoles(t *testing.T) {
	t.Parallel()
	kit := authkittest.New(t)
	admin := kit.Engine.RequireRole(authkit.ForApp(kit.App.ID), "admin")
	h := admin(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }))
	ann := kit.SignInWithRoles(t, kit.App, "ann@example.com", "admin", "ops")
	ask(t, h, ann.Bearer(get(t, "/")), 200)
	ann = kit.SignInWithRoles(t, kit.App, "ann@example.com", "ops")
	ask(t, h, ann.Bearer(get(t, "/")), 403)
	ask(t, h, kit.SignIn(t, kit.App, "bob@example.com").Bearer(get(t, "/")), 403)
}
