package main

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/verify"
)

func TestTheServiceChecksTokens(t *testing.T) {
	t.Parallel()
	issuer := httptest.NewUnstartedServer(nil)
	base := "http://" + issuer.Listener.Addr().String() + "/id"
	kit := authkittest.New(t, func(c *authkit.Config) { c.BaseURL = base })
	issuer.Config.Handler = kit.Handler()
	issuer.Start()
	t.Cleanup(issuer.Close)
	service, err := newHandler(verify.Config{Issuer: base + "/apps/" + kit.App.ID.String(), Now: kit.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	ann, foreign := kit.SignIn(t, kit.App, "ann@example.com"), kit.SignIn(t, kit.NewApp(t, "other"), "ann@example.com")
	want := func(status int, part, method, path, token string) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		got := httptest.NewRecorder()
		if service.ServeHTTP(got, r); got.Code != status || !strings.Contains(got.Body.String(), part) {
			t.Errorf("%s %s: got %d %s, want %d with %q", method, path, got.Code, got.Body, status, part)
		}
	}
	want(200, ann.User.ID.String(), "GET", "/orders", ann.Token)
	want(202, "", "POST", "/refunds", ann.Token)
	want(401, "invalid_token", "GET", "/orders", foreign.Token)
	want(401, "invalid_token", "GET", "/orders", "nonsense")
	want(200, "", "GET", "/healthz", "nonsense")
	kit.Clock.Advance(11 * time.Minute)
	want(200, ann.User.ID.String(), "GET", "/orders", ann.Token)
	want(403, "sign in again", "POST", "/refunds", ann.Token)
}

func TestTheIssuerIsRequired(t *testing.T) {
	t.Parallel()
	if _, err := newHandler(verify.Config{}); err == nil || !strings.Contains(err.Error(), "ISSUER: ") {
		t.Errorf("got %v, want an error about ISSUER", err)
	}
}
