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
		{"a sign-up", "user.create ok credentials", func() { w.signUp("ann@example.com") }},
		{"a sign-in", "session.start ok credentials", func() { w.signIn(app, "ann@example.com") }},
		{"a wrong password", "session.start refused invalid_credentials", func() {
			w.send("POST", "/auth/credentials/"+app, `{"email":"ann@example.com","password":"another passphrase"}`)
		}},
		{"an address that is taken", "session.start refused email_taken", func() {
			w.send("POST", "/auth/credentials/"+app, signInBody("ann@example.com", password, "sign_up"))
		}},
		{"a link that is none", "session.start refused invalid_token", func() { w.verify(`{"token":"x.y.z"}`) }},
		{"a code that is none", "session.start refused invalid_token", func() { w.send("POST", "/auth/token/"+app, `{"code":"x"}`) }},
		{"a state that is none", "session.start refused invalid_token", func() { w.callback("good", "x", "y") }},
		{"a wrong password in a change", "password.change refused invalid_credentials", func() {
			in := w.send("POST", "/auth/credentials/"+app, signInBody("ann@example.com", password, "sign_in"))
			mu.Lock()
			told = nil
			mu.Unlock()
			w.send("POST", "/auth/password/change/"+app, `{"current_password":"x","new_password":"`+newPassword+`"}`, bearer(in.text(t, "token")))
		}},
		{"a request that is wrong in itself", "", func() { w.send("POST", "/auth/credentials/"+app, signInBody("ann", password, "")) }},
		{"a step that failed", "", func() {
			faulty.FailAt(4) // the app, the limits, the account, the step
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
