package authkit

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
)

// OutboundConfig says how requests to URLs that developers give, such as issuers, leave this
// server. Of an address that holds another (IPv4-mapped, NAT64) the one inside is judged.
type OutboundConfig struct {
	// Proxy answers the proxy of a request, or nil for none; [http.ProxyFromEnvironment] is
	// one. Requests to Password.Breached go through it too. A proxy resolves names by itself:
	// of a request through it the URL alone is checked, so that the proxy has to keep it away
	// from private addresses. Default: nil, none.
	Proxy func(*http.Request) (*url.URL, error)

	// Allow are ranges of addresses that may be reached though they are not public, such as
	// those of an issuer in the host's own network. Any developer can make this server
	// connect there, with https. Default: none.
	Allow []netip.Prefix

	// Ports may be used beside 443. Default: none.
	Ports []uint16
}

func (o OutboundConfig) check(bad *problems) {
	for i, p := range o.Allow {
		switch {
		case !p.IsValid() || p.Addr().Is4In6():
			bad.add(fmt.Sprintf("Outbound.Allow[%d]", i), quote(p.String()), "it covers no address; give an IPv4 or IPv6 range, such as 10.0.0.0/8")
		case p.Bits() == 0:
			bad.add(fmt.Sprintf("Outbound.Allow[%d]", i), quote(p.String()), "it covers every address, this machine's and its cloud's too; give the ranges that issuers are in")
		}
	}
	if i := slices.Index(o.Ports, 0); i >= 0 {
		bad.add(fmt.Sprintf("Outbound.Ports[%d]", i), 0, "give a port from 1 to 65535")
	}
}
