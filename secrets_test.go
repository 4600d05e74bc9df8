package authkit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/testclock"
	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/mail"
)

func secretOf(name string) []byte { return bytes.Repeat([]byte(name), 32)[:32] }

func idOfSecret(t *testing.T, name string) string {
	t.Helper()
	id, err := seal.ID(secretOf(name))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// deployment is a store over which processes with several secrets start.
type deployment struct {
	t      *testing.T
	store  authkit.Store
	clock  *testclock.Clock
	outbox *mail.Outbox
}

func deployOn(t *testing.T, store authkit.Store) *deployment {
	t.Helper()
	return &deployment{t, store, testclock.At(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)), mail.NewOutbox()}
}

// start starts a process with the secrets, newest first.
func (d *deployment) start(secrets ...string) (*authkit.Engine, error) {
	cfg := authkit.Config{
		Store: d.store, BaseURL: base, Mailer: d.outbox, Now: d.clock.Now, Logger: slog.New(slog.DiscardHandler),
		Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1}, Limits: authkit.LimitConfig{InsecureOff: true},
	}
	for _, name := range secrets {
		cfg.Secrets = append(cfg.Secrets, secretOf(name))
	}
	return authkit.New(cfg)
}

func (d *deployment) mustStart(secrets ...string) *authkit.Engine {
	d.t.Helper()
	e, err := d.start(secrets...)
	if err != nil {
		d.t.Fatalf("start with %v: %v", secrets, err)
	}
	return e
}

// refuses checks that a start fails because one secret is missing, and that the error names it.
func (d *deployment) refuses(missing string, secrets ...string) {
	d.t.Helper()
	_, err := d.start(secrets...)
	if err == nil || !strings.Contains(err.Error(), "missing secret "+idOfSecret(d.t, missing)) || !errors.Is(err, seal.ErrUnknownKey) {
		d.t.Errorf("start with %v: got %v, want it refused for want of %q, %s", secrets, err, missing, idOfSecret(d.t, missing))
	}
}

// app makes an app with a client secret and a user, who is signed in.
func (d *deployment) app(e *authkit.Engine, name string) (authkit.App, authkit.SignIn) {
	d.t.Helper()
	ctx := d.t.Context()
	app, _, err := e.CreateApp(ctx, "me", name)
	if err != nil {
		d.t.Fatal(err)
	}
	_, err = e.CreateOAuthConfig(ctx, authkit.ProviderRef{App: authkit.AppRef{Developer: "me", ID: app.ID}, Provider: "github"}, authkit.OAuthPatch{
		ClientID: new("client"), ClientSecret: new("secret of " + name), RedirectURI: new(base + "/auth/callback/github/" + app.ID.String()),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	if app, err = e.ChangeApp(ctx, authkit.AppRef{Developer: "me", ID: app.ID}, authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailOff)}); err != nil { // a proof would be sealed for ten minutes
		d.t.Fatal(err)
	}
	in, err := e.SignInWithPassword(ctx, authkit.PasswordSignIn{App: app.ID, Email: "ann@example.com", Password: password})
	if err != nil {
		d.t.Fatal(err)
	}
	return app, in
}

// works checks that users can sign in to an app and that its client secret opens.
func (d *deployment) works(e *authkit.Engine, app authkit.App) {
	d.t.Helper()
	ctx := d.t.Context()
	if _, err := e.SignInWithPassword(ctx, authkit.PasswordSignIn{App: app.ID, Email: "ann@example.com", Password: password}); err != nil {
		d.t.Errorf("sign in to app %q: %v", app.Name, err)
	}
	if _, err := e.StartOAuth(ctx, authkit.OAuthStart{App: app.ID, Provider: "github"}); err != nil {
		d.t.Errorf("open the client secret of app %q: %v", app.Name, err)
	}
}

func (d *deployment) reseal(e *authkit.Engine) authkit.Resealed {
	d.t.Helper()
	got, err := e.Reseal(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return got
}

// This test covers a rotation that is rolled back.
func TestADeploymentWithoutASecretThatIsInUseDoesNotStart(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		d := deployOn(t, store)
		d.mustStart("old")
		second := d.mustStart("new", "old")
		app, _ := d.app(second, "made under the new secret")
		d.refuses("new", "old")
		d.refuses("new", "third", "old")
		d.refuses("old", "new")
		d.mustStart("old", "new") // the refused start did not note the third secret
		d.works(d.mustStart("new", "old"), app)
	})
}

