package hosttest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/examples/hosttest"
)

func TestNotes(t *testing.T) {
	t.Parallel()
	kit := authkittest.New(t)
	notes := hosttest.NewNotes(kit.Engine, kit.App.ID)
	ann, bob := kit.SignIn(t, kit.App, "ann@example.com"), kit.SignIn(t, kit.App, "bob@example.com")
	foreign := kit.SignIn(t, kit.NewApp(t, "other"), "ann@example.com")

	want(t, notes, ann.Bearer(add("buy milk")), 201, "")
	want(t, notes, ann.Bearer(list()), 200, `["buy milk"]`)
	want(t, notes, bob.Bearer(list()), 200, `[]`)
	want(t, notes, list(), 401, "unauthenticated")
	want(t, notes, foreign.Bearer(list()), 401, "invalid_token")
	kit.Clock.Advance(17 * time.Minute)
	want(t, notes, ann.Bearer(list()), 401, "invalid_token")
}

func list() *http.Request { return httptest.NewRequest(http.MethodGet, "/notes", nil) }

func add(text string) *http.Request {
	return httptest.NewRequest(http.MethodPost, "/notes", strings.NewReader(text))
}

// want sends a request and checks the status and a part of the answer.
func want(t *testing.T, h http.Handler, r *http.Request, status int, part string) {
	t.Helper()
	got := httptest.NewRecorder()
	h.ServeHTTP(got, r)
	if got.Code != status || !strings.Contains(got.Body.String(), part) {
		t.Errorf("%s %s: got %d %s, want %d %s", r.Method, r.URL, got.Code, got.Body, status, part)
	}
}
