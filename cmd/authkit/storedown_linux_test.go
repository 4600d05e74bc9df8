package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/verify"
)

const (
	refusedWithin   = 2 * time.Second // a request while the store is out of reach
	recoveredWithin = 5 * time.Second // after the store's return
	frozenFor       = 7 * time.Second // longer than LiveWithin
	stoppedFor      = 2 * time.Second
)

// servers returns the path of initdb for each kind of Postgres server that this machine has.
func servers() map[string]string {
	out := map[string]string{}
	if path := initdb(); path != "" {
		out["postgres"] = path
	}
	return out
}

// TestTheStoreIsOutOfReach freezes the store of a process with clients, then stops it, and
// starts it again.
func TestTheStoreIsOutOfReach(t *testing.T) {
	t.Parallel()
	for name, path := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, newCluster(t, path))
			o.good()
			o.bad("frozen", frozenFor, o.store.freeze)
			o.recovers("thawed", o.store.thaw)
			o.bad("stopped", stoppedFor, o.store.stop)
			o.recovers("started", o.store.start)
			o.p.stop()
		})
	}
}

// request is a request that a client repeats.
type request struct {
	name, method, path, body string
	headers                  []string
	status                   int // while the store answers
}

// outage is a process, a host with an engine of its own, and a verifier, all on one store.
type outage struct {
	t     *testing.T
	store *cluster
	p     *process
	box   *lines
	app   string

	live, revoked string // access tokens
	refresh       string
	requests      []request
	link          letter // unused
	spent         letter

	host   http.Handler
	verify *verify.Verifier

	answers atomic.Int64
	slowest atomic.Int64
}

func newOutage(t *testing.T, store *cluster) *outage {
	t.Helper()
	o := &outage{t: t, store: store, box: newLines()}
	flags := sharing(t, store.dsn()+"&pool_max_conns=6")
	o.p = start(t, o.box, append(flags, "--base-url", "", "--store-patience", "1500ms")...)
	developer := o.p.developer()
	app, key := o.p.createApp(developer)
	o.app = app
	in := o.p.credentials(app, "ann@example.com", "sign_up").want(t, 201, "")
	o.live, o.refresh = in.string("token"), in.string("refresh_token")
	o.revoked = o.p.credentials(app, "ann@example.com", "sign_in").want(t, 200, "").string("token")
	o.p.send("POST", "/auth/sign-out/"+app, `{}`, bearer(o.revoked)).want(t, 204, "")
	o.spent, _ = o.p.mailed(o.box, app, "bob@example.com", "")
	o.p.send("POST", "/auth/verify/"+app, `{"token":"`+o.spent.token+`"}`).want(t, 200, "")
	o.link, _ = o.p.mailed(o.box, app, "cid@example.com", "")
	wrong := `{"email":"ann@example.com","password":"another passphrase"}`
	o.requests = []request{
		{"a password", "POST", "/auth/credentials/" + app, `{"email":"ann@example.com","password":"` + password + `"}`, nil, 200},
		{"a wrong password", "POST", "/auth/credentials/" + app, wrong, nil, 401},
		{"a link is asked for", "POST", "/auth/magic-link/" + app, `{"email":"dan@example.com"}`, nil, 202},
		{"a spent link", "POST", "/auth/verify/" + app, `{"token":"` + o.spent.token + `"}`, nil, 401},
		{"a session", "GET", "/auth/me/" + app, "", []string{bearer(o.live)}, 200},
		{"a revoked session", "GET", "/auth/me/" + app, "", []string{bearer(o.revoked)}, 401},
		{"no refresh token", "POST", "/auth/refresh/" + app, refreshing("rt_" + strings.Repeat("A", 64)), nil, 401},
		{"an API key", "GET", "/users/" + app, "", []string{bearer(key)}, 200},
		{"a developer", "GET", "/apps/", "", []string{bearer(developer)}, 200},
		{"a new app's key", "POST", "/apps/" + app + "/api-keys", `{"overlap_seconds":"no"}`, []string{bearer(developer)}, 400},
		{"keys", "GET", "/apps/" + app + "/.well-known/jwks.json", "", nil, 200},
		{"ready", "GET", "/readyz", "", nil, 200},
	}
	o.host = o.newHost(flags)
	var err error
	if o.verify, err = verify.New(verify.Config{Issuer: "http://" + o.p.addr + "/apps/" + app}); err != nil {
		t.Fatal(err)
	}
	return o
}

// newHost makes a host with a route behind Require.
func (o *outage) newHost(flags []string) http.Handler {
	o.t.Helper()
	at := place{Store: flags[1], SecretFile: []string{flags[3]}}
	st, err := at.open(o.t.Context(), postgres.WithPatience(1500*time.Millisecond))
	if err != nil {
		o.t.Fatal(err)
	}
	secrets, err := at.secrets(o.t.Context(), st.Store)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = st.close() })
	engine, err := authkit.New(authkit.Config{Store: st.Store, Secrets: secrets, BaseURL: "http://" + o.p.addr, Mailer: mail.NewOutbox()})
	if err != nil {
		o.t.Fatal(err)
	}
	return engine.Require(authkit.ForApp(uuid.MustParse(o.app)))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
}

