package authkit

import (
	"context"
	"errors"
	"fmt"

	"github.com/authkit-dev/authkit/mail"
)

// mail checks that the mail server takes mail from this configuration, without sending any.
func (c checkup) mail(ctx context.Context) ([]Finding, error) {
	pinger, ok := c.e.cfg.Mailer.(mail.Pinger)
	if !ok {
		return nil, nil
	}
	switch err := pinger.Ping(ctx, c.e.cfg.MailFrom); {
	case errors.Is(err, mail.ErrUndelivered):
		return []Finding{c.exposed(FindingMailUndelivered, fmt.Sprintf("Config.Mailer: %v.", err))}, nil
	case err != nil:
		return []Finding{NewFinding(FindingMailUnreachable, fmt.Sprintf("Config.Mailer: %v.", err))}, nil
	}
	return nil, nil
}
