package smtp

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/authkit-dev/authkit/mail"
)

var _ mail.Pinger = (*Mailer)(nil)

// Ping connects, begins TLS and authenticates as for a mail of that sender, and ends the
// session without a mail.
func (s *Mailer) Ping(ctx context.Context, from string) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	c, err := s.connect(ctx, from)
	if err != nil {
		return fmt.Errorf("smtp connect to %q: %w", s.config.Addr, s.withoutPassword(err))
	}
	c.quit()
	return nil
}

// withoutPassword returns the error, or a text that leaves out what the relay said if that may
// hold the password: a relay may repeat what it was sent.
func (s *Mailer) withoutPassword(err error) error {
	if s.config.Password == "" {
		return err
	}
	said := err.Error()
	for _, sent := range []string{
		s.config.Password,
		base64.StdEncoding.EncodeToString([]byte(s.config.Password)),
		base64.StdEncoding.EncodeToString([]byte("\x00" + s.config.Username + "\x00" + s.config.Password)),
	} {
		if strings.Contains(said, sent) {
			return errors.New("the relay refuses the client, and repeats its password")
		}
	}
	return err
}