func (o *outage) hosted(token string) int {
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(o.t.Context(), http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	begun := time.Now()
	o.host.ServeHTTP(w, r)
	o.took("the host's route", begun)
	return w.Code
}

func (o *outage) took(what string, begun time.Time) {
	took := time.Since(begun)
	if took > refusedWithin {
		o.t.Errorf("%s: took %v, want %v at most", what, took, refusedWithin)
	}
	for {
		was := o.slowest.Load()
		if int64(took) <= was || o.slowest.CompareAndSwap(was, int64(took)) {
			return
		}
	}
}

// good checks each request while the store answers.
func (o *outage) good() {
	o.t.Helper()
	for _, r := range o.requests {
		o.p.send(r.method, r.path, r.body, r.headers...).want(o.t, r.status, "")
	}
	if got := o.hosted(o.live); got != http.StatusOK {
		o.t.Errorf("the host's route: got %d, want 200", got)
	}
	if got := o.hosted(o.revoked); got != http.StatusUnauthorized {
		o.t.Errorf("the host's route with a revoked session: got %d, want 401", got)
	}
	o.storeless()
}

// storeless checks what works without the store.
func (o *outage) storeless() {
	o.t.Helper()
	begun := time.Now()
	o.p.send("GET", "/healthz", "").want(o.t, 200, "")
	if _, err := o.verify.Verify(o.t.Context(), o.live); err != nil {
		o.t.Errorf("verify: got %v, want the claims", err)
	}
	o.took("what needs no store", begun)
}

// bad has every client repeat its request while the store is out of reach.
func (o *outage) bad(what string, long time.Duration, begin func()) {
	o.t.Helper()
	o.answers.Store(0)
	o.slowest.Store(0)
	if got := o.hosted(o.live); got != http.StatusOK {
		o.t.Fatalf("the host's route: got %d, want 200", got)
	}
	heard := time.Now()
	begin()
	if got := o.hosted(o.live); got != http.StatusOK && time.Since(heard) < authkitLiveWithin {
		o.t.Errorf("the host's route: got %d, want 200 by the store's last word", got)
	}
	var asking sync.WaitGroup
	for _, r := range o.requests {
		asking.Go(func() {
			for until := time.Now().Add(long); time.Now().Before(until); {
				o.refused(what, r)
			}
		})
	}
	asking.Go(func() {
		for until := time.Now().Add(long); time.Now().Before(until); <-time.After(50 * time.Millisecond) {
			o.storeless()
			if got := o.hosted(o.revoked); got != http.StatusServiceUnavailable && got != http.StatusUnauthorized {
				o.t.Errorf("the host's route with a revoked session: got %d, want a refusal", got)
			}
		}
	})
	asking.Wait()
	if time.Since(heard) > authkitLiveWithin {
		if got := o.hosted(o.live); got != http.StatusServiceUnavailable {
			o.t.Errorf("the host's route, %v after the store's last word: got %d, want 503", time.Since(heard), got)
		}
	}
	o.t.Logf("%s for %v: %d refusals, the slowest after %v", what, long, o.answers.Load(), time.Duration(o.slowest.Load()))
}

const authkitLiveWithin = 5 * time.Second // the default of Config.Tokens.LiveWithin

// refused sends a request once and checks that it is refused soon.
func (o *outage) refused(what string, r request) {
	begun := time.Now()
	got, err := o.p.tryOnce(r.method, r.path, r.body, r.headers)
	o.took(what+", "+r.name, begun)
	o.answers.Add(1)
	if err != nil || got.status != http.StatusServiceUnavailable || got.string("code") != "unavailable" || got.header.Get("Retry-After") == "" {
		o.t.Errorf("%s, %s: got %d %q, %v, want 503 unavailable with Retry-After", what, r.name, got.status, got.text, err)
	}
	if got.body["token"] != nil || got.body["refresh_token"] != nil || got.header.Get("Set-Cookie") != "" {
		o.t.Errorf("%s, %s: got %q, want no request let in", what, r.name, got.text)
	}
	<-time.After(10 * time.Millisecond)
}

// recovers waits until each request is answered as before.
func (o *outage) recovers(what string, begin func()) {
	o.t.Helper()
	begin()
	back := time.Now()
	for _, r := range o.requests {
		for {
			got, err := o.p.tryOnce(r.method, r.path, r.body, r.headers)
			if err == nil && got.status == r.status {
				break
			}
			if took := time.Since(back); took > recoveredWithin || err != nil || got.status != http.StatusServiceUnavailable {
				o.t.Fatalf("%s, %s: got %d %q, %v after %v, want %d", what, r.name, got.status, got.text, err, took, r.status)
			}
			<-time.After(10 * time.Millisecond)
		}
	}
	o.t.Logf("%s: recovered within %v", what, time.Since(back))
	o.good()
	next := o.p.refresh(o.app, o.refresh).want(o.t, 200, "")
	o.refresh = next.string("refresh_token")
	o.p.send("POST", "/auth/verify/"+o.app, `{"token":"`+o.link.token+`"}`).want(o.t, 200, "")
	o.link, _ = o.p.mailed(o.box, o.app, "cid@example.com", "")
}
