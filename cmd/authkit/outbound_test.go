package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// egress is a proxy that records the hosts of its requests and makes no connection.
type egress struct {
	*httptest.Server

	mu    sync.Mutex
	asked []string
}

func newEgress(t *testing.T) *egress {
	t.Helper()
	e := &egress{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.asked = append(e.asked, r.Method+" "+r.RequestURI)
		http.Error(w, "no way out", http.StatusBadGateway)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *egress) read() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.asked, ", ")
}

// TestOutboundProxy begins a sign-in at Google with the real program.
func TestOutboundProxy(t *testing.T) {
	t.Parallel()
	const google = "CONNECT accounts.google.com:443"
	for name, c := range map[string]struct {
		flag, env func(proxy string) []string
		want      string
	}{
		"by its URL":                     {func(proxy string) []string { return []string{"--outbound-proxy", proxy} }, nil, google},
		"by the environment":             {func(string) []string { return []string{"--outbound-proxy", "env"} }, func(proxy string) []string { return []string{"HTTPS_PROXY=" + proxy} }, google},
		"by the flag in the environment": {nil, func(proxy string) []string { return []string{"AUTHKIT_OUTBOUND_PROXY=" + proxy} }, google},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := newEgress(t)
			var env []string
			args := []string{"--store", "memory", "--developer", developerEmail + ":" + password}
			if c.flag != nil {
				args = append(args, c.flag(proxy.URL)...)
			}
			if c.env != nil {
				env = c.env(proxy.URL)
			}
			p := launchWith(t, env, newLines(), args...)
			p.ready()
			developer := p.developer()
			app, _ := p.createApp(developer)
			p.send("POST", "/apps/"+app+"/oauth-configs", `{"provider":"google","client_id":"c","client_secret":"s"}`, bearer(developer)).want(t, 201, "")
			p.send("GET", "/auth/google/"+app, "", "Accept: application/json").want(t, 502, "provider_error")
			if got := proxy.read(); got != c.want {
				t.Errorf("proxy: got %q, want %q", got, c.want)
			}
		})
	}
}

// TestOutboundAllow configures an issuer on loopback whose certificate no authority signed. An
// error about the certificate shows that the issuer was reached.
func TestOutboundAllow(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	port := server.Listener.Addr().(*net.TCPAddr).Port
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"by default":                    {nil, "not a public one"},
		"with the address alone":        {[]string{"--outbound-allow", "127.0.0.0/8"}, "port 443"},
		"with the port alone":           {[]string{"--outbound-ports", strconv.Itoa(port)}, "not a public one"},
		"with the address and the port": {[]string{"--outbound-allow", "10.0.0.0/8, 127.0.0.1/32", "--outbound-ports", "8443," + strconv.Itoa(port)}, "certificate"},
		"with another address":          {[]string{"--outbound-allow", "10.0.0.0/8", "--outbound-ports", strconv.Itoa(port)}, "not a public one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, newLines(), append([]string{"--store", "memory", "--developer", developerEmail + ":" + password}, c.args...)...)
			developer := p.developer()
			app, _ := p.createApp(developer)
			got := p.send("POST", "/apps/"+app+"/oauth-configs", fmt.Sprintf(`{"provider":"corp","client_id":"c","client_secret":"s","issuer":%q}`, server.URL), bearer(developer))
			got.want(t, 400, "invalid_request")
			if !strings.Contains(got.text, c.says) {
				t.Errorf("configuration: got %s, want %q in it", got.text, c.says)
			}
		})
	}
}

func TestOutboundFlagsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for flag, says := range map[string]string{
		"--outbound-proxy=proxy:3128":          "--outbound-proxy is not the URL of a proxy: give env for HTTPS_PROXY",
		"--outbound-proxy=ftp://user:sekret@x": "--outbound-proxy is not the URL of a proxy",
		"--outbound-allow=10.0.0.1":            `--outbound-allow holds "10.0.0.1": give ranges`,
		"--outbound-allow=0.0.0.0/0":           `--outbound-allow holds "0.0.0.0/0": give ranges`,
		"--outbound-allow=::ffff:10.0.0.0/104": `--outbound-allow holds "::ffff:10.0.0.0/104": give ranges`,
		"--outbound-ports=0":                   "--outbound-ports holds 0: give ports",
		"--outbound-ports=65536":               "outbound-ports",
	} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			p := launch(t, newLines(), "--store", "memory", flag)
			<-p.ended
			p.stopped = true
			all, _ := p.stderr.read()
			if text := strings.Join(all, "\n"); p.err == nil || !strings.Contains(text, says) || strings.Contains(text, "sekret") {
				t.Errorf("serve: got %v and %q, want it to end because of %q", p.err, text, says)
			}
		})
	}
}
