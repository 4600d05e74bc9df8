package authkit

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
)

// OutboundConfig configures requests to URLs that developers give, such as issuers. For an
// address that holds another (IPv4-mapped, NAT64), the inner address is checked.
type OutboundConfig struct {
	// Proxy returns the proxy of a request, or nil for a direct one; [http.ProxyFromEnvironment]
	// is such a function. Requests to Password.Breached use it too. A proxy resolves names
	// itself, so that only the URL of such a request is checked: the proxy has to keep it away
	// from private addresses. Default: nil, no proxy.
	Proxy func(*http.Request) (*url.URL, error)

	// Allow lists ranges of addresses that may be reached although they are not public, such as
	// that of an issuer in the host's own network. Any developer can make this server connect
	// there, with https. Default: no ranges.
	Allow []netip.Prefix

	// Ports may be used besides 443. Default: no other port.
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
