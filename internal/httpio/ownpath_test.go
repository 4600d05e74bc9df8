package httpio_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/httpio"
)

const appID = "01a21e58-b24d-73cf-9f6b-9e7003c8def5"

// ownPaths are paths that [httpio.OwnPath] takes, and do not lead to a route of the test's handler.
var ownPaths = []string{
	"/", "/orders", "/orders/", "/orders?page=2&q=a%2fb", "/orders?to=//evil.example", "/orders?to=https://evil.example", `/orders?q=a\b`, "/orders#top",
	"/@evil.example", "/:80@evil.example", "/evil.example", "/https://evil.example", "/javascript:alert(1)", "/a//b", "/a//../b", "/a..b", "/...", "/100%25",
	"/a b", "/café", "/caf%C3%A9", "/／evil.example", "/。。/x", "/a%2fb", "/a/%2e%2e/b", "/?", "/?//evil.example", "/??", "/#//evil.example", "/a%20b",
	"/ids", "/id", "/id/", "/id/other", "/id/auth", "/auth/verify/" + appID, "/x?y=/id/auth/verify/" + appID, "/id/auth/verify/" + appID + "/more", "/" + strings.Repeat("a", 1999),
}

// foreignPaths are texts that [httpio.OwnPath] refuses.
var foreignPaths = []string{
	"", "orders", "?x", "#x", ".", "../x", "evil.example", "https://evil.example", "HTTPS:/evil.example", "javascript:alert(1)", "data:text/html,x", `\`, `\/evil.example`, `\\evil.example`, " /orders",
	"//", "//evil.example", "///evil.example", "////evil.example", "//evil.example/..", `/\`, `/\evil.example`, `/\/evil.example`, `//\evil.example`, "//@evil.example", "//?x",
	"/%2f", "/%2fevil.example", "/%2Fevil.example", "/%5cevil.example", "/%5Cevil.example", "/%2f%2fevil.example", "/%252fevil.example", "/%25252fevil.example", "/%25%32%66evil.example",
	"/.//evil.example", "/.//.", "/a/..//x/..", `/.\/evil.example`, "/..//evil.example", "/../..//evil.example", "/a/..//evil.example", `/a/../\evil.example`, `/a\..\\evil.example`, `/a\b`, `/0\/../\evil.example`, `/0//../\evil.example`, "/0//../%5cevil.example", "/a%255cb", `/id\auth\sign-out\`, `/a#/../\evil.example`, "/#/..//evil.example", "/%2e//evil.example", "/%2E%2e//evil.example", "/.%2e//evil.example", "/%2e/%2fevil.example", "/./%5cevil.example", "/%252e//evil.example",
	"/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "/\r\nSet-Cookie: a=b", "/a\tb", "/a\x00b", "/a\x7f", "/a\u0085", "/a\u0080", "/a\xff", "/%0d%0aSet-Cookie:a=b", "/%09/evil.example", "/%00", "/%C2%85", "/%ff",
	"/?q=a\nb", "/#a\tb", "/#%", "/%", "/%zz", "/%2", "/" + strings.Repeat("a", 2000), "/%2525252525", "/b%2fc/%2e%2e//evil.example",
}

func TestOwnPath(t *testing.T) {
	t.Parallel()
	for _, to := range ownPaths {
		if err := httpio.OwnPath(to); err != nil {
			t.Errorf("OwnPath(%q): got %v, want nil", to, err)
		}
	}
	for _, to := range foreignPaths {
		if err := httpio.OwnPath(to); err == nil {
			t.Errorf("OwnPath(%q): got nil, want it refused", to)
		}
	}
}

// routes is a handler with the shape of authkit's. It notes in hit whether a request came to a
// route.
func routes(hit *bool) *http.ServeMux {
	mux := http.NewServeMux()
	for _, pattern := range []string{"/auth/{provider}/{app_id}", "/auth/callback/{provider}/{app_id}", "/apps", "/apps/{$}", "/authkit.js"} {
		mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) { *hit = true })
	}
	return mux
}

// isRoute reports whether the handler of routes has the path.
func isRoute(path string) bool {
	_, pattern := routes(new(bool)).Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}})
	return pattern != ""
}

