package authkittest

import (
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/mail"
)

// LastLink sends waiting mail and returns the link in the latest one to the address, whose case
// does not matter. It fails the test without such a mail, or if that has no link.
func (k *Kit) LastLink(tb testing.TB, email string) string {
	tb.Helper()
	m := k.lastMail(tb, email)
	link := mail.Link(m)
	if link == "" {
		tb.Fatalf("authkittest: the latest mail to %q, %q, holds no link:\n%s", email, m.Subject, m.Text)
	}
	return link
}

// LastCode is [Kit.LastLink] for the six-digit code of the mail.
func (k *Kit) LastCode(tb testing.TB, email string) string {
	tb.Helper()
	m := k.lastMail(tb, email)
	code := mail.Code(m)
	if code == "" {
		tb.Fatalf("authkittest: the latest mail to %q, %q, holds no code:\n%s", email, m.Subject, m.Text)
	}
	return code
}

func (k *Kit) lastMail(tb testing.TB, email string) mail.Message {
	tb.Helper()
	if err := k.Engine.RunOnce(tb.Context()); err != nil {
		tb.Fatalf("authkittest: send waiting mail: %v", err)
	}
	var last mail.Message
	var others []string
	for _, m := range k.Outbox.Messages() {
		if strings.EqualFold(m.To, email) {
			last = m
		} else {
			others = append(others, m.To)
		}
	}
	if last.To == "" {
		tb.Fatalf("authkittest: no mail went to %q, only to %q. An unknown address gets no mail while sign-up is closed, "+
			"an address over its limit gets no more, and mail that has expired by the kit's clock is dropped", email, others)
	}
	return last
}
