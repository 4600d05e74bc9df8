package httpio

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the peers whose X-Forwarded-For header is trusted.
type Proxies struct {
	Ranges []netip.Prefix
	Local  bool // also peers without an address, such as those of a Unix socket
}

// Sender says who sent a request.
type Sender struct {
	Addr string // the full address; empty if the peer has none
	Key  string // the key of the smallest of [PeerNets]

	// UntrustedHeader reports whether a peer that is not a trusted proxy sent a forwarding header.
	// Such a header is ignored.
	UntrustedHeader bool

	// Unreadable is what a trusted proxy wrote in the place of an address. The sender is then
	// the nearest hop that can be read.
	Unreadable string
}

// Sender determines who sent a request. X-Forwarded-For counts only if a trusted proxy sent it.
// The sender is then its right-most address that is not a trusted proxy.
func (p Proxies) Sender(r *http.Request) Sender {
	peer, ok := parseRemote(r.RemoteAddr)
	if trusted := ok && within(peer, p.Ranges) || !ok && p.Local; !trusted {
		return senderOf(peer, forwarded(r), "")
	}
	text := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	if strings.Trim(text, " \t") == "" {
		return senderOf(peer, false, "")
	}
	for _, text := range slices.Backward(strings.Split(text, ",")) {
		hop, ok := readHop(strings.Trim(text, " \t"))
		if !ok {
			return senderOf(peer, false, shortened(text))
		}
		if peer = hop; !within(peer, p.Ranges) {
			break
		}
	}
	return senderOf(peer, false, "")
}

// senderOf returns the sender at an address. The zero address is a peer without one.
func senderOf(a netip.Addr, stranger bool, unreadable string) Sender {
	s := Sender{Key: localPeer, UntrustedHeader: stranger, Unreadable: unreadable}
	if a.IsValid() {
		s.Addr = a.String()
		s.Key = s.Addr // as PeerNets counts IPv4
		if !a.Is4() {
			s.Key = PeerKey(s.Addr)
		}
	}
	return s
}

// readHop reads one address of X-Forwarded-For. The header has no standard: some proxies add a
// port (Azure, IIS), and some put IPv6 in brackets, as RFC 7239, section 6, does.
func readHop(text string) (netip.Addr, bool) {
	if a, ok := ReadAddr(text); ok {
		return a, true
	}
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	bare, ok := strings.CutPrefix(text, "[")
	if !ok {
		return netip.Addr{}, false
	}
	if bare, ok = strings.CutSuffix(bare, "]"); !ok {
		return netip.Addr{}, false
	}
	a, ok := ReadAddr(bare)
	return a, ok && a.Is6()
}

// ReadAddr reads one IP address without a port. It returns an IPv4 address that is mapped into
// IPv6 as IPv4, and drops a zone.
func ReadAddr(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	return a.Unmap().WithZone(""), err == nil
}

// shortened returns what a log may hold of a header.
func shortened(text string) string {
	const most = 64
	if len(text) > most {
		text = text[:most] + "…"
	}
	if text == "" {
		return "(empty)"
	}
	return strings.ToValidUTF8(text, "?")
}

// PeerNet is a network whose requests are counted together.
type PeerNet struct {
	Key   string
	Bits  int // the length of its prefix
	Times int // its rate, as a multiple of that of the smallest network
}

// localPeer is the key of the one peer without an address.
const localPeer = "local"

// PeerNets returns the networks by which an address is counted, the smallest first. For IPv4
// that is the address itself. For IPv6 they are its /64, which one customer commonly holds
// whole, and its /56 and /48, which one customer may hold too.
// A port after the address counts for nothing. Text that is no address is one peer, "local".
func PeerNets(addr string) []PeerNet {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		withPort, err := netip.ParseAddrPort(addr)
		if err != nil {
			return []PeerNet{{Key: localPeer, Times: 1}}
		}
		a = withPort.Addr()
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return []PeerNet{{a.String(), 32, 1}}
	}
	nets := []PeerNet{{Bits: 64, Times: 1}, {Bits: 56, Times: 4}, {Bits: 48, Times: 16}}
	for i := range nets {
		nets[i].Key = netip.PrefixFrom(a, nets[i].Bits).Masked().String()
	}
	return nets
}

// PeerKey returns the key of the smallest of [PeerNets].
func PeerKey(addr string) string { return PeerNets(addr)[0].Key }

// parseRemote reads the address of a connection. It reports false if the connection has none.
func parseRemote(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return ReadAddr(s)
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func forwarded(r *http.Request) bool {
	return r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("X-Real-IP") != ""
}
