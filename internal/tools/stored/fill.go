package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

const (
	base     = "http://localhost:8080/id"
	goal     = "https://client.example/done"
	password = "a long enough passphrase"
	peer     = "192.0.2.1"
)

// at is the time at which everything is made. The clock of a reader must be a little later.
var at = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// filler fills a store.
type filler struct {
	store  authkit.Store
	idp    *provider
	outbox *mail.Outbox
	now    time.Time
	engine *authkit.Engine
	dev    string
	app    authkit.App
	by     authkit.Client
	held   map[string]string
}

func newFiller(store authkit.Store, idp *provider) *filler {
	f := &filler{store: store, idp: idp, outbox: mail.NewOutbox(), now: at, by: authkit.Client{IP: peer, UserAgent: "stored"}, held: map[string]string{}}
	idp.now = f.clock
	return f
}

func (f *filler) clock() time.Time { return f.now }

// fill works in the order of a deployment: under one secret, then with a newer secret as well.
// What must be fresh when it is read comes last, and the last mail is not sent.
func (f *filler) fill(ctx context.Context) error {
	older, newer := []byte("the older secret: 32 bytes at all"), []byte("the newer secret: 32 bytes at all")
	f.held["older_secret"], f.held["newer_secret"] = base64.StdEncoding.EncodeToString(older), base64.StdEncoding.EncodeToString(newer)
	for _, secrets := range [][][]byte{{older}, {newer, older}} {
		if err := f.start(secrets); err != nil {
			return err
		}
		steps := []func(context.Context) error{f.developer, f.password, f.identity}
		if len(secrets) == 2 {
			f.now = f.now.Add(24 * time.Hour) // limits per minute have room again
			steps = []func(context.Context) error{f.keys, f.cookies, f.addressChange, f.sessions, f.attempts, f.oneTimeCode, f.waitingMail}
		}
		for _, step := range steps {
			if err := step(ctx); err != nil {
				return err
			}
		}
	}
	f.held["now"] = f.now.Format(time.RFC3339)
	return nil
}

func (f *filler) start(secrets [][]byte) (err error) {
	f.engine, err = authkit.New(authkit.Config{
		Store: f.store, BaseURL: base, Mailer: f.outbox, Now: f.clock, Secrets: secrets,
		Logger: slog.New(slog.DiscardHandler), Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1},
		InsecureAllowLoopbackProviders: true,
	})
	return err
}

func (f *filler) developer(ctx context.Context) (err error) {
	dev, err := f.engine.CreateDeveloper(ctx, "dev@example.com", password)
	if err != nil {
		return err
	}
	f.dev = dev.ID.String()
	if f.app, f.held["api_key"], err = f.engine.CreateApp(ctx, f.dev, "Demo"); err != nil {
		return err
	}
	f.held["developer"], f.held["app"] = f.dev, f.app.ID.String()
	f.held["issuer"], f.held["subject"], f.held["goal"] = f.idp.issuer(), subject, goal
	callback := base + "/auth/callback/corp/" + f.app.ID.String()
	if _, err := f.engine.ChangeApp(ctx, authkit.AppRef{Developer: f.dev, ID: f.app.ID}, authkit.AppPatch{RedirectURLs: &[]string{goal}, Origins: &[]string{"https://client.example"}}); err != nil {
		return err
	}
	_, err = f.engine.CreateOAuthConfig(ctx, authkit.ProviderRef{App: authkit.AppRef{Developer: f.dev, ID: f.app.ID}, Provider: "corp"}, authkit.OAuthPatch{
		ClientID: new(clientID), ClientSecret: new(clientSecret), Issuer: new(f.idp.issuer()), RedirectURI: &callback, TrustEmail: new(true),
	})
	return err
}

// password makes ann, who proved her address, and dan, who has not proved his yet.
func (f *filler) password(ctx context.Context) error {
	ann, err := f.signIn(ctx, f.app.ID, "ann@example.com")
	if err != nil {
		return err
	}
	proof, err := f.engine.SendProof(ctx, authkit.ProofRequest{App: f.app.ID, User: ann.User.ID, Client: f.by})
	if err != nil {
		return err
	}
	link, _, err := f.mailed(ctx, "ann@example.com")
	if err != nil {
		return err
	}
	if _, err := f.engine.VerifyEmail(ctx, authkit.EmailProof{App: f.app.ID, Token: link, Binding: proof.Binding}); err != nil {
		return err
	}
	f.held["password"] = password
	return nil
}

