package authkit_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// pathTo fills the places of a pattern.
func (w *world) pathTo(pattern string) string {
	return strings.NewReplacer("{app_id}", w.app.ID.String(), "{provider}", "corp", "{id}", uuid.NewString(), "{code}", "unavailable", "{hash}", "x",
		"{user_id}", uuid.NewString(), "{session_id}", uuid.NewString()).Replace(pattern)
}

// credential returns the header with the credential that a route requires, if any.
func (s *stage) credential(pattern string) []string {
	switch {
	case strings.Contains(pattern, "/.well-known/"):
		return nil
	case strings.HasPrefix(pattern, "/apps"):
		return []string{bearer(s.token)}
	case strings.HasPrefix(pattern, "/users"):
		return []string{bearer(s.key)}
	case strings.HasPrefix(pattern, "/auth/me"), strings.HasPrefix(pattern, "/auth/sessions"), strings.HasPrefix(pattern, "/auth/identities"),
		strings.HasPrefix(pattern, "/auth/passkeys/"), strings.HasPrefix(pattern, "/auth/totp/"), strings.HasPrefix(pattern, "/auth/step-up/"),
		strings.HasPrefix(pattern, "/auth/recovery-codes/"), pattern == "/auth/mfa/{app_id}",
		pattern == "/auth/password/change/{app_id}", pattern == "/auth/password/set/{app_id}",
		pattern == "/auth/email/send/{app_id}", pattern == "/auth/email/change/{app_id}", pattern == "/auth/email/confirm/{app_id}":
		return []string{bearer(s.signUp(s.email()).text(s.t, "token"))}
	case pattern == "/auth/access-token/{app_id}":
		return []string{s.byCookie()}
	}
	return nil
}

// byCookie signs up a new user and returns the cookie with the session. From then on the app is
// in either mode.
func (s *stage) byCookie() string {
	s.t.Helper()
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionEither)})
	got := s.send("POST", s.in("/auth/credentials/{app_id}?session=cookie"), signInBody(s.email(), password, "sign_up"))
	got.want(s.t, 201, "")
	return s.cookieOf(got)
}

// cookieOf returns the session cookie that an answer sets, as a browser sends it.
func (w *world) cookieOf(got answer) string {
	w.t.Helper()
	for _, c := range (&http.Response{Header: got.Header()}).Cookies() {
		if strings.HasSuffix(c.Name, "authkit-"+w.app.ID.String()) && c.MaxAge > 0 {
			return "Cookie: " + c.Name + "=" + c.Value
		}
	}
	w.t.Fatalf("got %v, want a session cookie", got.Header())
	return ""
}

func TestPaths(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.app.ID.String()
	for _, path := range []string{
		"", "/", "/nothing", "/nothing/" + id, "/auth", "/auth/", "/auth/credentials", "/auth/credentials/", "/auth/credentials/" + id + "/",
		"/apps/" + id + "/", "/apps/" + id + "/nothing", "/apps/" + id + "/api-keys/", "/healthz/", "/HEALTHZ", "/Apps",
		"//apps", "/apps//", "/apps//" + id, "/apps/../apps", "/apps/.", "/apps/./" + id, "/apps%2F", "/apps%2F" + id, "/apps/%2E%2E/apps", "/apps/%2e",
		"/healthz%00", "/apps/%00", "/id/apps",
	} {
		got := w.send("GET", path, "")
		if got.Code != 404 || got.body["code"] != "not_found" || got.Header().Get("Location") != "" {
			t.Errorf("GET %q: got %d %v, Location %q, want 404 not_found", path, got.Code, got.body["code"], got.Header().Get("Location"))
		}
	}
	t.Run("/apps and /apps/ are one resource", func(t *testing.T) {
		for _, path := range []string{"/apps", "/apps/"} {
			w.send("GET", path, "", bearer(w.token)).want(t, 200, "")
			w.send("POST", path, `{"name":"App `+strconv.Itoa(len(path))+`"}`, bearer(w.token)).want(t, 201, "")
			w.send("PUT", path, "").want(t, 405, "method_not_allowed")
		}
	})
	t.Run("a slash inside a place is part of no name", func(t *testing.T) {
		w.send("GET", "/auth/corp%2F"+id+"/"+id, "").want(t, 404, "provider_not_configured")
		w.send("GET", "/apps/"+id+"%2Fapi-keys", "", bearer(w.token)).want(t, 404, "app_not_found")
		w.send("GET", "/errors/unavailable%2F", "").want(t, 404, "not_found")
	})
}

