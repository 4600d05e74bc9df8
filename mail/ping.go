package mail

import (
	"context"
	"errors"
)

// ErrUndelivered means that a [Mailer] delivers no mail to its recipient, as those for
// development and tests do.
var ErrUndelivered = errors.New("mails are kept here and reach no recipient")

// Pinger is a [Mailer] that can tell whether it would deliver.
type Pinger interface {
	// Ping does what Send does before it hands a message over, for mails of that sender, and
	// sends no message. It must honour ctx. [ErrUndelivered]: Send delivers nothing. No error
	// holds a password.
	Ping(ctx context.Context, from string) error
}

// Ping returns [ErrUndelivered].
func (l *logMailer) Ping(context.Context, string) error { return ErrUndelivered }

// Ping returns [ErrUndelivered].
func (o *Outbox) Ping(context.Context, string) error { return ErrUndelivered }
