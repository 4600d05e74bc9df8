// Package authkittest is for the tests of hosts. It makes a working engine that needs no
// database, mail server, provider or waiting.
//
// A [Kit] is an engine in memory with an app. Make the host's handler with kit.Engine and
// kit.App, and send requests as a signed-in user:
//
//	func TestNotes(t *testing.T) {
//		t.Parallel()
//		kit := authkittest.New(t)
//		host := notes.New(kit.Engine, kit.App.ID)
//		ann := kit.SignIn(t, kit.App, "ann@example.com")
//
//		got := httptest.NewRecorder()
//		host.ServeHTTP(got, ann.Bearer(httptest.NewRequest("GET", "/notes", nil)))
//		// … there are also ann.User.ID, ann.SessionID and ann.RefreshToken
//	}
//
// examples/hosttest is such a host with its test.
//
// # Time
//
// The engine's clock stands still until the test moves it. An access token lives for 15
// minutes, with a leeway of one more:
//
//	kit.Clock.Advance(17 * time.Minute) // ann's requests are 401 from here on
//
// An engine goes by the clock of its store. A database has a clock of its own; [Timed] replaces
// it by that of the test.
//
// # Mail
//
// No mail is sent. The test reads what the mails contain:
//
//	link := kit.LastLink(t, "ann@example.com")
//	code := kit.LastCode(t, "ann@example.com")
//
// Links lead to [Kit.Handler].
//
// # Providers
//
// A [Provider] is an OpenID provider on loopback. It works until a test makes it misbehave:
//
//	corp := authkittest.NewProvider(t, kit, "corp")
//	corp.Configure(t, kit.App)
//	bob, err := corp.SignIn(t, kit.App, "bob@example.com")
//
//	corp.Misbehave(authkittest.WrongNonce)
//	_, err = corp.SignIn(t, kit.App, "bob@example.com") // authkit.CodeProviderError
//
// # Second factors
//
// A person sets up a TOTP, whose codes follow the kit's clock:
//
//	app := ann.EnableTOTP(t)
//	code := app.Code()
//
// # Passkeys
//
// An [Authenticator] answers the options of a ceremony as a browser with a passkey would, and misbehaves
// on demand:
//
//	key := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{})
//	owner := authkit.FactorOwner{App: kit.App.ID, User: ann.User.ID, Session: ann.SessionID, Browser: []byte("ann's browser")}
//	begun, err := kit.Engine.BeginNewPasskey(ctx, owner)
//	credential, err := key.Create(begun.Options, "http://localhost:8080") // the origin of BaseURL
//	_, err = kit.Engine.FinishNewPasskey(ctx, authkit.PasskeyFinish{FactorOwner: owner, State: begun.State, Credential: credential})
//
//	begun, err = kit.Engine.BeginPasskey(ctx, authkit.PasskeyBegin{App: kit.App.ID})
//	key.Misbehave(authkittest.NotVerified)
//	credential, err = key.Get(begun.Options, "http://localhost:8080")
//	in := authkit.PasskeySignIn{App: kit.App.ID, State: begun.State, Binding: begun.Binding, Credential: credential}
//	_, err = kit.Engine.SignInWithPasskey(ctx, in) // authkit.CodeInvalidCredentials
//
// # Settings
//
// The apps that a Kit makes belong to the developer "authkittest", whose id the methods
// that manage an app take:
//
//	_, err := kit.Engine.ChangeApp(ctx, authkit.AppRef{Developer: "authkittest", ID: kit.App.ID}, authkit.AppPatch{
//		SessionMode: new(authkit.SessionCookie),
//	})
//
// # Hosts that make their own engine
//
// [Config] is what [New] builds on, and [Adopt] makes a Kit of the engine that a host made
// from it:
//
//	cfg := authkittest.Config(t)
//	server, err := myhost.New(cfg)
//	kit := authkittest.Adopt(t, server.Engine, server.App, cfg)
//
// # What it promises
//
// Kits share no state, so tests with a Kit each may run in parallel. A Kit is safe for
// concurrent use. The only goroutines are those of a Provider's HTTP server, which ends with
// its test. A method that fails a test fails the one that it is given, so that the subtests of
// a test may share its Kit.
//
// It is for tests alone: password hashes are cheap, there are no limits, and providers may be
// on loopback.
package authkittest

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	webauthn "github.com/authkit-dev/authkit/passkey"
	"github.com/authkit-dev/authkit/store/memory"
)

