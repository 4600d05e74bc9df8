package authkit_test

import (
	"strings"
	"testing"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	w := setup(t)
	issuer := base + "/apps/" + w.app.ID.String()
	got := w.send("GET", "/apps/"+w.app.ID.String()+"/.well-known/openid-configuration", "")
	got.want(t, 200, "")
	if got.body["issuer"] != issuer || got.body["jwks_uri"] != issuer+"/.well-known/jwks.json" {
		t.Errorf("metadata: got %s", got.Body)
	}
	keys := w.send("GET", "/apps/"+w.app.ID.String()+"/.well-known/jwks.json", "")
	keys.want(t, 200, "")
	if strings.Contains(keys.Body.String(), `"d"`) || !strings.Contains(keys.Body.String(), `"use":"sig"`) || !strings.Contains(keys.Header().Get("Cache-Control"), "max-age") {
		t.Errorf("keys: got %s", keys.Body)
	}
}
