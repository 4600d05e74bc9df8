package authkit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// backend is an app's own server, which says which client it acts for.
type backend struct {
	*world

	app, key string
}

const backendPeer = "203.0.113.200:1"

func (w *world) backend(app uuid.UUID) backend {
	w.t.Helper()
	_, key, err := w.engine.RotateAPIKey(w.t.Context(), authkit.AppRef{Developer: w.devID, ID: app}, authkit.APIKeyRequest{Scopes: []string{authkit.ScopeAuthForward}, Overlap: time.Hour})
	if err != nil {
		w.t.Fatal(err)
	}
	return backend{w.from(backendPeer), app.String(), key}
}

// as sends a request for a client.
func (b backend) as(client, method, path, body string, headers ...string) answer {
	b.t.Helper()
	return b.send(method, path, body, append(headers, "X-Authkit-Key: "+b.key, "X-Authkit-Client-IP: "+client)...)
}

func (b backend) wrongAs(client, email string) answer {
	b.t.Helper()
	return b.as(client, "POST", "/auth/credentials/"+b.app, signInBody(email, "another passphrase", "sign_in"))
}

func person(i int) string { return fmt.Sprintf("198.51.%d.%d", 100+i/250, i%250) }

func TestABackendTellsWhoseRequestsItSends(t *testing.T) {
	t.Parallel()
	t.Run("an app's limits go by the person", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		b := w.backend(w.app.ID)
		for i := range 36 {
			b.as(person(i), "POST", "/auth/magic-link/"+b.app, `{"email":"`+w.nth(i)+`"}`).want(t, 202, "")
		}
		through, _ := flood(t, func(i int) answer { return b.wrongAs("198.51.100.7", w.nth(i)) })
		if through != 20 {
			t.Errorf("one person: got %d tries through, want 20", through)
		}
		b.wrongAs("198.51.100.8", w.nth(0)).want(t, 401, "invalid_credentials")
	})
	t.Run("without the key its headers change nothing", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		through, _ := flood(t, func(i int) answer {
			return w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody(w.nth(i), "another passphrase", "sign_in"), "X-Authkit-Client-IP: "+person(i))
		})
		if through != 20 {
			t.Errorf("got %d through, want 20", through)
		}
	})
	t.Run("sessions are the person's, and events keep both addresses", func(t *testing.T) {
		t.Parallel()
		onEveryStore(t, func(t *testing.T, store authkit.Store) {
			w := setup(t, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })
			b := w.backend(w.app.ID)
			in := b.as("198.51.100.7", "POST", "/auth/credentials/"+b.app, signInBody("ann@example.com", password, ""), "X-Authkit-User-Agent: Phone/1", "User-Agent: backend")
			in.want(t, 201, "")
			list := w.send("GET", w.in("/auth/sessions/{app_id}"), "", bearer(in.text(t, "token"))).body["sessions"].([]any)[0].(map[string]any)
			if list["ip"] != "198.51.100.7" || list["user_agent"] != "Phone/1" {
				t.Errorf("session: got %v from %v, want those of the person", list["user_agent"], list["ip"])
			}
			events, err := store.Events(t.Context(), w.app.ID, authkit.EventQuery{Page: authkit.Page{Limit: 1}, Type: authkit.EventUserCreate})
			if err != nil || len(events) != 1 {
				t.Fatalf("events: got %v, %v, want one", events, err)
			}
			if e := events[0]; e.IP != "198.51.100.7" || string(e.Detail) != `{"forwarded_by":"203.0.113.200"}` {
				t.Errorf("event: got %s and %s, want both addresses", e.IP, e.Detail)
			}
		})
	})
	t.Run("the developer counts once for all that is forwarded, in all apps", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		other, _, err := w.engine.CreateApp(t.Context(), w.devID, "Other")
		if err != nil {
			t.Fatal(err)
		}
		one, two, through := w.backend(w.app.ID), w.backend(other.ID), 0
		for i := range 1200 {
			b := []backend{one, two}[i%2]
			if b.wrongAs(person(i), w.nth(i)).Code == 401 {
				through++
			}
		}
		if through != 1000 {
			t.Errorf("got %d through, want 50 times the 20 of one app", through)
		}
		w.from(backendPeer).wrong(one.app, "ann@example.com").want(t, 401, "") // for itself
	})
}

// A backend with a key of one app can name any address. Its requests must not count where that
// person signs in to other apps.
func TestAForwardedAddressCountsInItsAppAlone(t *testing.T) {
	t.Parallel()
	const victim = "192.0.2.77"
	w := setup(t)
	tenant := w.apps(1)[0]
	b := w.backend(w.app.ID)
	for i := range 10_000 {
		b.wrongAs(victim, w.nth(i%7))
		b.as(victim, "POST", "/auth/credentials/"+b.app, "nonsense")
	}
	b.wrongAs(victim, w.nth(0)).want(t, 429, "rate_limited")
	at := w.from(victim + ":1")
	body := signInBody("ann@example.com", password, "sign_up")
	at.send("POST", "/auth/credentials/"+tenant, body).want(t, 201, "")
	for range 9 {
		at.send("POST", "/auth/credentials/"+tenant, signInBody("ann@example.com", password, "sign_in")).want(t, 200, "")
	}
	at.send("POST", "/auth/magic-link/"+tenant, `{"email":"ann@example.com"}`).want(t, 202, "")
	at.send("POST", "/auth/verify/"+tenant, `{"token":"x"}`).want(t, 401, "invalid_token")
}

