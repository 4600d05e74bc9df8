package mail_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/authkit-dev/authkit/mail"
)

func ExampleOutbox() {
	box := mail.NewOutbox()
	err := box.Send(context.Background(), mail.Message{
		To: "ann@example.com", Subject: "Sign in to Demo",
		Text: "Open https://example.com/auth/verify?token=abc or type 123456.",
	})
	if err != nil {
		panic(err)
	}
	last, _ := box.Last("ann@example.com")
	fmt.Println(mail.Link(last), mail.Code(last))
	// Output: https://example.com/auth/verify?token=abc 123456
}

// api hands messages to the HTTP API of a provider. A whole one is in examples/mailapi.
type api string

func (a api) Send(ctx context.Context, m mail.Message) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, string(a), strings.NewReader(m.Text))
	if err != nil {
		return err
	}
	r.Header.Set("Idempotency-Key", m.ID) // the same for each attempt
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	switch got.StatusCode {
	case http.StatusAccepted:
		return nil
	case http.StatusUnprocessableEntity: // another attempt would fare no better
		return fmt.Errorf("mail: %s: %w", got.Status, mail.ErrPermanent)
	default:
		return fmt.Errorf("mail: %s", got.Status)
	}
}

func ExampleMailer() {
	status := http.StatusAccepted
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer provider.Close()
	var mailer mail.Mailer = api(provider.URL)
	for _, status = range []int{http.StatusAccepted, http.StatusUnprocessableEntity, http.StatusServiceUnavailable} {
		err := mailer.Send(context.Background(), mail.Message{To: "ann@example.com", ID: "1", Text: "hello"})
		fmt.Println(err == nil, errors.Is(err, mail.ErrPermanent))
	}
	// Output:
	// true false
	// false true
	// false false
}
