// Package authkit gives an existing Go server multi-tenant authentication: one import,
// one [http.Handler], your own database.
//
// A developer owns apps. Every app is a tenant with its own users, API keys, OAuth
// providers and signing keys; what belongs to one app is unknown in any other. People
// sign in by email and password, by a link or code in a mail, or through a provider,
// and get a JWT that any JOSE library can verify from the issuer URL alone.
//
//	engine, err := authkit.New(authkit.Config{
//		Store:   memory.New(),
//		BaseURL: "http://localhost:8080/id",
//		Mailer:  mail.Log(os.Stderr),
//	})
//	app, err := engine.EnsureApp(ctx, "me", "demo")
//	go engine.Run(ctx)
//	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
//	mux.Handle("/me", engine.Require(authkit.ForApp(app.ID))(me))
//
// where me reads [IdentityFrom] its request's context.
//
// # The pieces
//
// An [Engine] decides; a [Store] remembers. Stores are in store/memory, store/sqlite and
// store/postgres, and package storetest checks any other. A [mail.Mailer] sends mail;
// mail/smtp is one. The Engine has no hidden life: it starts no goroutine and reads no
// environment. Background work (mail, upkeep) is [Engine.Run], which the host starts.
//
// What an endpoint of the handler does is also a method of the Engine, with the same
// validation and the same errors; who may call it, and the limits by peer address, are the
// handler's to check. Methods refuse with an [*Error], whose [Code] is stable: one that
// takes an app may answer [CodeAppNotFound], and any [CodeUnavailable], to be tried again.
//
// # What it promises
//
// Whatever may be used once is spent by one conditional write, so that of any number of
// concurrent callers one wins. Links have no effect when a browser or a mail scanner
// fetches them. Accounts are never joined over an address that was not proven. Secrets
// are stored hashed or sealed. Any doubt, a store that fails included, refuses.
package authkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/coalesce"
	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/password"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/oauth"
)

// Console is the id of the built-in app whose users are the developers.
var Console = uuid.MustParse("00000000-0000-7000-8000-000000000000")

// startTimeout bounds what New asks of the store.
const startTimeout = 10 * time.Second

// Engine is authkit at work. It is safe for concurrent use and holds nothing that
// another process over the same store needs.
type Engine struct {
	cfg    Config
	store  Store
	clock  *storeClock
	log    *slog.Logger
	base   *url.URL
	origin string // of base

	cookies httpio.Cookies
	ring    *seal.Ring
	noted   *noted
	hasher  *hasher
	limiter *limiter
	oauth   *oauth.Client
	pairs   *cache[string, token.Pair]                    // opened signing keys, by app and key id
	publics *cache[string, token.VerifyKey]               // parsed public keys, likewise
	apps    *cache[uuid.UUID, aged[App]]                  // for Require
	live    *cache[[2]uuid.UUID, aged[uuid.UUID]]         // users of live sessions, by app and session, for Require
	seen    *cache[[32]byte, vouched]                     // verified access tokens, for Require
	cookied *byCookie                                     // whose session cookies are, for Require
	asking  coalesce.Group[[2]uuid.UUID, aged[uuid.UUID]] // questions to the store about one session
	used    *touched                                      // API keys used since the last flush
	warned  *seldom                                       // peers that sent a forwarding header
	due     *waiting                                      // apps that need a signing key
	moments chan Moment                                   // for Hooks.After
	outbox  *outbox
	repeats *repeats     // thins the log
	running atomic.Int32 // how many Runs there are
	lonely  atomic.Bool  // the line about a missing Run was written
	handler http.Handler

	awaiting chan struct{} // returns from a provider that wait for the same one
}

// New makes an Engine. It reports everything that is wrong with the configuration in one
// error. It asks the store (for at most ten seconds) for its time and for the console app,
// which it creates in an empty one; secrets that do not open what the store holds are refused.
func New(c Config) (*Engine, error) {
	c, base, ring, err := withDefaults(c)
	if err != nil {
		return nil, err
	}
	clock := newStoreClock(c.Now, c.Store, c.Store.Volatile(), c.Logger)
	e := &Engine{
		cfg: c, clock: clock, store: audited{c.Store, c.Observer}, log: c.Logger, base: base, origin: httpio.Origin(base), ring: ring,
		// Without TLS a browser keeps no Secure cookie; that is for loopback alone.
		cookies: httpio.Cookies{Insecure: base.Scheme == "http" && httpio.Loopback(base.Hostname())},
		oauth: oauth.NewClient(oauth.Options{
			AllowLoopback: c.InsecureAllowLoopbackProviders, Now: clock.now,
			Proxy: c.Outbound.Proxy, Allow: c.Outbound.Allow, Ports: c.Outbound.Ports,
		}),
		pairs:   newCache[string, token.Pair](1024),
		publics: newCache[string, token.VerifyKey](4096),
		apps:    newCache[uuid.UUID, aged[App]](1024),
		live:    newCache[[2]uuid.UUID, aged[uuid.UUID]](65536),
		seen:    newCache[[32]byte, vouched](32768),
		cookied: newByCookie(32768),
		warned:  newSeldom(time.Minute, maxWarned),
		used:    newTouched(),
		due:     newWaiting(maxDueKeys),
		moments: make(chan Moment, maxMoments),

		awaiting: make(chan struct{}, maxAwaiting),
	}
	e.limiter = newLimiter(c.Limits, e.store, ring, e.now)
	e.repeats = newRepeats(c.Logger, e.now)
	e.outbox = newOutbox(e.store, e.now, e.repeats, e.post)
	salt, err := e.random(16)
	if err != nil {
		return nil, err
	}
	p := c.Password
	e.hasher = &hasher{
		params: password.Params{MemoryKiB: p.MemoryKiB, Time: p.Time, Threads: p.Threads},
		policy: password.Policy{Min: p.MinLength, Max: p.MaxLength},
		gate:   password.NewGate(p.Concurrent, p.Queue, p.QueueWait),
		random: e.random,
	}
	if p.Breached != "" {
		e.hasher.breached = password.NewRanges(p.Breached, c.Outbound.Proxy)
	}
	e.hasher.dummy = password.Hash("no password at all", salt, e.hasher.params)
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := clock.keep(ctx); err != nil {
		return nil, fmt.Errorf("authkit: %w", err)
	}
	e.noted = &noted{ids: ring.IDs(), store: e.store}
	if _, err := e.noted.admit(ctx); err != nil {
		return nil, fmt.Errorf("authkit: %w", err)
	}
	if err := e.ensureConsole(ctx); err != nil {
		return nil, err
	}
	e.handler = newHandler(e)
	return e, nil
}

