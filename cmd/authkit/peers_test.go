package main

import (
	"strings"
	"testing"
)

// TestTrustedProxies sends requests as a proxy does. They count for the forwarded address.
func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	const most = 20 // sign-ins in a minute, of one address
	for name, c := range map[string]struct {
		args  []string
		other int // the status of another client after one has exhausted its limit
	}{
		"no proxy is trusted":           {nil, 429},
		"another proxy is trusted":      {[]string{"--trusted-proxies", "192.0.2.0/24"}, 429},
		"loopback is trusted":           {[]string{"--trusted-proxies", "127.0.0.0/8"}, 400},
		"loopback is trusted, too":      {[]string{"--trusted-proxies", "2001:db8::/32, 127.0.0.0/8"}, 400},
		"Unix sockets are trusted":      {[]string{"--trusted-proxies", "unix"}, 429},
		"Unix sockets and loopback are": {[]string{"--trusted-proxies", "unix,127.0.0.0/8"}, 400},
		"loopback is trusted by a flag": {[]string{"--trusted-proxies=2001:db8::/32", "--trusted-proxies=127.0.0.1/32"}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, newLines(), append([]string{"--store", "memory"}, c.args...)...)
			signIn := func(client string) answer {
				return p.send("POST", "/auth/credentials/console", `{}`, "X-Forwarded-For: 198.51.100.99, "+client)
			}
			for range most {
				signIn("203.0.113.7").want(t, 400, "invalid_request")
			}
			signIn("203.0.113.7").want(t, 429, "rate_limited")
			signIn("203.0.113.8").want(t, c.other, "")
		})
	}
}

func TestConsoleOrigins(t *testing.T) {
	t.Parallel()
	p := start(t, newLines(), "--store", "memory", "--developer", developerEmail+":"+password,
		"--console-origins", "https://one.example,https://two.example:8443")
	dev := p.developer()
	for origin, want := range map[string]string{"https://one.example": "https://one.example", "https://two.example:8443": "https://two.example:8443", "https://evil.example": ""} {
		if got := p.send("GET", "/apps/", "", bearer(dev), "Origin: "+origin).header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("from %s: got %q allowed, want %q", origin, got, want)
		}
		status := 201
		if want == "" {
			status = 403
		}
		p.send("POST", "/apps/", `{"name":"`+strings.TrimPrefix(origin, "https://")+`"}`, bearer(dev), "Origin: "+origin).want(t, status, "")
		signIn := `{"email":"` + developerEmail + `","password":"` + password + `"}`
		if got := p.send("POST", "/auth/credentials/console", signIn, "Origin: "+origin).status; (got == 200) != (want != "") {
			t.Errorf("sign-in from %s: got %d", origin, got)
		}
	}
}
