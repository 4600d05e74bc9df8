package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/authkit-dev/authkit/examples/internal/lines"
)

// start runs the program and returns its origin.
func start(t *testing.T) (origin string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out := lines.New(t)
	var running sync.WaitGroup
	running.Go(func() {
		if err := run(ctx, "localhost:0", out); err != nil {
			t.Errorf("run: got %v, want nil", err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	return out.Match(`^the app is at (http://localhost:[0-9]+)/$`)[1]
}

// answer is what the server answered.
type answer struct {
	status int
	header http.Header
	text   string
}

func send(t *testing.T, method, url, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{got.StatusCode, got.Header, string(text)}
}

// The page has nothing that its own policy refuses, and each file that it and its script name is there.
func TestThePageFindsItsFiles(t *testing.T) {
	t.Parallel()
	origin := start(t)
	page := send(t, "GET", origin+"/", "")
	policy := page.header.Get("Content-Security-Policy")
	if page.status != 200 || !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; ") {
		t.Errorf("the page: got %d with the policy %q, want 200 with a strict one", page.status, policy)
	}
	if regexp.MustCompile(`<style|<script>|style="|onclick|https?://`).MatchString(page.text) {
		t.Errorf("the page: got %s, want nothing that the policy refuses", page.text)
	}
	script := send(t, "GET", origin+"/app.js", "")
	named := regexp.MustCompile(`(?:(?:href|src)="|from '\.?)(/[\w./]+)`).FindAllStringSubmatch(page.text+script.text, -1)
	kinds := map[string]string{".css": "text/css", ".js": "text/javascript"}
	if len(named) != 4 {
		t.Errorf("files: got %q, want four", named)
	}
	for _, m := range named {
		file := send(t, "GET", origin+m[1], "")
		want := kinds[m[1][strings.LastIndex(m[1], "."):]]
		if kind := file.header.Get("Content-Type"); file.status != 200 || !strings.HasPrefix(kind, want) {
			t.Errorf("%s: got %d %s, want 200 %s", m[1], file.status, kind, want)
		}
	}
}

// This test does what the script does. The suite in e2e has it run in a browser.
func TestAUserCallsTheServer(t *testing.T) {
	t.Parallel()
	origin := start(t)
	config := send(t, "GET", origin+"/config.js", "").text
	app := regexp.MustCompile(`^export const app = "([0-9a-f-]{36})";\n$`).FindStringSubmatch(config)
	if app == nil {
		t.Fatalf("config.js: got %s, want the id of the app", config)
	}
	got := send(t, "POST", origin+"/id/auth/credentials/"+app[1],
		`{"email":"ann@example.com","password":"correct horse battery","intent":"sign_up"}`, "Content-Type: application/json", "Origin: "+origin)
	var in struct {
		Token string `json:"token"`
		User  struct {
			ID string `json:"user_id"`
		} `json:"user"`
	}
	if err := json.Unmarshal([]byte(got.text), &in); err != nil || got.status != 201 {
		t.Fatalf("sign-up: got %d %s, %v, want 201", got.status, got.text, err)
	}
	for name, c := range map[string]struct {
		token  string
		status int
		part   string
	}{
		"a user is known":       {in.Token, 200, `"user":"` + in.User.ID + `"`},
		"a stranger is refused": {"nonsense", 401, `"code":"invalid_token"`},
	} {
		if got := send(t, "GET", origin+"/api/whoami", "", "Authorization: Bearer "+c.token); got.status != c.status || !strings.Contains(got.text, c.part) {
			t.Errorf("%s: got %d %s, want %d with %s", name, got.status, got.text, c.status, c.part)
		}
	}
}
