package authkit_test

import (
	"strings"
	"testing"
)

// A filter that is misspelled would filter nothing, and the caller would take every user for the one
// that was asked for.
func TestAnUnknownParameterOfAManagementRouteIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	key, dev := bearer(s.key), bearer(s.token)
	for name, c := range map[string]struct{ path, as, field, detail string }{
		"a filter of users":      {"/users/{app_id}?emial=ann@example.com", key, "emial", "did you mean email?"},
		"in another case":        {"/users/{app_id}?Limit=5", key, "Limit", "did you mean limit?"},
		"beside a known one":     {"/users/{app_id}?limit=5&curser=x", key, "curser", "did you mean cursor?"},
		"of a route without any": {"/apps/{app_id}?x=1", dev, "x", "is not a parameter of this route"},
		"of the list of apps":    {"/apps?limmit=1", dev, "limmit", "did you mean limit?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.send("GET", s.in(c.path), "", c.as)
			got.want(t, 400, "invalid_request")
			text := got.Body.String()
			if !strings.Contains(text, `"field":"`+c.field+`"`) || !strings.Contains(text, c.detail) {
				t.Errorf("got %s, want the field %s and %q", text, c.field, c.detail)
			}
		})
	}
	t.Run("all are told at once", func(t *testing.T) {
		t.Parallel()
		got := s.send("GET", s.in("/users/{app_id}?emial=x&curser=y"), "", key)
		got.want(t, 400, "invalid_request")
		if text := got.Body.String(); !strings.Contains(text, "curser") || !strings.Contains(text, "emial") {
			t.Errorf("got %s, want both", text)
		}
	})
	for name, c := range map[string]struct {
		path, as string
		fields   []string
	}{
		"of users":         {"/users/{app_id}?limit=0&cursor=x&email=&role=", key, []string{"limit", "cursor", "email", "role"}},
		"of the audit log": {"/apps/{app_id}/audit?limit=501&cursor=x&since=yesterday&user_id=ann&type=", dev, []string{"limit", "cursor", "since", "user_id", "type"}},
		"of apps":          {"/apps?limit=x&cursor=x", dev, []string{"limit", "cursor"}},
	} {
		t.Run("all values that are wrong are told at once, "+name, func(t *testing.T) {
			t.Parallel()
			got := s.send("GET", s.in(c.path), "", c.as)
			got.want(t, 400, "invalid_request")
			for _, field := range c.fields {
				if text := got.Body.String(); !strings.Contains(text, `"field":"`+field+`"`) {
					t.Errorf("got %s, want the field %s", text, field)
				}
			}
		})
	}
	t.Run("a credential is ignored, as everywhere", func(t *testing.T) {
		t.Parallel()
		s.send("GET", s.in("/users/{app_id}?api_key=ak_x"), "", key).want(t, 200, "")
		s.send("GET", s.in("/users/{app_id}?api_key=ak_x"), "").want(t, 401, "unauthenticated")
	})
	t.Run("a route for signing in ignores what it does not know", func(t *testing.T) {
		t.Parallel()
		s.send("GET", s.in("/auth/sign-in/{app_id}?utm_source=x"), "").want(t, 200, "")
	})
}
