package e2e_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// proxy is a program that stands in front of authkit. Its configuration is a block of
// docs/mounting.md, with what the page leaves out around it.
type proxy struct {
	language string
	replace  []string // pairs; HERE is where the proxy listens, UPSTREAM is authkit
	around   string   // the whole file; BLOCK is the block
	file     string
	command  []string // FILE is the file and DIR its folder
}

// proxies lists the proxies by name. scripts/with-proxies.sh installs them.
func proxies() map[string]proxy {
	return map[string]proxy{
		"nginx": {
			language: "nginx",
			replace:  []string{"http://127.0.0.1:8080", "http://UPSTREAM"},
			around: "daemon off;\nmaster_process off;\npid DIR/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\nclient_body_temp_path DIR/body;\n" +
				"proxy_temp_path DIR/proxy;\nfastcgi_temp_path DIR/fastcgi;\nuwsgi_temp_path DIR/uwsgi;\nscgi_temp_path DIR/scgi;\nserver {\nlisten HERE;\nBLOCK\n}\n}\n",
			file:    "nginx.conf",
			command: []string{"nginx", "-c", "FILE", "-p", "DIR", "-e", "stderr"},
		},
		"Caddy": {
			language: "caddy",
			replace:  []string{"example.com", "http://HERE", "127.0.0.1:8080", "UPSTREAM"},
			around:   "{\nadmin off\nauto_https off\n}\nBLOCK\n",
			file:     "Caddyfile",
			command:  []string{"caddy", "run", "--adapter", "caddyfile", "--config", "FILE"},
		},
		"HAProxy": {
			language: "haproxy",
			replace:  []string{":443 ssl crt /etc/haproxy/example.com.pem", "HERE", "127.0.0.1:8080", "UPSTREAM"},
			around:   "defaults\n mode http\n timeout connect 30s\n timeout client 30s\n timeout server 30s\nBLOCK\n",
			file:     "haproxy.cfg",
			command:  []string{"haproxy", "-db", "-f", "FILE"},
		},
	}
}

// TestProxies runs authkit behind real proxies, with the configurations of docs/mounting.md.
func TestProxies(t *testing.T) {
	t.Parallel()
	for name, p := range proxies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, seen := behind(t, p)
			for name, test := range map[string]func(*testing.T, *world){
				"a token is verified from its issuer":                     tokenFromIssuer,
				"a link leads to the mount, and on to the goal":           linkUnderMount,
				"a sign-in at a provider comes back to the mount":         oauthUnderMount,
				"the collection with and without a slash is one resource": oneResource,
				"the type of a problem is a page of the mount":            typeIsServed,
				"an app's origins may ask before they call":               preflightUnderMount,
				"what is mounted is not found outside of the mount":       onlyUnderMount,
				"an unknown path is refused by authkit":                   unknownPath,
				"an unclean path reaches nothing":                         uncleanThrough,
				"another site's request is refused":                       crossOriginThrough,
			} {
				t.Run(name, func(t *testing.T) { test(t, w) })
			}
			t.Run("the client's address counts, and not what it writes", func(t *testing.T) { clientThrough(t, w, seen) })
		})
	}
}

// peers keeps the addresses that refused sign-ins came from.
type peers struct {
	mu  sync.Mutex
	all []string
}

// behind serves authkit behind a proxy on this machine, whose address is trusted.
func behind(t *testing.T, p proxy) (*world, *peers) {
	t.Helper()
	seen := &peers{}
	m := mount{path: "/id", in: subpath.in, front: func(upstream string) string { return p.start(t, upstream) }}
	w := setup(t, m, func(c *authkit.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		c.Observer = func(e authkit.Event) {
			seen.mu.Lock()
			defer seen.mu.Unlock()
			if e.Result == "refused" {
				seen.all = append(seen.all, e.IP)
			}
		}
	})
	return w, seen
}

// start runs the proxy until the test ends, and returns where it listens.
func (p proxy) start(t *testing.T, upstream string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/mounting.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(page), "```"+p.language+"\n")
	block, _, _ = strings.Cut(block, "```")
	if !found || !strings.Contains(block, p.replace[0]) {
		t.Fatalf("docs/mounting.md: got %q, want a %s block with %q", block, p.language, p.replace[0])
	}
	dir, here := t.TempDir(), freeAddress(t)
	block = strings.NewReplacer(p.replace...).Replace(block)
	text := strings.NewReplacer("HERE", here, "UPSTREAM", upstream, "DIR", dir).Replace(strings.Replace(p.around, "BLOCK", block, 1))
	file := filepath.Join(dir, p.file)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var args []string
	for _, arg := range p.command[1:] {
		args = append(args, strings.NewReplacer("FILE", file, "DIR", dir).Replace(arg))
	}
	cmd := exec.CommandContext(t.Context(), p.command[0], args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; scripts/with-proxies.sh installs it", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // the test ends it
	}()
	t.Cleanup(func() { <-ended })
	for dialer := new(net.Dialer); ; {
		select {
		case <-ended:
			t.Fatalf("%s: got its end, want it to listen: %s", p.command[0], &out)
		default:
		}
		if conn, err := dialer.DialContext(t.Context(), "tcp", here); err == nil {
			_ = conn.Close()
			return here
		}
	}
}

// freeAddress returns an address that another program gets only if it asks for that very port.
func freeAddress(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(10_000))
		if l, err := lc.Listen(t.Context(), "tcp", address); err == nil {
			defer l.Close()
			return address
		}
	}
	t.Fatal("got no free port")
	return ""
}

func unknownPath(t *testing.T, w *world) {
	w.send("GET", "/nothing", "").wantProblem(t, w, 404, "not_found")
	w.send("PUT", "/apps", "").wantProblem(t, w, 405, "method_not_allowed")
}

// uncleanThrough allows the proxy to refuse such a path itself.
func uncleanThrough(t *testing.T, w *world) {
	for _, path := range []string{"//healthz", "/./healthz", "/apps/../healthz", "/../id/healthz", "/%2e%2e/healthz", "/healthz/.", "/a%2F..%2Fhealthz"} {
		if got := w.send("GET", path, ""); got.status < 400 || got.status >= 500 {
			t.Errorf("GET %s: got %d %s, want a refusal", path, got.status, got.raw)
		}
	}
}

func crossOriginThrough(t *testing.T, w *world) {
	body := `{"email":"eve@example.com","password":"` + password + `"}`
	w.send("POST", w.at("/auth/credentials"), body, "Origin: https://elsewhere.example").wantProblem(t, w, 403, "forbidden")
	w.send("POST", w.at("/auth/credentials"), body, "Sec-Fetch-Site: cross-site").wantProblem(t, w, 403, "forbidden")
	w.send("POST", w.at("/auth/credentials"), body, "Origin: "+w.host).want(t, 201, "")
}

// clientThrough sends from an address of this machine that is not the proxy's.
func clientThrough(t *testing.T, w *world, seen *peers) {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	client := http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}, Timeout: 30 * time.Second}
	for _, written := range []string{"", "203.0.113.9", "203.0.113.9, 127.0.0.1"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.base+w.at("/auth/credentials"),
			strings.NewReader(`{"email":"stranger@example.com","password":"`+password+`","intent":"sign_in"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if written != "" {
			r.Header.Set("X-Forwarded-For", written)
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		read(t, res).want(t, 401, "invalid_credentials")
		seen.mu.Lock()
		if last := seen.all[len(seen.all)-1]; last != "127.0.0.2" {
			t.Errorf("a client that writes %q: got address %s, want 127.0.0.2", written, last)
		}
		seen.mu.Unlock()
	}
}
