package verify_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/verify"
)

func TestRequire(t *testing.T) {
	t.Parallel()
	p := pair(t, "ES256")
	s := publish(t, p)
	raw := mint(t, p, start)
	served := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := verify.From(r.Context())
		if !ok || c.Subject != "u" {
			t.Errorf("From: got %+v, %v, want those of u", c, ok)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	up := s.over(t, at(start)).Require(served)
	away := publish(t, p)
	away.fail(errDown)
	down := away.over(t, at(start)).Require(served)

	const realm = `Bearer realm="authkit"`
	for name, c := range map[string]struct {
		to        http.Handler
		headers   []string
		status    int
		code      string
		challenge string
	}{
		"a token is let through":                   {up, []string{"Bearer " + raw}, 204, "", ""},
		"the scheme may have any case":             {up, []string{"bEARER " + raw}, 204, "", ""},
		"without a header there is no token":       {up, nil, 401, "unauthenticated", realm},
		"another scheme has no token":              {up, []string{"Basic eDp5"}, 401, "unauthenticated", realm},
		"an API key is not a token":                {up, []string{"Bearer ak_x"}, 401, "invalid_token", realm + `, error="invalid_token"`},
		"a malformed token":                        {up, []string{"Bearer " + raw + "x"}, 401, "invalid_token", realm + `, error="invalid_token"`},
		"two headers are malformed":                {up, []string{"Bearer " + raw, "Bearer " + raw}, 400, "invalid_request", ""},
		"two spaces are malformed":                 {up, []string{"Bearer  " + raw}, 400, "invalid_request", ""},
		"a scheme alone is malformed":              {up, []string{"Bearer"}, 400, "invalid_request", ""},
		"without keys the token cannot be checked": {down, []string{"Bearer " + raw}, 503, "unavailable", ""},
		"a malformed token needs no keys":          {down, []string{"Bearer x"}, 401, "invalid_token", realm + `, error="invalid_token"`},
		"a missing token needs no keys either":     {down, nil, 401, "unauthenticated", realm},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?access_token="+raw, nil)
			r.Header["Authorization"] = c.headers
			w := httptest.NewRecorder()
			c.to.ServeHTTP(w, r)
			if w.Code != c.status || w.Header().Get("WWW-Authenticate") != c.challenge {
				t.Fatalf("got %d %q, want %d %q", w.Code, w.Header().Get("WWW-Authenticate"), c.status, c.challenge)
			}
			if c.code == "" {
				return
			}
			var got map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"type": base + "/errors/" + c.code, "title": http.StatusText(c.status), "status": float64(c.status), "code": c.code}
			for member, v := range want {
				if got[member] != v {
					t.Errorf("%s: got %v, want %v", member, got[member], v)
				}
			}
			header := w.Header()
			if header.Get("Content-Type") != "application/problem+json" || header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers: got %v, want application/problem+json and no-store", header)
			}
			if got, want := header.Get("Retry-After") != "", c.status == 503; got != want {
				t.Errorf("Retry-After: got %v, want %v", got, want)
			}
			if strings.Contains(w.Body.String(), errDown.Error()) {
				t.Errorf("body: got %s, want nothing internal", w.Body)
			}
		})
	}
}

func TestFromWithoutRequire(t *testing.T) {
	t.Parallel()
	if c, ok := verify.From(t.Context()); ok {
		t.Errorf("got %+v, want none", c)
	}
}
