package authkit_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

const (
	console = "https://console.example" // an origin of Config.ConsoleOrigins
	evil    = "https://evil.example"
)

func withConsole(c *authkit.Config) { c.ConsoleOrigins = []string{console} }

// oneOfEach returns a flow that succeeds for each route. Its requests are not from a browser.
func oneOfEach() []flow {
	var out []flow
	seen := map[string]bool{"": true}
	for _, f := range flows() {
		if f.code == "" && !seen[f.route] {
			seen[f.route] = true
			out = append(out, f)
		}
	}
	return out
}

// from sets the headers by which a browser says where a request comes from. "" leaves one out.
func from(r *http.Request, origin, site string) *http.Request {
	r.Header.Del("Origin")
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	if site != "" {
		r.Header.Set("Sec-Fetch-Site", site)
	}
	return r
}

func TestCrossOriginRequests(t *testing.T) {
	t.Parallel()
	for _, f := range oneOfEach() {
		method, pattern, _ := strings.Cut(f.route, " ")
		if method == http.MethodGet {
			continue
		}
		t.Run(f.route, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits, withConsole)
			last := f.ready(s)
			before := s.state()
			ours, theirs := console, friend // what may and what must not call management
			if strings.HasPrefix(pattern, "/auth/") {
				ours, theirs = friend, console
			}
			for _, c := range []struct{ origin, site string }{
				{evil, ""}, {evil, "cross-site"}, {evil, "same-site"}, {"null", ""}, {"null", "cross-site"}, {"", "cross-site"}, {"", "same-site"},
				{theirs, ""}, {theirs, "cross-site"}, {strings.Replace(origin, "http:", "https:", 1), ""}, {origin + "0", ""}, {ours + ".evil.example", ""},
				{ours + "/", ""}, {strings.ToUpper(ours), ""}, {strings.TrimPrefix(ours, "https://"), ""}, {"*", ""}, {evil, "nonsense"},
			} {
				got := s.do(from(last(), c.origin, c.site))
				if got.Code != 403 || got.body["code"] != "forbidden" || got.Header().Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("origin %q, site %q: got %d %v %q, want 403 forbidden", c.origin, c.site, got.Code, got.body["code"], got.Header().Get("Access-Control-Allow-Origin"))
				}
			}
			twice := from(last(), ours, "")
			twice.Header.Add("Origin", evil)
			s.do(twice).want(t, 403, "forbidden")
			if after := s.state(); after != before {
				t.Errorf("the store: got\n%s\nwant it unchanged:\n%s", after, before)
			}
			f.wellDone(t, s.do(last()))
			for _, c := range []struct{ origin, site, allow string }{
				{origin, "", ""}, {origin, "same-origin", ""}, {"", "same-origin", ""}, {"", "none", ""}, {origin, "same-site", ""},
				{ours, "", ours}, {ours, "cross-site", ours}, {ours, "same-site", ours},
			} {
				got := s.do(from(f.ready(s)(), c.origin, c.site))
				if c.origin == ours && formAlone(f.route) {
					got.want(t, 403, "")
					c.allow = ""
				} else {
					f.wellDone(t, got)
				}
				if allow := got.Header().Get("Access-Control-Allow-Origin"); allow != c.allow {
					t.Errorf("origin %q: got Access-Control-Allow-Origin %q, want %q", c.origin, allow, c.allow)
				}
			}
		})
	}
	t.Run("of a provider's form are taken", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		for _, c := range []struct{ origin, site string }{{"null", ""}, {evil, "cross-site"}, {"", "cross-site"}} {
			state, _ := s.redirected("")
			r := s.request("POST", s.in("/auth/callback/corp/{app_id}"), "code=good&state="+state, form)
			s.do(from(r, c.origin, c.site)).want(t, 303, "")
		}
		r := s.request("POST", s.in("/auth/verify/{app_id}"), "token=x", form)
		s.do(from(r, evil, "cross-site")).want(t, 403, "forbidden")
	})
	t.Run("are not known by an X-Forwarded-Host", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		r := s.request("POST", s.in("/auth/verify/{app_id}"), `{}`, "Origin: "+evil, "X-Forwarded-Host: evil.example", "Host: evil.example")
		r.Host = "evil.example"
		s.do(r).want(t, 403, "forbidden")
	})
}

// public reports whether a page of any origin may read the answers of a path.
func public(path string) bool {
	return strings.Contains(path, "/.well-known/") || strings.HasSuffix(path, "/authkit.js") || strings.HasSuffix(path, "/openapi.json")
}

