package authkit_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// asks sends a preflight of a page of an origin for a POST with these headers.
func (w *world) asks(origin, headers string) answer {
	w.t.Helper()
	return w.send("OPTIONS", w.in("/auth/credentials/{app_id}"), "",
		"Origin: "+origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: "+headers)
}

// names returns n header names in lower case.
func names(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("x-trace-%d", i)
	}
	return strings.Join(list, ", ")
}

func TestPreflightAllowsTheHeadersThatAPageNames(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.settings(authkit.AppPatch{Origins: &[]string{friend}})
	const fallback = "Authorization, Content-Type"
	for name, c := range map[string]struct{ asked, want string }{
		"none":                             {"", fallback},
		"those of Sentry":                  {"baggage,content-type,sentry-trace", "baggage, content-type, sentry-trace"},
		"those of W3C Trace Context":       {"content-type,traceparent,tracestate", "content-type, traceparent, tracestate"},
		"one of jQuery":                    {"x-requested-with", "x-requested-with"},
		"one of Datadog":                   {"x-datadog-trace-id", "x-datadog-trace-id"},
		"those of a reload":                {"cache-control,pragma", "cache-control, pragma"},
		"the key of a retry":               {"idempotency-key", "idempotency-key"},
		"any case":                         {"X-Trace , Content-Type", "x-trace, content-type"},
		"empty elements":                   {",traceparent, ,", "traceparent"},
		"64":                               {names(64), names(64)},
		"65":                               {names(65), fallback},
		"one of 2 KiB":                     {strings.Repeat("a", 2048), strings.Repeat("a", 2048)},
		"one of 2 KiB and a byte":          {strings.Repeat("a", 2049), fallback},
		"what is no name":                  {"content-type, x y", fallback},
		"a name that would end the header": {"x\tSet-Cookie: a", fallback},
		"the forwarding key of an app's own server": {"content-type, X-Authkit-Key", "content-type"},
		"any header that only servers send":         {"x-authkit-client-ip,x-authkit-new", fallback},
		"the name that stands for all names":        {"*", fallback},
		"that name beside others":                   {"x-a, *, x-b", "x-a, x-b"},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.asks(friend, c.asked)
			got.want(t, 204, "")
			if allowed := got.Header().Get("Access-Control-Allow-Headers"); allowed != c.want {
				t.Errorf("Access-Control-Allow-Headers: got %q, want %q", allowed, c.want)
			}
			if header := w.asks(evil, c.asked).Header(); header.Get("Access-Control-Allow-Headers") != "" || header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("another origin: got %v, want nothing allowed", header)
			}
		})
	}
	t.Run("of public documents, to a page of any origin", func(t *testing.T) {
		for _, path := range []string{"/apps/{app_id}/.well-known/jwks.json", "/apps/{app_id}/.well-known/openid-configuration", "/openapi.json"} {
			got := w.send("OPTIONS", w.in(path), "", "Origin: "+evil, "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: traceparent")
			got.want(t, 204, "")
			if header := got.Header(); header.Get("Access-Control-Allow-Origin") != "*" || header.Get("Access-Control-Allow-Headers") != "traceparent" || header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s: got %v, want * without credentials", path, header)
			}
		}
	})
}

// A program in a page learns only that its request failed, not that the preflight was refused.
func TestARefusedPreflightIsLogged(t *testing.T) {
	t.Parallel()
	log := newJournal()
	w := setup(t, func(c *authkit.Config) { c.Logger = slog.New(log) })
	w.settings(authkit.AppPatch{Origins: &[]string{friend}})
	before := len(log.read())
	w.asks(friend, "content-type, traceparent").want(t, 204, "")
	if lines := log.read()[before:]; len(lines) != 0 {
		t.Errorf("an allowed one: got %q, want no line", lines)
	}
	for name, c := range map[string]struct{ origin, method, headers string }{
		"of an origin that the app does not list": {evil, "POST", "content-type"},
		"of a method that the path does not take": {friend, "PUT", "content-type"},
		"of a header that only servers send":      {friend, "POST", "x-authkit-key"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(log.read())
			got := w.send("OPTIONS", w.in("/auth/credentials/{app_id}"), "",
				"Origin: "+c.origin, "Access-Control-Request-Method: "+c.method, "Access-Control-Request-Headers: "+c.headers)
			got.want(t, 204, "")
			lines := log.read()[before:]
			if len(lines) != 1 {
				t.Fatalf("log: got %q, want one line", lines)
			}
			for _, want := range []string{
				`"level":"INFO"`, `"msg":"refused"`, got.Header().Get("X-Request-ID"), w.app.ID.String(),
				`"origin":"` + c.origin, `"method":"` + c.method, `"headers":"` + c.headers,
				`"allowed_origins":"` + friend, `"allowed_methods":"POST"`, "/auth/credentials/{app_id}",
			} {
				if !strings.Contains(lines[0], want) {
					t.Errorf("log: got %s, want %s in it", lines[0], want)
				}
			}
		})
	}
}
