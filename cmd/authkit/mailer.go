package main

import (
	"fmt"
	"net"
	"net/url"
	"os"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/mail/smtp"
)

// mailer returns the mailer of --mail. It writes mails to stdout only where the base URL is on
// loopback: mails hold links that sign in.
func (s *serve) mailer(base *url.URL) (mail.Mailer, error) {
	if s.Mail == "log" {
		if !loopback(base.Hostname()) {
			return nil, fmt.Errorf("--mail is log, which writes links and codes to stdout, and --base-url is %q, which is not on loopback: give --mail smtp://… or smtps://…", s.BaseURL)
		}
		if s.SMTPHello != "" {
			return nil, fmt.Errorf("--smtp-hello is %q, and --mail is log: it is for --mail smtp://… or smtps://…", s.SMTPHello)
		}
		return mail.Log(os.Stdout), nil
	}
	c, err := smtp.Parse(s.Mail)
	if err != nil {
		return nil, explainMail(err)
	}
	c.LocalName = s.SMTPHello
	m, err := smtp.New(c)
	if err != nil && s.SMTPHello != "" {
		return nil, fmt.Errorf("--mail with --smtp-hello: %w", err)
	}
	if err != nil {
		return nil, explainMail(err)
	}
	return m, nil
}

func explainMail(err error) error {
	return fmt.Errorf("--mail: %w; give log, smtp://[user:pass@]host:port or smtps://[user:pass@]host:port, with special characters percent-encoded", err)
}

func (s *serve) checkMailFrom() error {
	if s.MailFrom == "" {
		return nil
	}
	if err := address.CheckSender(s.MailFrom); err != nil {
		return fmt.Errorf("--mail-from is %q: %w", s.MailFrom, err)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
