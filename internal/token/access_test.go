package token

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/testratio"
)

var now = time.Unix(1_700_000_000, 0).UTC()

func sample() Access {
	return Access{
		Issuer: "https://a.example/apps/1", Audience: "1", Subject: "u", SessionID: "s", Email: "e@x.example", ID: "j",
		IssuedAt: now, ExpiresAt: now.Add(15 * time.Minute), AuthTime: now, AMR: []string{"pwd"},
	}
}

func pair(t testing.TB, alg string) Pair {
	t.Helper()
	p, err := Generate(alg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func lookup(p Pair) func(string) (VerifyKey, bool) {
	return func(kid string) (VerifyKey, bool) { return VerifyKey{p.Alg, p.Public}, kid == p.KID }
}

func sign(t testing.TB, p Pair, header, payload string) string {
	t.Helper()
	in := Encode([]byte(header)) + "." + Encode([]byte(payload))
	sig, err := p.Private.Sign(rand.Reader, []byte(in), crypto.Hash(0))
	if err != nil {
		t.Fatal(err)
	}
	return in + "." + Encode(sig)
}

func TestVerifyAcceptsWhatMintWrites(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		p, a := pair(t, alg), sample()
		raw, err := Mint(p, a)
		if err != nil {
			t.Fatal(err)
		}
		got, kid, err := Verify(raw, a.Issuer, a.Audience, lookup(p), now)
		if err != nil || kid != p.KID || got.Subject != a.Subject || got.Email != a.Email || !got.ExpiresAt.Equal(a.ExpiresAt) {
			t.Errorf("%s: got %+v, %v, want %+v", alg, got, err, a)
		}
		for name, bad := range map[string]string{"newline": raw + "\n", "padding": raw + "=", "long": raw + strings.Repeat("A", accessLimit)} {
			if _, _, err := Verify(bad, a.Issuer, a.Audience, lookup(p), now); err == nil {
				t.Errorf("%s with %s: got no error, want one", alg, name)
			}
		}
		for _, at := range []time.Time{now.Add(16*time.Minute + time.Second), now.Add(-2 * time.Minute)} {
			if _, _, err := Verify(raw, a.Issuer, a.Audience, lookup(p), at); err == nil {
				t.Errorf("%s at %v: got no error, want one", alg, at)
			}
		}
		if _, _, err := Verify(raw, a.Issuer, "2", lookup(p), now); err == nil {
			t.Errorf("%s for another app: got no error, want one", alg)
		}
	}
}

func TestVerifyRefusesSignedForgeries(t *testing.T) {
	t.Parallel()
	p := pair(t, "EdDSA")
	head := `{"alg":"EdDSA","kid":"` + p.KID + `","typ":"at+jwt"}`
	body := `{"iss":"i","sub":"u","aud":"a","client_id":"a","exp":1700000900,"iat":1700000000,"jti":"j","sid":"s","auth_time":1,"amr":[]}`
	if _, _, err := Verify(sign(t, p, head, body), "i", "a", lookup(p), now); err != nil {
		t.Fatalf("control: got %v, want no error", err)
	}
	for _, c := range [][3]string{
		{"alg none", strings.Replace(head, "EdDSA", "none", 1), body},
		{"alg of another key", strings.Replace(head, "EdDSA", "ES256", 1), body},
		{"wrong typ", strings.Replace(head, "at+jwt", "JWT", 1), body},
		{"unknown kid", strings.Replace(head, p.KID, "x", 1), body},
		{"crit", strings.Replace(head, "{", `{"crit":["b64"],"b64":false,`, 1), body},
		{"jku", strings.Replace(head, "{", `{"jku":"https://e.example",`, 1), body},
		{"duplicate header name", strings.Replace(head, "{", `{"alg":"none",`, 1), body},
		{"duplicate claim", head, strings.Replace(body, "{", `{"sub":"v",`, 1)},
		{"list audience", head, strings.Replace(body, `"aud":"a"`, `"aud":["a"]`, 1)},
		{"no exp", head, strings.Replace(body, `"exp":1700000900,`, "", 1)},
		{"no iat", head, strings.Replace(body, `"iat":1700000000,`, "", 1)},
	} {
		if _, _, err := Verify(sign(t, p, c[1], c[2]), "i", "a", lookup(p), now); err == nil {
			t.Errorf("%s: got no error, want one", c[0])
		}
	}
	der, err := MarshalPublic(p.Public)
	if err != nil {
		t.Fatal(err)
	}
	in := Encode([]byte(strings.Replace(head, "EdDSA", "HS256", 1))) + "." + Encode([]byte(body))
	h := hmac.New(sha256.New, der)
	_, _ = h.Write([]byte(in))
	if _, _, err := Verify(in+"."+Encode(h.Sum(nil)), "i", "a", lookup(p), now); err == nil {
		t.Error("HS256 under the public key: got no error, want one")
	}
}

// BenchmarkVerify compares the reading of a token with the check of its signature alone.
func BenchmarkVerify(b *testing.B) {
	p, a := pair(b, "ES256"), sample()
	raw, err := Mint(p, a)
	if err != nil {
		b.Fatal(err)
	}
	testratio.Compare(b, func() {
		if _, _, err := Verify(raw, a.Issuer, a.Audience, lookup(p), now); err != nil {
			b.Fatal(err)
		}
	}, testratio.Signature(b))
}

func BenchmarkMint(b *testing.B) {
	for _, alg := range []string{"ES256", "EdDSA"} {
		b.Run(alg, func(b *testing.B) {
			p, a := pair(b, alg), sample()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Mint(p, a); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
