// Command mailapi sends mails through a provider's HTTP API: a mail.Mailer is one method. Its
// environment:
//
//	MAIL_API    where mails are posted to, such as https://mail.example.com/v1/messages
//	MAIL_TOKEN  the bearer token of that API
//
//	MAIL_API=… MAIL_TOKEN=… go run ./examples/mailapi
//
// The outbox of authkit does the rest: it calls Send after the answer, from any process, and
// tries again what failed. So Send makes one attempt, and says which errors a further one cannot
// cure. An attempt may be made twice, if a process ends before it is noted. The message's ID is
// the same each time, and is sent as the idempotency key.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func main() {
	mailer, err := newMailer(os.Getenv("MAIL_API"), os.Getenv("MAIL_TOKEN"))
	if err != nil {
		log.Fatal(err)
	}
	engine, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: "http://localhost:8080/id", Mailer: mailer})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	app, err := engine.EnsureApp(ctx, "acme", "Acme")
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("ask for a link: POST http://localhost:8080/id/auth/magic-link/%s", app.ID)
	go engine.Run(ctx) //nolint:errcheck // sends mail until ctx ends
	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
	log.Fatal(http.ListenAndServe("localhost:8080", mux)) //nolint:gosec // an example without timeouts
}

// mailer posts messages to an HTTP API.
type mailer struct {
	api, token string
	client     *http.Client
}

var _ mail.Mailer = (*mailer)(nil)

func newMailer(api, token string) (*mailer, error) {
	u, err := url.Parse(api)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return nil, fmt.Errorf("MAIL_API is %q, want a URL", api)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // no other server gets the mail
	return &mailer{api: api, token: token, client: &http.Client{Timeout: 10 * time.Second, CheckRedirect: stay}}, nil
}

// Send posts m. The error wraps [mail.ErrPermanent] if the API refuses the message itself.
func (c *mailer) Send(ctx context.Context, m mail.Message) error {
	body, err := json.Marshal(map[string]string{
		"from": m.From, "to": m.To, "subject": m.Subject, "text": m.Text, "html": m.HTML, "message_id": m.ID,
	})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.api, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Idempotency-Key", m.ID)
	got, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer got.Body.Close()                                      //nolint:errcheck // it was only read
	why, _ := io.ReadAll(io.LimitReader(got.Body, 500))         // for the error alone
	_, _ = io.Copy(io.Discard, io.LimitReader(got.Body, 1<<20)) // so that the connection is used again
	switch {
	case got.StatusCode < 300:
		return nil
	case got.StatusCode == http.StatusBadRequest || got.StatusCode == http.StatusUnprocessableEntity:
		return fmt.Errorf("mail to %q: %s: %q: %w", m.To, got.Status, why, mail.ErrPermanent)
	default: // the API is down, busy, or does not accept the token: this may pass
		return fmt.Errorf("mail to %q: %s: %q", m.To, got.Status, why)
	}
}
