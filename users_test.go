package authkit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

func TestUsersList(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Limits.InsecureOff = true })
	for _, name := range []string{"ann", "bob", "carol", "dave", "eve"} {
		w.clock.advance(time.Second)
		w.signUp(name + "@example.com")
	}
	path := "/users/" + w.app.ID.String()
	var seen []string
	next := "?limit=2"
	for range 5 {
		got := w.send("GET", path+next, "", bearer(w.key))
		got.want(t, 200, "")
		for _, u := range got.body["users"].([]any) {
			seen = append(seen, strings.TrimSuffix(u.(map[string]any)["email"].(string), "@example.com"))
		}
		cursor, more := got.body["next_cursor"].(string)
		if !more {
			break
		}
		if want := `<` + base + path + `?cursor=` + cursor + `&limit=2>; rel="next"`; got.Header().Get("Link") != want {
			t.Errorf("Link: got %q, want %q", got.Header().Get("Link"), want)
		}
		w.send("GET", path+"?q=a&cursor="+cursor, "", bearer(w.key)).want(t, 400, "invalid_request")
		next = "?limit=2&cursor=" + cursor
	}
	if got, want := strings.Join(seen, " "), "eve dave carol bob ann"; got != want {
		t.Errorf("users: got %q, want %q", got, want)
	}
	for query, want := range map[string]int{"?email=ANN@example.com": 1, "?q=Ca": 1, "?auth_method=oauth": 0, "?auth_method=credentials": 5, "?q=%25": 0} {
		got := w.send("GET", path+query, "", bearer(w.key))
		got.want(t, 200, "")
		if n := len(got.body["users"].([]any)); n != want {
			t.Errorf("%s: got %d users, want %d", query, n, want)
		}
	}
	for _, query := range []string{"?limit=0", "?limit=501", "?limit=x", "?cursor=x", "?limit=1&limit=2", "?email=x", "?auth_method=x"} {
		w.send("GET", path+query, "", bearer(w.key)).want(t, 400, "invalid_request")
	}
	lines := w.send("GET", path, "", bearer(w.key), "Accept: application/x-ndjson")
	if n := strings.Count(lines.Body.String(), "\n"); n != 5 || lines.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("ndjson: got %d lines of %q, want 5", n, lines.Header().Get("Content-Type"))
	}
}
