package authkit_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// Each refusal of an HTTP request is in the audit log once Run has come to it, with its reason and
// the one who asked.
func TestRefusalsAreInTheAuditLog(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	app := w.app.ID.String()
	ann := w.signUp("ann@example.com")
	user, dev := ann.body["user"].(map[string]any)["user_id"].(string), "console:"+w.devID
	reader, readerKey, err := w.engine.RotateAPIKey(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.APIKeyRequest{Scopes: []string{authkit.ScopeUsersRead}})
	if err != nil {
		t.Fatal(err)
	}
	w.runOnce()
	for _, c := range []struct {
		name, typ, reason, actor, user, route string
		do                                    func() answer
	}{
		{"a wrong password", "session.start", "invalid_credentials", "", user, "", func() answer {
			return w.send("POST", "/auth/credentials/"+app, signInBody("ann@example.com", "another passphrase", ""))
		}},
		{"a malformed link", "session.start", "invalid_token", "", "", "", func() answer { return w.verify(`{"token":"x.y.z"}`) }},
		{"a malformed refresh token", "request.refuse", "invalid_token", "", "", "POST /auth/refresh/{app_id}", func() answer { return w.refresh("rt_none") }},
		{"a malformed access token", "request.refuse", "invalid_token", "", "", "GET /auth/me/{app_id}", func() answer {
			return w.send("GET", "/auth/me/"+app, "", bearer("eyJhbGciOiJub25lIn0.e30."))
		}},
		{"the API key of earlier", "request.refuse", "invalid_api_key", "", "", "GET /users/{app_id}", func() answer {
			return w.send("GET", "/users/"+app, "", bearer(w.key))
		}},
		{"an API key without the scope", "request.refuse", "forbidden", "api_key:" + reader.ID.String(), "", "POST /users/{app_id}", func() answer {
			return w.send("POST", "/users/"+app, `{"email":"bob@example.com"}`, bearer(readerKey))
		}},
		{"a developer with a malformed token", "request.refuse", "invalid_token", "", "", "PATCH /apps/{app_id}", func() answer {
			return w.send("PATCH", "/apps/"+app, `{"name":"Mine"}`, bearer("x.y.z"))
		}},
		{"a developer whose sign-in is not fresh", "request.refuse", "reauthentication_required", dev, "", "DELETE /apps/{app_id}", func() answer {
			w.clock.Advance(11 * time.Minute)
			return w.send("DELETE", "/apps/"+app, "", bearer(w.token))
		}},
		{"a request across origins", "request.refuse", "forbidden", "", "", "POST /auth/credentials/{app_id}", func() answer {
			return w.send("POST", "/auth/credentials/"+app, "{}", "Origin: https://evil.example")
		}},
	} {
		w.clock.Advance(time.Second)
		since := w.clock.Now()
		got := c.do()
		w.runOnce()
		events, err := w.engine.AuditLog(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.EventQuery{Since: since})
		if err != nil || len(events) != 1 {
			t.Errorf("%s: got the events %v, %v, want one", c.name, events, err)
			continue
		}
		e, detail := events[0], map[string]string{}
		if len(e.Detail) > 0 {
			if err := json.Unmarshal(e.Detail, &detail); err != nil {
				t.Errorf("%s: the detail %s: %v", c.name, e.Detail, err)
			}
		}
		about := ""
		if e.UserID != [16]byte{} {
			about = e.UserID.String()
		}
		is := strings.Join([]string{e.Type, e.Result, e.Reason, e.Actor, about, detail["route"], e.IP, e.RequestID}, " ")
		want := strings.Join([]string{c.typ, "refused", c.reason, c.actor, c.user, c.route, "192.0.2.1", got.Header().Get("X-Request-ID")}, " ")
		if is != want {
			t.Errorf("%s: got %q, want %q", c.name, is, want)
		}
	}
	for name, do := range map[string]func() answer{
		"a request without a credential":     func() answer { return w.send("GET", "/auth/me/"+app, "") },
		"a request that is wrong in itself":  func() answer { return w.send("POST", "/auth/credentials/"+app, `{`) },
		"a path that does not exist":         func() answer { return w.send("GET", "/nothing", "") },
		"an app that is another developer's": func() answer { return w.send("GET", "/apps/"+authkit.Console.String(), "", bearer(w.token)) },
	} {
		w.clock.Advance(time.Second)
		since := w.clock.Now()
		do()
		w.runOnce()
		for _, app := range []authkit.AppRef{{Developer: w.devID, ID: w.app.ID}, {ID: authkit.Console}} {
			if events, err := w.engine.AuditLog(t.Context(), app, authkit.EventQuery{Since: since}); err != nil || len(events) != 0 {
				t.Errorf("%s: got %v, %v, want no event", name, events, err)
			}
		}
	}
}

func TestAFloodOfRefusalsIsOneNumber(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	since := w.clock.Now()
	for i := range 250 {
		w.from(fmt.Sprintf("198.51.100.%d:1", i)).send("GET", w.in("/auth/me/{app_id}"), "", bearer("x.y.z")).want(t, 401, "invalid_token")
	}
	ref := authkit.AppRef{Developer: w.devID, ID: w.app.ID}
	if early, err := w.engine.AuditLog(t.Context(), ref, authkit.EventQuery{Type: authkit.EventRequestRefuse}); err != nil || len(early) != 0 {
		t.Errorf("before Run: got %d events, %v, want none: no request waits for a write", len(early), err)
	}
	w.runOnce()
	w.clock.Advance(time.Minute)
	w.runOnce()
	events, err := w.engine.AuditLog(t.Context(), ref, authkit.EventQuery{Since: since, Page: authkit.Page{Limit: 500}})
	if err != nil {
		t.Fatal(err)
	}
	listed, counted := 0, 0
	for _, e := range events {
		switch e.Type {
		case authkit.EventRequestRefuse:
			listed++
		case authkit.EventMoreRefused:
			var more struct {
				Count int `json:"count"`
			}
			if err := json.Unmarshal(e.Detail, &more); err != nil {
				t.Fatal(err)
			}
			counted += more.Count
		}
	}
	if listed != 100 || counted != 150 {
		t.Errorf("got %d events and %d counted, want 100 and 150", listed, counted)
	}
}
