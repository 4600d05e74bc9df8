package authkit

import (
	"strconv"

	"github.com/authkit-dev/authkit/internal/httpio"
)

const (
	// peerTimes is the factor of one app's rate that a peer has in all apps together: one address
	// with many app ids must not occupy the hash gate of every tenant.
	peerTimes = 5

	// forwardTimes is the factor of one app's rate that a developer has for all the clients whose
	// requests their servers forward.
	forwardTimes = 50
)

// peerCounts returns the counts of a limit for the caller: in all apps and in this one, for an
// IPv6 address by three sizes of network. A Go caller without an address is not counted.
func (l *limiter) peerCounts(of limit, who Client) []count {
	if who.IP == "" {
		return nil
	}
	counts := l.allAppsCounts(of, who)
	for _, n := range httpio.PeerNets(who.IP) {
		c := l.scopedCount(scopeOf(n), of, n.Key)
		c.factor, c.asker = n.Times, true
		counts = append(counts, c)
	}
	return counts
}

// allAppsCounts returns the counts of a limit for the caller in all apps together. An address
// that a server forwards is counted only in its app, and the developer is counted here in its
// place: a server that can name any address must not use up what that address has elsewhere.
func (l *limiter) allAppsCounts(of limit, who Client) []count {
	if who.forwarder != "" {
		c := l.scopedCount("/forwarded", of, who.forwarder)
		c.factor, c.everywhere, c.asker = forwardTimes, true, true
		return []count{c}
	}
	var counts []count
	for _, n := range httpio.PeerNets(who.IP) {
		c := l.scopedCount("/all"+scopeOf(n), of, n.Key)
		c.factor, c.everywhere, c.asker = peerTimes*n.Times, true, true
		counts = append(counts, c)
	}
	return counts
}

// scopeOf names a network that is wider than the smallest; empty: it is the smallest.
func scopeOf(n httpio.PeerNet) string {
	if n.Times == 1 {
		return ""
	}
	return "/" + strconv.Itoa(n.Bits)
}

// gatePeer returns the network that waits at the hash gate. It is empty, and the app stands for
// it, where the address is unknown or was forwarded.
func (c Client) gatePeer() string {
	if c.IP == "" || c.forwarder != "" {
		return ""
	}
	nets := httpio.PeerNets(c.IP)
	return nets[len(nets)-1].Key
}
