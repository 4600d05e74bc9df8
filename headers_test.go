package authkit_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// checkHeaders checks the headers that every answer of the handler has.
func checkHeaders(t *testing.T, got answer, inbound string) {
	t.Helper()
	header := got.Header()
	isPage := strings.HasPrefix(header.Get("Content-Type"), "text/html")
	for name, want := range map[string]string{
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "no-referrer",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		if name == "Referrer-Policy" && strings.Contains(got.Body.String(), "<form") {
			want = "same-origin" // otherwise browsers send Origin: null with the form
		}
		if isPage && name == "Content-Security-Policy" {
			continue // see TestPages
		}
		if values := header.Values(name); len(values) != 1 || values[0] != want {
			t.Errorf("%s: got %q, want %q", name, values, want)
		}
	}
	id, err := uuid.Parse(header.Get("X-Request-ID"))
	if err != nil || id.Version() != 7 || id.String() == inbound || len(header.Values("X-Request-ID")) != 1 {
		t.Errorf("X-Request-ID: got %q, want one id of version 7 made here", header.Values("X-Request-ID"))
	}
	if name, ok := got.body["request_id"]; ok && name != header.Get("X-Request-ID") {
		t.Errorf("request_id: got %v, want %s", name, header.Get("X-Request-ID"))
	}
	if header.Get("Server") != "" || header.Get("X-Powered-By") != "" {
		t.Errorf("headers: got %v, want nothing of what runs here", header)
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	inbound := uuid.Must(uuid.NewV7()).String()
	for _, f := range flows() {
		if f.route == "" {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			r := f.ready(s)()
			r.Header.Set("X-Request-ID", inbound)
			got := s.do(r)
			f.wellDone(t, got)
			checkHeaders(t, got, inbound)
			if kept := got.Header().Get("Cache-Control"); kept != "no-store" && got.Code != 204 && !public(f.route) && f.route != "GET /docs" && f.name != "show a logo" {
				t.Errorf("Cache-Control: got %q, want no-store", kept)
			}
		})
	}
	for name, c := range map[string]struct {
		method, path string
		status       int
		headers      []string
	}{
		"an unknown path":  {"GET", "/nothing", 404, nil},
		"an unclean path":  {"GET", "//apps", 404, nil},
		"the bare mount":   {"GET", "", 404, nil},
		"another method":   {"PUT", "/apps", 405, nil},
		"a plain OPTIONS":  {"OPTIONS", "/apps", 405, nil},
		"HEAD":             {"HEAD", "/healthz", 200, nil},
		"a foreign origin": {"POST", "/apps", 403, []string{"Origin: " + evil}},
		"no credential":    {"GET", "/apps", 401, nil},
		"no error code":    {"GET", "/errors/nothing", 404, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			got := s.send(c.method, c.path, "", append(c.headers, "X-Request-ID: "+inbound)...)
			got.want(t, c.status, "")
			checkHeaders(t, got, inbound)
		})
	}
}

// broken is a store that panics when it is asked for an app.
type broken struct {
	authkit.Store

	armed bool
}

func (b *broken) App(ctx context.Context, app uuid.UUID) (authkit.App, error) {
	if b.armed {
		panic("sql: secret text of a defect")
	}
	return b.Store.App(ctx, app)
}

func TestAPanicIsOneAnswer(t *testing.T) {
	t.Parallel()
	store := &broken{}
	s := newStage(t, func(c *authkit.Config) {
		store.Store = c.Store
		c.Store = store
	})
	store.armed = true
	for _, c := range [][2]string{{"GET", "/apps/{app_id}"}, {"POST", "/auth/verify/{app_id}"}, {"GET", "/auth/corp/{app_id}"}} {
		got := s.send(c[0], s.in(c[1]), "", bearer(s.token))
		got.want(t, 500, "internal")
		checkHeaders(t, got, "")
		if strings.Contains(got.Body.String(), "sql") || strings.Contains(got.Body.String(), ".go") {
			t.Errorf("body: got %s, want nothing internal", got.Body)
		}
	}
	store.armed = false
	s.send("GET", s.in("/apps/{app_id}"), "", bearer(s.token)).want(t, 200, "")
}

