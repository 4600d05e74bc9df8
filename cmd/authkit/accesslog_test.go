package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// requestLine waits for the line of the access log about a request.
func (p *process) requestLine(id string) (line map[string]any, text string) {
	p.t.Helper()
	text = p.line(p.stderr, `^(.*"msg":"request".*"request_id":"`+id+`".*)$`)[1]
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		p.t.Fatalf("access log: got %q, %v", text, err)
	}
	return line, text
}

func TestEachRequestHasALineWithoutSecrets(t *testing.T) {
	t.Parallel()
	p := start(t, newLines(), "--store", "memory", "--base-url", "http://localhost/some/auth", "--developer", "@"+write(t, developerEmail+":"+password), "--trusted-proxies", "127.0.0.0/8")
	token := p.developer()
	app, key := p.createApp(token)
	for name, c := range map[string]struct {
		method, path, body, header string
		status                     int
		route, peer                string
	}{
		"a sign-up":              {"POST", "/auth/credentials/" + app, `{"email":"ann@example.com","password":"` + password + `"}`, "", 201, "/auth/credentials/{app_id}", "127.0.0.1"},
		"a list of users":        {"GET", "/users/" + app + "?email=ann%40example.com", "", bearer(key), 200, "/users/{app_id}", "127.0.0.1"},
		"a wrong link":           {"GET", "/auth/verify/" + app + "?token=sekret", "", "", 401, "/auth/verify/{app_id}", "127.0.0.1"},
		"a path without a route": {"GET", "/no/sekret", "", "", 404, "(none)", "127.0.0.1"},
		"an unclean path":        {"GET", "//sekret", "", "", 404, "(none)", "127.0.0.1"},
		"a wrong method":         {"PUT", "/healthz", "", "", 405, "/healthz", "127.0.0.1"},
		"a client of a proxy":    {"GET", "/healthz", "", "X-Forwarded-For: 203.0.113.9", 200, "/healthz", "203.0.113.9"},
		"a developer's app":      {"GET", "/apps/" + app, "", bearer(token), 200, "/apps/{app_id}", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			var header []string
			if c.header != "" {
				header = append(header, c.header)
			}
			got := p.send(c.method, c.path, c.body, header...)
			line, text := p.requestLine(got.header.Get("X-Request-ID"))
			want := map[string]any{"method": c.method, "route": c.route, "status": float64(c.status), "bytes": float64(len(got.text)), "peer": c.peer, "level": "INFO"}
			for member, value := range want {
				if line[member] != value {
					t.Errorf("%s: got %v, want %v", member, line[member], value)
				}
			}
			if took, ok := line["duration_ms"].(float64); !ok || took < 0 {
				t.Errorf("duration_ms: got %v, want milliseconds", line["duration_ms"])
			}
			for _, secret := range []string{"sekret", password, "ann", key, token, app, "?"} {
				if strings.Contains(text, secret) {
					t.Errorf("line: got %q in it: %s", secret, text)
				}
			}
		})
	}
}

func TestTheAccessLogCanBeOff(t *testing.T) {
	t.Parallel()
	p := start(t, newLines(), "--store", "memory", "--access-log=off")
	p.send("GET", "/healthz", "").want(t, 200, "")
	p.stop()
	all, _ := p.stderr.read()
	for _, text := range all {
		if strings.Contains(text, `"msg":"request"`) {
			t.Errorf("log: got %s, want no line of a request", text)
		}
	}
}

func TestServeWarnsOfItsNetwork(t *testing.T) {
	t.Parallel()
	const public, clear = "OTHER MACHINES CAN CONNECT, AND THE BASE URL IS ON LOOPBACK", "PASSWORDS AND TOKENS CROSS THE NETWORK IN THE CLEAR: for a network that you trust; browsers drop __Host- cookies over http"
	for name, c := range map[string]struct {
		args []string
		warn []string
	}{
		"a loopback address":                          {[]string{"--base-url", "http://localhost"}, nil},
		"a public address and a base URL on loopback": {[]string{"--addr", "0.0.0.0:0", "--base-url", "http://localhost"}, []string{public}},
		"a public address and no base URL":            {[]string{"--addr", "0.0.0.0:0"}, []string{public}},
		"a public address and a base URL of that":     {[]string{"--addr", "0.0.0.0:0", "--base-url", "https://auth.example.com", "--mail", "smtp://127.0.0.1:1"}, nil},
		"http on a network that is trusted":           {[]string{"--addr", "0.0.0.0:0", "--base-url", "http://auth.internal", "--insecure-http", "--mail", "smtp://127.0.0.1:1"}, []string{clear}},
		"--insecure-http where it is not needed":      {[]string{"--base-url", "http://localhost", "--insecure-http"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := launch(t, newLines(), append([]string{"--store", "memory"}, c.args...)...)
			p.line(p.stdout, `^listening on `)
			all, _ := p.stderr.read()
			log := strings.Join(all, "\n")
			for _, text := range []string{public, clear} {
				if got, want := strings.Contains(log, text), len(c.warn) > 0 && c.warn[0] == text; got != want {
					t.Errorf("%s: got it %v, want %v, in\n%s", text, got, want, log)
				}
			}
		})
	}
}

// TestAnAnswerNotes checks what net/http does by itself.
func TestAnAnswerNotes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		serve  func(http.ResponseWriter)
		status int
		bytes  int64
	}{
		"a body without a status": {func(w http.ResponseWriter) { fmt.Fprint(w, "body") }, 200, 4},
		"an interim answer": {func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusNoContent)
		}, 204, 0},
		"the first status": {func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusNotFound)
			w.WriteHeader(http.StatusInternalServerError)
		}, 404, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &answered{ResponseWriter: discard{http.Header{}}}
			c.serve(a)
			if a.status != c.status || a.bytes != c.bytes {
				t.Errorf("answer: got %d and %d bytes, want %d and %d", a.status, a.bytes, c.status, c.bytes)
			}
		})
	}
	t.Run("a head has no body", func(t *testing.T) {
		t.Parallel()
		a := &answered{ResponseWriter: discard{http.Header{}}, bodiless: true}
		fmt.Fprint(a, "body")
		if a.status != 200 || a.bytes != 0 {
			t.Errorf("answer: got %d and %d bytes, want 200 and 0", a.status, a.bytes)
		}
	})
}

// discard is a ResponseWriter that keeps only its header.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