func TestIDs(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	spellings := map[string]func(id string) string{
		"upper case":   strings.ToUpper,
		"braces":       func(id string) string { return "{" + id + "}" },
		"urn":          func(id string) string { return "urn:uuid:" + id },
		"no dashes":    func(id string) string { return strings.ReplaceAll(id, "-", "") },
		"a space":      func(id string) string { return id + " " },
		"a line break": func(id string) string { return id + "\n" },
		"half of it":   func(id string) string { return id[:18] },
		"another's":    func(string) string { return uuid.NewString() },
		"nil":          func(string) string { return uuid.Nil.String() },
		"no id":        func(string) string { return "demo" },
	}
	made := s.made()
	for name, spell := range spellings {
		t.Run(name, func(t *testing.T) {
			s.clock.Advance(time.Minute)
			for _, rt := range authkit.Routes() {
				if !strings.Contains(rt.Pattern, "{app_id}") {
					continue
				}
				body := ""
				if rt.Method == http.MethodPost || rt.Method == http.MethodPatch {
					body = "{}"
				}
				path := s.pathTo(strings.ReplaceAll(rt.Pattern, "{app_id}", url.PathEscape(spell(s.app.ID.String()))))
				got := s.send(rt.Method, path, body, s.credential(rt.Pattern)...)
				if got.Code != 404 || got.body["code"] != "app_not_found" {
					t.Errorf("%s %s: got %d %v, want 404 app_not_found", rt.Method, path, got.Code, got.body["code"])
				}
			}
			s.send("DELETE", s.in("/apps/{app_id}/api-keys/")+url.PathEscape(spell(made)), "", bearer(s.token)).want(t, 404, "not_found")
		})
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.settings(authkit.AppPatch{SessionMode: new(authkit.SessionEither)}) // else there is no account page
	takes := map[string][]string{}
	for _, rt := range authkit.Routes() {
		takes[rt.Pattern] = append(takes[rt.Pattern], rt.Method)
		if rt.Method == http.MethodGet {
			takes[rt.Pattern] = append(takes[rt.Pattern], http.MethodHead)
		}
	}
	takes["/apps/"] = takes["/apps"]
	for pattern, methods := range takes {
		slices.Sort(methods)
		allow := strings.Join(methods, ", ")
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "post"} {
			got := w.send(method, w.pathTo(pattern), "")
			if refused := got.Code == 405; refused == slices.Contains(methods, method) {
				t.Errorf("%s %s: got %d, want it taken: %v", method, pattern, got.Code, !refused)
			}
			if got.Code == 405 && (got.Header().Get("Allow") != allow || got.body["code"] != "method_not_allowed") {
				t.Errorf("%s %s: got Allow %q, %v, want %q, method_not_allowed", method, pattern, got.Header().Get("Allow"), got.body["code"], allow)
			}
			if got.Code == 404 && got.body["code"] == "not_found" && !strings.HasPrefix(pattern, "/errors/") && !strings.HasPrefix(pattern, "/branding/") {
				t.Errorf("%s %s: got not_found, want it known", method, pattern)
			}
		}
	}
}

// readOnly is a store that reports every write.
type readOnly struct {
	authkit.Store

	t     *testing.T
	armed bool
}

func (r *readOnly) mind(verb string) {
	if r.armed {
		r.t.Errorf("%s: got a call, want none", verb)
	}
}

func (r *readOnly) Put(ctx context.Context, p authkit.Put) error {
	r.mind("Put")
	return r.Store.Put(ctx, p)
}

func (r *readOnly) TakeToken(ctx context.Context, app uuid.UUID, take authkit.Take, now time.Time) (authkit.Token, error) {
	r.mind("TakeToken")
	return r.Store.TakeToken(ctx, app, take, now)
}

func (r *readOnly) TryToken(ctx context.Context, app uuid.UUID, t authkit.Try, now time.Time) (authkit.Tried, error) {
	r.mind("TryToken")
	return r.Store.TryToken(ctx, app, t, now)
}

func (r *readOnly) CreateUser(ctx context.Context, c authkit.NewUser) (authkit.User, error) {
	r.mind("CreateUser")
	return r.Store.CreateUser(ctx, c)
}

func (r *readOnly) ChangeUser(ctx context.Context, c authkit.UserChange) (authkit.User, error) {
	r.mind("ChangeUser")
	return r.Store.ChangeUser(ctx, c)
}

func (r *readOnly) EndSession(ctx context.Context, e authkit.SessionEnd) error {
	r.mind("EndSession")
	return r.Store.EndSession(ctx, e)
}

func TestHeadHasNoEffect(t *testing.T) {
	t.Parallel()
	for _, f := range flows() {
		if !strings.HasPrefix(f.route, "GET ") {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			var store *readOnly
			s := newStage(t, func(c *authkit.Config) {
				store = &readOnly{Store: c.Store, t: t}
				c.Store = store
			})
			last := f.ready(s)
			before := s.state()
			store.armed = true
			for range 3 {
				r := last()
				r.Method = http.MethodHead
				if got := s.do(r); got.Code >= 500 || got.Code == 405 {
					t.Errorf("HEAD: got %d", got.Code)
				}
			}
			store.armed = false
			if after := s.state(); after != before {
				t.Errorf("the store: got\n%s\nwant it unchanged:\n%s", after, before)
			}
			f.wellDone(t, s.do(last()))
		})
	}
}
