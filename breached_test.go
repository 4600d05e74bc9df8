package authkit_test

import (
	"crypto/sha1"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

func TestBreachedPasswords(t *testing.T) {
	t.Parallel()
	const leaked = "a passphrase that leaked"
	sum := sha1.Sum([]byte(leaked))
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	down := false
	list := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case down:
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/"+digits[:5]:
			_, _ = io.WriteString(w, digits[5:]+":3\r\n")
		}
	}))
	defer list.Close()
	s := newStage(t, withoutLimits, func(c *authkit.Config) { c.Password.Breached = list.URL + "/" })
	in := func(email, pw, intent string) answer {
		return s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(email, pw, intent))
	}
	breached := in("ann@example.com", leaked, "sign_up")
	breached.want(t, 422, "weak_password")
	if got := breached.faults(); got != "password breached" {
		t.Errorf("errors: got %q, want the password breached", got)
	}
	in("ann@example.com", leaked, "").want(t, 401, "invalid_credentials")
	token := s.signUp("ann@example.com").text(t, "token")
	in("ann@example.com", leaked, "sign_up").want(t, 422, "weak_password") // before the look-up
	s.send("POST", s.in("/auth/password/change/{app_id}"), `{"current_password":"`+password+`","new_password":"`+leaked+`"}`, bearer(token)).want(t, 422, "weak_password")
	_, m := s.forgot("ann@example.com")
	s.send("POST", s.in(reset), byLink(m, `,"password":"`+leaked+`"`)).want(t, 422, "weak_password")
	if _, err := s.engine.CreateDeveloper(t.Context(), "new@example.com", leaked); err == nil {
		t.Error("a developer's password: got it taken, want it refused")
	}

	down = true
	in("bob@example.com", leaked, "sign_up").want(t, 201, "")
	events, err := s.inner.Events(t.Context(), s.app.ID, authkit.EventQuery{Page: authkit.Page{Limit: 5}, Type: authkit.EventPasswordUnchecked})
	if err != nil || len(events) != 1 {
		t.Errorf("events: got %v, %v, want one", events, err)
	}
}
