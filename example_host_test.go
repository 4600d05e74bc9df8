package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// signUp signs Ann up, for the examples.
func signUp(engine *authkit.Engine, app authkit.App) authkit.SignIn {
	in, err := engine.SignInWithPassword(context.Background(), authkit.PasswordSignIn{
		App: app.ID, Email: "ann@example.com", Password: "correct horse battery",
	})
	if err != nil {
		panic(err)
	}
	return in
}

func ExampleEngine_Handler() {
	engine, app, _ := demo()
	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler())) // Config.BaseURL ends in /id, too
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/id/auth/credentials/"+app.ID.String(),
		strings.NewReader(`{"email":"ann@example.com","password":"correct horse battery"}`))
	r.Header.Set("Content-Type", "application/json")
	got := httptest.NewRecorder()
	mux.ServeHTTP(got, r)
	fmt.Println(got.Code, got.Header().Get("Cache-Control"))
	// Output: 201 no-store
}

func ExampleEngine_EnsureApp() {
	ctx := context.Background()
	engine, app, _ := demo() // it ensured the app "demo" of "me"
	again, err := engine.EnsureApp(ctx, "me", "Demo")
	if err != nil {
		panic(err)
	}
	other, err := engine.EnsureApp(ctx, "me", "shop")
	if err != nil {
		panic(err)
	}
	fmt.Println(again.ID == app.ID, other.ID == app.ID)
	// Output: true false
}

func ExampleEngine_EndSession() {
	ctx := context.Background()
	engine, app, _ := demo()
	in := signUp(engine, app)
	sessions, err := engine.Sessions(ctx, authkit.UserRef{App: app.ID, ID: in.User.ID})
	if err != nil {
		panic(err)
	}
	for _, s := range sessions {
		if err := engine.EndSession(ctx, authkit.SessionRef{App: app.ID, User: in.User.ID, ID: s.ID}); err != nil {
			panic(err)
		}
	}
	_, err = engine.Refresh(ctx, authkit.RefreshRequest{App: app.ID, Token: in.RefreshToken})
	fmt.Println(len(sessions), errors.Is(err, authkit.CodeInvalidToken))
	// Output: 1 true
}

// RequireLive asks the store for each request. Behind Require, the same request may pass for
// Config.Tokens.LiveWithin.
func ExampleEngine_RequireLive() {
	ctx := context.Background()
	engine, app, _ := demo()
	in := signUp(engine, app)
	payout := engine.RequireLive(authkit.ForApp(app.ID))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	ask := func() int {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/payout", nil)
		r.Header.Set("Authorization", "Bearer "+in.Token)
		got := httptest.NewRecorder()
		payout.ServeHTTP(got, r)
		return got.Code
	}
	fmt.Println(ask())
	if err := engine.EndSessions(ctx, authkit.UserRef{App: app.ID, ID: in.User.ID}); err != nil {
		panic(err)
	}
	fmt.Println(ask())
	// Output:
	// 200
	// 401
}

func ExampleEngine_ChangePassword() {
	ctx := context.Background()
	engine, app, _ := demo()
	in := signUp(engine, app)
	err := engine.ChangePassword(ctx, authkit.PasswordChange{
		App: app.ID, User: in.User.ID, Session: in.SessionID, // this session lives on
		Current: "correct horse battery", New: "a longer horse battery",
	})
	if err != nil {
		panic(err)
	}
	_, err = engine.SignInWithPassword(ctx, authkit.PasswordSignIn{App: app.ID, Email: "ann@example.com", Password: "correct horse battery", Intent: "sign_in"})
	fmt.Println(errors.Is(err, authkit.CodeInvalidCredentials))
	// Output: true
}

func ExampleEngine_ResetPassword() {
	ctx := context.Background()
	engine, app, outbox := demo()
	signUp(engine, app)
	pending, err := engine.ForgotPassword(ctx, authkit.ForgotRequest{App: app.ID, Email: "ann@example.com"})
	if err != nil {
		panic(err)
	}
	if err := engine.RunOnce(ctx); err != nil { // Run does this in a server
		panic(err)
	}
	message, _ := outbox.Last("ann@example.com")
	in, err := engine.ResetPassword(ctx, authkit.PasswordReset{
		App: app.ID, Email: "ann@example.com", Code: mail.Code(message), Binding: pending.Binding, Password: "a longer horse battery",
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(in.User.Email, "verified:", in.User.Verified)
	// Output: ann@example.com verified: true
}

// A host puts what its other services need to know into the access token.
func ExampleHooks_claims() {
	plans := map[string]string{"ann@example.com": "gold"}
	engine, app, _ := demo(func(c *authkit.Config) {
		c.Hooks.Claims = func(_ context.Context, m authkit.HookEvent) (map[string]any, error) {
			return map[string]any{"plan": plans[m.User.Email]}, nil
		}
	})
	in := signUp(engine, app)
	plan := engine.Require(authkit.ForApp(app.ID))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		id, _ := authkit.IdentityFrom(r.Context())
		fmt.Println(id.Claims["plan"])
	}))
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/plan", nil)
	r.Header.Set("Authorization", "Bearer "+in.Token)
	plan.ServeHTTP(httptest.NewRecorder(), r)
	// Output: gold
}

// A host that has developers of its own names them to authkit. Its example is
// examples/developers.
func ExampleConfig_developers() {
	engine, _, _ := demo(func(c *authkit.Config) {
		c.Developers = func(r *http.Request) (string, time.Time, error) {
			if r.Header.Get("Authorization") != "Bearer the platform's own token" {
				return "", time.Time{}, errors.New("unknown token")
			}
			return "developer-7", time.Now(), nil
		}
	})
	for _, token := range []string{"the platform's own token", "another"} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/apps", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		got := httptest.NewRecorder()
		engine.Handler().ServeHTTP(got, r)
		fmt.Println(got.Code)
	}
	// Output:
	// 200
	// 401
}

func ExampleEvent() {
	engine, app, _ := demo(func(c *authkit.Config) {
		c.Observer = func(e authkit.Event) {
			if e.App != authkit.Console && e.UserID != uuid.Nil {
				fmt.Println(e.Type, e.Result, e.Reason)
			}
		}
	})
	in := signUp(engine, app)
	if err := engine.EndSession(context.Background(), authkit.SessionRef{App: app.ID, User: in.User.ID, ID: in.SessionID}); err != nil {
		panic(err)
	}
	// Output:
	// user.create ok credentials
	// email.send ok sign-up
	// session.end ok signed out
}

// countedUsers is a store that counts the users that it is given. A wrapper embeds the interface, so
// that every other method is that of the store below. Its example is examples/storewrap.
type countedUsers struct {
	authkit.Store

	users *int
}

func (c countedUsers) CreateUser(ctx context.Context, u authkit.NewUser) (authkit.User, error) {
	*c.users++
	return c.Store.CreateUser(ctx, u)
}

func ExampleStore() {
	users := 0
	engine, app, _ := demo(func(c *authkit.Config) { c.Store = countedUsers{c.Store, &users} })
	signUp(engine, app)
	fmt.Println(users)
	// Output: 1
}
