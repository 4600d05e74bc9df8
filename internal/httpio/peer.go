package httpio

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the peers whose X-Forwarded-For counts.
type Proxies struct {
	Ranges []netip.Prefix
	Local  bool // peers without an address, as of a Unix socket
}

// Sender tells who sent a request.
type Sender struct {
	Addr string // in full; empty: a peer without an address
	Key  string // the smallest of [PeerNets]

	// Stranger reports that a forwarding header came from a peer that is no trusted proxy: it
	// changed nothing.
	Stranger bool

	// Unreadable is what a trusted proxy wrote where an address should be. The sender is then
	// the nearest hop that can be read.
	Unreadable string
}

// Sender reads who sent a request. X-Forwarded-For counts only from a trusted proxy: its
// right-most address that is not trusted itself.
func (p Proxies) Sender(r *http.Request) Sender {
	peer, ok := remote(r.RemoteAddr)
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

// senderOf is the sender at an address; the zero one has none.
func senderOf(a netip.Addr, stranger bool, unreadable string) Sender {
	s := Sender{Key: PeerKey(""), Stranger: stranger, Unreadable: unreadable}
	if a.IsValid() {
		s.Addr = a.String()
		s.Key = PeerKey(s.Addr)
	}
	return s
}

// readHop reads one address of X-Forwarded-For. There is no standard for it: some proxies
// write a port behind it (Azure, IIS), some put IPv6 in brackets as RFC 7239, section 6, does.
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

// ReadAddr reads one IP address, without a port. One of IPv4 that is mapped into IPv6 is that
// of IPv4, and a zone is dropped.
func ReadAddr(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	return a.Unmap().WithZone(""), err == nil
}

// shortened is what may stand in a log of a header.
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

// PeerNet is a network that an address is counted by.
type PeerNet struct {
	Key   string
	Bits  int // of its prefix
	Times int // how many times the rate of the smallest it has
}

// PeerNets are what an address is counted by, the smallest first: itself, or for IPv6 its /64,
// which one customer commonly holds whole, its /56 and its /48, which one customer may hold too.
func PeerNets(addr string) []PeerNet {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return []PeerNet{{Key: "local", Times: 1}}
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

// PeerKey is the key of the smallest of [PeerNets].
func PeerKey(addr string) string { return PeerNets(addr)[0].Key }

// remote reads the address of a connection; false: it has none.
func remote(s string) (netip.Addr, bool) {
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
