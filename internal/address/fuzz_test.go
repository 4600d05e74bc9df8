package address_test

import (
	"net/mail"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/address"
)

// FuzzParse checks each address that is accepted: its canonical form parses to itself, net/mail
// reads it, and the form for the envelope parses to it.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"ann@example.com", "A@B.CD", "Ann.Lee+tag@Example.COM", "ann@bücher.example", "ann@BÜCHER.example", "a@xn--bcher-kva.de", "a@xn--a.de", `"a"@b.cd`, "a@1.2.3.4", "a@[1.2.3.4]",
		"a@b", "a@b.c.", "a@b..c", "a@b。c", "a@exa\u00admple.com", "a@ß.example", "a@\u200d.example", "a b@c.de", "a@b.cd\n", "<a@b.cd>", "a@b@c.de", "a@-b.cd", "a@b.c0m", "a@0x7f.1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, err := address.Parse(s)
		if err != nil {
			if once != "" {
				t.Errorf("Parse(%q): got %q with %v", s, once, err)
			}
			return
		}
		if twice, err := address.Parse(once); err != nil || twice != once {
			t.Errorf("Parse(%q): got %q, %v, want itself", once, twice, err)
		}
		if other, err := address.Parse(strings.ToUpper(once)); err != nil || other != once {
			t.Errorf("Parse(%q): got %q, %v, want %q in any case", strings.ToUpper(once), other, err, once)
		}
		if got, err := mail.ParseAddress(once); err != nil || got.Address != once || got.Name != "" {
			t.Errorf("Parse(%q): got %q, which net/mail reads as %v, %v", s, once, got, err)
		}
		local, domain, _ := strings.Cut(once, "@")
		if len(once) > 254 || len(local) > 64 || strings.ToLower(once) != once || strings.ContainsFunc(once, func(r rune) bool { return r <= ' ' || r >= 0x7f }) || !strings.Contains(domain, ".") {
			t.Errorf("Parse(%q): got %q, want it refused", s, once)
		}
		envelope := address.Envelope(s)
		if same, err := address.Parse(envelope); err != nil || same != once || strings.ToLower(envelope) != once {
			t.Errorf("Envelope(%q): got %q of %q, %v, want %q in some case", s, envelope, same, err, once)
		}
		if masked := address.Mask(once); masked != once[:1]+"***@"+domain {
			t.Errorf("Mask(%q): got %q", once, masked)
		}
	})
}
