package main

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// unixSockets is the value of --trusted-proxies for peers on a Unix socket, and the scheme of
// --addr for one.
const unixSockets = "unix"

// proxies reads --trusted-proxies. unix reports whether it names Unix sockets.
func (s *serve) proxies() (ranges []netip.Prefix, unix bool, err error) {
	for _, text := range s.TrustedProxies {
		text = strings.TrimSpace(text)
		if text == unixSockets {
			unix = true
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil || p.Addr().Is4In6() {
			return nil, false, fmt.Errorf("--trusted-proxies holds %q: give ranges of IPv4 or IPv6, such as 10.0.0.0/8, or 192.0.2.7/32 for one address, or %s for Unix sockets, separated by commas", text, unixSockets)
		}
		ranges = append(ranges, p)
	}
	return ranges, unix, nil
}

// origins reads --console-origins.
func (s *serve) origins() ([]string, error) {
	var out []string
	for _, text := range s.ConsoleOrigins {
		text = strings.TrimSpace(text)
		if err := httpio.CheckOrigin(text); err != nil {
			return nil, fmt.Errorf("--console-origins holds %q: %w; give origins such as https://console.example.com, separated by commas", text, err)
		}
		out = append(out, text)
	}
	return out, nil
}
