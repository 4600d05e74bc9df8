package naming_test

import (
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/naming"
)

func TestApp(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Demo":                  "demo",
		"Straße":                "strasse",
		"ＤＥＭＯ":                  "demo",
		"My app 2":              "my app 2",
		strings.Repeat("é", 64): strings.Repeat("é", 64),
		"":                      "",
		"   ":                   "",
		"a\nb":                  "",
		"a\u202eb":              "",
		"a\u200bb":              "",
		"a\u034fb":              "",
		"\u3164":                "",
		"\uffa0":                "",
		"\u2800":                "",
		"\ufe0f \U000e0100":     "",
		"\u2764\ufe0f":          "\u2764\ufe0f",
		"http://evil":           "",
		"a@b":                   "",
		"a＠b":                   "",
		"\xff":                  "",
		strings.Repeat("é", 65): "",
	} {
		got, err := naming.App(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("App(%q): got %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestUser(t *testing.T) {
	t.Parallel()
	for in, ok := range map[string]bool{"": true, "Ann Lee": true, "李 小龍": true, "a\x00": false, "a\tb": false, strings.Repeat("a", 201): false, "\xff": false} {
		if _, err := naming.User(in); (err == nil) != ok {
			t.Errorf("User(%q): got %v, want ok %v", in, err, ok)
		}
	}
}
