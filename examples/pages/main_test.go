package main

import (
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// browser is one that runs no script.
type browser struct {
	t      *testing.T
	client *http.Client
	at     *url.URL // of the page that it shows
	status int
	page   string
}

func start(t *testing.T) *browser {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	origin := "http://" + server.Listener.Addr().String()
	server.Config.Handler = newHandler(t.Context(), filepath.Join(t.TempDir(), "club.db"), authkit.Config{
		BaseURL: origin + "/id", Mailer: mail.NewOutbox(), Secrets: [][]byte{[]byte(strings.Repeat("s", 32))},
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	server.Start()
	t.Cleanup(server.Close)
	return (&browser{t: t, at: parse(t, origin)}).another()
}

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// another returns another browser.
func (b *browser) another() *browser {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return &browser{t: b.t, client: &http.Client{Jar: jar}, at: b.at}
}

// open goes to an address, by way of redirects, and shows the page.
func (b *browser) open(to string) *browser { return b.send(http.MethodGet, to, nil) }

func (b *browser) send(method, to string, form url.Values) *browser {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.at.ResolveReference(parse(b.t, to)).String(), strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.at.Scheme+"://"+b.at.Host)
	}
	got, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.at, b.status, b.page = got.Request.URL, got.StatusCode, string(text)
	return b
}

var (
	actions = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	hidden  = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)"`)
)

// press fills in the form of the page, with "name=value" for each field, and presses a button.
func (b *browser) press(fill ...string) *browser {
	b.t.Helper()
	action := actions.FindStringSubmatch(b.page)
	if action == nil {
		b.t.Fatalf("%s: got %d without a form\n%s", b.at, b.status, b.page)
	}
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(b.page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, field := range fill {
		name, value, _ := strings.Cut(field, "=")
		form.Set(name, value)
	}
	return b.send(http.MethodPost, html.UnescapeString(action[1]), form)
}

// follow goes to the first link of the page whose address contains the text.
func (b *browser) follow(text string) *browser {
	b.t.Helper()
	link := regexp.MustCompile(`href="([^"]*` + regexp.QuoteMeta(text) + `[^"]*)"`).FindStringSubmatch(b.page)
	if link == nil {
		b.t.Fatalf("%s: got no link to %q\n%s", b.at, text, b.page)
	}
	return b.open(html.UnescapeString(link[1]))
}

func (b *browser) want(status int, path, part string) *browser {
	b.t.Helper()
	if b.status != status || !strings.HasPrefix(b.at.Path, path) || !strings.Contains(b.page, part) {
		b.t.Fatalf("got %d at %s, want %d at %s with %q\n%s", b.status, b.at, status, path, part, b.page)
	}
	return b
}

func TestFromSignUpToSignOut(t *testing.T) {
	t.Parallel()
	b := start(t)
	const signIn, signUp, signOut = "/id/auth/sign-in/", "/id/auth/sign-up/", "/id/auth/sign-out/"
	b.open("/lounge").want(200, signIn, "The Club")
	b.follow("/sign-up/").want(200, signUp, "The Club")
	b.press("email=ann@example.com", "password=correct horse battery", "name=Ann", "do=password").want(403, "/lounge", "for members")
	b.open("/").want(200, "/", "Hello Ann")
	b.press("motto=Carpe <diem>").want(200, "/lounge", "Carpe &lt;diem&gt;")
	b.follow("/sign-out/").want(200, signOut, "The Club")
	b.press()
	b.open("/lounge").want(200, signIn, "The Club")
	b.press("email=ann@example.com", "password=wrong horse battery", "do=password").want(401, signIn, "The Club")
	b.press("email=ann@example.com", "password=correct horse battery", "do=password").want(200, "/lounge", "Carpe")

	bob := b.another()
	bob.open("/").follow("/sign-up/").press("email=bob@example.com", "password=correct horse battery", "name=Bob", "do=password").want(200, "/", "Hello Bob")
	bob.open("/lounge").want(403, "/lounge", "for members")
}

func TestGitHubIsAWayInWhereItIsSet(t *testing.T) { //nolint:paralleltest // it sets variables
	if b := start(t).open("/"); strings.Contains(b.page, "GitHub") {
		t.Errorf("without its variables: got %s, want no button", b.page)
	}
	t.Setenv("GITHUB_ID", "an id")
	t.Setenv("GITHUB_SECRET", "a secret")
	b := start(t).open("/").want(200, "/id/auth/sign-in/", "GitHub")
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if b.follow("/auth/github/"); b.status != http.StatusFound {
		t.Errorf("the button: got %d, want 302 to GitHub", b.status)
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
