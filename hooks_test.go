package authkit_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// script is a host's hooks, which refuse what the test says.
type script struct {
	mu     sync.Mutex
	refuse authkit.HookKind
	with   error
	told   []string
	claims map[string]any
}

func (s *script) hooks() authkit.Hooks {
	return authkit.Hooks{
		Before: func(_ context.Context, m authkit.HookEvent) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if m.Kind == s.refuse && m.App != authkit.Console {
				return s.with
			}
			return nil
		},
		After: func(_ context.Context, m authkit.HookEvent) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if m.App != authkit.Console {
				s.told = append(s.told, fmt.Sprintf("%s %s %s", m.Kind, m.Method, m.User.Email))
			}
		},
		Claims: func(context.Context, authkit.HookEvent) (map[string]any, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.claims, nil
		},
	}
}

func (s *script) set(refuse authkit.HookKind, with error, claims map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse, s.with, s.claims = refuse, with, claims
}

func TestHooks(t *testing.T) {
	t.Parallel()
	s := &script{}
	w := setup(t, func(c *authkit.Config) { c.Hooks, c.Limits.InsecureOff = s.hooks(), true })
	path := "/auth/credentials/" + w.app.ID.String()
	body := func(email string) string { return `{"email":"` + email + `","password":"` + password + `"}` }

	t.Run("a refused sign-up makes no user, and the client sees the reason", func(t *testing.T) {
		s.set(authkit.HookSignUp, authkit.Refusal("not from here"), nil)
		got := w.send("POST", path, body("ann@example.com"))
		got.want(t, 403, "forbidden")
		if got.field("detail") != "not from here" {
			t.Errorf("detail: got %q", got.field("detail"))
		}
		s.set("", nil, nil)
		w.signUp("ann@example.com")
	})
	t.Run("a refused sign-in spends no link, and other errors stay inside", func(t *testing.T) {
		_, m := w.mailed("ann@example.com", "")
		s.set(authkit.HookSignIn, errors.New("the ledger at 10.0.0.7 is down"), nil)
		got := w.verify(`{"token":"` + linkToken(m) + `"}`)
		got.want(t, 403, "forbidden")
		if strings.Contains(got.Body.String(), "ledger") {
			t.Errorf("answer: got %s", got.Body)
		}
		s.set("", nil, nil)
		w.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 200, "")
	})
	t.Run("a refused deletion deletes no user", func(t *testing.T) {
		in := w.signUp("carol@example.com").field("token")
		s.set(authkit.HookDeletion, authkit.Refusal("pay first"), nil)
		w.send("DELETE", "/auth/me/"+w.app.ID.String(), "", bearer(in)).want(t, 403, "forbidden")
		s.set("", nil, nil)
		w.send("GET", "/auth/me/"+w.app.ID.String(), "", bearer(in)).want(t, 200, "")
	})
	t.Run("a session whose token is refused ends with it", func(t *testing.T) {
		before, err := w.engine.Users(t.Context(), w.app.ID, authkit.UserFilter{Email: "carol@example.com"})
		if err != nil || len(before) != 1 {
			t.Fatalf("users: got %v, %v, want one", before, err)
		}
		live := func() int {
			sessions, err := w.engine.Sessions(t.Context(), authkit.UserRef{App: w.app.ID, ID: before[0].ID})
			if err != nil {
				t.Fatal(err)
			}
			return len(sessions)
		}
		had := live()
		s.set(authkit.HookToken, authkit.Refusal("later"), nil)
		w.send("POST", path, body("carol@example.com")).want(t, 403, "forbidden")
		s.set("", nil, nil)
		if got := live(); got != had {
			t.Errorf("sessions: got %d, want %d", got, had)
		}
	})
	t.Run("after is told by Run, in order", func(t *testing.T) {
		if err := w.engine.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.told = nil
		w.signUp("dave@example.com")
		if len(s.told) != 0 {
			t.Errorf("before Run: got %q, want nothing", s.told)
		}
		if err := w.engine.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := "[sign_up credentials dave@example.com token credentials dave@example.com]"
		if got := fmt.Sprint(s.told); got != want {
			t.Errorf("told: got %s, want %s", got, want)
		}
	})
}

func TestClaimsHook(t *testing.T) {
	t.Parallel()
	s := &script{}
	w := setup(t, func(c *authkit.Config) { c.Hooks, c.Limits.InsecureOff = s.hooks(), true })
	w.signUp("ann@example.com")
	path := "/auth/credentials/" + w.app.ID.String()
	in := func() answer {
		return w.send("POST", path, `{"email":"ann@example.com","password":"`+password+`"}`)
	}
	s.set("", nil, map[string]any{"plan": "gold", "limits": map[string]any{"seats": 3}})
	got := in()
	got.want(t, 200, "")
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(got.field("token"), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil || claims["plan"] != "gold" || claims["sub"] == nil {
		t.Errorf("claims: got %s, %v", payload, err)
	}
	w.send("GET", "/auth/me/"+w.app.ID.String(), "", bearer(got.field("token"))).want(t, 200, "")

	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+got.field("token"))
	w.engine.Require(authkit.ForApp(w.app.ID))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if id, _ := authkit.IdentityFrom(r.Context()); id.Claims["plan"] != "gold" || len(id.Claims) != 2 {
			t.Errorf("identity: got %+v", id)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)

	for _, name := range []string{"sub", "aud", "iss", "exp", "email", "email_verified", "sid", "auth_time", "nbf", "cnf", ""} {
		s.set("", nil, map[string]any{name: "x"})
		in().want(t, 500, "internal")
	}
	s.set("", nil, map[string]any{"big": strings.Repeat("x", 8<<10)})
	in().want(t, 500, "internal")
}

