package oauth

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

const (
	connectTimeout = 3 * time.Second
	maxAnswer      = 1 << 20
)

// errAddress means an address that a developer's URL must not reach (SSRF).
var errAddress = errors.New("the address is not a public one")

// forbidden are ranges that netip's own predicates do not know: this network, CGNAT,
// protocol assignments, documentation, benchmarking, reserved; NAT64, 6to4, Teredo,
// discard, documentation; IPv4-compatible and IPv4-translated, site-local, segment routing.
func forbidden() []string {
	return []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "192.88.99.0/24",
		"64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "100::/64", "2001:db8::/32", "3fff::/20",
		"::/96", "::ffff:0:0:0/96", "fec0::/10", "5f00::/16",
	}
}

// public says whether an address may be reached.
func public(a netip.Addr, loopback bool) bool {
	if a.Is4In6() {
		a = a.Unmap()
	}
	if a.IsLoopback() {
		return loopback
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Zone() != "" {
		return false
	}
	for _, text := range forbidden() {
		if netip.MustParsePrefix(text).Contains(a) {
			return false
		}
	}
	return true
}

// outbound is the only way out: no proxy, no redirect, the address checked when it is
// connected to, so that no name can change its mind in between (DNS rebinding).
func outbound(loopback bool) *http.Client {
	dialer := &net.Dialer{Timeout: connectTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("dial %q: %w", address, err)
		}
		if !public(ap.Addr(), loopback) || (ap.Port() != 443 && !ap.Addr().Unmap().IsLoopback()) {
			return fmt.Errorf("dial %q: %w", address, errAddress)
		}
		return nil
	}}
	return &http.Client{
		Timeout: totalTimeout,
		Transport: &guard{loopback, &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: connectTimeout,
			MaxIdleConns: 64, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("the provider redirects") },
	}
}

// guard checks each URL and bounds each answer. What comes with an error is read by nobody
// but a log, unless it is a token endpoint's.
type guard struct {
	loopback bool
	next     http.RoundTripper
}

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := checkURL(r.URL.String(), g.loopback); err != nil {
		return nil, err
	}
	res, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodGet && res.StatusCode != http.StatusOK {
		_ = res.Body.Close()
		res.Body = http.NoBody
	}
	res.Body = &bounded{res.Body, maxAnswer}
	return res, nil
}

type bounded struct {
	io.ReadCloser

	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left+1)])
	if b.left -= n; b.left < 0 {
		return 0, errors.New("the answer is larger than 1 MiB")
	}
	return n, err
}

// checkURL takes https on its own port, and where it is allowed anything on loopback.
func checkURL(raw string, loopback bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return errors.New("it is not an absolute URL without user information and fragment")
	}
	a, err := netip.ParseAddr(u.Hostname())
	if loopback && (u.Hostname() == "localhost" || (err == nil && a.IsLoopback())) {
		return nil
	}
	if (err == nil && !public(a, false)) || (err != nil && endsInNumber(u.Hostname())) {
		return errAddress
	}
	// RFC 6761, section 6.3: every name in it is this machine.
	if host := "." + strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")); strings.HasSuffix(host, ".localhost") {
		return errAddress
	}
	if u.Scheme != "https" || (u.Port() != "" && u.Port() != "443") {
		return errors.New("it is not https on port 443")
	}
	return nil
}

// endsInNumber finds short and odd forms of an IPv4 address, such as 127.1 and 0x7f000001,
// which resolvers of the system read as one, and names do not end like.
func endsInNumber(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}
