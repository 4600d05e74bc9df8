package authkit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// behind sends a request with a token through a middleware and returns the status. 418 means
// that it passed.
func behind(t *testing.T, mw func(http.Handler) http.Handler, token string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	got := httptest.NewRecorder()
	mw(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })).ServeHTTP(got, r)
	return got.Code
}

func TestRevokeOldCountsAtOnceBesideAKeyThatWaits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.app.ID.String()
	in := w.signUp("ann@example.com").field("token")
	w.send("POST", "/apps/"+id+"/signing-keys/rotate", `{}`, bearer(w.token)).want(t, 201, "")
	got := w.send("POST", "/apps/"+id+"/signing-keys/rotate", `{"revoke_old":true}`, bearer(w.token))
	got.want(t, 201, "")
	w.send("GET", "/auth/me/"+id, "", bearer(in)).want(t, 401, "invalid_token")
	keys := w.send("GET", "/apps/"+id+"/.well-known/jwks.json", "").body["keys"].([]any)
	if len(keys) != 1 || keys[0].(map[string]any)["kid"] != got.field("kid") {
		t.Errorf("published: got %v, want %s alone", keys, got.field("kid"))
	}
	for range 2 {
		w.send("GET", "/auth/me/"+id, "", bearer(w.signIn(id, "ann@example.com"))).want(t, 200, "")
		w.clock.Advance(20 * time.Minute) // when the pending one would have begun
	}
}

func TestRequireForgetsARevokedKeyOfASessionThatGoesOn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	require := w.engine.Require(authkit.ForApp(w.app.ID))
	in := w.signUp("ann@example.com")
	stolen := in.field("token")
	if got := behind(t, require, stolen); got != http.StatusTeapot {
		t.Fatalf("before: got %d, want 418", got)
	}
	w.send("POST", "/apps/"+w.app.ID.String()+"/signing-keys/rotate", `{"revoke_old":true}`, bearer(w.token)).want(t, 201, "")
	next := w.refresh(in.field("refresh_token")).field("token")
	for range 5 { // the session is looked up for another token
		w.clock.Advance(3 * time.Second)
		if got := behind(t, require, next); got != http.StatusTeapot {
			t.Fatalf("the next token: got %d, want 418", got)
		}
	}
	if got := behind(t, require, stolen); got != http.StatusUnauthorized {
		t.Errorf("signed by the revoked key: got %d after 15 s, want 401", got)
	}
}

func TestRefreshSignsWithNoRevokedKeyOnAnyProcess(t *testing.T) {
	t.Parallel()
	store, secret := memory.New(), [][]byte{bytes.Repeat([]byte("s"), 32)}
	share := func(c *authkit.Config) { c.Store, c.Secrets = store, secret }
	w := setup(t, share)
	other, err := authkit.New(authkit.Config{Store: store, Secrets: secret, BaseURL: base, Mailer: mail.NewOutbox(), Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	turn := func(token string) authkit.SignIn {
		t.Helper()
		got, err := other.Refresh(t.Context(), authkit.RefreshRequest{App: w.app.ID, Token: token})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := turn(w.signUp("ann@example.com").field("refresh_token"))
	w.send("POST", "/apps/"+w.app.ID.String()+"/signing-keys/rotate", `{"revoke_old":true}`, bearer(w.token)).want(t, 201, "")
	got = turn(got.RefreshToken)
	w.send("GET", "/auth/me/"+w.app.ID.String(), "", bearer(got.Token)).want(t, 200, "")
}

// lateBody is a body that does something before it arrives.
type lateBody struct {
	once sync.Once
	then func()
	strings.Reader
}

func (s *lateBody) Read(p []byte) (int, error) {
	s.once.Do(s.then)
	return s.Reader.Read(p)
}

func (w *world) sendLate(method, path, body string, meanwhile func(), headers ...string) answer {
	s := &lateBody{then: meanwhile}
	s.Reset(body)
	r := httptest.NewRequestWithContext(w.t.Context(), method, "/id"+path, s)
	r.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return w.do(r)
}

func TestABodyThatComesLateIsJudgedWhenItCame(t *testing.T) {
	t.Parallel()
	t.Run("a session that a proof ended renames no account", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		me := "/auth/me/" + w.app.ID.String()
		attacker := w.signUp("ann@example.com").field("token")
		var owner answer
		got := w.sendLate("PATCH", me, `{"name":"Eve"}`, func() {
			_, m := w.mailed("ann@example.com", "")
			owner = w.verify(`{"token":"` + linkToken(m) + `"}`)
		}, bearer(attacker))
		owner.want(t, 200, "")
		if name := w.send("GET", me, "", bearer(owner.field("token"))).field("name"); got.Code != 401 || name != "" {
			t.Errorf("got %d, and the account's name is %q; want 401 and none", got.Code, name)
		}
	})
	t.Run("nor deletes it", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		me := "/auth/me/" + w.app.ID.String()
		attacker := w.signUp("ann@example.com").field("token")
		var owner answer
		got := w.sendLate("DELETE", me, "", func() {
			_, m := w.mailed("ann@example.com", "")
			owner = w.verify(`{"token":"` + linkToken(m) + `"}`)
		}, bearer(attacker))
		owner.want(t, 200, "")
		if got.Code != 401 {
			t.Errorf("got %d, want 401", got.Code)
		}
		w.send("GET", me, "", bearer(owner.field("token"))).want(t, 200, "")
	})
	t.Run("sign-up that was closed meanwhile is closed", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		got := w.sendLate("POST", "/auth/credentials/"+w.app.ID.String(), `{"email":"ann@example.com","password":"`+password+`"}`, func() {
			w.send("PATCH", "/apps/"+w.app.ID.String(), `{"signup":"closed"}`, bearer(w.token)).want(t, 200, "")
		})
		if got.Code != 401 {
			t.Errorf("got %d %s, want 401", got.Code, got.Body)
		}
	})
	t.Run("a key that was replaced meanwhile is refused", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		got := w.sendLate("POST", "/users/"+w.app.ID.String(), `{"email":"ann@example.com"}`, func() {
			w.send("POST", "/apps/"+w.app.ID.String()+"/api-keys", `{}`, bearer(w.token)).want(t, 201, "")
		}, bearer(w.key))
		if got.Code != 401 {
			t.Errorf("got %d %s, want 401", got.Code, got.Body)
		}
	})
}

