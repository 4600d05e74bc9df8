// Package mail carries the few messages that sign-in needs: a link, a code, a notice.
//
// Anything with a Send method can deliver them. Use [Log] in development, [Outbox] in tests,
// and the smtp package or your own [Mailer] in production:
//
//	box := mail.NewOutbox()
//	m, err := mail.DefaultTemplates().Render("magic_link", mail.Data{App: "Acme", Link: link, Code: code, Minutes: 15})
//	m.To = "ann@example.com"
//	err = box.Send(ctx, m)
//	last, _ := box.Last("ann@example.com")
//	mail.Link(last) // the link that Ann would follow
package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
)

// ErrPermanent is wrapped by errors that a retry cannot cure, such as an address that the next
// hop refused.
var ErrPermanent = errors.New("mail refused for good")

// Message is one mail to one recipient.
type Message struct {
	To, From, Subject, Text, HTML string

	// ID becomes the Message-ID. It is the same for each attempt to send the message.
	ID string
}

// Mailer hands messages to the next hop.
type Mailer interface {
	// Send returns nil once the next hop has accepted m. It must honour ctx and may be called
	// concurrently. An error that wraps [ErrPermanent] is not retried.
	//
	// m.To is a plain address without a display name. A stranger may have chosen it, and it may
	// begin with "-". A Mailer that starts a program must not use a shell, and must put "--"
	// before the address, as in sendmail -i -- TO. In SMTP such an address needs no special
	// treatment.
	Send(ctx context.Context, m Message) error
}

// Log returns a Mailer that writes messages to w as readable text, one at a time. It shows
// links and codes, so use it in development only.
func Log(w io.Writer) Mailer { return &logMailer{w: w} }

type logMailer struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *logMailer) Send(ctx context.Context, m Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := fmt.Fprintf(l.w, "--- mail\nTo: %q\nFrom: %q\nSubject: %q\n\n%s\n---\n", m.To, m.From, m.Subject, m.Text)
	if err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	return nil
}

var (
	linkPattern = regexp.MustCompile(`https?://[^\s<>"]+`)
	codePattern = regexp.MustCompile(`\b[0-9]{6}\b`)
)

// Link returns the first URL in the text of m, or "".
func Link(m Message) string { return linkPattern.FindString(m.Text) }

// Code returns the first six-digit code in the text of m that is not part of a URL, or "".
func Code(m Message) string {
	return codePattern.FindString(linkPattern.ReplaceAllString(m.Text, " "))
}
