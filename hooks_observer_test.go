package authkit_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

func TestObserver(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []authkit.Event
	faulty := storetest.NewFaulty(memory.New())
	w := setup(t, func(c *authkit.Config) {
		c.Store = faulty
		c.Observer = func(e authkit.Event) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, e)
		}
	})
	since := func(do func()) string {
		mu.Lock()
		told = nil
		mu.Unlock()
		do()
		mu.Lock()
		defer mu.Unlock()
		var out []string
		for _, e := range told {
			if text := fmt.Sprintf("%+v", e); strings.Contains(text, password) || strings.Contains(text, "rt_") || strings.Contains(text, "ak_") {
				t.Errorf("event: got %s, want no secret", text)
			}
			out = append(out, e.Type+" "+e.Result+" "+e.Reason)
		}
		return strings.Join(out, ", ")
	}
	app := w.app.ID.String()
	for _, c := range []struct {
		name, want string
		do         func()
	}{
		{"a sign-up", "user.create ok credentials, email.send ok sign-up", func() { w.signUp("ann@example.com") }},
		{"a sign-in", "session.start ok credentials", func() { w.signIn(app, "ann@example.com") }},
		{"a wrong password", "session.start refused invalid_credentials", func() {
			w.send("POST", "/auth/credentials/"+app, `{"email":"ann@example.com","password":"another passphrase"}`)
		}},
		{"an address that is taken", "session.start refused email_taken", func() {
			w.send("POST", "/auth/credentials/"+app, signInBody("ann@example.com", password, "sign_up"))
		}},
		{"a malformed link", "session.start refused invalid_token", func() { w.verify(`{"token":"x.y.z"}`) }},
		{"an unknown code", "session.start refused invalid_token", func() { w.send("POST", "/auth/token/"+app, `{"code":"x"}`) }},
		{"an unknown provider", "session.start refused provider_not_configured", func() { w.callback("good", "x", "y") }},
		{"a wrong password in a change", "password.change refused invalid_credentials", func() {
			in := w.send("POST", "/auth/credentials/"+app, signInBody("ann@example.com", password, "sign_in"))
			mu.Lock()
			told = nil
			mu.Unlock()
			w.send("POST", "/auth/password/change/"+app, `{"current_password":"x","new_password":"`+newPassword+`"}`, bearer(in.text(t, "token")))
		}},
		{"a request that is wrong in itself", "", func() { w.send("POST", "/auth/credentials/"+app, signInBody("ann", password, "")) }},
		{"a step that failed", "", func() {
			faulty.FailAt(3) // the limits, the account, the step
			w.send("POST", "/auth/credentials/"+app, `{"email":"ann@example.com","password":"`+password+`"}`).want(t, 503, "")
			faulty.FailAt(0)
		}},
		{"a new key", "api_key.create ok ", func() { w.send("POST", "/apps/"+app+"/api-keys", `{}`, bearer(w.token)).want(t, 201, "") }},
		{"a user of the app's own making", "user.create ok ", func() {
			if _, err := w.engine.CreateUser(t.Context(), w.app.ID, authkit.UserRequest{Email: "bob@example.com"}); err != nil {
				t.Error(err)
			}
		}},
	} {
		if got := since(c.do); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// This test checks who is named by the events that the routes and the Engine's own methods
// cause.
func TestEventsSayWhereTheyComeFrom(t *testing.T) {
	t.Parallel()
	var told []authkit.Event
	w := setup(t, func(c *authkit.Config) { c.Observer = func(e authkit.Event) { told = append(told, e) } })
	created := w.send("POST", w.in("/users/{app_id}"), `{"email":"ann@example.com"}`, bearer(w.key))
	created.want(t, 201, "")
	ann := created.text(t, "user_id")
	keys, err := w.engine.APIKeys(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID})
	if err != nil {
		t.Fatal(err)
	}
	key, dev, peer := "api_key:"+keys[0].ID.String(), "console:"+w.devID, "192.0.2.1"
	bob := w.signUp("bob@example.com").text(t, "token")
	for _, c := range []struct {
		name string
		do   func() answer
		want authkit.Event
	}{
		{"an API key changes a user", func() answer {
			return w.send("PATCH", w.in("/users/{app_id}/")+ann, `{"name":"Ann","disabled":true}`, bearer(w.key))
		}, authkit.Event{Type: authkit.EventUserChange, Actor: key, IP: peer, Result: "ok", Reason: "name, disabled"}},
		{"an API key deletes a user", func() answer { return w.send("DELETE", w.in("/users/{app_id}/")+ann, "", bearer(w.key)) },
			authkit.Event{Type: authkit.EventUserDelete, Actor: key, IP: peer, Result: "ok"}},
		{"a developer changes an app", func() answer {
			return w.send("PATCH", w.in("/apps/{app_id}"), `{"signup":"closed","origins":[]}`, bearer(w.token))
		}, authkit.Event{Type: authkit.EventAppChange, Actor: dev, IP: peer, Result: "ok", Reason: "signup, origins"}},
		{"a user signs out", func() answer { return w.send("POST", w.in("/auth/sign-out/{app_id}"), `{}`, bearer(bob)) },
			authkit.Event{Type: authkit.EventSessionEnd, IP: peer, Result: "ok", Reason: "signed out"}},
		{"a stranger is refused", func() answer {
			return w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody("bob@example.com", "another passphrase", ""))
		}, authkit.Event{Type: authkit.EventSessionStart, IP: peer, Result: "refused", Reason: "invalid_credentials"}},
		{"the host makes a user", func() answer {
			if _, err := w.engine.CreateUser(t.Context(), w.app.ID, authkit.UserRequest{Email: "cid@example.com"}); err != nil {
				t.Error(err)
			}
			return answer{}
		}, authkit.Event{Type: authkit.EventUserCreate, Actor: "host", Result: "ok"}},
	} {
		told = nil
		got := c.do()
		if got.ResponseRecorder != nil {
			c.want.RequestID = got.Header().Get("X-Request-ID")
		}
		if len(told) != 1 {
			t.Errorf("%s: got %d events, want 1", c.name, len(told))
			continue
		}
		e := told[0]
		e.ID, e.App, e.UserID, e.Time, e.Detail = c.want.ID, c.want.App, c.want.UserID, c.want.Time, nil
		if got, want := fmt.Sprintf("%+v", e), fmt.Sprintf("%+v", c.want); got != want {
			t.Errorf("%s: got %s, want %s", c.name, got, want)
		}
	}
}
