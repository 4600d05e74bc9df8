package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/authkit-dev/authkit/mail"
)

// TestMounts tests under each router what depends on where authkit is mounted.
func TestMounts(t *testing.T) {
	t.Parallel()
	for name, m := range mounts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, m)
			for name, test := range map[string]func(*testing.T, *world){
				"a token is verified from its issuer":                     tokenFromIssuer,
				"a link leads to the mount, and on to the goal":           linkUnderMount,
				"a sign-in at a provider comes back to the mount":         oauthUnderMount,
				"unknown paths and other methods are refused by authkit":  refusedByAuthkit,
				"the collection with and without a slash is one resource": oneResource,
				"the type of a problem is a page of the mount":            typeIsServed,
				"an app's origins may ask before they call":               preflightUnderMount,
				"what is mounted is not found outside of the mount":       onlyUnderMount,
			} {
				t.Run(name, func(t *testing.T) { test(t, w) })
			}
			t.Run("unclean paths are not found", func(t *testing.T) { uncleanPaths(t, w, m) })
		})
	}
}

func tokenFromIssuer(t *testing.T, w *world) {
	in := w.send("POST", w.at("/auth/credentials"), `{"email":"ann@example.com","password":"`+password+`"}`).want(t, 201, "")
	provider, err := oidc.NewProvider(t.Context(), w.issuer())
	if err != nil {
		t.Fatal(err)
	}
	got, err := provider.VerifierContext(t.Context(), &oidc.Config{ClientID: w.app.ID.String()}).Verify(t.Context(), in.text("token"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Issuer != w.issuer() || got.Subject != in.text("user", "user_id") {
		t.Errorf("token: got issuer %q and subject %q, want %q and %q", got.Issuer, got.Subject, w.issuer(), in.text("user", "user_id"))
	}
	me := w.send("GET", w.at("/auth/me"), "", bearer(in.text("token"))).want(t, 200, "")
	if me.text("user_id") != got.Subject {
		t.Errorf("me: got %s, want user %s", me.raw, got.Subject)
	}
}

func linkUnderMount(t *testing.T, w *world) {
	goal := w.host + "/done" // of the origin of the base URL, where the browser's cookie is the proof
	w.send("PATCH", w.at("/apps"), mustJSON(t, map[string]any{"redirect_urls": []string{goal}}), bearer(w.dev)).want(t, 200, "")
	w.send("POST", w.at("/auth/magic-link"), `{"email":"bob@example.com","redirect_to":"`+goal+`"}`).want(t, 202, "")
	w.work(t)
	m, _ := w.outbox.Last("bob@example.com")
	if want := w.base + w.at("/auth/verify") + "?token="; !strings.HasPrefix(mail.Link(m), want) {
		t.Fatalf("link: got %q, want it to begin with %q", mail.Link(m), want)
	}
	b := newBrowser(t)
	asked := b.open(mail.Link(m))
	if want := w.base + w.at("/auth/verify"); b.form(asked).action != want {
		t.Errorf("form: got action %q, want %q", b.form(asked).action, want)
	}
	done := b.submit(asked)
	if !strings.HasPrefix(done.at.String(), goal+"?code=") {
		t.Fatalf("button: got %d to %s, want %s with a code", done.status, done.at, goal)
	}
	w.send("POST", w.at("/auth/token"), `{"code":"`+done.at.Query().Get("code")+`"}`, b.cookies(w.base)).want(t, 200, "")
}

// oauthUnderMount needs no provider: GitHub's addresses are built in.
func oauthUnderMount(t *testing.T, w *world) {
	callback := w.base + "/auth/callback/github/" + w.app.ID.String()
	config := mustJSON(t, map[string]any{"provider": "github", "client_id": "c", "client_secret": "s", "redirect_uri": callback})
	stored := w.send("POST", w.at("/apps")+"/oauth-configs", config, bearer(w.dev)).want(t, 201, "")
	if stored.text("redirect_uri") != callback {
		t.Errorf("configuration: got redirect_uri %q, want %q", stored.text("redirect_uri"), callback)
	}
	start := newBrowser(t).open(w.base + w.at("/auth/github"))
	q := start.at.Query()
	if start.status != http.StatusFound || start.at.Host != "github.com" || q.Get("redirect_uri") != callback {
		t.Fatalf("start: got %d to %s, want 302 to github.com with redirect_uri %q", start.status, start.at, callback)
	}
	form := url.Values{"code": {"c"}, "state": {q.Get("state")}}.Encode()
	bounce := w.send("POST", callback, form, "Content-Type: application/x-www-form-urlencoded", "Origin: https://github.com", "Sec-Fetch-Site: cross-site").want(t, 303, "")
	if to := bounce.header.Get("Location"); !strings.HasPrefix(to, callback+"?resume=") {
		t.Errorf("bounce: got Location %q, want it to begin with %q", to, callback+"?resume=")
	}
}

// wantProblem checks that authkit refused, and not the router.
func (a answer) wantProblem(t *testing.T, w *world, status int, code string) {
	t.Helper()
	a.want(t, status, code)
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type: got %q, want application/problem+json", got)
	}
	if got, want := a.text("type"), w.base+"/errors/"+code; got != want {
		t.Errorf("type: got %q, want %q", got, want)
	}
	if a.text("request_id") == "" || a.text("request_id") != a.header.Get("X-Request-ID") {
		t.Errorf("request_id: got %q beside X-Request-ID %q, want one id", a.text("request_id"), a.header.Get("X-Request-ID"))
	}
}

func refusedByAuthkit(t *testing.T, w *world) {
	for _, path := range []string{"/", "/nothing", "/auth", "/auth/", "/apps/x/y/z", "/healthz/", w.at("/auth/verify") + "/", "/errors/nonsense"} {
		t.Run("GET "+path, func(t *testing.T) { w.send("GET", path, "").wantProblem(t, w, 404, "not_found") })
	}
	for path, allow := range map[string]string{
		"/apps": "GET, HEAD, POST", "/apps/": "GET, HEAD, POST", "/healthz": "GET, HEAD", w.at("/auth/credentials"): "POST",
		w.at("/auth/me"): "DELETE, GET, HEAD, PATCH",
	} {
		for _, method := range []string{"TRACE", "PUT", "OPTIONS"} {
			if path == w.at("/auth/credentials") && method == "OPTIONS" {
				continue
			}
			t.Run(method+" "+path, func(t *testing.T) {
				got := w.send(method, path, "")
				got.wantProblem(t, w, 405, "method_not_allowed")
				if got.header.Get("Allow") != allow {
					t.Errorf("Allow: got %q, want %q", got.header.Get("Allow"), allow)
				}
			})
		}
	}
	w.send("GET", "/apps", "").wantProblem(t, w, 401, "unauthenticated")
}

func oneResource(t *testing.T, w *world) {
	for _, path := range []string{"/apps", "/apps/"} {
		got := w.send("GET", path, "", bearer(w.dev)).want(t, 200, "")
		if !strings.Contains(got.raw, w.app.ID.String()) {
			t.Errorf("GET %s: got %s, want app %s", path, got.raw, w.app.ID)
		}
		made := w.send("POST", path, mustJSON(t, map[string]string{"name": "made at " + strings.ReplaceAll(path, "/", ".")}), bearer(w.dev)).want(t, 201, "")
		if made.text("api_key") == "" {
			t.Errorf("POST %s: got %s, want an API key", path, made.raw)
		}
	}
}

func typeIsServed(t *testing.T, w *world) {
	refusal := w.send("POST", w.at("/auth/credentials"), `{"email":"nobody@example.com","password":"nonsense"}`).want(t, 401, "invalid_credentials")
	got := w.send("GET", refusal.text("type"), "")
	if got.status != 200 || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") || !strings.Contains(got.raw, "invalid_credentials") {
		t.Errorf("GET %s: got %d %s, want a page on invalid_credentials", refusal.text("type"), got.status, got.raw)
	}
}

