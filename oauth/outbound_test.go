package oauth

import (
	"net/netip"
	"testing"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "::ffff:8.8.8.8": true,
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "fe80::1": false, "fc00::1": false, "100.64.0.1": false, "0.0.0.0": false, "::": false,
		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false,
		"2002:7f00:1::": false, "2001:0:1::1": false, "224.0.0.1": false, "ff02::1": false, "255.255.255.255": false,
		"192.0.0.1": false, "198.18.0.1": false, "240.0.0.1": false, "::127.0.0.1": false, "2001:db8::1": false,
		"::ffff:0:127.0.0.1": false, "fec0::1": false, "3fff::1": false, "5f00::1": false,
	} {
		if got := public(netip.MustParseAddr(text), false); got != want {
			t.Errorf("public(%s): got %v, want %v", text, got, want)
		}
	}
	if !public(netip.MustParseAddr("127.0.0.1"), true) || public(netip.MustParseAddr("10.0.0.1"), true) {
		t.Error("public with loopback: got the wrong answer")
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]bool{ // without and with loopback
		"https://accounts.example.com":      {true, true},
		"https://accounts.example.com:443/": {true, true},
		"https://accounts.example.com:8443": {false, false},
		"http://accounts.example.com":       {false, false},
		"https://user@example.com":          {false, false},
		"https://example.com/#x":            {false, false},
		"https://localhost":                 {false, true},
		"https://LocalHost":                 {false, false},
		"https://localhost.":                {false, false},
		"https://a.localhost":               {false, false},
		"https://notlocalhost":              {true, true},
		"http://127.0.0.1:9000":             {false, true},
		"http://[::1]:9000":                 {false, true},
		"https://10.0.0.1":                  {false, false},
		"https://127.1":                     {false, false}, // all four are 127.0.0.1 to resolvers of the system
		"https://2130706433":                {false, false},
		"https://0x7f.1":                    {false, false},
		"https://0177.0.0.1.":               {false, false},
		"https://1.example":                 {true, true},
		"https://0x7f.example":              {true, true},
		"https://169.254.169.254":           {false, false},
		"":                                  {false, false},
		"/x":                                {false, false},
	} {
		for i, loopback := range []bool{false, true} {
			if err := checkURL(text, loopback); (err == nil) != want[i] {
				t.Errorf("checkURL(%q, %v): got %v, want ok %v", text, loopback, err, want[i])
			}
		}
	}
}

func TestTrusted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  Config
		said claims
		want bool
	}{
		{Config{Provider: google}, claims{Email: "ann@gmail.com"}, true},
		{Config{Provider: google}, claims{Email: "ann@corp.example", HD: "corp.example"}, true},
		{Config{Provider: google}, claims{Email: "ann@corp.example"}, false},
		{Config{Provider: google}, claims{Email: "ann@corp.example", HD: "evil.example"}, false},
		{Config{Provider: "corp"}, claims{Email: "ann@gmail.com"}, false},
		{Config{Provider: "corp", TrustEmail: true}, claims{Email: "ann@corp.example"}, true},
	} {
		if got := trusted(c.cfg, c.said); got != c.want {
			t.Errorf("trusted(%+v, %+v): got %v, want %v", c.cfg, c.said, got, c.want)
		}
	}
}