func TestOwnRoute(t *testing.T) {
	t.Parallel()
	for _, to := range ownPaths {
		if httpio.OwnRoute(to, "/id", isRoute) {
			t.Errorf("OwnRoute(%q): got true, want false", to)
		}
	}
	const route = "auth/sign-out/" + appID
	for _, to := range []string{
		"/id/" + route, "/id/" + route + "?x=y", "/id/" + route + "#x", "/id/" + route + "/", "/id/auth/callback/github/" + appID, "/id/apps", "/id/apps/", "/id/authkit.js", "/id/auth/google/console",
		"/ID/AUTH/Sign-Out/" + strings.ToUpper(appID), "/id//" + route, "/id/./" + route, "/id/x/../" + route, "/x/../id/" + route, "/%69d/" + route, "/id%2f" + route, "/id/%2e/" + route, "/id/x/%2e%2E/" + route,
		"/id/x%2f..%2f" + route, "/%2569d/" + route, "/id/auth/sign-out/" + appID + "%2f", "/id/auth/sign-out/%252e%252e", "/id/auth/verify/x%2f..", "/id/b%2fc/%2E%2e/" + route, "/id//../" + route,
	} {
		if err := httpio.OwnPath(to); err != nil {
			t.Errorf("OwnPath(%q): got %v, want nil", to, err)
		}
		if !httpio.OwnRoute(to, "/id", isRoute) {
			t.Errorf("OwnRoute(%q): got false, want true", to)
		}
	}
	for mount, want := range map[string]bool{"": true, "/": true, "/id": false} {
		if got := httpio.OwnRoute("/"+route, mount, isRoute); got != want {
			t.Errorf("OwnRoute below %q: got %v, want %v", mount, got, want)
		}
	}
	for _, mount := range []string{"/sign/in", "/Sign/In", "/sign/in/"} {
		if !httpio.OwnRoute("/sign/in/"+route, mount, isRoute) {
			t.Errorf("OwnRoute below %q: got false, want true", mount)
		}
	}
}

// browserGoes is where a browser goes from a page of https://own.example, as the URL standard says
// (WHATWG URL, section 4.4), for a text that begins with a slash.
func browserGoes(to string) (host, path string) {
	to = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, strings.Trim(to, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f "))
	if end := strings.IndexAny(to, "?#"); end >= 0 {
		to = to[:end]
	}
	to = strings.ReplaceAll(to, `\`, "/")
	if rest, other := strings.CutPrefix(to, "//"); other {
		host, path, _ = strings.Cut(strings.TrimLeft(rest, "/"), "/")
		return host, "/" + path
	}
	var kept []string
	segments := strings.Split(to[1:], "/")
	for i, s := range segments {
		dots := strings.ReplaceAll(strings.ToLower(s), "%2e", ".")
		switch {
		case dots == ".." && len(kept) > 0:
			kept = kept[:len(kept)-1]
		case dots != "." && dots != "..":
			kept = append(kept, s)
			continue
		}
		if i == len(segments)-1 && (dots == "." || dots == "..") {
			kept = append(kept, "")
		}
	}
	return "own.example", "/" + strings.Join(kept, "/")
}

// FuzzOwnPath checks that a browser stays on its host with an accepted path, also after a server
// on the way has redirected to the cleaned or decoded path, and that it does not come to a route
// of the handler if OwnRoute reports none.
func FuzzOwnPath(f *testing.F) {
	for _, list := range [][]string{ownPaths, foreignPaths, {"/id/auth/verify/x", "/ID/auth/verify/x", "/id/auth%2fverify/x", `/id\auth\verify\x`, "/id/x/..//auth/verify/x", "/id//apps//"}} {
		for _, to := range list {
			f.Add(to)
		}
	}
	f.Fuzz(func(t *testing.T, to string) {
		if httpio.OwnPath(to) != nil {
			return
		}
		host, path := browserGoes(to)
		if host != "own.example" || strings.HasPrefix(path, "//") {
			t.Fatalf("OwnPath(%q): got nil, but a browser goes to %q of %q", to, path, host)
		}
		base := &url.URL{Scheme: "https", Host: "own.example", Path: "/sign-in"}
		sent, _, _ := strings.Cut(to, "#") // browsers send no fragment
		u, err := base.Parse(sent)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil {
			t.Fatalf("OwnPath(%q): got nil, but it resolves to %v, %v", to, u, err)
		}
		redirected := httptest.NewRecorder()
		http.Redirect(redirected, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/sign-in", nil), to, http.StatusSeeOther)
		for _, there := range []string{redirected.Header().Get("Location"), u.Path} {
			if host, _ := browserGoes(there); host != "own.example" {
				t.Fatalf("OwnPath(%q): got nil, but %q leads to %q", to, there, host)
			}
		}
		if !httpio.OwnRoute(to, "/id", isRoute) && comesToRoute(t, path) {
			t.Errorf("OwnRoute(%q): got false, but a browser comes to a route", to)
		}
	})
}

// comesToRoute follows the redirects of a server, as a browser does, and reports whether it comes
// to a route of the handler.
func comesToRoute(t *testing.T, to string) (hit bool) {
	t.Helper()
	host := http.NewServeMux()
	host.Handle("/id/", http.StripPrefix("/id", routes(&hit)))
	for range 5 {
		u, err := url.ParseRequestURI(to)
		if err != nil {
			return false
		}
		got := httptest.NewRecorder()
		host.ServeHTTP(got, &http.Request{Method: http.MethodGet, URL: u, Host: "own.example", RequestURI: to})
		if got.Code < 300 || got.Code > 399 {
			return hit
		}
		_, to = browserGoes(got.Header().Get("Location"))
	}
	return hit
}
