package testworld_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testworld"
)

func TestNew(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	w := testworld.New(t, "http://localhost:8080/id", at, func(c *authkit.Config) { c.ConsoleSignup = true })
	app, err := w.Engine.EnsureApp(t.Context(), "me", "Demo")
	if err != nil || !app.CreatedAt.Equal(at) {
		t.Errorf("EnsureApp: got an app of %v, %v, want one of %v", app.CreatedAt, err, at)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/nowhere", nil)
	got := httptest.NewRecorder()
	w.Engine.Handler().ServeHTTP(got, r)
	members, err := testworld.Members(got.Code, got.Header(), got.Body.String())
	if err != nil || members["code"] != string(authkit.CodeNotFound) {
		t.Errorf("an unknown path: got %v, %v, want the code %s", members, err, authkit.CodeNotFound)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	const page = `<p class="small">app_not_found: no such app`
	for name, c := range map[string]struct {
		status     int
		kind, body string
		want       any
		fails      bool
	}{
		"JSON":                            {200, "application/json", `{"code":"x"}`, "x", false},
		"a problem":                       {400, "application/problem+json", `{"code":"x"}`, "x", false},
		"text that should be JSON":        {200, "application/json", `code`, nil, true},
		"a list of objects":               {200, "application/x-ndjson", "{}\n{}\n", nil, false},
		"the page of a refusal":           {404, "text/html; charset=utf-8", page, "app_not_found", false},
		"a page that is not of a refusal": {200, "text/html; charset=utf-8", page, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := testworld.Members(c.status, http.Header{"Content-Type": {c.kind}}, c.body)
			if got["code"] != c.want || (err != nil) != c.fails {
				t.Errorf("Members: got %v, %v, want %v, an error: %t", got, err, c.want, c.fails)
			}
		})
	}
}