func preflightUnderMount(t *testing.T, w *world) {
	friend := "https://app.example"
	w.send("PATCH", w.at("/apps"), mustJSON(t, map[string]any{"origins": []string{friend}}), bearer(w.dev)).want(t, 200, "")
	got := w.send("OPTIONS", w.at("/auth/credentials"), "", "Origin: "+friend, "Access-Control-Request-Method: POST").want(t, 204, "")
	if allowed := got.header.Get("Access-Control-Allow-Origin"); allowed != friend {
		t.Errorf("Access-Control-Allow-Origin: got %q, want %q", allowed, friend)
	}
}

func onlyUnderMount(t *testing.T, w *world) {
	for _, path := range []string{"/healthz", "/x/healthz"} {
		got := w.send("GET", w.host+path, "")
		if served, want := got.status == 200, w.host+path == w.base+"/healthz"; served != want {
			t.Errorf("GET %s beside mount %s: got %d", w.host+path, w.base, got.status)
		}
	}
}

func uncleanPaths(t *testing.T, w *world, m mount) {
	for _, path := range []string{"//apps", "/apps//", "/./healthz", "/apps/../healthz", "/auth//" + w.app.ID.String(), "/healthz/.", "/healthz/..", "/%2e%2e/healthz", "/a%2F..%2Fhealthz"} {
		t.Run(path, func(t *testing.T) {
			got := w.send("GET", path, "")
			if m.cleans && got.header.Get("Location") != "" {
				if to := got.header.Get("Location"); got.status != http.StatusTemporaryRedirect || strings.Contains(to, "//") || strings.Contains(to, "/.") {
					t.Errorf("got %d to %q, want 307 to a clean path", got.status, to)
				}
				return
			}
			got.wantProblem(t, w, 404, "not_found")
		})
	}
}