// identity makes cat, who signs in at a provider.
func (f *filler) identity(ctx context.Context) error {
	to, err := f.engine.StartOAuth(ctx, authkit.OAuthStart{App: f.app.ID, Provider: "corp"})
	if err != nil {
		return err
	}
	if err := f.idp.visit(to.URL); err != nil {
		return err
	}
	in, err := f.engine.FinishOAuth(ctx, authkit.OAuthReturn{
		App: f.app.ID, Provider: "corp", Code: "code", State: to.State, Iss: f.idp.issuer(), Binding: to.Binding, Client: f.by,
	})
	f.held["cat_refresh"], f.held["cat_user"] = in.RefreshToken, in.User.ID.String()
	return err
}

// keys makes one revoked API key, two valid ones, and a signing key.
func (f *filler) keys(ctx context.Context) error {
	key, text, err := f.engine.RotateAPIKey(ctx, authkit.AppRef{Developer: f.dev, ID: f.app.ID}, authkit.APIKeyRequest{Overlap: 7 * 24 * time.Hour})
	if err != nil {
		return err
	}
	f.held["revoked_api_key"] = text
	if err := f.engine.RevokeAPIKey(ctx, authkit.AppRef{Developer: f.dev, ID: f.app.ID}, key.ID); err != nil {
		return err
	}
	_, f.held["second_api_key"], err = f.engine.RotateAPIKey(ctx, authkit.AppRef{Developer: f.dev, ID: f.app.ID}, authkit.APIKeyRequest{Overlap: 7 * 24 * time.Hour})
	if err != nil {
		return err
	}
	if _, err := f.engine.RotateSigningKey(ctx, authkit.AppRef{Developer: f.dev, ID: f.app.ID}, authkit.SigningKeyRotation{}); err != nil {
		return err
	}
	for _, alg := range []string{"EdDSA", "RS256"} {
		if _, err := f.engine.ChangeApp(ctx, authkit.AppRef{Developer: f.dev, ID: f.app.ID}, authkit.AppPatch{SigningAlg: &alg}); err != nil {
			return err
		}
		if _, err := f.engine.RotateSigningKey(ctx, authkit.AppRef{Developer: f.dev, ID: f.app.ID}, authkit.SigningKeyRotation{}); err != nil {
			return err
		}
	}
	return nil
}

