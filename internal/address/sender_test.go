package address_test

import (
	"net/mail"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/address"
)

func TestCheckSender(t *testing.T) {
	t.Parallel()
	const (
		form  = `alone or as in "Name <name@example.com>"`
		quote = "put the name in double quotes"
	)
	for in, want := range map[string]string{
		"ann@example.com":                      "",
		"Ann <ann@example.com>":                "",
		"Ann Lee<ann@example.com>":             "",
		"Jürgen & Söhne <post@bücher.example>": "",
		"J. R. Doe <j@example.com>":            "",
		"<ann@example.com>":                    "",
		`"Example, Inc." <a@example.com>`:      "",
		`"say \"hi\" \\ <b@c.de>" <a@b.cd>`:    "",
		"no-reply@localhost":                   "",
		"Dev <dev@Mailhost>":                   "",
		"":                                     form,
		"no-reply":                             form,
		"Ann":                                  form,
		"Ann <ann>":                            form,
		"Ann ann@example.com":                  form,
		"ann@example.com (Ann)":                form,
		"Ann ann@example.com>":                 form,
		"Ann <ann@example.com> ":               form,
		"<a@example.com>, <b@example.com>":     quote,
		"a@example.com, b@example.com":         form,
		"ann@[127.0.0.1]":                      form,
		"Ann < ann@example.com>":               form,
		"Example, Inc. <a@example.com>":        quote,
		"Example (UK) <a@example.com>":         quote,
		`"Ann" Lee <a@example.com>`:            quote,
		`"Ann <a@example.com>`:                 quote,
		`" <a@example.com>`:                    quote,
		`"Ann\" <a@example.com>`:               quote,
		"=?x?q?y?= <a@example.com>":            quote,
		"Ann <a@example.com>\r\nBcc: b@x.yz":   "one line",
		"Ann\nLee <a@example.com>":             "one line",
		"Ann\x00 <a@example.com>":              "one line",
		"Ann \xff <a@example.com>":             "one line",
	} {
		err := address.CheckSender(in)
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("CheckSender(%q): got %v, want %q", in, err, want)
		}
	}
}

// FuzzCheckSender checks that net/mail reads each value that is accepted. Otherwise every mail
// would be refused one by one, long after the start.
func FuzzCheckSender(f *testing.F) {
	for _, seed := range []string{"a@b.cd", "A <a@b.cd>", "<a@b>", `"a, \"b\"" <a@b.cd>`, "J. Doe <a@b.cd>", "ü <a@ü.de>", "a. .b <a@b.cd>", "=?utf-8?q?a?= <a@b.cd>", "\u00a0 <a@b.cd>", `"" <a@b.cd>`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if address.CheckSender(s) != nil {
			return
		}
		got, err := mail.ParseAddress(s)
		if err != nil || !strings.HasSuffix(strings.TrimSuffix(s, ">"), got.Address) {
			t.Errorf("CheckSender(%q): got nil, and net/mail reads %v, %v", s, got, err)
		}
	})
}
