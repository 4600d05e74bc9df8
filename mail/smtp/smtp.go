package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/authkit-dev/authkit/mail"
)

// Mailer is a [mail.Mailer] that speaks SMTP. It is safe for concurrent use.
type Mailer struct {
	config Config
	host   string
	port   int
	kept   kept
}

// New returns a Mailer for c. It opens no connection.
func New(c Config) (*Mailer, error) {
	host, p, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return nil, fmt.Errorf("smtp address %q: %w", c.Addr, err)
	}
	port, err := strconv.Atoi(p)
	if err != nil || port < 1 || port > 65535 || host == "" {
		return nil, fmt.Errorf("smtp address %q is not host:port", c.Addr)
	}
	if c.TLS < STARTTLS || c.TLS > Opportunistic {
		return nil, fmt.Errorf("smtp tls mode %d is unknown", c.TLS)
	}
	if c.TLS == Opportunistic && !loopback(host) { // an attacker on the network would see the password
		return nil, fmt.Errorf("smtp address %q is not on loopback, as Opportunistic requires: use STARTTLS or Implicit", c.Addr)
	}
	if err := checkLocalName(c.LocalName); err != nil {
		return nil, err
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.KeepIdle == 0 {
		c.KeepIdle = keepIdle
	}
	m := &Mailer{config: c, host: host, port: port}
	m.config.TLSConfig = tlsConfig(c, host)
	return m, nil
}

// tlsConfig accepts any certificate if the connection could also do without TLS (RFC 7435,
// section 3). No authority certifies loopback, so a relay there that offers STARTTLS has a
// certificate of its own making.
func tlsConfig(of Config, host string) *tls.Config {
	c := of.TLSConfig
	if c == nil {
		c = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: of.TLS == Opportunistic} //nolint:gosec // as above
	}
	c = c.Clone()
	if c.ServerName == "" {
		c.ServerName = host
	}
	return c
}

// Send delivers m. It uses a connection that an earlier Send has kept, or a new one. If a kept
// one fails before the relay has seen any of the message, a new one is tried: no message is sent
// twice. The error wraps [mail.ErrPermanent] if the message cannot be written safely, or if the
// relay gives a 5xx reply to the message, its sender or its recipient (RFC 5321, section 4.2.1).
// The error of a relay that refuses this client does not.
func (s *Mailer) Send(ctx context.Context, m mail.Message) error {
	msg, err := compose(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	if c := s.kept.take(senderDomain(m.From)); c != nil {
		if err := s.sendOver(ctx, c, msg); err == nil || !unused(err) || ctx.Err() != nil {
			return classify(ctx, err)
		}
	}
	c, err := s.connect(ctx, m.From)
	if err != nil {
		return classify(ctx, err)
	}
	return classify(ctx, s.sendOver(ctx, c, msg))
}

// sendOver sends over a connection, and keeps it or closes it.
func (s *Mailer) sendOver(ctx context.Context, c *connection, msg *gomail.Msg) error {
	stillOpen, err := c.send(ctx, msg)
	if stillOpen {
		s.kept.put(c, s.config.KeepIdle)
	} else {
		_ = c.raw.Close() // the error is that of the message
	}
	if msg.IsDelivered() {
		return nil // accepted; what fails afterwards must not cause a second copy
	}
	return err
}

// Close closes the kept connections. A later Send works, and keeps none.
func (s *Mailer) Close() error {
	s.kept.close()
	return nil
}

// connect dials, and speaks up to the point where the relay takes mail. The connection is closed
// if ctx ends meanwhile, so that a server that hangs cannot hold the caller.
func (s *Mailer) connect(ctx context.Context, from string) (*connection, error) {
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", s.config.Addr)
	if err != nil {
		return nil, err
	}
	c := &connection{raw: raw, domain: senderDomain(from)}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	c.client, err = gomail.NewClient(s.host, s.options(raw, from)...)
	if err == nil {
		c.smtp, err = c.client.DialToSMTPClientWithContext(ctx)
	}
	if !stop() || err != nil {
		_ = raw.Close()
		return nil, errors.Join(err, ctx.Err())
	}
	c.smtp.Text.R = bufio.NewReader(&wholeLines{from: c.smtp.Text.R})
	return c, nil
}

func (s *Mailer) options(conn net.Conn, from string) []gomail.Option {
	c := s.config
	link := conn
	if c.TLS == Implicit {
		link = tls.Client(conn, c.TLSConfig)
	}
	policy := gomail.TLSMandatory
	switch c.TLS {
	case Implicit:
		policy = gomail.NoTLS // it is there already
	case Opportunistic:
		policy = gomail.TLSOpportunistic
	}
	opts := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(c.Timeout), gomail.WithTLSConfig(c.TLSConfig),
		gomail.WithTLSPolicy(policy), gomail.WithHELO(s.localName(from, conn.LocalAddr())),
		gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return link, nil }),
		gomail.WithoutNoop(), // a relay need not know it
		gomail.WithoutRset(), // a message that was taken leaves no state (RFC 5321, section 4.1.1.4)
	}
	if c.TLS == Implicit {
		opts = append(opts, gomail.WithSSL())
	}
	if c.Username != "" {
		opts = append(opts, gomail.WithOpportunisticSMTPAuth(c.TLS.mechanisms()...),
			gomail.WithUsername(c.Username), gomail.WithPassword(c.Password))
	}
	return opts
}

// mechanisms lists the ways to authenticate, best first. By itself the client would leave out
// PLAIN and LOGIN, which are all that most relays accept: it does not know that the dialer
// began TLS, or that a connection without TLS leads to loopback. It still refuses them on every
// other connection.
func (m Mode) mechanisms() []gomail.SMTPAuthType {
	all := []gomail.SMTPAuthType{
		gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin,
	}
	if m == Opportunistic { // there may be no TLS to bind to
		return all
	}
	return append([]gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256PLUS, gomail.SMTPAuthSCRAMSHA1PLUS}, all...)
}

func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("smtp send: %w", errors.Join(cause, err))
	}
	// What the relay answers before it has seen the message is about the client. A greeting or
	// a password that it refuses can be corrected while the mail waits.
	if send, ok := errors.AsType[*gomail.SendError](err); ok && send.ErrorCode() >= 500 && send.ErrorCode() < 600 {
		err = errors.Join(mail.ErrPermanent, err)
	}
	return fmt.Errorf("smtp send: %w", err)
}

// compose builds the message. It refuses line breaks in header values, so that no text can add
// a header (RFC 5322, section 2.2).
func compose(m mail.Message) (*gomail.Msg, error) {
	for _, v := range []string{m.To, m.From, m.Subject, m.ID} {
		if strings.ContainsAny(v, "\r\n\x00") {
			return nil, fmt.Errorf("header value %q has a line break: %w", v, mail.ErrPermanent)
		}
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent()) // the default tells an attacker what to try
	if err := errors.Join(msg.From(m.From), msg.To(m.To)); err != nil {
		return nil, fmt.Errorf("mail from %q to %q: %w", m.From, m.To, errors.Join(mail.ErrPermanent, err))
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834, section 5: no absence notice comes back
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")  // the same for Exchange
	if m.ID != "" {
		msg.SetMessageIDWithValue(strings.Trim(m.ID, "<>"))
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}
