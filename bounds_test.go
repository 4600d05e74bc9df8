package authkit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// The data of a tenant is read again and again. Each text is bounded when it is written.
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

// What earlier rules accepted stays valid until it is changed: an app must still be able to
// close its sign-up and to switch a provider off.
func TestWhatIsOutOfBoundsAlreadyStands(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		ok := func(err error) {
			s.t.Helper()
			if err != nil {
				s.t.Fatal(err)
			}
		}
		dev, app := bearer(s.token), s.in("/apps/{app_id}")
		config := app + "/oauth-configs/github"
		s.send("POST", app+"/oauth-configs", `{"provider":"github","client_id":"c","client_secret":"s"}`, dev).want(s.t, 201, "")
		stored, err := s.inner.App(s.t.Context(), s.app.ID)
		ok(err)
		urls := []string{"https://a.example/?request_id=1"}
		for i := range 20 {
			urls = append(urls, fmt.Sprintf("https://a.example/%02d%s", i, strings.Repeat("x", 1900)))
		}
		stored.Settings.RedirectURLs = urls
		_, err = s.inner.ChangeApp(s.t.Context(), authkit.AppChange{App: stored.ID, Version: stored.Version, Settings: &stored.Settings})
		ok(err)
		kept, err := s.inner.OAuthConfig(s.t.Context(), stored.ID, "github")
		ok(err)
		kept.Scopes, kept.SecretSealed = strings.Fields(strings.Repeat(strings.Repeat("s", 100)+" ", 30)), append(kept.SecretSealed, make([]byte, 9000)...)
		ok(s.inner.PutOAuthConfig(s.t.Context(), kept, 32, authkit.Riders{}))

		older := kept
		older.Version, older.Provider, older.Issuer, older.RedirectURI = 0, "account", "https://issuer.example", "https://a.example/cb"
		ok(s.inner.PutOAuthConfig(s.t.Context(), older, 32, authkit.Riders{}))
		s.send("PATCH", app+"/oauth-configs/account", `{"enabled":false}`, dev).want(s.t, 200, "")

		s.send("PATCH", app, `{"signup":"closed","limits":{"mail":"1/h/ip"}}`, dev).want(s.t, 200, "")
		s.send("PATCH", config, `{"enabled":false}`, dev).want(s.t, 200, "")
		for path, fields := range map[string]string{app: `{"redirect_urls":["` + urls[0] + `"]}`, config: `{"scopes":["` + kept.Scopes[0] + `"]}`} {
			s.send("PATCH", path, fields, dev).want(s.t, 400, "invalid_request")
		}
	})
}

// The list of identities needs no configuration if each identity says which provider it came
// from.
func TestIdentitiesAreReadWithoutTheConfigurations(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	token, id := s.owner("ann@example.com")
	s.link(token, nil)
	before := s.faulty.Calls()
	if _, err := s.engine.Identities(t.Context(), authkit.UserRef{App: s.app.ID, ID: id}); err != nil {
		t.Fatal(err)
	}
	if n := s.faulty.Calls() - before; n != 1 {
		t.Errorf("calls of the store: got %d, want 1", n)
	}
}
