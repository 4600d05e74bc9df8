package authkit_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testclock"
	"github.com/authkit-dev/authkit/internal/testworld"
	"github.com/authkit-dev/authkit/mail"
)

const (
	origin   = "http://localhost:8080"
	base     = origin + "/id"
	password = "a long enough passphrase"
)

// world is an engine with an app, mounted under a subpath.
type world struct {
	t      *testing.T
	engine *authkit.Engine
	server http.Handler
	clock  *testclock.Clock
	outbox *mail.Outbox
	peer   string // the address that requests come from
	app    authkit.App
	key    string // an API key of app
	token  string // of the developer who owns app
	devID  string
	tries  int // of passwords, each from an address of its own
}

func setup(t *testing.T, change ...func(*authkit.Config)) *world {
	t.Helper()
	made := testworld.New(t, base, time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), change...)
	w := &world{t: t, engine: made.Engine, clock: made.Clock, outbox: made.Outbox, peer: "192.0.2.1:1234"}
	w.server = http.StripPrefix("/id", w.engine.Handler())
	ownDevelopers := made.Config.Developers != nil
	w.devID = "me"
	if !ownDevelopers {
		w.devID = w.developer("dev@example.com")
	}
	var err error
	if w.app, w.key, err = w.engine.CreateApp(t.Context(), w.devID, "Demo"); err != nil {
		t.Fatal(err)
	}
	if !ownDevelopers {
		w.token = w.signIn("console", "dev@example.com")
	}
	return w
}

// withoutLimits is for tests that ask often.
func withoutLimits(c *authkit.Config) { c.Limits.InsecureOff = true }

// developer makes a developer and returns the id.
func (w *world) developer(email string) string {
	w.t.Helper()
	dev, err := w.engine.CreateDeveloper(w.t.Context(), email, password)
	if err != nil {
		w.t.Fatal(err)
	}
	return dev.ID.String()
}

// settings changes the app.
func (w *world) settings(p authkit.AppPatch) {
	w.t.Helper()
	if _, err := w.engine.ChangeApp(w.t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, p); err != nil {
		w.t.Fatal(err)
	}
}

// mailsNoProof lets sign-ups mail nothing, and sends what waits, for tests of other mail.
func (w *world) mailsNoProof() {
	w.t.Helper()
	w.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailOff)})
	_ = w.engine.RunOnce(w.t.Context()) // the notice to the developer
}

// in puts the app's id in the place of {app_id}.
func (w *world) in(path string) string {
	return strings.ReplaceAll(path, "{app_id}", w.app.ID.String())
}

// from returns the same world for a peer at another address.
func (w *world) from(addr string) *world {
	other := *w
	other.peer = addr
	return &other
}

// answer is an answer, decoded if it is JSON.
type answer struct {
	*httptest.ResponseRecorder

	body map[string]any
}

// request returns a request to a path under the mount point. Headers are written "Name: value".
// A request with a body is JSON unless a header says otherwise.
func (w *world) request(method, path, body string, headers ...string) *http.Request {
	w.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(w.t.Context(), method, "/id"+path, reader)
	r.RemoteAddr = w.peer
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return r
}

// serve answers a request, and holds the answer against the API document.
func (w *world) serve(r *http.Request) *httptest.ResponseRecorder {
	w.t.Helper()
	got := httptest.NewRecorder()
	w.server.ServeHTTP(got, r)
	record(w.t, r, got)
	documented(w.t, r, got)
	return got
}

func (w *world) do(r *http.Request) answer {
	w.t.Helper()
	got := answer{ResponseRecorder: w.serve(r)}
	var err error
	if got.body, err = testworld.Members(got.Code, got.Header(), got.Body.String()); err != nil {
		w.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	return got
}

func (w *world) send(method, path, body string, headers ...string) answer {
	w.t.Helper()
	return w.do(w.request(method, path, body, headers...))
}

// want checks the status and, if given, the code.
func (a answer) want(t *testing.T, status int, code string) {
	t.Helper()
	if got, _ := a.body["code"].(string); a.Code != status || (code != "" && got != code) {
		t.Fatalf("got %d %s, want %d %s\n%s", a.Code, got, status, code, a.Body)
	}
}

// fields returns the fields that a refusal names, in their order.
func (a answer) fields() string {
	var names []string
	list, _ := a.body["errors"].([]any)
	for _, f := range list {
		names = append(names, f.(map[string]any)["field"].(string))
	}
	return strings.Join(names, " ")
}

// text returns a member that is a string.
func (a answer) text(t *testing.T, name string) string {
	t.Helper()
	s, ok := a.body[name].(string)
	if !ok {
		t.Fatalf("%s: got %v, want a string\n%s", name, a.body[name], a.Body)
	}
	return s
}

func (w *world) signIn(app, email string) string {
	w.t.Helper()
	got := w.send("POST", "/auth/credentials/"+app, `{"email":"`+email+`","password":"`+password+`","intent":"sign_in"}`)
	got.want(w.t, 200, "")
	return got.text(w.t, "token")
}

func (w *world) signUp(email string) answer {
	w.t.Helper()
	got := w.send("POST", "/auth/credentials/"+w.app.ID.String(), `{"email":"`+email+`","password":"`+password+`"}`)
	got.want(w.t, 201, "")
	return got
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// wantOneWinner sends requests at once, of which one must succeed.
func wantOneWinner(t *testing.T, requests []func() answer) {
	t.Helper()
	var won atomic.Int32
	var all sync.WaitGroup
	for _, send := range requests {
		all.Go(func() {
			if send().Code == http.StatusOK {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("winners: got %d, want 1", won.Load())
	}
}
