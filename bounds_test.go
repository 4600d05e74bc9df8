package authkit_test

import (
	"fmt"
	"strings"
	"testing"
)

// What a tenant stores is read again and again: each text of it is bounded when it is written.
func TestWhatATenantStoresIsBounded(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	dev := bearer(w.token)
	config := func(more string) string {
		return `{"provider":"github","client_id":"c","client_secret":"s","redirect_uri":"https://a.example/cb"` + more + `}`
	}
	list := func(n, size int) string {
		urls := make([]string, n)
		for i := range urls {
			urls[i] = fmt.Sprintf(`"https://a.example/%03d%s"`, i, strings.Repeat("x", size-21))
		}
		return "[" + strings.Join(urls, ",") + "]"
	}
	scopes := func(n, size int) string {
		return `,"scopes":["` + strings.Join(strings.Split(strings.Repeat(strings.Repeat("s", size)+" ", n-1)+strings.Repeat("s", size), " "), `","`) + `"]`
	}
	for _, c := range []struct{ name, method, path, body, field string }{
		{"21 scopes", "POST", "/oauth-configs", config(scopes(21, 4)), "scopes"},
		{"a scope of 65 bytes", "POST", "/oauth-configs", config(scopes(1, 65)), "scopes"},
		{"a client id", "POST", "/oauth-configs", strings.Replace(config(""), `"c"`, `"`+strings.Repeat("c", 1025)+`"`, 1), "client_id"},
		{"a client secret", "POST", "/oauth-configs", strings.Replace(config(""), `"s"`, `"`+strings.Repeat("s", 5000)+`"`, 1), "client_secret"},
		{"a redirect URI", "POST", "/oauth-configs", strings.Replace(config(""), "/cb", "/"+strings.Repeat("c", 2048), 1), "redirect_uri"},
		{"a redirect URL", "PATCH", "", `{"redirect_urls":` + list(1, 2049) + `}`, "redirect_urls[0]"},
		{"redirect URLs in all", "PATCH", "", `{"redirect_urls":` + list(10, 2000) + `}`, "redirect_urls"},
		{"the number of redirect URLs", "PATCH", "", `{"redirect_urls":` + list(101, 30) + `}`, "redirect_urls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := w.send(c.method, w.in("/apps/{app_id}")+c.path, c.body, dev)
			got.want(t, 400, "invalid_request")
			if got.fields() != c.field {
				t.Errorf("fields: got %s, want %s", got.fields(), c.field)
			}
		})
	}
	w.send("POST", w.in("/apps/{app_id}/oauth-configs"), config(scopes(20, 64)), dev).want(t, 201, "")
	w.send("PATCH", w.in("/apps/{app_id}"), `{"redirect_urls":`+list(100, 160)+`}`, dev).want(t, 200, "")
}

// The list of identities needs no configuration where each says itself by which it came.
func TestIdentitiesAreReadWithoutTheConfigurations(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	token, id := s.owner("ann@example.com")
	s.link(token, nil)
	before := s.faulty.Calls()
	if _, err := s.engine.Identities(t.Context(), s.app.ID, id); err != nil {
		t.Fatal(err)
	}
	if n := s.faulty.Calls() - before; n != 1 {
		t.Errorf("calls of the store: got %d, want 1", n)
	}
}