// This test covers a process that ends between the two.
func TestASecretIsNotedBeforeItsFirstUse(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		d := deployOn(t, store)
		d.mustStart("old")
		crash := &crashing{Store: store}
		d.store = crash
		crash.after(1) // the note only
		if _, err := d.start("new", "old"); err == nil {
			t.Fatal("got an engine, want one whose store fails after the note")
		}
		d.store = store
		d.refuses("new", "old")
	})
}

func TestOfManyFirstProcessesWithOtherSecretsOneStarts(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		d := deployOn(t, store)
		var started atomic.Int32
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				switch _, err := d.start(fmt.Sprintf("secret %d", n)); {
				case err == nil:
					started.Add(1)
				case !errors.Is(err, seal.ErrUnknownKey):
					t.Errorf("got %v, want the secret in use named as missing", err)
				}
			})
		}
		wg.Wait()
		if started.Load() != 1 {
			t.Errorf("got %d engines, want one", started.Load())
		}
	})
}

// This test retires a leaked secret.
func TestResealMakesASecretNeedless(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		d := deployOn(t, store)
		first := d.mustStart("old")
		app, in := d.app(first, "made under the old secret")
		if _, err := first.RotateSigningKey(t.Context(), authkit.AppRef{Developer: "me", ID: app.ID}, authkit.SigningKeyRotation{}); err != nil {
			t.Fatal(err)
		}
		hook, _, err := first.CreateWebhook(t.Context(), authkit.AppRef{Developer: "me", ID: app.ID}, authkit.WebhookPatch{URL: new("https://hooks.example/x")})
		if err != nil {
			t.Fatal(err)
		}
		second := d.mustStart("new", "old")
		other, _ := d.app(second, "made under the new secret")
		before, err := second.KeySet(t.Context(), app.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := authkit.Resealed{SigningKeys: 3, ClientSecrets: 1, WebhookSecrets: 1, Newest: idOfSecret(t, "new"), Forgotten: []string{idOfSecret(t, "old")}}
		if got := d.reseal(second); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got := d.reseal(second); !reflect.DeepEqual(got, authkit.Resealed{Newest: want.Newest}) {
			t.Errorf("the second time: got %+v, want nothing to do", got)
		}
		alone := d.mustStart("new")
		d.works(alone, app)
		d.works(alone, other)
		if _, err := alone.Refresh(t.Context(), authkit.RefreshRequest{App: app.ID, Token: in.RefreshToken}); err != nil {
			t.Errorf("refresh: %v", err)
		}
		if _, err := alone.Me(t.Context(), app.ID, in.Token); err != nil {
			t.Errorf("the access token of before: %v", err)
		}
		if _, err := alone.RotateWebhook(t.Context(), authkit.WebhookRef{App: authkit.AppRef{Developer: "me", ID: app.ID}, ID: hook.ID}); err != nil {
			t.Errorf("the secret of the webhook: %v", err)
		}
		after, err := alone.KeySet(t.Context(), app.ID)
		if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("got keys %v and %v, want those of before, %v", after, err, before)
		}
		d.refuses("new", "old")
	})
}

