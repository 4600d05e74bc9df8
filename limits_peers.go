package authkit

import (
	"strconv"

	"github.com/authkit-dev/authkit/internal/httpio"
)

const (
	// peerTimes is how much of one app's rate a peer has in all apps together: one address
	// with many app ids must not take the hash gate from every tenant.
	peerTimes = 5

	// forwardTimes is the same of a developer, for all the people whose requests their
	// backends forward.
	forwardTimes = 50
)

// peerCounts counts a limit for who asks: over all apps, and in this one, for an address of IPv6
// by three sizes of network. A Go caller who gives no address is not counted.
func (l *limiter) peerCounts(of limit, who Client) []count {
	if who.IP == "" {
		return nil
	}
	counts := l.allAppsCounts(of, who)
	for _, n := range httpio.PeerNets(who.IP) {
		c := l.scopedCount(scopeOf(n), of, n.Key)
		c.times, c.asker = n.Times, true
		counts = append(counts, c)
	}
	return counts
}

// allAppsCounts counts a limit for who asks in all apps together. An address that a backend tells
// is counted in its app alone, and here the developer for it: a backend that can name any
// address must not use up what another has elsewhere.
func (l *limiter) allAppsCounts(of limit, who Client) []count {
	if who.forwarder != "" {
		c := l.scopedCount("/forwarded", of, who.forwarder)
		c.times, c.everywhere, c.asker = forwardTimes, true, true
		return []count{c}
	}
	var counts []count
	for _, n := range httpio.PeerNets(who.IP) {
		c := l.scopedCount("/all"+scopeOf(n), of, n.Key)
		c.times, c.everywhere, c.asker = peerTimes*n.Times, true, true
		counts = append(counts, c)
	}
	return counts
}

// scopeOf names the networks that are wider than the smallest.
func scopeOf(n httpio.PeerNet) string {
	if n.Times == 1 {
		return ""
	}
	return "/" + strconv.Itoa(n.Bits)
}

// gatePeer is the network that waits at the hash gate. It is empty, and the app stands for it,
// where the address is not known or is what a backend tells.
func (c Client) gatePeer() string {
	if c.IP == "" || c.forwarder != "" {
		return ""
	}
	nets := httpio.PeerNets(c.IP)
	return nets[len(nets)-1].Key
}
