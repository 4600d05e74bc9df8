package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/authkit-dev/authkit/internal/testschema"
)

// TestProduction needs the server that AUTHKIT_TEST_POSTGRES names. Without one it has no
// subtests.
func TestProduction(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	s := settings{database: testschema.New(t, dsn), secretFile: secretFile(t), publicURL: "http://localhost:8080", addr: "127.0.0.1:0"}
	body := `{"email":"ann@example.com","password":"correct horse battery"}`

	first := start(t, s)
	token := first.signIn("credentials", body, 201)
	if got := first.send("GET", "/me", "", token, 200); !strings.HasPrefix(got, "you are user ") {
		t.Errorf("me: got %q", got)
	}
	first.send("GET", "/me", "", "", 401)
	first.send("POST", "/id/auth/magic-link/"+first.app, `{"email":"bob@example.com"}`, "", 202)
	link := first.printed(`^http://localhost:8080/id/auth/verify/\S+\?token=(\S+)$`)[1]
	first.signIn("verify", `{"token":"`+link+`"}`, 200)
	first.stop()

	second := start(t, s)
	if second.app != first.app {
		t.Errorf("app after a new start: got %s, want %s", second.app, first.app)
	}
	second.send("GET", "/me", "", token, 200)
	second.signIn("credentials", body, 200)
	second.stop()

	s.secretFile = secretFile(t)
	if err := run(t.Context(), s, io.Discard); err == nil || !strings.Contains(err.Error(), "missing secret") {
		t.Errorf("another secret: got %v, want a refusal", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, s := range map[string]settings{
		"set DATABASE_URL and SECRET_FILE": {database: "postgres://localhost"},
		"read SECRET_FILE: ":               {database: "postgres://localhost", secretFile: "missing"},
		"does not hold base64":             {database: "postgres://localhost", secretFile: text},
		"SMTP_URL: ":                       {database: "postgres://localhost", secretFile: secretFile(t), smtp: "mail.example.com"},
		"open the database: ":              {database: "postgres://localhost:port", secretFile: secretFile(t)},
	} {
		t.Run(want, func(t *testing.T) {
			if err := run(t.Context(), s, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("run: got %v, want %s", err, want)
			}
		})
	}
}

// program is the example, running.
type program struct {
	t         *testing.T
	addr, app string
	output    *bufio.Scanner
	stop      func()
}

func start(t *testing.T, s settings) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var running sync.WaitGroup
	running.Go(func() {
		if err := run(ctx, s, in); err != nil {
			t.Errorf("run: got %v, want nil", err)
		}
		_ = in.Close()
	})
	p := &program{t: t, output: bufio.NewScanner(out)}
	p.stop = func() {
		cancel()
		_, _ = io.Copy(io.Discard, out)
		running.Wait()
	}
	t.Cleanup(p.stop)
	m := p.printed(`^serving app (\S+) at (\S+)$`)
	p.app, p.addr = m[1], m[2]
	return p
}

// printed reads the output up to a line that matches, and returns its groups.
func (p *program) printed(pattern string) []string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	for p.output.Scan() {
		if m := re.FindStringSubmatch(p.output.Text()); m != nil {
			return m
		}
	}
	p.t.Fatalf("output: got no line that matches %s", pattern)
	return nil
}

func (p *program) send(method, path, body, token string, status int) string {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.addr+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != status {
		p.t.Fatalf("%s %s: got %d %s, %v, want %d", method, path, got.StatusCode, text, err, status)
	}
	return string(text)
}

func (p *program) signIn(by, body string, status int) (token string) {
	p.t.Helper()
	var in struct {
		Token string `json:"token"`
	}
	text := p.send("POST", "/id/auth/"+by+"/"+p.app, body, "", status)
	if err := json.Unmarshal([]byte(text), &in); err != nil || in.Token == "" {
		p.t.Fatalf("sign-in: got %s, %v, want a token", text, err)
	}
	return in.Token
}

// secretFile makes a file with a new secret.
func secretFile(t *testing.T) string {
	t.Helper()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(base64.StdEncoding.EncodeToString(secret)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
