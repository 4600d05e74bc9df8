package main

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestDevelopersOfThePlatformOwnApps(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := &platform{password: "the platform's", now: func() time.Time { return now }, sessions: map[string]session{}}
	handler, err := newHandler(p)
	if err != nil {
		t.Fatal(err)
	}
	send := func(method, path, kind, body string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost:8080"+path, strings.NewReader(body))
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		got := httptest.NewRecorder()
		handler.ServeHTTP(got, r)
		return got
	}
	want := func(got *httptest.ResponseRecorder, status int, part string) {
		t.Helper()
		if got.Code != status || !strings.Contains(got.Body.String(), part) {
			t.Errorf("got %d %s, want %d with %q", got.Code, got.Body, status, part)
		}
	}
	login := func(name, password string) *httptest.ResponseRecorder {
		return send("POST", "/login", "application/x-www-form-urlencoded", url.Values{"name": {name}, "password": {password}}.Encode())
	}
	want(login("ann", "wrong"), 401, "name or password is wrong")
	ann, bob := login("ann", "the platform's").Header().Get("Set-Cookie"), login("bob", "the platform's").Header().Get("Set-Cookie")

	want(send("POST", "/id/apps", "application/json", `{"name":"shop"}`), 401, "unauthenticated")
	want(send("POST", "/id/apps", "application/json", `{"name":"shop"}`, "Cookie", "platform=nonsense"), 401, "unauthenticated")
	want(send("POST", "/id/apps", "application/json", `{"name":"shop"}`, "Cookie", ann), 201, `"api_key":"ak_`)
	want(send("POST", "/id/apps", "application/json", `{"name":"shop"}`, "Cookie", ann, "Origin", "https://elsewhere.example"), 403, "forbidden")
	want(send("GET", "/id/apps", "", "", "Cookie", ann), 200, `"name":"shop"`)
	want(send("GET", "/id/apps", "", "", "Cookie", bob), 200, `"apps":[]`)
	want(send("POST", "/id/auth/credentials/console", "application/json", `{"email":"ann@example.com","password":"correct horse battery"}`), 404, "app_not_found")

	list := send("GET", "/id/apps", "", "", "Cookie", ann).Body.String()
	_, rest, _ := strings.Cut(list, `"app_id":"`)
	app, _, _ := strings.Cut(rest, `"`)
	want(send("DELETE", "/id/apps/"+app, "", "", "Cookie", bob), 404, "app_not_found")
	now = now.Add(11 * time.Minute)
	want(send("DELETE", "/id/apps/"+app, "", "", "Cookie", ann), 403, "reauthentication_required")
	want(send("DELETE", "/id/apps/"+app, "", "", "Cookie", login("ann", "the platform's").Header().Get("Set-Cookie")), 204, "")
}
