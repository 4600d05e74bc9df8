package authkit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

func TestUserFilters(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	for _, name := range []string{"ann", "bob", "carol", "Carl", "eve"} {
		w.clock.Advance(time.Second)
		w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"`+name+`@Example.com","password":"`+password+`","name":"Straße `+name+`"}`).want(t, 201, "")
	}
	_, m := w.mailed("frank@example.com", "")
	w.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 200, "")
	for query, want := range map[string]int{
		"":                                     6,
		"?email=ANN@example.com":               1,
		"?email=ann@example.co":                0,
		"?q=Ca":                                2,
		"?q=carol@example.com":                 1,
		"?q=carol@example.com.":                0,
		"?q=example":                           0,
		"?q=STRASSE":                           5,
		"?q=stra%C3%9Fe+CARO":                  1,
		"?q=%25":                               0,
		"?q=_":                                 0,
		"?auth_method=oauth":                   0,
		"?auth_method=credentials":             5,
		"?auth_method=magic_link":              1,
		"?auth_method=magic_link&q=frank":      1,
		"?auth_method=credentials&q=frank":     0,
		"?email=ann@example.com&q=bob":         0,
		"?email=ann@example.com&limit=1":       1,
		"?auth_method=credentials&q=c&limit=5": 2,
	} {
		got := w.send("GET", w.in("/users/{app_id}")+query, "", bearer(w.key))
		got.want(t, 200, "")
		if n := len(got.body["users"].([]any)); n != want {
			t.Errorf("%s: got %d users, want %d", query, n, want)
		}
		lines := w.send("GET", w.in("/users/{app_id}")+query, "", bearer(w.key), "Accept: application/x-ndjson")
		if n := bytes.Count(lines.Body.Bytes(), []byte{'\n'}); n != want {
			t.Errorf("%s as a stream: got %d users, want %d", query, n, want)
		}
	}
	for accept, want := range map[string]string{
		"application/x-ndjson": "application/x-ndjson", "application/x-ndjson; charset=utf-8": "application/x-ndjson", "Application/X-NDJSON": "application/x-ndjson",
		"application/json": "application/json", "*/*": "application/json", "application/json, application/x-ndjson": "application/json",
	} {
		got := w.send("GET", w.in("/users/{app_id}"), "", bearer(w.key), "Accept: "+accept)
		if kind := got.Header().Get("Content-Type"); kind != want {
			t.Errorf("Accept %q: got %q, want %q", accept, kind, want)
		}
	}
	for _, query := range []string{"?email=x", "?email=", "?auth_method=", "?email=ann@localhost", "?auth_method=%00", "?limit=1&limit=2"} {
		w.send("GET", w.in("/users/{app_id}")+query, "", bearer(w.key)).want(t, 400, "invalid_request")
	}
}

func TestStreamOfUsers(t *testing.T) {
	t.Parallel()
	const n = 1201 // three pages of the store
	s := newStage(t)
	s.fill(s.app.ID, n)
	stream := func() answer {
		return s.send("GET", s.in("/users/{app_id}?limit=2"), "", bearer(s.key), "Accept: application/x-ndjson")
	}
	before := s.faulty.Calls()
	got := stream()
	calls := s.faulty.Calls() - before
	got.want(t, 200, "")
	if kind := got.Header().Get("Content-Type"); kind != "application/x-ndjson" {
		t.Errorf("Content-Type: got %q, want application/x-ndjson", kind)
	}
	seen := map[string]bool{}
	for line := range bytes.Lines(got.Body.Bytes()) {
		var u map[string]any
		if err := json.Unmarshal(line, &u); err != nil || len(u) != 13 {
			t.Fatalf("line: got %s, %v, want a user", line, err)
		}
		seen[u["user_id"].(string)] = true
	}
	if len(seen) != n || bytes.Count(got.Body.Bytes(), []byte{'\n'}) != n {
		t.Errorf("stream: got %d users on %d lines, want each of the %d once", len(seen), bytes.Count(got.Body.Bytes(), []byte{'\n'}), n)
	}
	t.Run("breaks off when the store fails, so that half a list looks like no whole one", func(t *testing.T) {
		for nth := calls; nth > calls-2; nth-- {
			s.faulty.FailAt(nth)
			if err := aborts(func() { stream() }); !errors.Is(err, http.ErrAbortHandler) {
				t.Errorf("call %d of %d: got %v, want the connection cut", nth, calls, err)
			}
		}
		s.faulty.FailAt(calls - 2)
		stream().want(t, 503, "unavailable")
	})
	t.Run("is for who asks for exactly that", func(t *testing.T) {
		for _, accept := range []string{"application/json", "*/*", "application/x-ndjson, application/json", "text/html"} {
			got := s.send("GET", s.in("/users/{app_id}"), "", bearer(s.key), "Accept: "+accept)
			if kind := got.Header().Get("Content-Type"); kind != "application/json" {
				t.Errorf("%s: got %q, want application/json", accept, kind)
			}
		}
	})
}

// aborts returns the value with which f panics.
func aborts(f func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	f()
	return nil
}

func TestUsersOfAnAppAreItsOwn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other, key, err := w.engine.CreateApp(t.Context(), w.devID, "Other")
	if err != nil {
		t.Fatal(err)
	}
	w.signUp("ann@example.com")
	got := w.send("GET", "/users/"+other.ID.String(), "", bearer(key))
	got.want(t, 200, "")
	if n := len(got.body["users"].([]any)); n != 0 {
		t.Errorf("users of another app: got %s, want none", got.Body)
	}
	w.send("POST", "/auth/credentials/"+other.ID.String(), signInBody("ann@example.com", password, "sign_in")).want(t, 401, "invalid_credentials")
	in := w.send("POST", "/auth/credentials/"+other.ID.String(), signInBody("ann@example.com", "quite another passphrase", "sign_up"))
	in.want(t, 201, "")
	w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", password, "sign_in")).want(t, 200, "")
	users, err := w.engine.Users(t.Context(), other.ID, authkit.UserFilter{Page: authkit.Page{Limit: 10}})
	if err != nil || len(users) != 1 {
		t.Errorf("users of another app: got %d, %v, want 1", len(users), err)
	}
}

func TestAPageWithoutALimit(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signUp("ann@example.com")
	if users, err := w.engine.Users(t.Context(), w.app.ID, authkit.UserFilter{}); err != nil || len(users) != 1 {
		t.Errorf("Users: got %d, %v, want 1", len(users), err)
	}
	if apps, err := w.engine.Apps(t.Context(), w.devID, authkit.Page{}); err != nil || len(apps) != 1 {
		t.Errorf("Apps: got %d, %v, want 1", len(apps), err)
	}
	if _, err := w.engine.Apps(t.Context(), w.devID, authkit.Page{Limit: -1}); !errors.Is(err, authkit.CodeInvalidRequest) {
		t.Errorf("Apps with a negative limit: got %v, want %v", err, authkit.CodeInvalidRequest)
	}
}

// The list shows what one user does: the API key sees who is disabled, and why.
func TestTheListShowsWhoIsDisabled(t *testing.T) {
	t.Parallel()
	w := setup(t)
	key := bearer(w.key)
	made := w.send("POST", w.in("/users/{app_id}"), `{"email":"ann@example.com"}`, key)
	made.want(t, 201, "")
	one := w.in("/users/{app_id}/") + made.text(t, "user_id")
	for _, change := range []string{"", `{"disabled":true,"disabled_reason":"asked to be"}`} {
		if change != "" {
			w.send("PATCH", one, change, key).want(t, 200, "")
		}
		want := strings.TrimSpace(w.send("GET", one, "", key).Body.String())
		if change == "" && strings.TrimSpace(made.Body.String()) != want {
			t.Errorf("created: got %s, want %s", made.Body, want)
		}
		if got := w.send("GET", w.in("/users/{app_id}"), "", key).Body.String(); strings.TrimSpace(got) != `{"users":[`+want+`]}` {
			t.Errorf("the list: got %s, want %s in it", got, want)
		}
		if got := w.send("GET", w.in("/users/{app_id}"), "", key, "Accept: application/x-ndjson").Body.String(); got != want+"\n" {
			t.Errorf("the lines: got %s, want %s", got, want)
		}
	}
}
