package oauth_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/oauth"
)

// hub is a GitHub of our own.
func hub(t *testing.T, emails string) *oauth.Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.FormValue("code") {
		case "good":
			_, _ = io.WriteString(w, `{"access_token":"t","token_type":"bearer"}`)
		case "moved":
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		case "huge":
			_, _ = io.WriteString(w, `{"access_token":"`+strings.Repeat("x", 2<<20)+`"}`)
		default:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
		}
	})
	mux.HandleFunc("/user", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"id":9007199254740993,"login":"ann","email":"planted@example.com"}`)
	})
	mux.HandleFunc("/user/emails", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, emails) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return oauth.NewClient(oauth.Options{AllowLoopback: true, Endpoints: map[string]oauth.Endpoint{
		"github": {AuthURL: server.URL + "/auth", TokenURL: server.URL + "/token", APIURL: server.URL},
	}})
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	cfg := oauth.Config{Provider: "github", ClientID: "c", ClientSecret: "s", RedirectURI: "https://a.example/cb"}
	for name, c := range map[string]struct {
		emails, email string
		verified      bool
	}{
		"the primary verified address counts": {`[{"email":"old@example.com","verified":true},{"email":"ann@example.com","primary":true,"verified":true}]`, "ann@example.com", true},
		"an unverified one is not verified":   {`[{"email":"ann@example.com","primary":true,"verified":false}]`, "ann@example.com", false},
		"no primary address is none":          {`[{"email":"ann@example.com","verified":true}]`, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := hub(t, c.emails).Exchange(t.Context(), cfg, "good", "", "", "v")
			want := oauth.Profile{Issuer: "https://github.com", Subject: "9007199254740993", Email: c.email, Name: "ann", EmailVerified: c.verified}
			if err != nil || got != want {
				t.Errorf("Exchange: got %+v, %v, want %+v", got, err, want)
			}
		})
	}
	for code, want := range map[string]oauth.Kind{"bad": oauth.Refused, "moved": oauth.Broken, "huge": oauth.Broken} {
		_, err := hub(t, "[]").Exchange(t.Context(), cfg, code, "", "", "v")
		if got, ok := errors.AsType[*oauth.Error](err); !ok || got.Kind != want {
			t.Errorf("Exchange(%q): got %v, want kind %v", code, err, want)
		}
	}
	raw, err := hub(t, "[]").AuthURL(t.Context(), cfg, "state", "nonce", "verifier-verifier-verifier-verifier-verifier")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Has("nonce") || q.Get("scope") != "read:user user:email" {
		t.Errorf("AuthURL: got %s", raw)
	}
}

func TestValidName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"corp": true, "a-1": true, "a": false, "Corp": false, "verify": false, "mfa": false, "a_b": false, strings.Repeat("a", 33): false, "": false} {
		if got := oauth.ValidName(name); got != want {
			t.Errorf("ValidName(%q): got %v, want %v", name, got, want)
		}
	}
}
