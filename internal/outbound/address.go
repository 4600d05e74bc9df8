package outbound

import (
	"net/netip"
	"slices"
)

var (
	// wellKnown is the prefix by which a network without IPv4 reaches it (NAT64: RFC 6052,
	// section 2.1). The connection goes to the IPv4 address inside.
	wellKnown = netip.MustParsePrefix("64:ff9b::/96")

	// local is for the NAT64 of one network (RFC 8215). The network chooses the length of its
	// prefix.
	local = netip.MustParsePrefix("64:ff9b:1::/48")

	// sixToFour and tails hold an IPv4 address too: 6to4, IPv4-compatible, IPv4-translated.
	// They lead nowhere, or through a relay that a stranger runs.
	sixToFour = netip.MustParsePrefix("2002::/16")
	tails     = prefixes("::/96", "::ffff:0:0:0/96")
)

// Reachable reports whether the rules allow connections to an address. If the address holds an
// IPv4 address (mapped, NAT64), the rules apply to the inner one. If only the outer one
// counted, a stranger could choose the inner one.
func (r Rules) Reachable(a netip.Addr) bool {
	a = a.Unmap()
	switch {
	case a.Zone() != "":
		return false
	case a.IsLoopback() && r.Loopback:
		return true
	case wellKnown.Contains(a):
		return r.Reachable(embedded(a, 96))
	case local.Contains(a):
		bits := r.nat64(a)
		return bits > 0 && r.Reachable(embedded(a, bits))
	case sixToFour.Contains(a):
		return r.allowed(a) && r.Reachable(embedded(a, 16))
	case within(a, tails) && !a.IsUnspecified() && !a.IsLoopback():
		return r.allowed(a) && r.Reachable(embedded(a, 96))
	}
	return r.allowed(a) || public(a)
}

// unicast6 is what IANA has allocated of IPv6 for global unicast; overlay networks use the rest.
var unicast6 = netip.MustParsePrefix("2000::/3")

// public reports whether an address belongs to the public network.
func public(a netip.Addr) bool {
	if a.Is6() && !unicast6.Contains(a) {
		return false
	}
	return a.IsGlobalUnicast() && !a.IsPrivate() && !within(a, special)
}

func (r Rules) allowed(a netip.Addr) bool { return within(a, r.Allow) }

func within(a netip.Addr, in []netip.Prefix) bool {
	return slices.ContainsFunc(in, func(p netip.Prefix) bool { return p.Contains(a) })
}

// nat64 returns the prefix length of the network's own NAT64, as Allow has it, or 0 if it has
// none.
func (r Rules) nat64(a netip.Addr) int {
	for _, p := range r.Allow {
		if p.Contains(a) && slices.Contains([]int{48, 56, 64, 96}, p.Bits()) {
			return p.Bits()
		}
	}
	return 0
}

// embedded returns the IPv4 address that follows the first bits of a (RFC 6052, section 2.2,
// which skips octet 8; RFC 3056, section 2, for 16 bits).
func embedded(a netip.Addr, bits int) netip.Addr {
	all := a.As16()
	var four [4]byte
	at := bits / 8
	for i := range four {
		if at == 8 && bits != 96 {
			at++
		}
		four[i] = all[at]
		at++
	}
	return netip.AddrFrom4(four)
}
