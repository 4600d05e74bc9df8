package httpio_test

import (
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/httpio"
)

func TestSameResource(t *testing.T) {
	t.Parallel()
	const place = "https://spa.example/cb?p=a"
	for other, want := range map[string]bool{
		place: true, "HTTPS://SPA.example:443/cb?p=a": true, "https://spa.example/x/../c%62?p=%61": true, "https://spa.example//cb/?p=a": true,
		"https://spa.example/cb": false, "https://spa.example/cb?p=b": false, "https://spa.example/CB?p=a": false,
		"https://spa.example:444/cb?p=a": false, "http://spa.example/cb?p=a": false, "https://www.spa.example/cb?p=a": false,
	} {
		if got := httpio.SameResource(place, other); got != want || httpio.SameResource(other, place) != want {
			t.Errorf("SameResource(%q, %q): got %v, want %v", place, other, got, want)
		}
	}
}

func TestBelow(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"https://a.example/id/auth/callback/x": true, "https://A.example:443/id/x/..//auth/%63allback/x": true, "https://a.example/id/auth/callback": true,
		"https://a.example/id/auth/callbacks": false, "https://a.example/auth/callback/x": false, "https://b.example/id/auth/callback/x": false,
		"https://a.example/id/auth/callback/../x": false,
	} {
		if got := httpio.Below(s, "https://a.example/id/auth/callback/"); got != want {
			t.Errorf("Below(%q): got %v, want %v", s, got, want)
		}
	}
}

func TestTheCallbackOfAnotherProviderOrApp(t *testing.T) {
	t.Parallel()
	const app, other = "01a21e58-b24d-73cf-9f6b-9e7003c8def5", "01a21e58-b24d-73cf-9f6b-9e7003c8def6"
	for redirect, want := range map[string]bool{
		"":                                                    false,
		"https://shop.example.com/in":                         false,
		"https://h/auth/callback/corp/news":                   false,
		"https://h/auth/callback/corp/" + app:                 false,
		"https://h/id/auth/callback/corp/" + app:              false,
		"https://h/auth/callback/corp/" + other:               true,
		"https://h/auth/callback/google/" + app:               true,
		"https://h/id/auth/callback/google/" + other:          true,
		"https://h/auth//callback/x/../google/" + other + "/": true,
		"https://h/auth/%63allback/google/" + other + "?a=b":  true,
	} {
		if got := httpio.OtherCallback(redirect, "corp", app); got != want {
			t.Errorf("OtherCallback(%q): got %v, want %v", redirect, got, want)
		}
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for _, link := range []string{
		"https://example.com", "https://example.com/", "https://xn--bcher-kva.example/a?b=c&d=%22#terms", "https://example.com:8443/'(a),;~@:!$/",
		"http://localhost:3000/help", "http://127.0.0.1/", "http://[::1]:8080/#/about", "HTTPS://EXAMPLE.com/",
	} {
		if err := httpio.CheckLink(link); err != nil {
			t.Errorf("CheckLink(%q): got %v, want it taken", link, err)
		}
	}
	for _, link := range []string{
		"", "example.com", "/terms", "//example.com", "https:", "https://", "https:example.com", "https:///path", "mailto:a@example.com",
		"javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "javascript://example.com/%0aalert(1)",
		"data:text/html,<script>alert(1)</script>", "vbscript:x", "blob:https://example.com/x", "file:///etc/passwd", "ftp://example.com/", "com.example.app:/x",
		"http://example.com/", "http://localhost.example.com/", "http://127.0.0.1.example.com/",
		"https://user@example.com/", "https://user:password@example.com/", "https://@example.com/", "https://good.example\\@evil.example/", "https:\\\\example.com",
		"https://example.com/\u202egnp.exe", "https://ex\u200bample.com/", "https://bücher.example/", "https://example.com/\u2066",
		"https://example.com/a b", "https://example.com/\n", "https://example.com/\x00", "https://example.com/\x7f", "https://example.com/\u0085", " https://example.com", "https://example.com/ ",
		"https://example.com/\"onclick=x", "https://example.com/<script>", "https://example.com/#<script>", "https://example.com/`x`", "https://example.com/*",
		"https://example.com/%zz", "https://example.com/#%zz", "https://example.com/#a#b", "https://a,b.example/", "https://a;b.example/", "https://example.com:99999/", "https://example.com:0x50/",
		"https://example.com/" + strings.Repeat("a", 2000),
	} {
		if err := httpio.CheckLink(link); err == nil {
			t.Errorf("CheckLink(%q): got it taken, want it refused", link)
		}
	}
}
