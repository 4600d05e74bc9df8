package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// provider is the HTTP API of a mail provider that answers with the status, and keeps what it
// received last.
type provider struct {
	status int
	header http.Header
	body   map[string]string
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.header = r.Header
	if err := json.NewDecoder(r.Body).Decode(&p.body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.Error(w, "says the provider", p.status)
}

func start(t *testing.T, status int) (*provider, *mailer) {
	t.Helper()
	p := &provider{status: status}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	m, err := newMailer(server.URL+"/v1/messages", "secret")
	if err != nil {
		t.Fatal(err)
	}
	return p, m
}

func TestALinkIsSentThroughTheAPI(t *testing.T) {
	t.Parallel()
	p, m := start(t, http.StatusAccepted)
	engine, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: "http://localhost:8080/id", Mailer: m})
	if err != nil {
		t.Fatal(err)
	}
	app, err := engine.EnsureApp(t.Context(), "acme", "Acme")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.RequestMagicLink(t.Context(), authkit.MagicLinkRequest{App: app.ID, Email: "ann@example.com"}); err != nil {
		t.Fatal(err)
	}
	if err := engine.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.body["to"] != "ann@example.com" || !strings.Contains(p.body["text"], "http://localhost:8080/id/auth/verify/") {
		t.Errorf("body: got %q, want a link for ann@example.com", p.body)
	}
	if p.header.Get("Authorization") != "Bearer secret" || p.header.Get("Idempotency-Key") == "" || p.header.Get("Idempotency-Key") != p.body["message_id"] {
		t.Errorf("header: got %v, want the token, and the id of the message as its key", p.header)
	}
}

func TestAnswersOfTheAPI(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]struct{ sent, permanent bool }{
		200: {sent: true}, 202: {sent: true}, 400: {permanent: true}, 422: {permanent: true},
		401: {}, 429: {}, 500: {}, 503: {},
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			_, m := start(t, status)
			err := m.Send(t.Context(), mail.Message{To: "ann@example.com", ID: "1"})
			if (err == nil) != want.sent || errors.Is(err, mail.ErrPermanent) != want.permanent {
				t.Errorf("got %v, want sent %v, permanent %v", err, want.sent, want.permanent)
			}
			if err != nil && !strings.Contains(err.Error(), "says the provider") {
				t.Errorf("got %v, want the words of the provider", err)
			}
		})
	}
}

func TestTheAddressOfTheAPIIsRequired(t *testing.T) {
	t.Parallel()
	if _, err := newMailer("mail.example.com", ""); err == nil || !strings.Contains(err.Error(), "MAIL_API") {
		t.Errorf("got %v, want an error about MAIL_API", err)
	}
}