func TestCORSOfGET(t *testing.T) {
	t.Parallel()
	for _, f := range oneOfEach() {
		method, pattern, _ := strings.Cut(f.route, " ")
		if method != http.MethodGet {
			continue
		}
		t.Run(f.route, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits, withConsole)
			allowed := console
			if strings.HasPrefix(pattern, "/auth/") {
				allowed = friend
			}
			for _, from := range []string{"", origin, friend, console, evil, "null", "*"} {
				r := f.ready(s)()
				if from != "" {
					r.Header.Set("Origin", from)
				}
				got := s.do(r)
				f.wellDone(t, got)
				want := ""
				isPage := strings.HasPrefix(got.Header().Get("Content-Type"), "text/html")
				switch {
				case public(pattern):
					want = "*"
				case from == allowed && !isPage:
					want = allowed
				}
				if allow := got.Header().Get("Access-Control-Allow-Origin"); allow != want {
					t.Errorf("origin %q: got Access-Control-Allow-Origin %q, want %q", from, allow, want)
				}
				if vary := got.Header().Values("Vary"); !public(pattern) && !slices.Contains(vary, "Origin") {
					t.Errorf("Vary: got %q, want Origin", vary)
				}
				if got.Header().Get("Access-Control-Allow-Credentials") != "" {
					t.Error("Access-Control-Allow-Credentials: got it, want none")
				}
			}
		})
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	s := newStage(t, withConsole)
	paths := map[string]string{}
	for _, rt := range authkit.Routes() {
		allowed := console
		if strings.HasPrefix(rt.Pattern, "/auth/") {
			allowed = friend
		}
		paths[s.pathTo(rt.Pattern)] = allowed
	}
	for path := range paths {
		if public(path) {
			delete(paths, path)
		}
	}
	paths["/auth/credentials/console"] = console
	paths["/auth/credentials/"+authkit.Console.String()] = console
	for path, allowed := range paths {
		for _, from := range []string{origin, friend, console, evil, "null", "*"} {
			got := s.send("OPTIONS", path, "", "Origin: "+from, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization")
			header := got.Header()
			if got.Code != 204 || got.Body.Len() != 0 || header.Get("Vary") != "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" {
				t.Errorf("preflight of %s: got %d, Vary %q, %q, want 204", path, got.Code, header.Get("Vary"), got.Body)
			}
			if from != allowed {
				for name := range header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("preflight of %s from %s: got %s, want none", path, from, name)
					}
				}
				continue
			}
			if header.Get("Access-Control-Allow-Origin") != allowed || header.Get("Access-Control-Allow-Methods") == "" ||
				!strings.Contains(strings.ToLower(header.Get("Access-Control-Allow-Headers")), "authorization") {
				t.Errorf("preflight of %s from %s: got %v", path, from, header)
			}
		}
		for _, headers := range [][]string{nil, {"Origin: " + allowed}, {"Access-Control-Request-Method: POST"}} {
			s.send("OPTIONS", path, "", headers...).want(t, 405, "method_not_allowed")
		}
	}
}

// A page on a sibling host may send the cookies of an app in cookie mode, and other pages must
// not. An app in header mode has no cookies.
func TestCookiesFromAnAllowedOrigin(t *testing.T) {
	t.Parallel()
	for mode, want := range map[authkit.SessionMode]string{authkit.SessionBearer: "", authkit.SessionCookie: "true", authkit.SessionEither: "true"} {
		w := setup(t)
		w.settings(authkit.AppPatch{Origins: &[]string{friend}, SessionMode: &mode})
		ask := func(method, from string) http.Header {
			return w.send(method, w.in("/auth/me/{app_id}"), "", "Origin: "+from, "Access-Control-Request-Method: GET").Header()
		}
		for _, method := range []string{"GET", "OPTIONS"} {
			if got := ask(method, friend).Get("Access-Control-Allow-Credentials"); got != want {
				t.Errorf("%s in mode %s: got Access-Control-Allow-Credentials %q, want %q", method, mode, got, want)
			}
			if got := ask(method, evil).Get("Access-Control-Allow-Credentials"); got != "" {
				t.Errorf("%s in mode %s from %s: got Access-Control-Allow-Credentials %q, want none", method, mode, evil, got)
			}
		}
	}
}

func TestRefusalsReachAnAllowedOrigin(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for path, status := range map[string]int{"/auth/credentials/{app_id}": 400, "/auth/verify/{app_id}": 400, "/auth/token/{app_id}": 400} {
		got := s.send("POST", s.in(path), `{"code":""}`, "Origin: "+friend, "Sec-Fetch-Site: cross-site")
		if got.Code != status || got.Header().Get("Access-Control-Allow-Origin") != friend {
			t.Errorf("%s: got %d %q, want %d for %s", path, got.Code, got.Header().Get("Access-Control-Allow-Origin"), status, friend)
		}
		for _, name := range []string{"X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy"} {
			if !strings.Contains(got.Header().Get("Access-Control-Expose-Headers"), name) {
				t.Errorf("Access-Control-Expose-Headers: got %q, want %s in it", got.Header().Get("Access-Control-Expose-Headers"), name)
			}
		}
	}
}

func TestOriginsAreExact(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for text, ok := range map[string]bool{
		"https://app.example": true, "https://app.example:8443": true, "http://localhost:3000": true, "http://127.0.0.1:3000": true, "http://[::1]:3000": true,
		"capacitor://localhost": true, "ionic://localhost": true, "tauri://localhost": true, "http://tauri.localhost": true,
		"chrome-extension://abcdefghijklmnopabcdefghijklmnop": true, "moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc": true,
		"capacitor://": false, "capacitor://*": false, "capacitor://localhost/": false, "Capacitor://localhost": false, "capacitor://Localhost": false,
		"chrome-extension:abc": false, "other-extension://abc": false, "app://localhost": false, "http://tauri.localhost.evil.example": false,
		"*": false, "null": false, "": false, "https://*.example": false, "https://app.example/": false, "https://App.example": false, "https://app.example:443": false,
		"http://app.example": false, "https://app.example?x": false, "https://u@app.example": false, "app.example": false, "https://": false, "file:///": false,
	} {
		_, err := w.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.AppPatch{Origins: &[]string{text}})
		if (err == nil) != ok {
			t.Errorf("an app's origin %q: got %v, want ok %v", text, err, ok)
		}
		_, err = authkit.New(authkit.Config{ConsoleOrigins: []string{text}})
		if named := strings.Contains(err.Error(), "ConsoleOrigins[0]"); named == ok {
			t.Errorf("the console's origin %q: got %v, want it refused: %v", text, err, !ok)
		}
	}
}