// BaseURL is where [Config] mounts the handler.
const BaseURL = "http://localhost:8080/auth"

// secret is the same for every Kit, so that a second engine can open what the first one stored.
const secret = "32 bytes that guard nothing real"

// developer owns the apps that a Kit makes.
const developer = "authkittest"

// Kit is an engine with what a test needs around it. It is safe for concurrent use.
type Kit struct {
	Engine *authkit.Engine
	App    authkit.App // as it was when the Kit was made
	Clock  *Clock      // the engine's
	Outbox *mail.Outbox

	base *url.URL
}

// Config returns a valid configuration for a host that calls [authkit.New] itself: memory
// store, [BaseURL], a clock that stands still, and a mailer that keeps mails, both of which
// [Adopt] finds again. Hashing is cheap, limits are off, providers may be on loopback, the
// store is asked about a session each time, and errors that the engine logs go to tb's log.
// Each call makes parts of its own. A host may change all of it except Now and Mailer. [Timed]
// makes a Store that is a database go by the kit's clock.
func Config(tb testing.TB) authkit.Config {
	tb.Helper()
	own := &parts{Outbox: mail.NewOutbox(), clock: newClock()}
	return authkit.Config{
		Store: memory.New(), BaseURL: BaseURL, Mailer: own, Now: own.clock.Now,
		Secrets:  [][]byte{[]byte(secret)},
		Logger:   slog.New(slog.NewTextHandler(newLog(tb), &slog.HandlerOptions{Level: slog.LevelError})),
		Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1},
		// The clock stands still, so what is remembered for a time would never be asked again.
		Tokens:                         authkit.TokenConfig{LiveWithin: -1},
		Limits:                         authkit.LimitConfig{InsecureOff: true},
		InsecureAllowLoopbackProviders: true,
		Passkeys:                       webauthn.New(),
	}
}

// parts is the mailer of a [Config], in which [Adopt] finds the clock.
type parts struct {
	*mail.Outbox

	clock *Clock
}

// New makes a Kit: an engine from [Config], with an app. Each change is made to the
// configuration first, such as switching limits on:
//
//	kit := authkittest.New(t, func(c *authkit.Config) { c.Limits.InsecureOff = false })
func New(tb testing.TB, change ...func(*authkit.Config)) *Kit {
	tb.Helper()
	c := Config(tb)
	for _, f := range change {
		f(&c)
	}
	engine, err := authkit.New(c)
	if err != nil {
		tb.Fatalf("authkittest: %v", err)
	}
	app, err := engine.EnsureApp(tb.Context(), developer, "Test app") // a Store of the host may have it already
	if err != nil {
		tb.Fatalf("authkittest: make the app: %v", err)
	}
	return Adopt(tb, engine, app, c)
}

// Adopt makes a Kit of an engine and an app that a host made. The configuration is the one
// from [Config] that the engine was made with. It fails the test if its Mailer or Now is
// another.
func Adopt(tb testing.TB, engine *authkit.Engine, app authkit.App, c authkit.Config) *Kit {
	tb.Helper()
	own, ok := c.Mailer.(*parts)
	if !ok {
		tb.Fatalf("authkittest: Config.Mailer is %T, want the one that authkittest.Config made: the Kit reads links and codes there", c.Mailer)
	}
	if c.Now == nil || !c.Now().Equal(own.clock.Now()) {
		tb.Fatal("authkittest: Config.Now is not the clock that authkittest.Config made: the Kit moves that one")
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		tb.Fatalf("authkittest: Config.BaseURL: %v", err)
	}
	return &Kit{Engine: engine, App: app, Clock: own.clock, Outbox: own.Outbox, base: base}
}

// NewApp makes another app, to show that what belongs to one app is unknown in the other. It
// fails the test if an app of the Kit has the name.
func (k *Kit) NewApp(tb testing.TB, name string) authkit.App {
	tb.Helper()
	app, _, err := k.Engine.CreateApp(tb.Context(), developer, name)
	if err == nil && strings.EqualFold(name, k.App.Name) { // the Kit's first app has another owner
		err = authkit.CodeAppNameTaken
	}
	if err != nil {
		tb.Fatalf("authkittest: make app %q: %v", name, err)
	}
	return app
}

// Handler serves the engine under the path of Config.BaseURL. A test can request a link or a
// redirect URI from it unchanged.
func (k *Kit) Handler() http.Handler {
	return http.StripPrefix(k.base.Path, k.Engine.Handler())
}
