package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit"
)

// environment is the value of --outbound-proxy for the proxy that HTTPS_PROXY names.
const environment = "env"

// outbound reads --outbound-proxy, --outbound-allow and --outbound-ports.
func (s *serve) outbound() (out authkit.OutboundConfig, err error) {
	if out.Proxy, err = s.outboundProxy(); err != nil {
		return out, err
	}
	for _, text := range s.OutboundAllow {
		text = strings.TrimSpace(text)
		p, err := netip.ParsePrefix(text)
		if err != nil || p.Addr().Is4In6() || p.Bits() == 0 {
			return out, fmt.Errorf("--outbound-allow holds %q: give ranges of IPv4 or IPv6 that issuers are in, such as 10.0.0.0/8, or 192.0.2.7/32 for one address, separated by commas", text)
		}
		out.Allow = append(out.Allow, p)
	}
	if slices.Contains(s.OutboundPorts, 0) {
		return out, errors.New("--outbound-ports holds 0: give ports from 1 to 65535, separated by commas")
	}
	out.Ports = s.OutboundPorts
	return out, nil
}

func (s *serve) outboundProxy() (func(*http.Request) (*url.URL, error), error) {
	switch s.OutboundProxy {
	case "":
		return nil, nil
	case environment:
		return http.ProxyFromEnvironment, nil
	}
	proxy, err := url.Parse(s.OutboundProxy)
	if err != nil || proxy.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, proxy.Scheme) {
		return nil, fmt.Errorf("--outbound-proxy is not the URL of a proxy: give %s for HTTPS_PROXY and NO_PROXY of the environment, or http://, https:// or socks5://[user:pass@]host:port", environment)
	}
	return http.ProxyURL(proxy), nil
}
