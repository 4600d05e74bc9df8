package outbound_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/outbound"
)

func TestReachable(t *testing.T) {
	t.Parallel()
	allow := func(texts ...string) (r outbound.Rules) {
		for _, text := range texts {
			r.Allow = append(r.Allow, netip.MustParsePrefix(text))
		}
		return r
	}
	none, loopback := outbound.Rules{}, outbound.Rules{Loopback: true}
	for _, c := range []struct {
		rules outbound.Rules
		yes   string
		no    string
	}{
		{none, "8.8.8.8 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808",
			"127.0.0.1 ::1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 fe80::1 fe80::1%eth0 fc00::1 100.64.0.1 0.0.0.0 :: " +
				"::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 64:ff9b:1::808:808 " +
				"2002:7f00:1:: 2002:808:808:: 2001:0:1::1 224.0.0.1 ff02::1 255.255.255.255 192.0.0.1 198.18.0.1 240.0.0.1 " +
				"::127.0.0.1 ::8.8.8.8 2001:db8::1 ::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8 fec0::1 3fff::1 5f00::1 200::1 4000::1 e000::1"},
		{loopback, "127.0.0.1 ::1 127.8.8.8 ::ffff:127.0.0.1 8.8.8.8", "10.0.0.1 fe80::1 0.0.0.0 ::"},
		{allow("10.1.0.0/16"), "10.1.2.3 ::ffff:10.1.2.3 64:ff9b::a01:203 8.8.8.8", "10.2.0.1 127.0.0.1 64:ff9b::a02:1"},
		{allow("fd00:1::/32"), "fd00:1::1", "fd00:2::1 10.0.0.1"},
		{allow("127.0.0.1/32"), "127.0.0.1", "127.0.0.2 ::1"},
		// The NAT64 prefix is allowed, but the inner address must be allowed too.
		{allow("64:ff9b::/96"), "64:ff9b::808:808", "64:ff9b::7f00:1 64:ff9b::a00:1"},
		{allow("64:ff9b:1::/96"), "64:ff9b:1::808:808", "64:ff9b:1::a00:1 64:ff9b:1:0:1::808:808 10.0.0.1"},
		{allow("64:ff9b:1::/96", "10.0.0.0/8"), "64:ff9b:1::a00:1", "64:ff9b:1::7f00:1"},
		{allow("64:ff9b:1::/48"), "64:ff9b:1:808:8:800::", "64:ff9b:1:a00:0:100:808:808 64:ff9b:1::808:808"},
		{allow("64:ff9b:1:ff00::/56"), "64:ff9b:1:ff08:8:808::", "64:ff9b:1:ff0a:0:1::"},
		{allow("64:ff9b:1:1::/64"), "64:ff9b:1:1:8:808:800:0", "64:ff9b:1:1:a:0:100:0"},
		{allow("64:ff9b:1::/80"), "", "64:ff9b:1::808:808"},
		{allow("2002::/16"), "2002:808:808::", "2002:7f00:1:: 2002:a00:1::"},
		{allow("::/96"), "::8.8.8.8", "::127.0.0.1 ::10.0.0.1"},
	} {
		for want, list := range map[bool]string{true: c.yes, false: c.no} {
			for text := range strings.FieldsSeq(list) {
				if got := c.rules.Reachable(netip.MustParseAddr(text)); got != want {
					t.Errorf("%s with %v: got %v, want %v", text, c.rules.Allow, got, want)
				}
			}
		}
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	none, loopback := outbound.Rules{}, outbound.Rules{Loopback: true}
	wider := outbound.Rules{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Ports: []uint16{8443}}
	for text, want := range map[string][3]bool{ // by the zero rules, with loopback, with wider rules
		"https://accounts.example.com":       {true, true, true},
		"https://accounts.example.com:443/":  {true, true, true},
		"https://accounts.example.com:8443":  {false, false, true},
		"https://accounts.example.com:08443": {false, false, false},
		"https://accounts.example.com:9443":  {false, false, false},
		"http://accounts.example.com":        {false, false, false},
		"http://accounts.example.com:8443":   {false, false, false},
		"https://user@example.com":           {false, false, false},
		"https://example.com/#x":             {false, false, false},
		"https://localhost":                  {false, true, false},
		"https://LocalHost":                  {false, false, false},
		"https://localhost.":                 {false, false, false},
		"https://a.localhost":                {false, false, false},
		"https://notlocalhost":               {true, true, true},
		"http://127.0.0.1:9000":              {false, true, false},
		"http://[::1]:9000":                  {false, true, false},
		"https://10.0.0.1":                   {false, false, true},
		"http://10.0.0.1":                    {false, false, false},
		"https://[::ffff:10.0.0.1]":          {false, false, true},
		"https://[64:ff9b::a00:1]:8443":      {false, false, true},
		"https://[64:ff9b::808:808]":         {true, true, true},
		"https://[64:ff9b::7f00:1]":          {false, false, false},
		"https://127.1":                      {false, false, false}, // the system's resolvers read all four as 127.0.0.1
		"https://2130706433":                 {false, false, false},
		"https://0x7f.1":                     {false, false, false},
		"https://0177.0.0.1.":                {false, false, false},
		"https://1.example":                  {true, true, true},
		"https://0x7f.example":               {true, true, true},
		"https://169.254.169.254":            {false, false, false},
		"https://xn--bcher-kva.example":      {true, true, true},
		"https://b\u00fccher.example":        {false, false, false},
		"":                                   {false, false, false},
		"/x":                                 {false, false, false},
	} {
		for i, rules := range []outbound.Rules{none, loopback, wider} {
			if err := rules.CheckURL(text); (err == nil) != want[i] {
				t.Errorf("CheckURL(%q) with %+v: got %v, want ok %v", text, rules, err, want[i])
			}
		}
	}
}

// get requests a URL and returns the text of the answer.
func get(t *testing.T, rules outbound.Rules, to string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := outbound.NewClient(rules, 30*time.Second).Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return string(b), err
}

func TestClient(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/fine", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/fine", http.StatusFound) })
	mux.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1<<20+1)) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	loopback := outbound.Rules{Loopback: true}
	if got, err := get(t, loopback, server.URL+"/fine"); got != "fine" || err != nil {
		t.Errorf("get: got %q, %v, want fine", got, err)
	}
	if _, err := get(t, loopback, server.URL+"/away"); !errors.Is(err, outbound.ErrRedirect) {
		t.Errorf("a redirect: got %v, want ErrRedirect", err)
	}
	if _, err := get(t, loopback, server.URL+"/huge"); err == nil {
		t.Error("an answer of more than 1 MiB: got no error, want one")
	}
	if _, err := get(t, outbound.Rules{}, server.URL+"/fine"); !errors.Is(err, outbound.ErrAddress) {
		t.Errorf("without Loopback: got %v, want ErrAddress", err)
	}
	anywhere := outbound.Rules{Anywhere: true}
	if got, err := get(t, anywhere, server.URL+"/fine"); got != "fine" || err != nil {
		t.Errorf("anywhere: got %q, %v, want fine", got, err)
	}
	if _, err := get(t, anywhere, server.URL+"/away"); !errors.Is(err, outbound.ErrRedirect) {
		t.Errorf("anywhere, a redirect: got %v, want ErrRedirect", err)
	}
}

