package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeShowsThisProgram compares README.md with main.go, without its package comment and
// the directives for linters.
func TestReadmeShowsThisProgram(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(source), "\npackage main\n")
	want := "package main\n" + regexp.MustCompile(` //nolint:.*`).ReplaceAllString(program, "")
	blocks := strings.Split(string(readme), "```go\n")
	if len(blocks) != 2 {
		t.Fatalf("README.md: got %d Go blocks, want 1", len(blocks)-1)
	}
	if got, _, _ := strings.Cut(blocks[1], "```"); got != want {
		t.Errorf("README.md: got\n%s\nwant\n%s", got, want)
	}
}

func TestAUserSignsUpAndReachesTheRoute(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	app, err := addAuth(t.Context(), mux)
	if err != nil {
		t.Fatal(err)
	}
	signUp := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/id/auth/credentials/"+app.ID.String(),
		strings.NewReader(`{"email":"ann@example.com","password":"correct horse battery"}`))
	signUp.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, signUp)
	var user struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &user); err != nil || answer.Code != http.StatusCreated {
		t.Fatalf("sign-up: got %d %s, want 201", answer.Code, answer.Body)
	}
	for token, want := range map[string]string{"": `"code":"unauthenticated"`, user.Token: "signed in as user "} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/me", nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		got := httptest.NewRecorder()
		if mux.ServeHTTP(got, r); !strings.Contains(got.Body.String(), want) {
			t.Errorf("/me with token %q: got %d %s, want %s", token, got.Code, got.Body, want)
		}
	}
}
