package address_test

import (
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/address"
)

func TestParse(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for in, want := range map[string]string{
		"ann@example.com":         "ann@example.com",
		"Ann.Lee+tag@Example.COM": "ann.lee+tag@example.com",
		"o'neil@example.co.uk":    "o'neil@example.co.uk",
		"ann@bücher.example":      "ann@xn--bcher-kva.example",
		long + "@example.com":     long + "@example.com",
		"":                        "",
		"ann":                     "",
		"@example.com":            "",
		"ann@":                    "",
		"ann@localhost":           "",
		"ann@example.com.":        "",
		"ann@[127.0.0.1]":         "",
		"ann@127.0.0.1":           "",
		" ann@example.com":        "",
		"ann@example.com ":        "",
		"ann@example.com\n":       "",
		`"ann"@example.com`:       "",
		"ann(x)@example.com":      "",
		"Ann <ann@example.com>":   "",
		"ann..lee@example.com":    "",
		".ann@example.com":        "",
		"ann.@example.com":        "",
		"ann@a@example.com":       "",
		"änn@example.com":         "",
		"ann@-a.example":          "",
		"ann@a_b.example":         "",
		"ann@example.com\u200b":   "", // the mapping for look-ups drops it, so that the end is invisible
		"ann@exam\u00adple.com":   "",
		"ann@\ufeffexample.com":   "",
		"ann@example\ufe0f.com":   "",
		"ann@نامه\u200cای.com":    "ann@xn--mgba3gch31f060k.com", // a joiner that Persian words need
		long + "a@example.com":    "",
		"ann@" + strings.Repeat("a.", 130) + "com": "",
	} {
		got, err := address.Parse(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("Parse(%q): got %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Ann.Lee@Example.COM": "Ann.Lee@example.com", "ann@Bücher.example": "ann@xn--bcher-kva.example", "x": "x", "a@b": "a@b",
	} {
		if got := address.Envelope(in); got != want {
			t.Errorf("Envelope(%q): got %q, want %q", in, got, want)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"ann@example.com": "a***@example.com", "x": "***"} {
		if got := address.Mask(in); got != want {
			t.Errorf("Mask(%q): got %q, want %q", in, got, want)
		}
	}
}