// This test connects to a real listener by a name that passes the check of the URL and leads to
// this machine.
func TestTheAddressIsCheckedOnConnect(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	at := netip.MustParseAddrPort(server.Listener.Addr().String())
	for name, c := range map[string]struct {
		rules outbound.Rules
		ok    bool
	}{
		"by no rule":                    {outbound.Rules{}, false},
		"with the address alone":        {outbound.Rules{Allow: []netip.Prefix{netip.PrefixFrom(at.Addr(), 32)}}, false},
		"with the port alone":           {outbound.Rules{Ports: []uint16{at.Port()}}, false},
		"with the address and the port": {outbound.Rules{Allow: []netip.Prefix{netip.PrefixFrom(at.Addr(), 32)}, Ports: []uint16{at.Port()}}, true},
	} {
		dialer := outbound.Dialer(c.rules)
		conn, err := dialer.DialContext(t.Context(), "tcp", net.JoinHostPort("localhost", at.String()[strings.LastIndexByte(at.String(), ':')+1:]))
		if err == nil {
			_ = conn.Close()
		}
		if (err == nil) != c.ok || (err != nil && !errors.Is(err, outbound.ErrAddress)) {
			t.Errorf("%s: got %v, want ok %v", name, err, c.ok)
		}
	}
}

// forward is a proxy that connects every CONNECT to one server and keeps the last target.
func forward(t *testing.T, to net.Addr) (*url.URL, *atomic.Pointer[string]) {
	t.Helper()
	var asked atomic.Pointer[string]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(&r.RequestURI)
		if r.Method != http.MethodConnect {
			http.Error(w, "want CONNECT", http.StatusBadRequest)
			return
		}
		far, err := net.Dial(to.Network(), to.String())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		near, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
		_, _ = io.Copy(near, far)
		_ = near.Close()
	}))
	t.Cleanup(server.Close)
	proxy, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return proxy, &asked
}

func TestProxy(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	proxy, asked := forward(t, server.Listener.Addr())
	rules := outbound.Rules{Proxy: http.ProxyURL(proxy)}
	// The server's certificate is for example.com and of an unknown authority. Only a request
	// that went through the proxy sees it.
	_, err := get(t, rules, "https://example.com/x")
	if got := asked.Load(); err == nil || !strings.Contains(err.Error(), "certificate") || got == nil || *got != "example.com:443" {
		t.Errorf("by a name: got %v, want the far certificate refused", err)
	}
	asked.Store(nil)
	for _, to := range []string{"https://10.0.0.1", "https://169.254.169.254", "https://localhost", "http://example.com", "https://example.com:8443",
		// IDNA turns these into an address or this machine, after the URL was checked.
		"https://169\u3002254\u3002169\u3002254", "https://\uff11\uff16\uff19.254.169.254", "https://\uff4cocalhost", "https://local\u00adhost",
	} {
		if _, err := get(t, rules, to); err == nil || asked.Load() != nil {
			t.Errorf("%s: got %v, want it refused before the proxy is asked", to, err)
		}
	}
	// Without a proxy for the request, its address is checked as usual.
	rules.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	rules.Ports = []uint16{uint16(server.Listener.Addr().(*net.TCPAddr).Port)}
	if _, err := get(t, rules, server.URL); !errors.Is(err, outbound.ErrAddress) {
		t.Errorf("without a proxy: got %v, want ErrAddress", err)
	}
	broken := errors.New("no such proxy")
	rules.Proxy = func(*http.Request) (*url.URL, error) { return nil, broken }
	if _, err := get(t, rules, "https://example.com"); !errors.Is(err, broken) {
		t.Errorf("a choice that fails: got %v, want its error", err)
	}
}
