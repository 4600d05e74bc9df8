package authkit_test

import (
	"strings"
	"testing"
)

func TestConventions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.app.ID.String()
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		code               string
	}{
		"an unknown path":                      {"GET", "/nothing", "", nil, 404, "not_found"},
		"the bare mount":                       {"GET", "/", "", nil, 404, "not_found"},
		"an unclean path":                      {"GET", "//apps", "", nil, 404, "not_found"},
		"a path with dots":                     {"GET", "/apps/../apps", "", nil, 404, "not_found"},
		"another method":                       {"DELETE", "/apps", "", nil, 405, "method_not_allowed"},
		"GET on a POST-only word":              {"GET", "/auth/credentials/" + id, "", nil, 405, "method_not_allowed"},
		"a plain OPTIONS":                      {"OPTIONS", "/apps", "", nil, 405, "method_not_allowed"},
		"a method before a credential":         {"PUT", "/users/" + id, "", nil, 405, "method_not_allowed"},
		"an id in upper case":                  {"POST", "/auth/credentials/" + strings.ToUpper(id), "{}", nil, 404, "app_not_found"},
		"an unknown app before a bad body":     {"POST", "/auth/credentials/00000000-0000-7000-8000-000000000001", "nonsense", nil, 404, "app_not_found"},
		"a credential before the app":          {"GET", "/apps/nonsense", "", nil, 401, "unauthenticated"},
		"a body on GET":                        {"GET", "/healthz", "{}", nil, 400, "invalid_request"},
		"another content type":                 {"POST", "/auth/credentials/" + id, "{}", []string{"Content-Type: text/plain"}, 415, "unsupported_media_type"},
		"too much":                             {"POST", "/auth/credentials/" + id, `{"email":"` + strings.Repeat("a", 65536) + `"}`, nil, 413, "body_too_large"},
		"a cross-origin POST":                  {"POST", "/auth/credentials/" + id, "{}", []string{"Origin: https://evil.example"}, 403, "forbidden"},
		"a cross-site POST":                    {"POST", "/auth/credentials/" + id, "{}", []string{"Sec-Fetch-Site: cross-site"}, 403, "forbidden"},
		"a cross-origin POST before the token": {"POST", "/apps", "{}", []string{"Origin: null"}, 403, "forbidden"},
		"health":                               {"GET", "/healthz", "", nil, 200, ""},
		"readiness":                            {"GET", "/readyz", "", nil, 200, ""},
		"an error's page":                      {"GET", "/errors/rate_limited", "", nil, 200, ""},
		"the page of no error":                 {"GET", "/errors/nonsense", "", nil, 404, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.send(c.method, c.path, c.body, c.headers...)
			got.want(t, c.status, c.code)
			header := got.Header()
			if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("X-Request-ID") == "" ||
				header.Get("Referrer-Policy") != "no-referrer" || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("headers: got %v", header)
			}
			if c.status >= 400 {
				if got.body["type"] != base+"/errors/"+c.code || got.body["request_id"] != header.Get("X-Request-ID") ||
					header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("problem: got %s", got.Body)
				}
			}
			if c.status == 405 && header.Get("Allow") == "" {
				t.Error("Allow: got none")
			}
			if c.status == 401 && header.Get("WWW-Authenticate") == "" {
				t.Error("WWW-Authenticate: got none")
			}
		})
	}
}
