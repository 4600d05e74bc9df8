package totp_test

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/totp"
)

// The vectors of RFC 6238, appendix B, for SHA-1: the last six of their eight digits.
func TestCodesAreThoseOfRFC6238(t *testing.T) {
	t.Parallel()
	seed := []byte("12345678901234567890")
	for unix, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totp.Code(seed, totp.StepOf(time.Unix(unix, 0))); got != want {
			t.Errorf("code at %d: got %s, want %s", unix, got, want)
		}
	}
}

// The vectors of RFC 4226, appendix D.
func TestCodesAreThoseOfRFC4226(t *testing.T) {
	t.Parallel()
	for step, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := totp.Code([]byte("12345678901234567890"), int64(step)); got != want {
			t.Errorf("code of step %d: got %s, want %s", step, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	seed, now := []byte("12345678901234567890"), time.Unix(1234567890, 0)
	at := totp.StepOf(now)
	for name, c := range map[string]struct {
		code string
		last int64
		step int64
		ok   bool
	}{
		"the step of now matches":                     {totp.Code(seed, at), 0, at, true},
		"the step before matches":                     {totp.Code(seed, at-1), 0, at - 1, true},
		"the step after matches":                      {totp.Code(seed, at+1), 0, at + 1, true},
		"two steps before do not match":               {totp.Code(seed, at-2), 0, 0, false},
		"two steps after do not match":                {totp.Code(seed, at+2), 0, 0, false},
		"a used step does not match":                  {totp.Code(seed, at), at, 0, false},
		"a step before a used one does not match":     {totp.Code(seed, at-1), at, 0, false},
		"a step after a used one matches":             {totp.Code(seed, at+1), at, at + 1, true},
		"an empty code does not match":                {"", 0, 0, false},
		"a code with a digit more does not match":     {totp.Code(seed, at) + "0", 0, 0, false},
		"a code of other digits does not match":       {totp.Code([]byte("another seed of bytes"), at), 0, 0, false},
		"a code in other digits' script has no match": {"٠٠٥٩٢٤", 0, 0, false},
	} {
		if step, ok := totp.Match(seed, c.code, now, c.last); step != c.step || ok != c.ok {
			t.Errorf("%s: got step %d, %t, want %d, %t", name, step, ok, c.step, c.ok)
		}
	}
}

func TestSecretsOfOtherSystemsAreRead(t *testing.T) {
	t.Parallel()
	seed := totp.NewSeed()
	secret := totp.Secret(seed)
	for name, text := range map[string]string{
		"as written": secret, "in lower case": strings.ToLower(secret), "with spaces": secret[:4] + " " + secret[4:], "with padding": secret + "====",
	} {
		if got, ok := totp.ParseSecret(text); !ok || string(got) != string(seed) {
			t.Errorf("%s: got %x, %t, want %x", name, got, ok, seed)
		}
	}
	for name, text := range map[string]string{"empty": "", "short": "AAAA", "of another alphabet": strings.Repeat("1", 32), "long": strings.Repeat("A", 200), "with bits left over": "AAAAAAAAAAAAAAAAB"} {
		if got, ok := totp.ParseSecret(text); ok {
			t.Errorf("%s: got %x, want a refusal", name, got)
		}
	}
}

func TestTheURINamesIssuerAndAccount(t *testing.T) {
	t.Parallel()
	for issuer, path := range map[string]string{
		"Acme & Söhne":       "/Acme & Söhne:ann+x@example.com",
		"Acme & Söhne: Shop": "/ann+x@example.com", // a colon ends the issuer of a label
	} {
		got, err := url.Parse(totp.URI(issuer, "ann+x@example.com", []byte("12345678901234567890")))
		if err != nil {
			t.Fatal(err)
		}
		if got.Scheme != "otpauth" || got.Host != "totp" || got.Path != path {
			t.Errorf("got %s://%s%s, want otpauth://totp%s", got.Scheme, got.Host, got.Path, path)
		}
		if strings.Contains(got.RawQuery, "+") {
			t.Errorf("the query %q has a + for a space, which authenticator apps show as it is", got.RawQuery)
		}
		q := got.Query()
		if q.Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || q.Get("issuer") != issuer {
			t.Errorf("got query %v", q)
		}
	}
}

func TestTheQRCodeIsAnSVGWithoutScript(t *testing.T) {
	t.Parallel()
	got, err := totp.QR(totp.URI("Acme", "ann@example.com", totp.NewSeed()))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(got, "data:image/svg+xml;base64,"))
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(string(raw)))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local != "svg" && e.Name.Local != "path" {
			t.Errorf("got an element %s", e.Name.Local)
		}
	}
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	code := totp.NewRecoveryCode()
	if len(code) != 17 || code == totp.NewRecoveryCode() {
		t.Fatalf("got %s, want another one each time, as xxxxx-xxxxx-xxxxx", code)
	}
	for name, text := range map[string]string{
		"as given": code, "in upper case": strings.ToUpper(code), "without hyphens": strings.ReplaceAll(code, "-", ""), "with spaces": strings.ReplaceAll(code, "-", " "),
	} {
		if got, ok := totp.ParseRecoveryCode(text); !ok || got != code {
			t.Errorf("%s: got %q, %t, want %q", name, got, ok, code)
		}
	}
	if got, ok := totp.ParseRecoveryCode("O0iIl-00000-00000"); !ok || got != "00111-00000-00000" {
		t.Errorf("letters that look like digits: got %q, %t", got, ok)
	}
	for _, text := range []string{"", "123456", code + "0", "u" + code[1:], strings.Repeat("-", 100) + code} {
		if got, ok := totp.ParseRecoveryCode(text); ok {
			t.Errorf("%q: got %q, want a refusal", text, got)
		}
	}
}