// cookies makes an app under the newer secret, with a user whose browser holds cookies.
func (f *filler) cookies(ctx context.Context) error {
	app, _, err := f.engine.CreateApp(ctx, f.dev, "Later")
	if err != nil {
		return err
	}
	if _, err := f.engine.ChangeApp(ctx, authkit.AppRef{Developer: f.dev, ID: app.ID}, authkit.AppPatch{SessionMode: new(authkit.SessionCookie)}); err != nil {
		return err
	}
	body := `{"email":"ivy@example.com","password":"` + password + `"}`
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/auth/credentials/"+app.ID.String(), strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	got := httptest.NewRecorder()
	f.engine.Handler().ServeHTTP(got, r)
	if got.Code != http.StatusCreated {
		return fmt.Errorf("sign up in cookie mode: %d %s", got.Code, got.Body)
	}
	var pairs []string
	for _, c := range got.Result().Cookies() {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	f.held["cookie_app"], f.held["cookies"] = app.ID.String(), strings.Join(pairs, "; ")
	return nil
}

// addressChange makes gil, who has yet to prove a new address, and hal, whose change can still
// be undone.
func (f *filler) addressChange(ctx context.Context) error {
	for _, name := range []string{"gil", "hal"} {
		email, next := name+"@example.com", name+"-new@example.com"
		u, err := f.engine.CreateUser(ctx, f.app.ID, authkit.UserRequest{Email: email, Verified: true})
		if err != nil {
			return err
		}
		f.held[name+"_user"] = u.ID.String()
		if _, err := f.engine.ChangeEmail(ctx, authkit.EmailChange{App: f.app.ID, User: u.ID, NewEmail: next, Client: f.by}); err != nil {
			return err
		}
		if f.held[name+"_change"], _, err = f.mailed(ctx, next); err != nil {
			return err
		}
		if name == "gil" {
			continue
		}
		if _, err := f.engine.ConfirmEmail(ctx, authkit.EmailConfirm{App: f.app.ID, User: u.ID, Token: f.held["hal_change"], Client: f.by}); err != nil {
			return err
		}
		if f.held["hal_undo"], _, err = f.mailed(ctx, email); err != nil {
			return err
		}
	}
	return nil
}

// sessions makes sessions whose refresh tokens were rotated a minute ago and just now.
func (f *filler) sessions(ctx context.Context) error {
	first, err := f.signIn(ctx, f.app.ID, "ann@example.com")
	if err != nil {
		return err
	}
	second, err := f.engine.Refresh(ctx, authkit.RefreshRequest{App: f.app.ID, Token: first.RefreshToken, Client: f.by})
	if err != nil {
		return err
	}
	f.now = f.now.Add(time.Minute)
	other, err := f.signIn(ctx, f.app.ID, "ann@example.com")
	if err != nil {
		return err
	}
	turned, err := f.engine.Refresh(ctx, authkit.RefreshRequest{App: f.app.ID, Token: other.RefreshToken, Client: f.by})
	if err != nil {
		return err
	}
	f.held["ann_user"], f.held["ann_access"], f.held["ann_refresh"] = second.User.ID.String(), second.Token, second.RefreshToken
	f.held["ann_before"], f.held["ann_after"] = other.RefreshToken, turned.RefreshToken
	return nil
}

// attempts makes links and codes that are not redeemed yet.
func (f *filler) attempts(ctx context.Context) error {
	ask := func(name, email string, asked func(authkit.MagicLinkRequest) (authkit.Pending, error)) error {
		got, err := asked(authkit.MagicLinkRequest{App: f.app.ID, Email: email, Client: f.by})
		if err != nil {
			return err
		}
		f.held[name+"_binding"] = got.Binding
		f.held[name+"_token"], f.held[name+"_code"], err = f.mailed(ctx, email)
		return err
	}
	link := func(in authkit.MagicLinkRequest) (authkit.Pending, error) { return f.engine.RequestMagicLink(ctx, in) }
	forgot := func(in authkit.MagicLinkRequest) (authkit.Pending, error) {
		return f.engine.ForgotPassword(ctx, authkit.ForgotRequest{App: in.App, Email: in.Email, Client: in.Client})
	}
	if err := ask("link", "ben@example.com", link); err != nil {
		return err
	}
	if err := ask("code", "eve@example.com", link); err != nil {
		return err
	}
	if err := ask("reset", "ann@example.com", forgot); err != nil {
		return err
	}
	dan, err := f.signIn(ctx, f.app.ID, "dan@example.com")
	if err != nil {
		return err
	}
	f.held["dan_user"] = dan.User.ID.String()
	return ask("proof", "dan@example.com", func(authkit.MagicLinkRequest) (authkit.Pending, error) {
		return f.engine.SendProof(ctx, authkit.ProofRequest{App: f.app.ID, User: dan.User.ID, Client: f.by})
	})
}

// oneTimeCode redeems a link that leads on to the app.
func (f *filler) oneTimeCode(ctx context.Context) error {
	browser := bytes.Repeat([]byte("b"), 32)
	_, err := f.engine.RequestMagicLink(ctx, authkit.MagicLinkRequest{App: f.app.ID, Email: "kim@example.com", RedirectTo: goal, Browser: browser, Client: f.by})
	if err != nil {
		return err
	}
	link, _, err := f.mailed(ctx, "kim@example.com")
	if err != nil {
		return err
	}
	to, err := f.engine.PressMagicLink(ctx, authkit.PagePress{App: f.app.ID, Token: link, Browser: browser, Client: f.by})
	f.held["one_time_code"], f.held["binding_cookie"] = to.Code, base64.RawURLEncoding.EncodeToString(browser)
	return err
}

// waitingMail asks for a mail that is never sent.
func (f *filler) waitingMail(ctx context.Context) error {
	got, err := f.engine.RequestMagicLink(ctx, authkit.MagicLinkRequest{App: f.app.ID, Email: "fay@example.com", Client: f.by})
	f.held["mail_to"], f.held["mail_binding"] = "fay@example.com", got.Binding
	return err
}

func (f *filler) signIn(ctx context.Context, app uuid.UUID, email string) (authkit.SignIn, error) {
	return f.engine.SignInWithPassword(ctx, authkit.PasswordSignIn{App: app, Email: email, Password: password, Client: f.by})
}

// mailed sends the waiting mails and reads the latest one to an address.
func (f *filler) mailed(ctx context.Context, to string) (link, code string, err error) {
	if err := f.engine.RunOnce(ctx); err != nil {
		return "", "", err
	}
	m, ok := f.outbox.Last(to)
	if !ok {
		return "", "", fmt.Errorf("no mail to %s", to)
	}
	u, err := url.Parse(mail.Link(m))
	if err != nil {
		return "", "", err
	}
	return u.Query().Get("token"), mail.Code(m), nil
}