// This test has two processes during a rotation.
func TestAProcessSealsNothingUnderARetiredSecret(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		d := deployOn(t, store)
		first := d.mustStart("old", "new") // it has learnt the new one
		app, in := d.app(first, "one")
		second := d.mustStart("new", "old")
		var wg sync.WaitGroup
		for n := range 4 { // while a reseal runs
			wg.Go(func() {
				if _, _, err := first.CreateApp(t.Context(), "me", fmt.Sprint("beside ", n)); err != nil && !errors.Is(err, authkit.CodeUnavailable) {
					t.Error(err)
				}
			})
		}
		wg.Go(func() { d.reseal(second) })
		wg.Wait()
		d.clock.Advance(2 * time.Minute)
		if err := first.RunOnce(t.Context()); err == nil || !strings.Contains(err.Error(), "retired") {
			t.Errorf("got %v, want the process told that its secret is retired", err)
		}
		if _, _, err := first.CreateApp(t.Context(), "me", "two"); !errors.Is(err, authkit.CodeUnavailable) {
			t.Errorf("got %v, want nothing sealed under a retired secret", err)
		}
		if _, err := first.ChangeOAuthConfig(t.Context(), authkit.ProviderRef{App: authkit.AppRef{Developer: "me", ID: app.ID}, Provider: "github"}, authkit.OAuthPatch{ClientSecret: new("another")}); !errors.Is(err, authkit.CodeUnavailable) {
			t.Errorf("got %v, want nothing sealed under a retired secret", err)
		}
		if _, err := first.CreateOAuthConfig(t.Context(), authkit.ProviderRef{App: authkit.AppRef{Developer: "me", ID: app.ID}, Provider: "google"}, authkit.OAuthPatch{
			ClientID: new("client"), ClientSecret: new("secret"), RedirectURI: new(base + "/auth/callback/google/" + app.ID.String()),
		}); !errors.Is(err, authkit.CodeUnavailable) {
			t.Errorf("got %v, want nothing sealed under a retired secret", err)
		}
		if _, secret, err := first.CreateWebhook(t.Context(), authkit.AppRef{Developer: "me", ID: app.ID}, authkit.WebhookPatch{URL: new("https://hooks.example/x")}); !errors.Is(err, authkit.CodeUnavailable) || secret != "" {
			t.Errorf("got %q, %v, want nothing sealed under a retired secret", secret, err)
		}
		owner := authkit.FactorOwner{App: app.ID, User: in.User.ID, Session: in.SessionID, Browser: []byte("a browser")}
		begun, err := first.BeginTOTP(t.Context(), owner)
		if err != nil {
			t.Fatal(err)
		}
		seed, _ := totp.ParseSecret(begun.Secret)
		now, err := store.Ping(t.Context()) // the engine goes by the store's clock, which the memory store does not have
		if err != nil || store.Volatile() {
			now = d.clock.Now()
		}
		code := totp.Code(seed, totp.StepOf(now))
		if _, err := first.FinishTOTP(t.Context(), authkit.TOTPFinish{FactorOwner: owner, State: begun.State, Code: code}); !errors.Is(err, authkit.CodeUnavailable) {
			t.Errorf("got %v, want nothing sealed under a retired secret", err)
		}
		if _, err := first.RotateSigningKey(t.Context(), authkit.AppRef{Developer: "me", ID: app.ID}, authkit.SigningKeyRotation{}); !errors.Is(err, authkit.CodeUnavailable) {
			t.Errorf("got %v, want nothing sealed under a retired secret", err)
		}
		d.works(first, app)
		if _, err := first.Refresh(t.Context(), authkit.RefreshRequest{App: app.ID, Token: in.RefreshToken}); err != nil {
			t.Errorf("refresh in the first process: %v", err)
		}
		d.reseal(second)
		alone := d.mustStart("new")
		apps, err := alone.Apps(t.Context(), "me", authkit.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range apps { // those that were made in time
			if _, err := alone.SignInWithPassword(t.Context(), authkit.PasswordSignIn{App: a.ID, Email: "ann@example.com", Password: password}); err != nil {
				t.Errorf("sign in to app %q: %v", a.Name, err)
			}
		}
		d.refuses("new", "old")
	})
}

func TestASecretThatSealsWaitingMailIsNotForgotten(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		d := deployOn(t, store)
		first := d.mustStart("old")
		app, _, err := first.CreateApp(t.Context(), "me", "one")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := first.RequestMagicLink(t.Context(), authkit.MagicLinkRequest{App: app.ID, Email: "ann@example.com"}); err != nil {
			t.Fatal(err)
		}
		second := d.mustStart("new", "old")
		if got := d.reseal(second); len(got.Kept) != 1 || len(got.Forgotten) != 0 {
			t.Errorf("got %+v, want the secret kept for the mail that waits", got)
		}
		if err := second.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		m, ok := d.outbox.Last("ann@example.com")
		if !ok {
			t.Fatal("got no mail")
		}
		if got := d.reseal(second); len(got.Kept) != 1 || len(got.Forgotten) != 0 {
			t.Errorf("got %+v, want the secret kept for the link", got)
		}
		if _, err := second.RedeemMagicLink(t.Context(), authkit.MagicLinkProof{App: app.ID, Token: linkToken(m)}); err != nil {
			t.Errorf("redeem: %v", err)
		}
		d.refuses("old", "new")
		d.clock.Advance(11 * time.Minute) // past the link's end
		if got := d.reseal(second); len(got.Forgotten) != 1 {
			t.Errorf("got %+v, want the old secret forgotten", got)
		}
	})
}

