package authkit_test

import (
	"testing"
	"time"
)

func TestMe(t *testing.T) {
	t.Parallel()
	w := setup(t)
	in := w.signUp("ann@example.com").body["token"].(string)
	path := "/auth/me/" + w.app.ID.String()
	w.send("GET", path, "", bearer(in)).want(t, 200, "")
	w.send("GET", path, "").want(t, 401, "unauthenticated")
	w.send("GET", path, "", bearer(w.token)).want(t, 401, "invalid_token")
	w.send("GET", path, "", bearer(w.key)).want(t, 401, "invalid_token")
	w.send("GET", path, "", "Authorization: Basic eDp5").want(t, 401, "unauthenticated")
	w.send("GET", path, "", "Authorization: Bearer  x").want(t, 400, "invalid_request")
	w.send("GET", "/auth/me/console", "", bearer(in)).want(t, 401, "invalid_token")
	w.clock.advance(17 * time.Minute)
	w.send("GET", path, "", bearer(in)).want(t, 401, "invalid_token")
}
