package jwks_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/jwks"
)

const (
	okp = `{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`                                                            // RFC 8037, appendix A.2
	ec  = `{"kty":"EC","crv":"P-256","kid":"e","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc"}` // RFC 7517, appendix A.1
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  string
		want string // the key ids
		bad  bool
	}{
		"keys in their order":                      {`{"keys":[` + okp + `,` + ec + `]}`, "k e", false},
		"unknown and malformed members of the set": {`{"x":{"keys":1},"keys":[` + okp + `],"y":"` + "\xff" + `"}`, "k", false},
		"a key that is not an object":              {`{"keys":[7,null,"x",[],` + okp + `]}`, "k", false},
		"a key of an unknown kind":                 {`{"keys":[{"kty":"AKP","kid":"k"},` + okp + `]}`, "k", false},
		"a key with a member twice":                {`{"keys":[` + strings.Replace(okp, `"kid"`, `"kid":"x","kid"`, 1) + `,` + ec + `]}`, "e", false},
		"a key with a member in another case":      {`{"keys":[` + strings.Replace(okp, `"kid"`, `"KID":"x","kid"`, 1) + `,` + ec + `]}`, "e", false},
		"a key with its private half":              {`{"keys":[` + strings.Replace(okp, `"kid"`, `"d":"x","kid"`, 1) + `,` + ec + `]}`, "e", false},
		"a key in another encoding":                {`{"keys":[` + strings.Replace(okp, `Ro"`, `Ro="`, 1) + `,` + ec + `]}`, "e", false},
		"a key with a line break in it":            {`{"keys":[` + strings.Replace(okp, `"11q`, `"11q\n`, 1) + `,` + ec + `]}`, "e", false},
		"a key off its curve":                      {`{"keys":[` + strings.Replace(ec, `"MKB`, `"AKB`, 1) + `,` + okp + `]}`, "k", false},
		"a key of a short modulus":                 {`{"keys":[{"kty":"RSA","kid":"r","n":"` + strings.Repeat("_", 86) + `","e":"AQAB"},` + okp + `]}`, "k", false},
		"a key of an even exponent":                {`{"keys":[{"kty":"RSA","kid":"r","n":"` + strings.Repeat("_", 342) + `","e":"Ag"},` + okp + `]}`, "k", false},
		"a key of a small odd exponent":            {`{"keys":[{"kty":"RSA","kid":"r","n":"` + strings.Repeat("_", 340) + `","e":"Aw"}]}`, "", false},
		"no key":                                   {`{"keys":[]}`, "", false},
		"no list":                                  {`{"keys":{}}`, "", true},
		"no keys":                                  {`{}`, "", true},
		"keys twice":                               {`{"keys":[],"keys":[` + okp + `]}`, "", true},
		"keys in another case":                     {`{"Keys":[` + okp + `]}`, "", true},
		"a list":                                   {`[` + okp + `]`, "", true},
		"a page":                                   {`<html>`, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := jwks.Parse([]byte(c.set))
			var ids []string
			for _, k := range got {
				ids = append(ids, k.ID)
			}
			if strings.Join(ids, " ") != c.want || (err != nil) != c.bad {
				t.Errorf("Parse: got %v, %v, want %q", ids, err, c.want)
			}
		})
	}
}

// FuzzParse checks that every key read from any text is a usable public key.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"keys":[` + okp + `,` + ec + `]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","x5c":["!"]}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"` + strings.Repeat("_", 342) + `","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := jwks.Parse(b)
		if err != nil && keys != nil {
			t.Errorf("Parse: got %v beside %v", keys, err)
		}
		for _, k := range keys {
			switch public := k.Public.(type) {
			case *rsa.PublicKey:
				if n := public.N.BitLen(); n < 2048 || n > 8192 || public.E < 3 || public.E%2 == 0 {
					t.Errorf("Parse: got a modulus of %d bits and exponent %d", n, public.E)
				}
			case *ecdsa.PublicKey:
				if _, err := public.Bytes(); err != nil {
					t.Errorf("Parse: got a point off the curve: %v", err)
				}
			case ed25519.PublicKey:
				if len(public) != ed25519.PublicKeySize {
					t.Errorf("Parse: got a key of %d bytes", len(public))
				}
			default:
				t.Errorf("Parse: got a key of type %T", k.Public)
			}
			if k.Size <= 0 {
				t.Errorf("Parse: got a key of %d bytes", k.Size)
			}
		}
	})
}
