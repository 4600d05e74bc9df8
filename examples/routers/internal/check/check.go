// Package check tests the programs beside it, which do the same under different routers.
package check

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// Mount checks that authkit answers under /api/auth, and that /me is for users of the app alone.
func Mount(t *testing.T, handler http.Handler, app uuid.UUID) {
	t.Helper()
	send := func(method, path, body, token string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		got := httptest.NewRecorder()
		handler.ServeHTTP(got, r)
		return got
	}
	signUp := send(http.MethodPost, "/api/auth/auth/credentials/"+app.String(), `{"email":"ann@example.com","password":"correct horse battery"}`, "")
	var in struct {
		Token string `json:"token"`
		User  struct {
			ID string `json:"user_id"`
		} `json:"user"`
	}
	if err := json.Unmarshal(signUp.Body.Bytes(), &in); err != nil || signUp.Code != http.StatusCreated {
		t.Fatalf("sign-up: got %d %s, %v, want 201", signUp.Code, signUp.Body, err)
	}
	for name, c := range map[string]struct {
		path, token string
		status      int
		part        string
	}{
		"authkit answers under the mount":     {"/api/auth/healthz", "", 200, ""},
		"and nowhere else":                    {"/healthz", "", 404, ""},
		"it refuses unknown paths itself":     {"/api/auth/nothing", "", 404, `"code":"not_found"`},
		"a user reaches the protected route":  {"/me", in.Token, 200, "signed in as user " + in.User.ID + "\n"},
		"a stranger is refused by authkit":    {"/me", "", 401, `"code":"unauthenticated"`},
		"so is one with an invalid token":     {"/me", "nonsense", 401, `"code":"invalid_token"`},
		"unknown paths beside it are refused": {"/you", in.Token, 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := send(http.MethodGet, c.path, "", c.token)
			if got.Code != c.status || !strings.Contains(got.Body.String(), c.part) || strings.Count(got.Body.String(), "signed in") > 1 {
				t.Errorf("GET %s: got %d %s, want %d with %q", c.path, got.Code, got.Body, c.status, c.part)
			}
			if c.status == http.StatusUnauthorized && strings.Contains(got.Body.String(), "signed in") {
				t.Errorf("GET %s: got %s behind the refusal", c.path, got.Body)
			}
		})
	}
}
