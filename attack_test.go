package authkit_test

import (
	"testing"
	"time"
)

func TestRevokeOldCountsAtOnceBesideAKeyThatWaits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.app.ID.String()
	in := w.signUp("ann@example.com").field("token")
	w.send("POST", "/apps/"+id+"/signing-keys/rotate", `{}`, bearer(w.token)).want(t, 201, "")
	got := w.send("POST", "/apps/"+id+"/signing-keys/rotate", `{"revoke_old":true}`, bearer(w.token))
	got.want(t, 201, "")
	w.send("GET", "/auth/me/"+id, "", bearer(in)).want(t, 401, "invalid_token")
	keys := w.send("GET", "/apps/"+id+"/.well-known/jwks.json", "").body["keys"].([]any)
	if len(keys) != 1 || keys[0].(map[string]any)["kid"] != got.field("kid") {
		t.Errorf("published: got %v, want %s alone", keys, got.field("kid"))
	}
	for range 2 {
		w.send("GET", "/auth/me/"+id, "", bearer(w.signIn(id, "ann@example.com"))).want(t, 200, "")
		w.clock.advance(20 * time.Minute) // when the one that waited would have begun
	}
}
