package smtp

import (
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/net/idna"
)

// checkLocalName refuses what relays refuse in EHLO: a name of one label, and a text that is
// neither a name nor an address literal (RFC 5321, section 4.1.1.1). The empty name stands for
// the default.
func checkLocalName(name string) error {
	if name == "" || fullName(name) {
		return nil
	}
	if inner, ok := strings.CutPrefix(name, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		v6, is6 := strings.CutPrefix(inner, "IPv6:")
		if ip, err := netip.ParseAddr(v6); ok && err == nil && ip.Zone() == "" && ip.Is6() == is6 {
			return nil
		}
	}
	return fmt.Errorf("smtp local name %q is no full host name, such as mail.example.com, and no address literal, such as [192.0.2.1]", name)
}

// localName returns the name in EHLO. It is the configured name, or the first full name of the
// sender's domain and this machine's name, or the address of this end of the connection. Relays
// refuse a name of one label.
func (s *Mailer) localName(from string, local net.Addr) string {
	if s.config.LocalName != "" {
		return s.config.LocalName
	}
	if ascii, err := idna.Lookup.ToASCII(senderDomain(from)); err == nil && fullName(ascii) {
		return ascii
	}
	if host, err := os.Hostname(); err == nil && fullName(host) {
		return host
	}
	return literal(local)
}

// senderDomain returns the domain of a sender; empty: the sender is no address.
func senderDomain(from string) string {
	a, err := netmail.ParseAddress(from)
	if err != nil {
		return ""
	}
	return a.Address[strings.LastIndexByte(a.Address, '@')+1:]
}

// literal writes an address literal (RFC 5321, section 4.1.3).
func literal(local net.Addr) string {
	at, err := netip.ParseAddrPort(local.String())
	if err != nil {
		return "[127.0.0.1]" // a transport without addresses
	}
	if ip := at.Addr().Unmap(); ip.Is4() {
		return "[" + ip.String() + "]"
	}
	return "[IPv6:" + at.Addr().WithZone("").String() + "]"
}

// fullName reports whether s is a host name in ASCII with at least two labels.
func fullName(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		odd := func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
		}
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, odd) {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(labels) > 1 && len(s) <= 253 && strings.Trim(last, "0123456789") != ""
}
