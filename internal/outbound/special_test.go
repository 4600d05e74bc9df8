package outbound_test

import (
	"net/netip"
	"testing"

	"github.com/authkit-dev/authkit/internal/outbound"
)

// registry is IANA's special-purpose registries as of 2025-10-09.
//
//	https://www.iana.org/assignments/iana-ipv4-special-registry
//	https://www.iana.org/assignments/iana-ipv6-special-registry
var registry = []struct {
	block    string
	global   bool   // the registry's "Globally Reachable"
	refused  bool   // although it is global
	judgedBy string // an address inside another one is judged by that
}{
	{block: "0.0.0.0/8"}, {block: "0.0.0.0/32"}, {block: "10.0.0.0/8"}, {block: "100.64.0.0/10"}, {block: "127.0.0.0/8"},
	{block: "169.254.0.0/16"}, {block: "172.16.0.0/12"}, {block: "192.0.0.0/24"}, {block: "192.0.0.0/29"}, {block: "192.0.0.8/32"},
	{block: "192.0.0.9/32", global: true, refused: true}, {block: "192.0.0.10/32", global: true, refused: true},
	{block: "192.0.0.170/32"}, {block: "192.0.0.171/32"}, {block: "192.0.2.0/24"},
	{block: "192.31.196.0/24", global: true}, {block: "192.52.193.0/24", global: true},
	{block: "192.88.99.0/24"}, {block: "192.88.99.2/32"}, {block: "192.168.0.0/16"}, {block: "192.175.48.0/24", global: true},
	{block: "198.18.0.0/15"}, {block: "198.51.100.0/24"}, {block: "203.0.113.0/24"}, {block: "240.0.0.0/4"}, {block: "255.255.255.255/32"},

	{block: "::1/128"}, {block: "::/128"}, {block: "::ffff:0:0/96", judgedBy: "IPv4"}, {block: "64:ff9b::/96", global: true, judgedBy: "IPv4"},
	{block: "64:ff9b:1::/48"}, {block: "100::/64"}, {block: "100:0:0:1::/64"}, {block: "2001::/23"}, {block: "2001::/32"},
	{block: "2001:1::1/128", global: true, refused: true}, {block: "2001:1::2/128", global: true, refused: true},
	{block: "2001:1::3/128", global: true, refused: true}, {block: "2001:2::/48"}, {block: "2001:3::/32", global: true, refused: true},
	{block: "2001:4:112::/48", global: true, refused: true}, {block: "2001:10::/28"}, {block: "2001:20::/28", global: true, refused: true},
	{block: "2001:30::/28", global: true, refused: true}, {block: "2001:db8::/32"}, {block: "2002::/16"},
	{block: "2620:4f:8000::/48", global: true}, {block: "3fff::/20"}, {block: "5f00::/16"}, {block: "fc00::/7"}, {block: "fe80::/10"},
}

func TestNoSpecialPurposeBlockIsReachable(t *testing.T) {
	t.Parallel()
	for _, row := range registry {
		if row.judgedBy != "" {
			continue // TestReachable has them
		}
		block := netip.MustParsePrefix(row.block)
		for _, a := range []netip.Addr{block.Addr(), last(block)} {
			if got, want := (outbound.Rules{}).Reachable(a), row.global && !row.refused; got != want {
				t.Errorf("%v of %s: got reachable %v, want %v", a, row.block, got, want)
			}
		}
	}
}

// Past the end of a block the public network goes on.
func TestABlockEndsWhereTheRegistrySays(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
		"172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0",
		"198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
		"2001:200::", "2001:db7:ffff::", "2001:db9::", "2003::", "2620:4f:8001::", "3ffe:ffff::", "3fff:1000::",
	} {
		if !(outbound.Rules{}).Reachable(netip.MustParseAddr(text)) {
			t.Errorf("%s: got it refused, want it reachable", text)
		}
	}
}

// last is the last address of a block.
func last(block netip.Prefix) netip.Addr {
	b := block.Addr().AsSlice()
	for bit := block.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