// crashing is a Store that a process loses for good after some calls about secrets.
type crashing struct {
	authkit.Store

	on   atomic.Bool
	left atomic.Int64
}

var errCrash = errors.New("the process has ended")

func (c *crashing) after(calls int64) { c.left.Store(calls); c.on.Store(true) }

func (c *crashing) next() error {
	if c.on.Load() && c.left.Add(-1) < 0 {
		return errCrash
	}
	return nil
}

func (c *crashing) App(ctx context.Context, id uuid.UUID) (authkit.App, error) {
	if err := c.next(); err != nil {
		return authkit.App{}, err
	}
	return c.Store.App(ctx, id)
}

func (c *crashing) NoteSecret(ctx context.Context, id string, known []string) ([]authkit.SecretNote, error) {
	if err := c.next(); err != nil {
		return nil, err
	}
	return c.Store.NoteSecret(ctx, id, known)
}

func (c *crashing) RetireSecret(ctx context.Context, id string) error {
	if err := c.next(); err != nil {
		return err
	}
	return c.Store.RetireSecret(ctx, id)
}

func (c *crashing) Sealed(ctx context.Context, q authkit.SealedQuery) ([]authkit.Sealed, error) {
	if err := c.next(); err != nil {
		return nil, err
	}
	return c.Store.Sealed(ctx, q)
}

func (c *crashing) Reseal(ctx context.Context, app uuid.UUID, s authkit.Sealed, next []byte, by string) error {
	if err := c.next(); err != nil {
		return err
	}
	return c.Store.Reseal(ctx, app, s, next, by)
}

func (c *crashing) SealedHeads(ctx context.Context, now, since time.Time) ([][]byte, error) {
	if err := c.next(); err != nil {
		return nil, err
	}
	return c.Store.SealedHeads(ctx, now, since)
}

func (c *crashing) ForgetSecret(ctx context.Context, id string) error {
	if err := c.next(); err != nil {
		return err
	}
	return c.Store.ForgetSecret(ctx, id)
}

// This test ends a reseal after each of its calls.
func TestAResealThatBreaksOffLosesNothing(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		crash := &crashing{Store: store}
		d := deployOn(t, crash)
		first := d.mustStart("old")
		var apps []authkit.App
		for n := range 3 {
			app, _ := d.app(first, fmt.Sprint("app ", n))
			apps = append(apps, app)
		}
		second := d.mustStart("new", "old")
		broken := 0
		for calls := int64(0); ; calls++ {
			crash.after(calls)
			got, err := second.Reseal(t.Context())
			crash.on.Store(false)
			if err == nil {
				if len(got.Forgotten) != 1 {
					t.Errorf("got %+v, want the old secret forgotten at last", got)
				}
				break
			}
			broken++
			if !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
			d.refuses("old", "new")
		}
		if broken < 5 {
			t.Errorf("got %d calls that a reseal can end after, want five and more", broken)
		}
		both, alone := d.mustStart("new", "old"), d.mustStart("new")
		for _, app := range apps {
			d.works(both, app)
			d.works(alone, app)
		}
	})
}

// This test changes a configuration while a reseal runs.
func TestAChangeBesideAResealBringsNoOldSecretBack(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		d := deployOn(t, store)
		app, _ := d.app(d.mustStart("old"), "one")
		second := d.mustStart("new", "old")
		var wg sync.WaitGroup
		for n := range 4 {
			wg.Go(func() {
				if _, err := second.ChangeOAuthConfig(t.Context(), authkit.ProviderRef{App: authkit.AppRef{Developer: "me", ID: app.ID}, Provider: "github"}, authkit.OAuthPatch{ClientID: new(fmt.Sprint("client ", n))}); err != nil && !errors.Is(err, authkit.CodeUnavailable) {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if _, err := second.Reseal(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		d.reseal(second)
		d.works(d.mustStart("new"), app)
	})
}
