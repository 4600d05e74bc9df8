package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/examples/internal/browser"
	"github.com/authkit-dev/authkit/mail"
)

func start(t *testing.T) *browser.Browser {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	origin := "http://" + server.Listener.Addr().String()
	server.Config.Handler = newHandler(t.Context(), filepath.Join(t.TempDir(), "club.db"), authkit.Config{
		BaseURL: origin + "/id", Mailer: mail.NewOutbox(), Secrets: [][]byte{[]byte(strings.Repeat("s", 32))},
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	server.Start()
	t.Cleanup(server.Close)
	return browser.New(t, origin)
}

func TestFromSignUpToSignOut(t *testing.T) {
	t.Parallel()
	b := start(t)
	const signIn, signUp, signOut = "/id/auth/sign-in/", "/id/auth/sign-up/", "/id/auth/sign-out/"
	b.Open("/lounge").Want(200, signIn, "The Club")
	b.Follow("/sign-up/").Want(200, signUp, "The Club")
	b.Press("email=ann@example.com", "password=correct horse battery", "name=Ann", "do=password").Want(403, "/lounge", "for members")
	b.Open("/").Want(200, "/", "Hello Ann")
	b.Press("motto=Carpe <diem>").Want(200, "/lounge", "Carpe &lt;diem&gt;")
	b.Follow("/sign-out/").Want(200, signOut, "The Club")
	b.Press()
	b.Open("/lounge").Want(200, signIn, "The Club")
	b.Press("email=ann@example.com", "password=wrong horse battery", "do=password").Want(401, signIn, "The Club")
	b.Press("email=ann@example.com", "password=correct horse battery", "do=password").Want(200, "/lounge", "Carpe")

	bob := b.Another()
	bob.Open("/").Follow("/sign-up/").Press("email=bob@example.com", "password=correct horse battery", "name=Bob", "do=password").Want(200, "/", "Hello Bob")
	bob.Open("/lounge").Want(403, "/lounge", "for members")
}

func TestGitHubIsAWayInWhereItIsSet(t *testing.T) { //nolint:paralleltest // it sets variables
	if b := start(t).Open("/"); strings.Contains(b.Page, "GitHub") {
		t.Errorf("without its variables: got %s, want no button", b.Page)
	}
	t.Setenv("GITHUB_ID", "an id")
	t.Setenv("GITHUB_SECRET", "a secret")
	b := start(t).Open("/").Want(200, "/id/auth/sign-in/", "GitHub")
	b.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if b.Follow("/auth/github/"); b.Status != http.StatusFound {
		t.Errorf("the button: got %d, want 302 to GitHub", b.Status)
	}
}

// The page says how few lines a host needs.
func TestTheHostHasLessThan60Lines(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(text), "\nfunc main() {\n")
	lines := 1
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			lines++
		}
	}
	if lines >= 60 {
		t.Errorf("got %d lines, want less than 60", lines)
	}
}