func TestAHookHoldsUpNoMail(t *testing.T) {
	t.Parallel()
	t.Run("that does not return", func(t *testing.T) {
		t.Parallel()
		sent, release := make(chan struct{}, 1), make(chan struct{})
		w := setup(t, withoutLimits, func(c *authkit.Config) {
			c.Hooks.After = func(context.Context, authkit.HookEvent) { <-release }
			c.Mailer = &postman{now: c.Now, does: func(context.Context) error { sent <- struct{}{}; return nil }}
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.engine.Run(ctx) }()
		w.signUp("ann@example.com")
		w.ask("bob@example.com")
		<-sent
		stop()
		close(release)
		if err := <-ended; err != nil {
			t.Errorf("Run: got %v, want nil", err)
		}
	})
	t.Run("that causes the next moment", func(t *testing.T) {
		t.Parallel()
		var w *world
		told := 0
		w = setup(t, withoutLimits, func(c *authkit.Config) {
			c.Hooks.After = func(_ context.Context, m authkit.HookEvent) {
				if m.Kind == authkit.HookToken {
					return
				}
				if told++; told < 100 {
					w.signIn(w.app.ID.String(), "ann@example.com")
				}
			}
		})
		w.signUp("ann@example.com")
		told = 0
		w.runOnce()
		if told != 2 { // the developer's sign-in, and the sign-up
			t.Errorf("moments told in one run: got %d, want the 2 from before it", told)
		}
	})
}

// A hook has the request's context and may start several calls at once.
func TestHooksMayUseTheirContextConcurrently(t *testing.T) {
	t.Parallel()
	t.Run("before a sign-up", func(t *testing.T) {
		t.Parallel()
		var w *world
		w = setup(t, withoutLimits, func(c *authkit.Config) {
			c.Hooks.Before = func(ctx context.Context, m authkit.HookEvent) error {
				if m.Kind != authkit.HookSignUp {
					return nil
				}
				var all sync.WaitGroup
				for range 4 {
					all.Go(func() {
						if _, err := w.engine.RequestMagicLink(ctx, authkit.MagicLinkRequest{App: w.app.ID, Email: "bob@example.com"}); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
				return nil
			}
		})
		w.signUp("ann@example.com")
	})
	t.Run("while a developer is looked up", func(t *testing.T) {
		t.Parallel()
		var w *world
		var all sync.WaitGroup
		w = setup(t, func(c *authkit.Config) {
			c.Developers = func(r *http.Request) (string, time.Time, error) {
				all.Go(func() { _, _ = w.engine.App(r.Context(), authkit.Console) })
				return "me", time.Time{}, nil
			}
		})
		for range 20 {
			w.send("GET", w.in("/apps/{app_id}"), "").want(t, 200, "")
		}
		all.Wait()
	})
}

// If a hook fails after another tab went on with the token, the session of that tab must not
// end.
func TestARefreshThatFailsLateEndsNoSession(t *testing.T) {
	t.Parallel()
	var w *world
	var slow func()
	w = setup(t, withoutLimits, func(c *authkit.Config) {
		c.Hooks.Before = func(context.Context, authkit.HookEvent) error {
			if then := slow; then != nil {
				slow = nil
				then()
				return errors.New("timed out")
			}
			return nil
		}
	})
	first := w.signUp("ann@example.com").field("refresh_token")
	other := first
	slow = func() {
		for range 2 {
			got := w.refresh(other)
			got.want(t, 200, "")
			other = got.field("refresh_token")
		}
		w.clock.Advance(15 * time.Second)
	}
	w.refresh(first).want(t, 403, "forbidden")
	w.clock.Advance(time.Minute)
	w.refresh(other).want(t, 200, "")
}

// The host's code has the request's context, and may use it in goroutines of its own.
func TestTheHostMayCallTheEngineFromGoroutinesOfARequest(t *testing.T) {
	t.Parallel()
	var w *world
	var wg sync.WaitGroup
	w = setup(t, withoutLimits, func(c *authkit.Config) {
		c.Developers = func(r *http.Request) (string, time.Time, error) {
			ctx := r.Context()
			wg.Go(func() {
				for range 20 {
					_, _, err := w.engine.RotateAPIKey(ctx, authkit.AppRef{Developer: "me", ID: w.app.ID}, authkit.APIKeyRequest{})
					if err != nil && ctx.Err() == nil {
						t.Errorf("RotateAPIKey: %v", err)
					}
				}
			})
			return "me", w.clock.Now(), nil
		}
	})
	for range 5 {
		w.send("GET", w.in("/apps/{app_id}"), "").want(t, 200, "")
	}
	wg.Wait()
}
