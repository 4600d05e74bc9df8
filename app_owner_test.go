package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func TestADeveloperHasABoundedNumberOfApps(t *testing.T) {
	t.Parallel()
	bounded := func(apps, today int) func(*authkit.Config) {
		return func(c *authkit.Config) { c.Limits.Apps, c.Limits.AppsPerDay = apps, today }
	}
	for _, c := range []struct {
		name         string
		change       func(*authkit.Config)
		host         bool
		http, engine int // how many of 60 are made in a day
	}{
		{"by default twenty a day over HTTP, and any by Go", bounded(0, 0), false, 20, 60},
		{"by default fifty live ones over HTTP", bounded(0, -1), false, 49, 60}, // and the one of the world
		{"as many as are set, over HTTP and by Go", bounded(5, -1), false, 4, 0},
		{"as many a day as are set, over HTTP and by Go", bounded(-1, 7), false, 6, 0},
		{"without a bound", bounded(-1, -1), false, 60, 60},
		{"of the host's developers, any by default", bounded(0, 0), true, 60, 60},
		{"of the host's developers, as many as are set", bounded(5, 0), true, 4, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			headers := func(w *world) []string { return []string{bearer(w.token)} }
			w := setup(t, c.change, func(cfg *authkit.Config) {
				cfg.Limits.Developer = "off"
				if c.host {
					cfg.Developers = hostDevelopers
					headers = func(*world) []string { return []string{"X-Developer: me"} }
				}
			})
			made := 0
			for i := range 60 {
				got := w.send("POST", "/apps", fmt.Sprintf(`{"name":"App %d"}`, i), headers(w)...)
				switch {
				case got.Code == 201:
					made++
				case got.Code == 429 && got.Header().Get("Retry-After") != "":
				default:
					got.want(t, 409, "limit_reached")
					if most := strconv.Itoa(made + 1); !strings.Contains(got.text(t, "detail"), "apps") || !strings.Contains(got.text(t, "detail"), most) {
						t.Fatalf("detail: got %q, want the thing and the bound, %s", got.text(t, "detail"), most)
					}
				}
			}
			if made != c.http {
				t.Errorf("over HTTP: got %d apps, want %d", made, c.http)
			}
			made = 0
			for i := range 60 {
				_, _, err := w.engine.CreateApp(t.Context(), w.devID, fmt.Sprintf("Go %d", i))
				if err == nil {
					made++
				} else if !errors.Is(err, authkit.CodeLimitReached) && !errors.Is(err, authkit.CodeRateLimited) {
					t.Fatal(err)
				}
			}
			if made != c.engine {
				t.Errorf("by Go: got %d apps, want %d", made, c.engine)
			}
		})
	}
}

func TestAnAppThatIsNotMadeIsNotCounted(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Limits.AppsPerDay = 3 })
	for range 10 {
		w.send("POST", "/apps", `{"name":"Demo"}`, bearer(w.token)).want(t, 409, "app_name_taken")
	}
	w.send("POST", "/apps", `{"name":"Two"}`, bearer(w.token)).want(t, 201, "")
	w.send("POST", "/apps", `{"name":"Three"}`, bearer(w.token)).want(t, 201, "")
	w.send("POST", "/apps", `{"name":"Four"}`, bearer(w.token)).want(t, 429, "rate_limited")
	w.clock.Advance(8 * time.Hour)
	w.send("POST", "/apps", `{"name":"Four"}`, bearer(w.signIn("console", "dev@example.com"))).want(t, 201, "")
}

func TestConcurrentAppsStayWithinTheBound(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		t := s.t
		made, refused := race(24, func(i int) error {
			return s.inner.CreateApp(t.Context(), authkit.NewApp{
				App:   authkit.App{ID: uuid.New(), Developer: "console:" + s.devID, Name: "x", NameKey: strconv.Itoa(i), CreatedAt: s.clock.Now()},
				First: authkit.SigningKey{KID: "k", Seq: 1, Alg: "ES256"}, Most: 10,
				Owner: authkit.UserRef{App: authkit.Console, ID: uuid.MustParse(s.devID)},
			})
		}, authkit.ErrFull)
		if made != 9 || refused != 15 {
			t.Errorf("apps beside the first: got %d made and %d refused, want 9 and 15", made, refused)
		}
	})
}

// race calls f from n goroutines. It counts how many succeed and how many get the error.
func race(n int, f func(i int) error, want error) (won, lost int) {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	all.Wait()
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case errors.Is(err, want):
			lost++
		}
	}
	return won, lost
}

