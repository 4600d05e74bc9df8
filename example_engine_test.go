package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// demo returns an engine in memory with one app, for the examples. Its mail is kept, not sent.
func demo(change ...func(*authkit.Config)) (*authkit.Engine, authkit.App, *mail.Outbox) {
	outbox := mail.NewOutbox()
	cfg := authkit.Config{
		Store: memory.New(), BaseURL: "http://localhost:8080/id", Mailer: outbox,
		Logger:   slog.New(slog.DiscardHandler),
		Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1}, // cheap, for an example only
	}
	for _, f := range change {
		f(&cfg)
	}
	engine, err := authkit.New(cfg)
	if err != nil {
		panic(err)
	}
	app, err := engine.EnsureApp(context.Background(), "me", "demo")
	if err != nil {
		panic(err)
	}
	return engine, app, outbox
}

func ExampleNew_problems() {
	_, err := authkit.New(authkit.Config{
		BaseURL: "http://auth.example.com",
		Secrets: [][]byte{[]byte("too short")},
	})
	fmt.Println(err)
	// Output:
	// authkit: the configuration has 4 problem(s):
	// field Config.BaseURL is "http://auth.example.com": use https; http is for loopback, or for InsecureAllowHTTP
	// field Config.Mailer is nil: set one: smtp.New(…), or mail.Log(os.Stderr) for development
	// field Config.Store is nil: set one: memory.New(), sqlite.Open(…) or postgres.Open(…)
	// field Config.Secrets[0] is 9 bytes long: give 32 random bytes; `authkit keygen` writes such, in base64
}

func ExampleEngine_SignInWithPassword() {
	ctx := context.Background()
	engine, app, _ := demo()
	for range 2 {
		in, err := engine.SignInWithPassword(ctx, authkit.PasswordSignIn{
			App: app.ID, Email: "ann@example.com", Password: "correct horse battery",
		})
		if err != nil {
			panic(err)
		}
		fmt.Println(in.User.Email, "created:", in.Created)
	}
	// Output:
	// ann@example.com created: true
	// ann@example.com created: false
}

func ExampleError() {
	engine, app, _ := demo()
	_, err := engine.SignInWithPassword(context.Background(), authkit.PasswordSignIn{
		App: app.ID, Email: "ann@example.com", Password: "12345", Intent: "sign_up",
	})
	if errors.Is(err, authkit.CodeWeakPassword) {
		refusal, _ := errors.AsType[*authkit.Error](err)
		fmt.Println(refusal.Code, refusal.Code.Status())
	}
	// Output: weak_password 422
}

func ExampleEngine_RequestMagicLink() {
	ctx := context.Background()
	engine, app, outbox := demo()
	pending, err := engine.RequestMagicLink(ctx, authkit.MagicLinkRequest{App: app.ID, Email: "ann@example.com"})
	if err != nil {
		panic(err)
	}
	if err := engine.RunOnce(ctx); err != nil { // Run does this in a server
		panic(err)
	}
	message, _ := outbox.Last("ann@example.com")
	in, err := engine.RedeemMagicLink(ctx, authkit.MagicLinkProof{
		App: app.ID, Email: "ann@example.com", Code: mail.Code(message), Binding: pending.Binding,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(in.User.Email, "verified:", in.User.Verified)
	// Output: ann@example.com verified: true
}

func ExampleEngine_Refresh() {
	ctx := context.Background()
	engine, app, _ := demo()
	in, err := engine.SignInWithPassword(ctx, authkit.PasswordSignIn{
		App: app.ID, Email: "ann@example.com", Password: "correct horse battery",
	})
	if err != nil {
		panic(err)
	}
	next, err := engine.Refresh(ctx, authkit.RefreshRequest{App: app.ID, Token: in.RefreshToken})
	if err != nil {
		panic(err)
	}
	fmt.Println("same session:", next.SessionID == in.SessionID)
	fmt.Println("same token:", next.RefreshToken == in.RefreshToken)
	// Output:
	// same session: true
	// same token: false
}

func ExampleEngine_StartSession() {
	ctx := context.Background()
	engine, app, _ := demo()
	ann, err := engine.CreateUser(ctx, app.ID, authkit.UserRequest{Email: "ann@example.com", Verified: true})
	if err != nil {
		panic(err)
	}
	// The host has checked a badge at the entrance, by a method that authkit does not know.
	in, err := engine.StartSession(ctx, authkit.HostSignIn{App: app.ID, User: ann.ID, Method: "badge", Client: authkit.Client{IP: "192.0.2.1"}})
	if err != nil {
		panic(err)
	}
	fmt.Println(in.User.AuthMethod, in.ExpiresIn)
	// Output: badge 15m0s
}

func ExampleEngine_Require() {
	ctx := context.Background()
	engine, app, _ := demo()
	in, err := engine.SignInWithPassword(ctx, authkit.PasswordSignIn{
		App: app.ID, Email: "ann@example.com", Password: "correct horse battery", Name: "Ann",
	})
	if err != nil {
		panic(err)
	}
	hello := engine.Require(authkit.ForApp(app.ID))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := authkit.IdentityFrom(r.Context())
		_, _ = io.WriteString(w, "hello "+id.Name)
	}))
	for _, token := range []string{"", in.Token} {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/hello", nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		got := httptest.NewRecorder()
		hello.ServeHTTP(got, r)
		fmt.Println(got.Code, got.Header().Get("Content-Type") == "application/problem+json")
	}
	// Output:
	// 401 true
	// 200 false
}

