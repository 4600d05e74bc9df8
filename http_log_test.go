package authkit_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// Refusals that look alike in the answer differ in the log.
func TestARefusalIsOneLineOfTheLog(t *testing.T) {
	t.Parallel()
	log := newJournal()
	s := newStage(t, withoutLimits, func(c *authkit.Config) { c.Logger = slog.New(log) })
	in := s.signUp("ann@example.com")
	ended := s.signUp("bob@example.com")
	s.send("POST", s.in("/auth/sign-out/{app_id}"), `{}`, bearer(ended.text(t, "token"))).want(t, 204, "")
	const credentials = "POST /auth/credentials/{app_id}"
	for name, c := range map[string]struct {
		method, path, body, header string
		want                       line
	}{
		"a wrong password": {
			"POST", "/auth/credentials/{app_id}", `{"email":"ann@example.com","password":"not the passphrase"}`, "",
			line{Code: "invalid_credentials", Cause: "the password is another", Route: credentials},
		},
		"an unknown address": {
			"POST", "/auth/credentials/{app_id}", `{"email":"eve@example.com","password":"not the passphrase","intent":"sign_in"}`, "",
			line{Code: "invalid_credentials", Cause: "no user has the address", Route: credentials},
		},
		"a session that has ended": {
			"GET", "/auth/me/{app_id}", "", bearer(ended.text(t, "token")),
			line{Code: "invalid_token", Cause: "the session has ended", Route: "GET /auth/me/{app_id}"},
		},
		"an access token that was changed": {
			"GET", "/auth/me/{app_id}", "", bearer(in.text(t, "token") + "A"),
			line{Code: "invalid_token", Cause: "the access token does not verify: ", Route: "GET /auth/me/{app_id}"},
		},
		"an API key in the place of an access token": {
			"GET", "/auth/me/{app_id}", "", bearer(s.key),
			line{Code: "invalid_token", Cause: "an API key stands in the place of an access token", Route: "GET /auth/me/{app_id}"},
		},
		"a malformed refresh token": {
			"POST", "/auth/refresh/{app_id}", `{"refresh_token":"rt_nothing"}`, "",
			line{Code: "invalid_token", Cause: "the refresh token is malformed", Route: "POST /auth/refresh/{app_id}"},
		},
		"a body with a member too many": {
			"POST", "/auth/refresh/{app_id}", `{"refresh":"x"}`, "",
			line{Code: "invalid_request", Cause: "", Route: "POST /auth/refresh/{app_id}"},
		},
		"a path with a secret that matches nothing": {
			"GET", "/auth/a/b/c/{app_id}/a-secret?token=a-secret", "", "",
			line{Code: "not_found", Cause: "there is nothing at this path", Route: "GET (none)"},
		},
		"a method with control characters about it": {
			"PUT", "/auth/me/{app_id}", "", "X-Request-Id: one\r\ntwo\x1b[31m",
			line{Code: "method_not_allowed", Cause: `this path does not take "PUT"`, Route: "PUT /auth/me/{app_id}", Inbound: "onetwo[31m"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(log.refusals(t))
			headers := []string{"Accept: */*"}
			if c.header != "" {
				headers = append(headers, c.header)
			}
			got := s.send(c.method, s.in(c.path), c.body, headers...)
			lines := log.refusals(t)[before:]
			if len(lines) != 1 {
				t.Fatalf("got %d lines, want 1: %+v", len(lines), lines)
			}
			l := lines[0]
			if !strings.HasPrefix(l.Cause, c.want.Cause) || l.Cause == "" {
				t.Errorf("got cause %q, want %q", l.Cause, c.want.Cause)
			}
			if c.want.Code == "invalid_token" && strings.Contains(got.Body.String(), l.Cause) {
				t.Errorf("got %s, want an answer that does not tell the cause", got.Body)
			}
			c.want.Level, c.want.Msg, c.want.Cause, c.want.RequestID = "INFO", "refused", l.Cause, got.Header().Get("X-Request-ID")
			if !strings.Contains(c.want.Route, "(none)") {
				c.want.App = s.app.ID.String()
			}
			if l != c.want {
				t.Errorf("got %+v, want %+v", l, c.want)
			}
		})
	}
}

// The console app is named by its id, however the request names it.
func TestARefusalOfTheConsoleAppNamesIt(t *testing.T) {
	t.Parallel()
	log := newJournal()
	s := newStage(t, func(c *authkit.Config) { c.Logger = slog.New(log) })
	for _, app := range []string{"console", authkit.Console.String()} {
		s.send("PUT", "/auth/me/"+app, "").want(t, 405, "method_not_allowed")
	}
	for _, l := range log.refusals(t) {
		if l.App != authkit.Console.String() {
			t.Errorf("got %+v, want the id of the console app", l)
		}
	}
}

// This test covers a refusal that is a page.
func TestALinkThatIsRefusedOnAPageIsALine(t *testing.T) {
	t.Parallel()
	log := newJournal()
	s := newStage(t, func(c *authkit.Config) { c.Logger = slog.New(log) })
	s.send("GET", s.in("/auth/verify/{app_id}?token=nothing"), "", "Accept: text/html").want(t, 401, "invalid_token")
	lines := log.refusals(t)
	if len(lines) != 1 || lines[0].Code != "invalid_token" || !strings.HasPrefix(lines[0].Cause, "the link is malformed") {
		t.Errorf("got %+v, want one line that tells why the link is refused", lines)
	}
}

// This test checks the line for a route of the host.
func TestRequireLogsItsRefusals(t *testing.T) {
	t.Parallel()
	log := newJournal()
	s := newStage(t, func(c *authkit.Config) { c.Logger = slog.New(log) })
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", s.engine.Require(authkit.ForApp(s.app.ID))(http.NotFoundHandler()))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/orders/1", nil)
	r.Header.Set("Authorization", "Bearer nothing")
	got := httptest.NewRecorder()
	mux.ServeHTTP(got, r)
	lines := log.refusals(t)
	want := line{Level: "INFO", Msg: "refused", Code: "invalid_token", Route: "GET /orders/{id}", App: s.app.ID.String(), RequestID: got.Header().Get("X-Request-ID")}
	if len(lines) != 1 || !strings.HasPrefix(lines[0].Cause, "the access token does not verify") {
		t.Fatalf("got %+v, want one line that tells which check failed", lines)
	}
	lines[0].Cause = ""
	if lines[0] != want || got.Code != http.StatusUnauthorized {
		t.Errorf("got %d and %+v, want %+v", got.Code, lines[0], want)
	}
}