func TestAnAppHasABoundedNumberOfOAuthConfigs(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		t := s.t
		made, refused := race(40, func(i int) error {
			_, err := s.engine.CreateOAuthConfig(t.Context(), authkit.ProviderRef{App: authkit.AppRef{Developer: s.devID, ID: s.app.ID}, Provider: fmt.Sprintf("corp-%d", i)}, authkit.OAuthPatch{
				ClientID: new("c"), ClientSecret: new("s"), RedirectURI: new(fmt.Sprintf("https://a.example/%d", i)), Issuer: new(fmt.Sprintf("http://127.0.0.1:1/%d", i)),
			})
			return err
		}, authkit.CodeLimitReached)
		if made != 32 || refused != 8 {
			t.Errorf("configurations: got %d made and %d refused, want 32 and 8", made, refused)
		}
		got := s.send("POST", s.in("/apps/{app_id}/oauth-configs"), `{"provider":"github","client_id":"c","client_secret":"s","redirect_uri":"https://a.example/cb"}`, bearer(s.token))
		got.want(t, 409, "limit_reached")
		if detail := got.text(t, "detail"); !strings.Contains(detail, "OAuth configurations") || !strings.Contains(detail, "32") {
			t.Errorf("detail: got %q, want the thing and the bound", detail)
		}
		s.send("PATCH", s.in("/apps/{app_id}/oauth-configs/corp-1"), `{"client_id":"d"}`, bearer(s.token))
	})
}

func TestOfInactiveAPIKeysTheLatestStay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i := range 60 {
		w.clock.Advance(time.Second)
		if _, _, err := w.engine.RotateAPIKey(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.APIKeyRequest{Name: strconv.Itoa(i), Overlap: time.Duration(i%3) * time.Hour}); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := w.engine.APIKeys(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID})
	if err != nil {
		t.Fatal(err)
	}
	idle := 0
	for _, k := range keys {
		if !k.Active {
			idle++
		}
	}
	if idle != 50 || keys[0].Name != "59" {
		t.Errorf("keys: got %d inactive ones and the newest %q, want 50 and 59", idle, keys[0].Name)
	}
}

// orphaned makes an app of a new developer, with an API key.
func (s *stage) orphaned(email string) (dev string, app authkit.App, key string) {
	s.t.Helper()
	dev = s.developer(email)
	app, key, err := s.engine.CreateApp(s.t.Context(), dev, "Eve's")
	if err != nil {
		s.t.Fatal(err)
	}
	return dev, app, key
}

func TestAnAPIKeyOfADisabledDeveloperIsDead(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		t := s.t
		dev, app, key := s.orphaned("eve@example.com")
		users := "/users/" + app.ID.String()
		disable := func(disabled bool) {
			t.Helper()
			if _, err := s.engine.ChangeUser(t.Context(), authkit.UserRef{App: authkit.Console, ID: uuid.MustParse(dev)}, authkit.UserPatch{Disabled: &disabled}); err != nil {
				t.Fatal(err)
			}
		}
		s.send("GET", users, "", bearer(key)).want(t, 200, "")
		disable(true)
		s.send("GET", users, "", bearer(key)).want(t, 401, "invalid_api_key")
		s.send("GET", s.in("/users/{app_id}"), "", bearer(s.key)).want(t, 200, "")
		if _, _, err := s.engine.CreateApp(t.Context(), dev, "Another"); !errors.Is(err, authkit.CodeUserNotFound) {
			t.Errorf("an app of a disabled developer: got %v, want user_not_found", err)
		}
		disable(false)
		s.send("GET", users, "", bearer(key)).want(t, 200, "")
	})
}

func TestAnAPIKeyIsCheckedInOneCallOfTheStore(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	before := s.faulty.Calls()
	if _, err := s.engine.CheckAPIKey(t.Context(), s.key); err != nil {
		t.Fatal(err)
	}
	if n := s.faulty.Calls() - before; n != 1 {
		t.Errorf("calls of the store: got %d, want 1", n)
	}
}

func TestADeveloperWhoHasAppsStays(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		t := s.t
		dev, app, key := s.orphaned("eve@example.com")
		eve := bearer(s.signIn("console", "eve@example.com"))
		s.send("DELETE", "/auth/me/console", "", eve).want(t, 409, "apps_remain")
		if err := s.engine.DeleteUser(t.Context(), authkit.UserRef{App: authkit.Console, ID: uuid.MustParse(dev)}); !errors.Is(err, authkit.CodeAppsRemain) {
			t.Errorf("by Go: got %v, want apps_remain", err)
		}
		s.runOnce()
		if err := s.engine.MoveApp(t.Context(), authkit.AppRef{Developer: dev, ID: app.ID}, s.devID); err != nil {
			t.Fatal(err)
		}
		s.runOnce()
		for email, notice := range map[string]string{"eve@example.com": "handed over to another developer", "dev@example.com": "handed over to you"} {
			if m, _ := s.outbox.Last(email); !strings.Contains(m.Text, notice) {
				t.Errorf("mail to %s: got %q, want %q", email, m.Text, notice)
			}
		}
		path := "/apps/" + app.ID.String()
		s.send("GET", "/users/"+app.ID.String(), "", bearer(key)).want(t, 401, "invalid_api_key")
		s.send("GET", path, "", eve).want(t, 404, "app_not_found")
		next := s.send("POST", path+"/api-keys", `{}`, bearer(s.token))
		next.want(t, 201, "")
		s.send("GET", "/users/"+app.ID.String(), "", bearer(next.text(t, "key"))).want(t, 200, "")
		s.send("DELETE", "/auth/me/console", "", eve).want(t, 204, "")
		if err := s.engine.MoveApp(t.Context(), authkit.AppRef{Developer: s.devID, ID: app.ID}, dev); !errors.Is(err, authkit.CodeUserNotFound) {
			t.Errorf("to a developer who is gone: got %v, want user_not_found", err)
		}
	})
}