// Handler serves every endpoint, with paths relative to the mount point: a host that
// mounts it under a subpath strips that first. It is safe for concurrent use.
func (e *Engine) Handler() http.Handler { return e.handler }

// ensureConsole creates the console app in an empty store. Its sealed signing key tells
// whether the secrets are those that the store was filled with.
func (e *Engine) ensureConsole(ctx context.Context) error {
	app, err := e.store.App(ctx, Console)
	if errors.Is(err, ErrNotFound) {
		err = e.createConsole(ctx)
		if err != nil && !errors.Is(err, ErrConflict) {
			return fmt.Errorf("authkit: create the console app: %w", err)
		}
		app, err = e.store.App(ctx, Console) // another process may have been first
	}
	if err != nil {
		return fmt.Errorf("authkit: read the console app: %w", err)
	}
	if len(app.Keys) == 0 {
		return errors.New("authkit: the console app has no signing key; the store is damaged")
	}
	for _, k := range app.Keys { // each may be sealed under a secret of its time
		if _, err := e.open(app.ID, k); err != nil {
			return fmt.Errorf("authkit: Config.Secrets do not open what the store holds; give the secrets that it was filled with: %w", err)
		}
	}
	return nil
}

func (e *Engine) createConsole(ctx context.Context) error {
	now := e.now()
	key, err := e.newSigningKey(ctx, Console, "", 1, now)
	if err != nil {
		return err
	}
	app := App{
		ID: Console, Name: "Console", NameKey: "console", CreatedAt: now,
		Settings: Settings{SignupClosed: true},
	}
	return e.store.CreateApp(ctx, NewApp{App: app, First: key, Also: Also{Secret: e.noted.newest()}})
}

// App returns a live app. [CodeAppNotFound]: there is none of that id.
func (e *Engine) App(ctx context.Context, id uuid.UUID) (App, error) {
	if app, ok := appFrom(ctx, id); ok {
		return app, nil
	}
	return e.readApp(ctx, id)
}

// readApp asks the store, and remembers the answer for what may go by an older one.
func (e *Engine) readApp(ctx context.Context, id uuid.UUID) (App, error) {
	if id == Console && e.cfg.Developers != nil {
		return App{}, unknownApp("the console app is off, since Config.Developers is set")
	}
	now := e.now()
	app, err := e.store.App(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		e.apps.drop(id)
		return App{}, unknownApp("the store has no such live app")
	case err != nil:
		return App{}, unavailable(fmt.Errorf("read app %s: %w", id, err))
	}
	if id == Console {
		app.Settings.SignupClosed = !e.cfg.ConsoleSignup
		app.Settings.Origins = e.cfg.ConsoleOrigins
	}
	e.apps.put(id, aged[App]{app, now})
	return app, nil
}

func unknownApp(why cause) *Error {
	return refuse(CodeAppNotFound, "there is no such app").because(why)
}

// now is the store's time.
func (e *Engine) now() time.Time { return e.clock.now() }

// random answers n bytes that nobody can guess.
func (e *Engine) random(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(e.cfg.Random, b); err != nil {
		return nil, fmt.Errorf("authkit: read %d random bytes: %w", n, err)
	}
	return b, nil
}

// newID makes a UUID of version 7 from the engine's own clock (RFC 9562, section 5.7).
func (e *Engine) newID(now time.Time) (uuid.UUID, error) {
	b, err := e.random(16)
	if err != nil {
		return uuid.Nil, err
	}
	ms := now.UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i) & 0xff)
	}
	b[6] = 0x70 | b[6]&0x0f
	b[8] = 0x80 | b[8]&0x3f
	return uuid.UUID(b), nil
}

// url is an address under the mount point.
func (e *Engine) url(path string) string { return e.cfg.BaseURL + path }

// issuer is the `iss` of an app's tokens.
func (e *Engine) issuer(app uuid.UUID) string { return e.url("/apps/" + app.String()) }
