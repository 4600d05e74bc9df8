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

// reach are the flags that say which issuers can be reached, and how.
type reach struct {
	OutboundProxy string   `help:"The proxy for requests to providers: a URL, or env for HTTPS_PROXY and NO_PROXY of the environment; no proxy if it is not set." placeholder:"URL|env"`
	OutboundAllow []string `help:"Addresses of OAuth issuers that are not public, such as 10.0.0.0/8: any developer can make this server connect there." placeholder:"CIDR"`
	OutboundPorts []uint16 `help:"Ports of OAuth issuers beside 443." placeholder:"PORT"`
	Loopback      bool     `help:"Let OAuth issuers be on loopback; for tests." name:"allow-http-loopback-providers"`
}

// outbound reads --outbound-proxy, --outbound-allow and --outbound-ports.
func (r reach) outbound() (out authkit.OutboundConfig, err error) {
	if out.Proxy, err = r.outboundProxy(); err != nil {
		return out, err
	}
	for _, text := range r.OutboundAllow {
		text = strings.TrimSpace(text)
		p, err := netip.ParsePrefix(text)
		if err != nil || p.Addr().Is4In6() || p.Bits() == 0 {
			return out, fmt.Errorf("--outbound-allow holds %q: give ranges of IPv4 or IPv6 that issuers are in, such as 10.0.0.0/8, or 192.0.2.7/32 for one address, separated by commas", text)
		}
		out.Allow = append(out.Allow, p)
	}
	if slices.Contains(r.OutboundPorts, 0) {
		return out, errors.New("--outbound-ports holds 0: give ports from 1 to 65535, separated by commas")
	}
	out.Ports = r.OutboundPorts
	return out, nil
}

func (r reach) outboundProxy() (func(*http.Request) (*url.URL, error), error) {
	switch r.OutboundProxy {
	case "":
		return nil, nil
	case environment:
		return http.ProxyFromEnvironment, nil
	}
	proxy, err := url.Parse(r.OutboundProxy)
	if err != nil || proxy.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, proxy.Scheme) {
		return nil, fmt.Errorf("--outbound-proxy is not the URL of a proxy: give %s for HTTPS_PROXY and NO_PROXY of the environment, or http://, https:// or socks5://[user:pass@]host:port", environment)
	}
	return http.ProxyURL(proxy), nil
}
