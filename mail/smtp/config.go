// Package smtp sends mail through an SMTP relay.
//
//	config, err := smtp.Parse("smtps://user:password@mail.example.com:465")
//	mailer, err := smtp.New(config)
//	err = mailer.Send(ctx, message)
//
// Connections are kept for some seconds, for the next mail. Nothing needs to be closed.
package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"
)

// Mode says how the connection is protected.
type Mode int

const (
	// STARTTLS requires the upgrade of RFC 3207. It is the default.
	STARTTLS Mode = iota
	// Implicit uses TLS from the first byte (RFC 8314, section 3.3).
	Implicit
	// Opportunistic upgrades if the server offers that. It is for loopback only.
	Opportunistic
)

// Config says where and how to send.
type Config struct {
	Addr               string // host:port
	Username, Password string // no authentication if Username is empty
	TLS                Mode
	Timeout            time.Duration // of one Send; 10 s if zero
	KeepIdle           time.Duration // how long a connection is kept for the next mail; 5 s if zero, negative: not at all
	TLSConfig          *tls.Config   // nil trusts the system's roots, or any certificate if Opportunistic

	// LocalName is the name in EHLO: a full host name or an address literal. Default: the
	// domain of the sender; if that is not a full name, the name of this machine; if neither
	// is, the address of the connection.
	LocalName string
}

// Parse reads a URL. smtp://[user:pass@]host:port requires STARTTLS, except on loopback, where
// STARTTLS is used if offered. smtps://[user:pass@]host:port uses TLS from the first byte.
// Errors never hold the password.
func Parse(rawURL string) (Config, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return Config{}, errors.New("smtp url is malformed") // err would quote the password
	}
	host, port, err := net.SplitHostPort(u.Host)
	if err != nil || host == "" || port == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return Config{}, fmt.Errorf("smtp url %q is not scheme://[user:pass@]host:port", u.Redacted())
	}
	c := Config{Addr: u.Host, Username: u.User.Username()}
	c.Password, _ = u.User.Password()
	switch {
	case u.Scheme == "smtps":
		c.TLS = Implicit
	case u.Scheme != "smtp":
		return Config{}, fmt.Errorf("smtp url has scheme %q, want smtp or smtps", u.Scheme)
	case loopback(host):
		c.TLS = Opportunistic
	}
	return c, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
