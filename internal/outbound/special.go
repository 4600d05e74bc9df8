package outbound

import "net/netip"

// special are the blocks of IANA's special-purpose registries that are not globally reachable,
// as of 2025-10-09, but for those that netip's own predicates know (loopback, private, link-local, multicast)
// and those that hold an address of IPv4, which Reachable takes apart:
//
//	https://www.iana.org/assignments/iana-ipv4-special-registry
//	https://www.iana.org/assignments/iana-ipv6-special-registry
//
// The two blocks of protocol assignments are refused as a whole: what is reachable inside them
// are relays and anycast services, and no web server.
var special = prefixes(
	"0.0.0.0/8",       // this network (RFC 791, section 3.2)
	"100.64.0.0/10",   // shared address space (RFC 6598)
	"192.0.0.0/24",    // protocol assignments (RFC 6890, section 2.1)
	"192.0.2.0/24",    // documentation (RFC 5737)
	"192.88.99.0/24",  // 6to4 relays, deprecated (RFC 7526)
	"198.18.0.0/15",   // benchmarking (RFC 2544)
	"198.51.100.0/24", // documentation (RFC 5737)
	"203.0.113.0/24",  // documentation (RFC 5737)
	"240.0.0.0/4",     // reserved (RFC 1112, section 4)

	"100::/64",       // discard (RFC 6666)
	"100:0:0:1::/64", // dummy prefix (RFC 9780)
	"2001::/23",      // protocol assignments (RFC 2928), Teredo among them (RFC 4380)
	"2001:db8::/32",  // documentation (RFC 3849)
	"3fff::/20",      // documentation (RFC 9637)
	"5f00::/16",      // segment routing (RFC 9602)
	"fec0::/10",      // site-local, deprecated; in neither registry (RFC 3879)
)

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		out[i] = netip.MustParsePrefix(text)
	}
	return out
}
