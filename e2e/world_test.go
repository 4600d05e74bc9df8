package e2e_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testclock"
	"github.com/authkit-dev/authkit/internal/testworld"
	"github.com/authkit-dev/authkit/mail"
)

const password = "a long enough passphrase"

// world is a server on a port of this machine, with an app in it.
type world struct {
	t      *testing.T
	engine *authkit.Engine
	base   string           // where clients reach authkit
	host   string           // the server, without the mount point
	clock  *testclock.Clock // begins now: the parts of others have clocks of their own
	outbox *mail.Outbox     // empty where a test brings its own mailer
	app    authkit.App
	devID  string
	dev    string // an access token of the developer who owns app
}

// setup serves authkit from memory and under a subpath, unless a test says otherwise.
func setup(t *testing.T, m mount, change ...func(*authkit.Config)) *world {
	t.Helper()
	server := httptest.NewUnstartedServer(nil) // it has its address before its handler
	address := server.Listener.Addr().String()
	if m.front != nil {
		address = m.front(address)
	}
	w := &world{t: t, host: "http://" + address}
	w.base = w.host + m.path
	made := testworld.New(t, w.base, time.Now(), slices.Insert(change, 0, func(c *authkit.Config) {
		c.Secrets = [][]byte{[]byte(strings.Repeat("s", 32))}
		c.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	})...)
	w.engine, w.clock, w.outbox = made.Engine, made.Clock, made.Outbox
	server.Config.Handler = m.in(w.engine.Handler())
	server.Start()
	t.Cleanup(server.Close)
	w.populate()
	return w
}

func (w *world) populate() {
	w.t.Helper()
	dev, err := w.engine.CreateDeveloper(w.t.Context(), "dev@example.com", password)
	if err != nil {
		w.t.Fatal(err)
	}
	w.devID = dev.ID.String()
	if w.app, _, err = w.engine.CreateApp(w.t.Context(), w.devID, "Demo"); err != nil {
		w.t.Fatal(err)
	}
	got := w.send("POST", "/auth/credentials/console", `{"email":"dev@example.com","password":"`+password+`","intent":"sign_in"}`)
	w.dev = got.want(w.t, 200, "").text("token")
}

// at returns a path of the app, such as at("/auth/verify").
func (w *world) at(path string) string { return path + "/" + w.app.ID.String() }

// issuer returns the `iss` of the app's tokens.
func (w *world) issuer() string { return w.base + w.at("/apps") }

// work does the work of Engine.Run.
func (w *world) work(t *testing.T) {
	t.Helper()
	if err := w.engine.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// answer is the answer to a request, decoded if it is JSON.
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// send sends a request as a client that is not a browser: it sends no cookies and follows no
// redirects. The path is under the mount point, or a whole URL; headers come as "Name: value".
func (w *world) send(method, path, body string, headers ...string) answer {
	w.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = w.base + path
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	client := http.Client{CheckRedirect: stay, Timeout: 30 * time.Second}
	res, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return read(w.t, res)
}

// stay follows no redirect.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func read(t *testing.T, res *http.Response) answer {
	t.Helper()
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: res.StatusCode, header: res.Header, raw: string(raw)}
	if a.body, err = testworld.Members(a.status, a.header, a.raw); err != nil {
		t.Fatal(err)
	}
	return a
}

// want checks the status and the code of a refusal.
func (a answer) want(t *testing.T, status int, code string) answer {
	t.Helper()
	if a.status != status || a.text("code") != code {
		t.Fatalf("got %d %s, want %d %s\n%v\n%s", a.status, a.text("code"), status, code, a.header, a.raw)
	}
	return a
}

// text returns the member that the names lead to, or "".
func (a answer) text(names ...string) string {
	var v any = a.body
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	s, _ := v.(string)
	return s
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// mustJSON encodes what a request sends.
func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