// pausing delays the first answer about a session.
type pausing struct {
	authkit.Store

	armed        chan struct{}
	read, resume chan struct{}
}

func (p *pausing) Session(ctx context.Context, app uuid.UUID, by authkit.SessionKey, now time.Time) (authkit.Session, authkit.User, error) {
	s, u, err := p.Store.Session(ctx, app, by, now)
	select {
	case <-p.armed:
		close(p.read)
		<-p.resume
	default:
	}
	return s, u, err
}

func TestRequireLiveTakesNoAnswerFromBeforeItAsked(t *testing.T) {
	t.Parallel()
	p := &pausing{Store: memory.New(), armed: make(chan struct{}, 1), read: make(chan struct{}), resume: make(chan struct{})}
	w := setup(t, func(c *authkit.Config) { c.Store = p })
	in := w.signUp("ann@example.com")
	live := w.engine.RequireLive(authkit.ForApp(w.app.ID))
	p.armed <- struct{}{}
	var first, second sync.WaitGroup
	first.Go(func() { behind(t, live, in.field("token")) })
	<-p.read // the store says that it is live
	w.send("POST", "/auth/sign-out/"+w.app.ID.String(), `{"refresh_token":"`+in.field("refresh_token")+`"}`).want(t, 204, "")
	status := 0
	second.Go(func() { status = behind(t, live, in.field("token")) })
	time.AfterFunc(50*time.Millisecond, func() { close(p.resume) })
	second.Wait()
	first.Wait()
	if status != http.StatusUnauthorized {
		t.Errorf("asked after the sign-out: got %d, want 401", status)
	}
}

func TestACodeOfAnotherAddressCountsNowhere(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for range 4 {
		w.clock.Advance(time.Hour)
		own, _ := w.mailed("eve@example.com", "")
		for range 5 {
			w.verify(fmt.Sprintf(`{"email":"ann@example.com","code":"000000","binding":%q}`, own.body["binding"])).want(t, 401, "invalid_token")
		}
	}
	pending, m := w.mailed("ann@example.com", "")
	w.verify(fmt.Sprintf(`{"email":"ann@example.com","code":%q,"binding":%q}`, mail.Code(m), pending.body["binding"])).want(t, 200, "")
}

func TestAKeyExpiresAtATimeThatCanBeWritten(t *testing.T) {
	t.Parallel()
	w := setup(t)
	keys := "/apps/" + w.app.ID.String() + "/api-keys"
	w.send("POST", keys, `{"expires_at":"9999-12-31T23:59:59-01:00"}`, bearer(w.token)).want(t, 400, "invalid_request")
	w.send("GET", keys, "", bearer(w.token)).want(t, 200, "")
	w.send("GET", "/users/"+w.app.ID.String(), "", bearer(w.key)).want(t, 200, "")
}

// textual refuses text that is not valid, as Postgres does.
type textual struct{ authkit.Store }

func (s textual) OAuthConfig(ctx context.Context, app uuid.UUID, provider string) (authkit.OAuthConfig, error) {
	if !utf8.ValidString(provider) {
		return authkit.OAuthConfig{}, errors.New("invalid byte sequence for encoding UTF8")
	}
	return s.Store.OAuthConfig(ctx, app, provider)
}

func TestAProviderThatIsNoNameIsNotConfigured(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Store = textual{memory.New()} })
	w.send("GET", "/auth/%FF/"+w.app.ID.String(), "").want(t, 404, "provider_not_configured")
}

func TestACursorOfAppsIsGoodWithASlashAndWithout(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.clock.Advance(time.Second)
	w.send("POST", "/apps", `{"name":"Second"}`, bearer(w.token)).want(t, 201, "")
	cursor := w.send("GET", "/apps/?limit=1", "", bearer(w.token)).field("next_cursor")
	for _, path := range []string{"/apps", "/apps/"} {
		w.send("GET", path+"?cursor="+cursor, "", bearer(w.token)).want(t, 200, "")
	}
}

// meanwhile is a claim that does something when the provider encodes it.
type meanwhile func()

func (f meanwhile) MarshalJSON() ([]byte, error) {
	f()
	return []byte(`"Ann"`), nil
}

func TestWhatChangesWhileTheProviderAnswersCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, body string
		status     int
		code       string
	}{
		"a provider that is switched off": {"/oauth-configs/corp", `{"enabled":false}`, 401, "invalid_token"},
		"sign-up that is closed":          {"", `{"signup":"closed"}`, 403, "signup_disabled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := withProvider(t, true)
			state, binding := w.begin(t, p, jwt.MapClaims{"name": meanwhile(func() {
				w.send("PATCH", "/apps/"+w.app.ID.String()+c.path, c.body, bearer(w.token)).want(t, 200, "")
			})})
			w.callback("good", state, binding).want(t, c.status, c.code)
		})
	}
}