func TestAnAppIsHandedOnlyToADeveloperWhoMayHaveIt(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(c *authkit.Config) { c.ConsoleSignup = true })
	up := s.send("POST", "/auth/credentials/console", signInBody("new@example.com", password, ""))
	up.want(t, 201, "")
	unproven := up.body["user"].(map[string]any)["user_id"].(string)
	eve, other, _ := s.orphaned("eve@example.com")
	for to, want := range map[string]authkit.Code{
		unproven: authkit.CodeEmailNotVerified, uuid.NewString(): authkit.CodeUserNotFound, s.devID: authkit.CodeInvalidRequest, "": authkit.CodeInvalidRequest,
	} {
		if err := s.engine.MoveApp(t.Context(), authkit.AppRef{Developer: s.devID, ID: s.app.ID}, to); !errors.Is(err, want) {
			t.Errorf("to %q: got %v, want %s", to, err, want)
		}
	}
	if err := s.engine.MoveApp(t.Context(), authkit.AppRef{Developer: s.devID, ID: other.ID}, eve); !errors.Is(err, authkit.CodeAppNotFound) {
		t.Errorf("a foreign app: got %v, want app_not_found", err)
	}
	if _, err := s.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: eve, ID: other.ID}, authkit.AppPatch{Name: new("DEMO")}); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.MoveApp(t.Context(), authkit.AppRef{Developer: s.devID, ID: s.app.ID}, eve); !errors.Is(err, authkit.CodeAppNameTaken) {
		t.Errorf("to one who has an app of that name: got %v, want app_name_taken", err)
	}
}

func TestAnAppOfTheHostIsNoDevelopers(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Developers = hostDevelopers })
	app, err := w.engine.EnsureApp(t.Context(), "me", "demo of the host")
	if err != nil {
		t.Fatal(err)
	}
	me := []string{"X-Developer: me", "X-Signed-In: " + w.clock.Now().Format(time.RFC3339)}
	path := "/apps/" + app.ID.String()
	for _, c := range [][3]string{{"GET", path}, {"PATCH", path, `{"name":"Mine"}`}, {"DELETE", path}, {"GET", path + "/api-keys"}, {"POST", path + "/api-keys", "{}"}} {
		w.send(c[0], c[1], c[2], me...).want(t, 404, "app_not_found")
	}
	for _, a := range w.send("GET", "/apps", "", me...).body["apps"].([]any) {
		if a.(map[string]any)["app_id"] == app.ID.String() {
			t.Error("the developer's apps: got the host's among them")
		}
	}
	w.send("POST", "/apps", `{"name":"demo of the host"}`, me...).want(t, 201, "")
	t.Run("and is the host's on every start", func(t *testing.T) {
		again, err := w.engine.EnsureApp(t.Context(), "me", "demo of the host")
		if err != nil || again.ID != app.ID {
			t.Errorf("got %s, %v, want %s", again.ID, err, app.ID)
		}
		if _, _, err := w.engine.RotateAPIKey(t.Context(), authkit.AppRef{Developer: "me", ID: app.ID}, authkit.APIKeyRequest{}); err != nil {
			t.Errorf("a key by Go: got %v, want it made", err)
		}
	})
	t.Run("nor takes the place of a developer's", func(t *testing.T) {
		w.send("POST", "/apps", `{"name":"shop"}`, me...).want(t, 201, "")
		if _, err := w.engine.EnsureApp(t.Context(), "me", "shop"); !errors.Is(err, authkit.CodeAppNameTaken) {
			t.Errorf("got %v, want app_name_taken", err)
		}
	})
}

// An app that was made before the host had a source of its own is still found.
func TestEnsureAppFindsWhatItMadeBefore(t *testing.T) {
	t.Parallel()
	w := setup(t)
	old, _, err := w.engine.CreateApp(t.Context(), "me", "Old")
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.engine.EnsureApp(t.Context(), "me", "old")
	if err != nil || got.ID != old.ID {
		t.Errorf("got %s, %v, want %s", got.ID, err, old.ID)
	}
}

func TestRSAKeysAreMadeBehindTheGate(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) {
		c.Password.Concurrent, c.Password.Queue, c.Password.QueueWait = 1, 1, time.Nanosecond
	})
	w.settings(authkit.AppPatch{SigningAlg: new("RS256")})
	made, refused := race(16, func(int) error {
		_, err := w.engine.RotateSigningKey(context.Background(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.SigningKeyRotation{RevokeOld: true})
		return err
	}, authkit.CodeUnavailable)
	if made == 0 || refused == 0 || made+refused != 16 {
		t.Errorf("got %d made and %d refused, want some of each", made, refused)
	}
}
