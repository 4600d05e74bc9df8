package naming_test

import (
	"errors"
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

func TestAppNamesThatReadAsAddresses(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]bool{
		// Web addresses.
		"evil.com": true, "Visit EVIL.com": true, "evil.com!": true, "(evil.co.uk)": true, "evil.com.": true, "a-b.evil.dev now": true,
		"evil．com": true, "evil。com": true, "evil｡com": true, "evil․com": true, "bücher.example.рф": true, "пример.рф": true, "xn--e1afmkfd.xn--p1ai": true,
		"evil.github.io": true, "github.io": true, "evil.s3.amazonaws.com": true, "www.evil": true, "ＷＷＷ.evil": true, "evil.com:8080": true,
		"evil.com?x": true, "evil.com,": true, "\"evil.com\"": true, "-evil.com-": true, "1.2.3.evil.com": true, "https:evil.com": true, "ＥＶＩＬ．ＣＯＭ": true,
		"http://evil": true, "evil/com": true, "a@b": true, "a＠b": true, "℀": true,
		// Names.
		"Node.js": false, "Node.js for co": false, "com": false, ".com": false, "co.uk": false, "St. Mary": false, "Acme Inc.": false, "v1.2": false,
		"Mr. Net": false, "A...b": false, "e.g. this": false, "wwwhere": false, "example.test": false, "localhost": false, "100 % fun": false,
		// Telephone numbers.
		"Call 555-0199-42": true, "+49 30 901820": true, "(030) 90 18 20": true, "5550199": true, "5 5 5 0 1 9 9": true, "٠٨٠٠١٢٣": true, "０８００１２３": true, "0800•123": true, "0.8.0.0.1.2.3": true,
		"Route 66": false, "2024": false, "555-019": false, "12 monkeys 345678": false, "1a2b3c4d5e6f7g8": false,
	} {
		_, err := naming.App(name)
		if refused != errors.Is(err, naming.ErrAddress) || (!refused && err != nil) {
			t.Errorf("App(%q): got %v, want it refused as an address: %t", name, err, refused)
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