func ExampleEngine_Optional() {
	ctx := context.Background()
	engine, app, _ := demo()
	page := engine.Optional(authkit.ForApp(app.ID))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, known := authkit.IdentityFrom(r.Context())
		fmt.Fprint(w, "signed in: ", known)
	}))
	got := httptest.NewRecorder()
	page.ServeHTTP(got, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	fmt.Println(got.Code, got.Body)
	// Output: 200 signed in: false
}

// A host with a tenant for each host name tells Require which app a request is for.
func ExampleAppFor() {
	engine, app, _ := demo()
	tenants := map[string]uuid.UUID{"acme.example.com": app.ID}
	byHost := func(r *http.Request) (uuid.UUID, error) {
		id, ok := tenants[r.Host]
		if !ok {
			return uuid.Nil, fmt.Errorf("no tenant has the host name %q", r.Host)
		}
		return id, nil
	}
	notes := engine.Require(byHost)(http.NotFoundHandler())
	for _, host := range []string{"acme.example.com", "other.example.com"} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+host+"/notes", nil)
		got := httptest.NewRecorder()
		notes.ServeHTTP(got, r)
		fmt.Println(host, got.Code)
	}
	// Output:
	// acme.example.com 401
	// other.example.com 404
}

func ExampleEngine_RotateAPIKey() {
	ctx := context.Background()
	engine, app, _ := demo()
	key, text, err := engine.RotateAPIKey(ctx, authkit.AppRef{Developer: "me", ID: app.ID}, authkit.APIKeyRequest{
		Name: "reports", Scopes: []string{authkit.ScopeUsersRead},
	})
	if err != nil {
		panic(err)
	}
	found, err := engine.CheckAPIKey(ctx, text)
	if err != nil {
		panic(err)
	}
	fmt.Println(found.ID == key.ID, found.Scopes)
	// Output: true [users:read]
}

func ExampleEngine_Users() {
	ctx := context.Background()
	engine, app, _ := demo()
	for _, name := range []string{"ann", "bob", "anna"} {
		if _, err := engine.CreateUser(ctx, app.ID, authkit.UserRequest{Email: name + "@example.com"}); err != nil {
			panic(err)
		}
	}
	users, err := engine.Users(ctx, app.ID, authkit.UserFilter{Prefix: "ann"})
	if err != nil {
		panic(err)
	}
	fmt.Println(len(users), "users begin with ann")
	// Output: 2 users begin with ann
}

func ExampleEngine_ChangeApp() {
	ctx := context.Background()
	engine, app, _ := demo()
	changed, err := engine.ChangeApp(ctx, authkit.AppRef{Developer: "me", ID: app.ID}, authkit.AppPatch{
		SignupClosed: new(true),
		RedirectURLs: &[]string{"https://example.com/signed-in"},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(changed.Settings.SignupClosed, changed.Settings.RedirectURLs)
	// Output: true [https://example.com/signed-in]
}

func ExampleHooks() {
	engine, app, _ := demo(func(c *authkit.Config) {
		c.Hooks.Before = func(_ context.Context, m authkit.HookEvent) error {
			if m.Kind == authkit.HookSignUp && !strings.HasSuffix(m.User.Email, "@example.com") {
				return authkit.Refusal("this app is for employees")
			}
			return nil
		}
	})
	_, err := engine.SignInWithPassword(context.Background(), authkit.PasswordSignIn{
		App: app.ID, Email: "ann@elsewhere.example", Password: "correct horse battery",
	})
	refusal, _ := errors.AsType[*authkit.Error](err)
	fmt.Println(refusal.Code, "/", refusal.Detail)
	// Output: forbidden / this app is for employees
}
