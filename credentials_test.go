package authkit_test

import (
	"sync"
	"testing"
	"time"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	w := setup(t)
	path := "/auth/credentials/" + w.app.ID.String()
	first := w.signUp("Ann@Example.com")
	if first.body["created"] != true || first.body["token_type"] != "Bearer" || first.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("sign-up: got %s", first.Body)
	}
	user := first.body["user"].(map[string]any)
	if user["email"] != "Ann@Example.com" || user["email_verified"] != false || user["last_login"] == nil || user["name"] != nil {
		t.Errorf("user: got %v", user)
	}
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"the right password signs in":            {`{"email":"ann@example.com","password":"` + password + `"}`, 200, ""},
		"a wrong password is refused":            {`{"email":"ann@example.com","password":"another passphrase"}`, 401, "invalid_credentials"},
		"an unknown address is the same refusal": {`{"email":"bob@example.com","password":"` + password + `","intent":"sign_in"}`, 401, "invalid_credentials"},
		"a weak password creates nobody":         {`{"email":"bob@example.com","password":"short"}`, 401, "invalid_credentials"},
		"sign_up says that a password is weak":   {`{"email":"ann@example.com","password":"short","intent":"sign_up"}`, 422, "weak_password"},
		"sign_up says that an address is taken":  {`{"email":"ann@example.com","password":"` + password + `","intent":"sign_up"}`, 409, "email_taken"},
		"an address that is none is refused":     {`{"email":"ann","password":"` + password + `"}`, 400, "invalid_request"},
		"an unknown intent is refused":           {`{"email":"ann@example.com","password":"x","intent":"x"}`, 400, "invalid_request"},
		"an unknown member is refused":           {`{"mail":"ann@example.com"}`, 400, "invalid_request"},
		"the user's own address is no password":  {`{"email":"carol.smith@example.com","password":"carol.smith1","intent":"sign_up"}`, 422, "weak_password"},
	} {
		t.Run(name, func(t *testing.T) {
			w.clock.advance(time.Minute)
			w.send("POST", path, c.body).want(t, c.status, c.code)
		})
	}
	t.Run("the console takes no sign-up", func(t *testing.T) {
		w.send("POST", "/auth/credentials/console", `{"email":"eve@example.com","password":"`+password+`"}`).want(t, 401, "invalid_credentials")
		w.send("POST", "/auth/credentials/console", `{"email":"eve@example.com","password":"`+password+`","intent":"sign_up"}`).want(t, 403, "signup_disabled")
	})
	t.Run("sixteen sign-ups of one address have one winner", func(t *testing.T) {
		w.clock.advance(time.Hour)
		var wg sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for range 10 {
			wg.Go(func() {
				got := w.send("POST", path, `{"email":"race@example.com","password":"`+password+`","intent":"sign_up"}`)
				mu.Lock()
				defer mu.Unlock()
				statuses[got.Code]++
			})
		}
		wg.Wait()
		if statuses[201] != 1 || statuses[409] != 9 {
			t.Errorf("statuses: got %v, want one 201 and nine 409", statuses)
		}
	})
	t.Run("the eleventh attempt of a minute on an address is refused", func(t *testing.T) {
		w.clock.advance(time.Hour)
		for range 10 {
			w.send("POST", path, `{"email":"dave@example.com","password":"nonsense","intent":"sign_in"}`).want(t, 401, "")
		}
		got := w.send("POST", path, `{"email":"dave@example.com","password":"nonsense","intent":"sign_in"}`)
		got.want(t, 429, "rate_limited")
		if got.Header().Get("Retry-After") == "" {
			t.Error("Retry-After: got none")
		}
	})
}