func TestWhatABackendTellsWrongly(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	w := s.world
	other, _, err := w.engine.CreateApp(t.Context(), w.devID, "Other")
	if err != nil {
		t.Fatal(err)
	}
	b, foreign := w.backend(w.app.ID), w.backend(other.ID)
	const credentials, text, ip = "/auth/credentials/{app_id}", "Content-Type: text/plain", "X-Authkit-Client-IP: 198.51.100.7"
	key, plain := "X-Authkit-Key: "+b.key, "X-Authkit-Key: "+w.key
	full := "X-Authkit-Client-IP: 198.51.100.99"
	for range 20 {
		b.send("POST", w.in(credentials), "{}", key, full).want(t, 400, "invalid_request")
	}
	none := uuid.NewString()
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		code               string
	}{
		"no key that is":                      {"POST", credentials, "{}", []string{"X-Authkit-Key: ak_x", ip}, 401, "invalid_api_key"},
		"an empty key":                        {"POST", credentials, "{}", []string{"X-Authkit-Key: ", ip}, 401, "invalid_api_key"},
		"another app's key":                   {"POST", credentials, "{}", []string{"X-Authkit-Key: " + foreign.key, ip}, 401, "invalid_api_key"},
		"a key for the console app":           {"POST", "/auth/credentials/console", "{}", []string{key, ip}, 401, "invalid_api_key"},
		"a key for no app":                    {"POST", "/auth/credentials/" + none, "{}", []string{key, ip}, 401, "invalid_api_key"},
		"a key without the scope":             {"POST", credentials, "{}", []string{plain, ip}, 403, "forbidden"},
		"an origin beside it":                 {"POST", credentials, "{}", []string{key, ip, "Origin: " + origin}, 403, "forbidden"},
		"an origin before a wrong key":        {"POST", credentials, "{}", []string{"X-Authkit-Key: ak_x", ip, "Origin: " + origin}, 403, "forbidden"},
		"no address":                          {"POST", credentials, "{}", []string{key}, 400, "invalid_request"},
		"an address with a port":              {"POST", credentials, "{}", []string{key, ip + ":7"}, 400, "invalid_request"},
		"two addresses":                       {"POST", credentials, "{}", []string{key, ip + ", 198.51.100.8"}, 400, "invalid_request"},
		"no address that is":                  {"POST", credentials, "{}", []string{key, "X-Authkit-Client-IP: localhost"}, 400, "invalid_request"},
		"a wrong key on a GET":                {"GET", "/auth/me/{app_id}", "", []string{"X-Authkit-Key: ak_x", ip}, 401, "invalid_api_key"},
		"the method before the key":           {"PUT", credentials, "", []string{"X-Authkit-Key: ak_x"}, 405, "method_not_allowed"},
		"a foreign origin before the key":     {"POST", credentials, "{}", []string{"X-Authkit-Key: ak_x", "Origin: https://evil.example"}, 403, "forbidden"},
		"the key before the credential":       {"GET", "/auth/me/{app_id}", "", []string{"X-Authkit-Key: ak_x", ip, bearer("x")}, 401, "invalid_api_key"},
		"the credential before the scope":     {"GET", "/auth/me/{app_id}", "", []string{plain, ip}, 401, "unauthenticated"},
		"the scope before the person's limit": {"POST", credentials, "{}", []string{plain, full}, 403, "forbidden"},
		"the person's limit before the type":  {"POST", credentials, "{}", []string{key, full, text}, 429, "rate_limited"},
		"a route without an app takes no key": {"GET", "/healthz", "", []string{"X-Authkit-Key: ak_x"}, 200, ""},
		"a key in the place of another":       {"GET", "/users/{app_id}", "", []string{"Authorization: Bearer " + b.key}, 403, "forbidden"},
		"both keys":                           {"GET", "/users/{app_id}", "", []string{key, ip, "Authorization: Bearer " + w.key}, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b.send(c.method, w.in(c.path), c.body, c.headers...).want(t, c.status, c.code)
		})
	}
	r := w.request("POST", w.in(credentials), "{}", key, ip)
	r.Header.Add("X-Authkit-Key", b.key)
	w.do(r).want(t, 401, "invalid_api_key")
	r = w.request("POST", w.in(credentials), "{}", key, ip)
	r.Header.Add("X-Authkit-Client-Ip", "198.51.100.8")
	w.do(r).want(t, 400, "invalid_request")
}

// A key has the scope only if it was asked for.
func TestNoKeyMayForwardByItself(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rotated := w.send("POST", w.in("/apps/{app_id}/api-keys"), "{}", bearer(w.token))
	rotated.want(t, 201, "")
	for name, key := range map[string]string{"the first key": w.key, "a key without scopes": rotated.text(t, "key")} {
		got := w.send("POST", w.in("/auth/credentials/{app_id}"), "{}", "X-Authkit-Key: "+key, "X-Authkit-Client-IP: 198.51.100.7")
		if name == "the first key" {
			got.want(t, 401, "invalid_api_key") // retired
			continue
		}
		got.want(t, 403, "forbidden")
	}
	asked := w.send("POST", w.in("/apps/{app_id}/api-keys"), `{"scopes":["auth:forward","users:read"]}`, bearer(w.token))
	asked.want(t, 201, "")
	if got := fmt.Sprint(asked.body["scopes"]); got != "[auth:forward users:read]" {
		t.Errorf("scopes: got %s", got)
	}
	got := w.send("POST", w.in("/auth/credentials/{app_id}"), "{}", "X-Authkit-Key: "+asked.text(t, "key"), "X-Authkit-Client-IP: 2001:db8::1")
	got.want(t, 400, "invalid_request")
	if !strings.Contains(got.Body.String(), "email") {
		t.Errorf("got %s, want the body to be what is wrong", got.Body)
	}
}
