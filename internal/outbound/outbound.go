// Package outbound is an HTTP client for URLs that strangers give. It reaches nothing but
// public addresses on the https port (SSRF), unless its rules allow more.
//
//	client := outbound.NewClient(outbound.Rules{}, 10*time.Second)
//
// The URL is checked before the request, and the address when the connection is made. So a name
// cannot change its address in between (DNS rebinding). A redirect is an error. An answer has
// at most 1 MiB.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
)

const (
	connectTimeout = 3 * time.Second
	maxAnswer      = 1 << 20
)

// ErrAddress means that the rules do not allow an address.
var ErrAddress = errors.New("the address is not a public one")

// ErrRedirect means that the answer is a redirect.
var ErrRedirect = errors.New("the provider redirects, which is not followed")

// ErrTooLarge means that the answer has more than 1 MiB.
var ErrTooLarge = errors.New("the answer is larger than 1 MiB")

// Rules say what a client may reach besides public addresses on port 443. The zero value allows
// nothing more.
type Rules struct {
	// Loopback allows URLs on this machine, on any port and with http too.
	Loopback bool

	// Proxy returns the proxy for a request, or nil for a direct connection. For a request
	// through a proxy only the URL is checked: neither the address of the proxy, nor the
	// address that the proxy connects to, which is its own decision.
	Proxy func(*http.Request) (*url.URL, error)

	// Allow lists ranges of addresses that are allowed although they are not public.
	Allow []netip.Prefix

	// Ports lists the ports that are allowed besides 443.
	Ports []uint16

	// Anywhere allows all URLs and addresses. It is for a URL that the host itself configured.
	// The limits on redirects, size and time remain.
	Anywhere bool
}

// NewClient returns a client whose requests end after timeout.
func NewClient(rules Rules, timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		Transport:     newGuard(rules),
		CheckRedirect: func(*http.Request, []*http.Request) error { return ErrRedirect },
	}
}

// guard checks the URL of each request and bounds each answer.
type guard struct {
	rules           Rules
	direct, proxied http.RoundTripper
}

func newGuard(rules Rules) *guard {
	g := &guard{rules: rules, direct: transport(Dialer(rules))}
	if rules.Proxy != nil {
		proxied := transport(&net.Dialer{Timeout: connectTimeout}) // it dials nothing but the proxy
		proxied.Proxy = chosenProxy
		g.proxied = proxied
	}
	return g
}

// Dialer returns a dialer that connects to the addresses that the rules allow.
func Dialer(rules Rules) *net.Dialer {
	return &net.Dialer{Timeout: connectTimeout, Control: rules.control}
}

func transport(dialer *net.Dialer) *http.Transport {
	return &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: connectTimeout,
		MaxIdleConns: 64, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
	}
}

type proxyKey struct{}

// chosenProxy returns the proxy that RoundTrip chose. It fails if there is none, because the
// dialer, which checks no address, would then connect to the URL itself.
func chosenProxy(r *http.Request) (*url.URL, error) {
	if proxy, ok := r.Context().Value(proxyKey{}).(*url.URL); ok && proxy != nil {
		return proxy, nil
	}
	return nil, errors.New("no proxy was chosen for the request")
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := g.rules.CheckURL(r.URL.String()); err != nil {
		return nil, err
	}
	next := g.direct
	if g.proxied != nil {
		proxy, err := g.rules.Proxy(r)
		if err != nil {
			return nil, fmt.Errorf("choose a proxy: %w", err)
		}
		if proxy != nil {
			next, r = g.proxied, r.WithContext(context.WithValue(r.Context(), proxyKey{}, proxy))
		}
	}
	res, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
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
		return 0, ErrTooLarge
	}
	return n, err
}

// control checks the address of a connection just before it is made.
func (r Rules) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: %w", address, err)
	}
	if r.Anywhere {
		return nil
	}
	anyPort := r.Loopback && ap.Addr().Unmap().IsLoopback()
	if !r.Reachable(ap.Addr()) || (!anyPort && !r.port(ap.Port())) {
		return fmt.Errorf("dial %q: %w", address, ErrAddress)
	}
	return nil
}

func (r Rules) port(p uint16) bool { return p == 443 || slices.Contains(r.Ports, p) }

// CheckURL refuses a URL that cannot be requested: one that is not absolute https on an allowed
// port, that has user information or a fragment, or whose host is an address or this machine
// where the rules do not allow that. With Loopback, every URL on loopback passes; with
// Anywhere, every URL.
func (r Rules) CheckURL(raw string) error {
	if r.Anywhere {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return errors.New("it is not an absolute URL without user information and fragment")
	}
	// IDNA maps other characters to ASCII (UTS 46): a full-width 127.0.0.1 is that address.
	if strings.ContainsFunc(u.Hostname(), func(c rune) bool { return c > unicode.MaxASCII }) {
		return errors.New("its host is not plain ASCII; write an international name as its A-labels (xn--…)")
	}
	a, err := netip.ParseAddr(u.Hostname())
	if r.Loopback && (u.Hostname() == "localhost" || (err == nil && a.IsLoopback() && a.Zone() == "")) {
		return nil
	}
	if (err == nil && !r.withoutLoopback().Reachable(a)) || (err != nil && endsInNumber(u.Hostname())) {
		return ErrAddress
	}
	// RFC 6761, section 6.3: every name below localhost means this machine.
	if host := "." + strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")); strings.HasSuffix(host, ".localhost") {
		return ErrAddress
	}
	if u.Scheme != "https" || !r.portText(u.Port()) {
		return errors.New("it is not https on " + r.portNames())
	}
	return nil
}

func (r Rules) withoutLoopback() Rules {
	r.Loopback = false
	return r
}

func (r Rules) portText(text string) bool {
	return text == "" || text == "443" || slices.ContainsFunc(r.Ports, func(p uint16) bool { return strconv.FormatUint(uint64(p), 10) == text })
}

func (r Rules) portNames() string {
	if len(r.Ports) == 0 {
		return "port 443"
	}
	return strings.Trim(fmt.Sprint("port 443 or one of ", r.Ports), " ")
}

// endsInNumber reports whether a host name ends in a number. The system's resolvers read such
// names as an IPv4 address in a short or odd form, such as 127.1 and 0x7f000001. No name of a
// host ends like that.
func endsInNumber(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}
