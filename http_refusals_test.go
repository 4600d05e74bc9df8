package authkit_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// asPerson returns a request as a browser sends it that navigates.
func asPerson(r *http.Request) *http.Request {
	r.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	return r
}

// isPage checks the page of a refusal.
func isPage(t *testing.T, got answer, status int, code string) {
	t.Helper()
	page := got.Body.String()
	if got.Code != status || got.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("got %d %s %s, want a page with %d", got.Code, got.Header().Get("Content-Type"), page, status)
	}
	for _, want := range []string{"<h1>", code, got.Header().Get("X-Request-ID")} {
		if want == "" || !strings.Contains(page, want) {
			t.Errorf("page: got %s, want %q in it", page, want)
		}
	}
	if header := got.Header(); header.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(strings.Join(header.Values("Vary"), ", "), "Accept, Sec-Fetch-Mode") || header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: got %v, want no CORS, no store, and Vary", header)
	}
}

// A person who navigates is told in words what did not work, with the same status as a program.
func TestARefusedNavigationIsAPage(t *testing.T) {
	t.Parallel()
	for _, f := range flows() {
		method, pattern, _ := strings.Cut(f.route, " ")
		if f.code == "" || method != http.MethodGet {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			last := f.ready(s)
			isPage(t, s.do(asPerson(last())), f.status, f.code)
			for name, headers := range map[string][2]string{"asked for": {"application/json", "navigate"}, "fetched": {"*/*", "cors"}} {
				r := last()
				r.Header.Set("Accept", headers[0])
				r.Header.Set("Sec-Fetch-Mode", headers[1])
				got := s.do(r)
				if json := strings.HasPrefix(got.Header().Get("Content-Type"), "application/problem+json"); got.Code != f.status || json == (name == "fetched" && strings.Contains(pattern, "callback")) {
					t.Errorf("%s: got %d %s, want a problem with %d", name, got.Code, got.Header().Get("Content-Type"), f.status)
				}
			}
		})
	}
	t.Run("of every route", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		for _, rt := range authkit.Routes() {
			if rt.Method != http.MethodGet || strings.HasSuffix(rt.Pattern, "z") || slices.Contains([]string{"/authkit.js", "/openapi.json", "/docs"}, rt.Pattern) {
				continue
			}
			path := strings.Replace(rt.Pattern, "{app_id}", "nothing", 1)
			path = strings.Replace(path, "{code}", "nothing", 1)
			got := s.do(asPerson(s.request("GET", s.pathTo(path), "", "Authorization: Bearer x")))
			if got.Code < 400 {
				t.Errorf("%s: got %d, want it refused", rt.Pattern, got.Code)
				continue
			}
			code, _ := got.body["code"].(string)
			isPage(t, got, got.Code, code)
		}
	})
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		code               string
	}{
		"an unknown path":                  {"GET", "/nothing", "", 404, "not_found"},
		"an unclean path":                  {"GET", "//apps", "", 404, "not_found"},
		"a form to a page that takes none": {"POST", "/auth/sign-out", "x=1", 404, "not_found"},
		"an unknown way to sign in":        {"GET", "/auth/nothing/{app_id}", "", 404, "provider_not_configured"},
		"a goal that is not allowed":       {"GET", "/auth/corp/{app_id}?redirect_to=https://evil.example", "", 400, "invalid_request"},
		"a spent state":                    {"GET", "/auth/callback/corp/{app_id}?state=x&code=y", "", 401, "invalid_token"},
		"a provider's form":                {"POST", "/auth/callback/corp/{app_id}", "state=x&code=y", 401, "invalid_token"},
		"a form that was not shown":        {"POST", "/auth/verify/{app_id}", "token=x", 403, "forbidden"},
		"a dead link":                      {"GET", "/auth/verify/{app_id}?token=x", "", 401, "invalid_token"},
		"a dead reset":                     {"GET", "/auth/password/reset/{app_id}?token=x", "", 401, "invalid_token"},
		"a dead proof":                     {"GET", "/auth/email/verify/{app_id}?token=x", "", 401, "invalid_token"},
		"a dead change":                    {"GET", "/auth/email/confirm/{app_id}?token=x", "", 401, "invalid_token"},
		"a dead undo":                      {"GET", "/auth/email/undo/{app_id}?token=x", "", 401, "invalid_token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.provider()
			r := s.request(c.method, s.in(c.path), c.body, form)
			if c.body == "" {
				r.Header.Del("Content-Type")
			}
			isPage(t, s.do(asPerson(r)), c.status, c.code)
		})
	}
	t.Run("a fault of the server", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.faulty.FailAlways(true)
		got := s.do(asPerson(s.request("GET", s.in("/auth/verify/{app_id}?token=x"), "")))
		isPage(t, got, 503, "unavailable")
		if got.Header().Get("Retry-After") == "" {
			t.Errorf("headers: got %v, want Retry-After", got.Header())
		}
	})
	t.Run("a refusal that goes to the goal names the request", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		got := s.do(s.comes("?redirect_to="+goal, "error=access_denied", map[string]string{})())
		got.want(t, 303, "")
		if to := got.Header().Get("Location"); !strings.Contains(to, "request_id="+got.Header().Get("X-Request-ID")) {
			t.Errorf("Location: got %q, want the id of the request", to)
		}
	})
}

// If the form of a spent link is posted once more, a page says that the link is spent.
func TestTheFormOfASpentLinkIsAnsweredByAPage(t *testing.T) {
	t.Parallel()
	for _, n := range navigations() {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			s.provider()
			s.settings(authkit.AppPatch{SessionMode: &n.mode})
			ask := n.ready(s, map[string]string{})
			s.do(ask())
			s.clock.Advance(61e9)
			isPage(t, s.do(ask()), 401, "invalid_token")
		})
	}
}