var styleNonce = regexp.MustCompile(`<style nonce="([^"]+)">`)

func TestPages(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	ask := func(extra string) answer {
		_, m := s.mailed(s.email(), extra)
		return s.send("GET", linkPath(m), "")
	}
	nonces := map[string]bool{}
	for name, c := range map[string]struct {
		page   answer
		status int
	}{
		"what an error means":      {s.send("GET", "/errors/rate_limited", ""), 200},
		"a link that goes on":      {ask(`,"redirect_to":"` + abroad + `","code_challenge":"` + challenge + `"`), 200},
		"a link that goes nowhere": {ask(""), 200},
		"an invalid link":          {s.send("GET", s.in("/auth/verify/{app_id}?token=x"), ""), 401},
		"a link without a token":   {s.send("GET", s.in("/auth/verify/{app_id}"), ""), 401},
		"a sign-in":                {s.send("GET", s.in("/auth/sign-in/{app_id}"), ""), 200},
		"a sign-up":                {s.send("GET", s.in("/auth/sign-up/{app_id}"), ""), 200},
		"a sign-out":               {s.send("GET", s.in("/auth/sign-out/{app_id}"), ""), 200},
	} {
		t.Run(name, func(t *testing.T) {
			c.page.want(t, c.status, "")
			html, csp := c.page.Body.String(), c.page.Header().Get("Content-Security-Policy")
			if got := c.page.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
				t.Errorf("Content-Type: got %q", got)
			}
			nonce := styleNonce.FindStringSubmatch(html)
			if nonce == nil || nonces[nonce[1]] || len(nonce[1]) < 22 {
				t.Fatalf("nonce: got %q, want a new one", nonce)
			}
			nonces[nonce[1]] = true
			const want = "default-src 'none'; style-src 'nonce-N'; script-src 'nonce-N'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
			if got := strings.ReplaceAll(csp, "'nonce-"+nonce[1]+"'", "'nonce-N'"); got != want {
				t.Errorf("Content-Security-Policy: got %q, want %q", csp, want)
			}
			if n := strings.Count(html, "<script"); n != 1 || !strings.Contains(html, `<script nonce="`+nonce[1]+`">`) {
				t.Errorf("page: got %d scripts, want one with the nonce", n)
			}
			for _, no := range []string{"javascript:", "<img", "<link", "style=\""} {
				if strings.Contains(html, no) {
					t.Errorf("page: got %q in it, want none", no)
				}
			}
			if strings.Contains(html, "<form") && strings.Contains(html, `name="referrer"`) {
				t.Error("page: got a referrer policy of its own, want that of the header: browsers else send Origin: null")
			}
		})
	}
}

func TestPagesEscapeWhatDevelopersWrite(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	name := `<script>alert(1)<script>"'&`
	s.settings(authkit.AppPatch{Name: &name})
	_, m := s.mailed(s.email(), "")
	for path, status := range map[string]int{linkPath(m): 200, s.in("/auth/verify/{app_id}?token=%22%3E%3Cscript%3E"): 401} {
		got := s.send("GET", path, "")
		got.want(t, status, "")
		if html := got.Body.String(); strings.Count(html, "<script") != 1 || strings.Contains(html, "alert(1)<script>") {
			t.Errorf("page: got %s, want it escaped", html)
		}
	}
	if strings.Contains(m.HTML, "<script") {
		t.Errorf("mail: got %s, want it escaped", m.HTML)
	}
}

// This test asks a real server, which adds and drops headers of its own.
func TestHeadersOverTheWire(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	server := httptest.NewServer(s.server)
	t.Cleanup(server.Close)
	for _, method := range []string{"GET", "HEAD"} {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/id/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/json" || got.Header.Get("X-Content-Type-Options") != "nosniff" || got.ContentLength < 1 {
			t.Errorf("%s: got %d %v, length %d", method, got.StatusCode, got.Header, got.ContentLength)
		}
	}
}
