package token

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// fixedPair returns a key whose signatures are deterministic.
func fixedPair(t testing.TB) Pair {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	kid, err := thumbprint(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return Pair{KID: kid, Alg: "EdDSA", Private: private, Public: private.Public()}
}

// FuzzVerify checks that a token that verifies is exactly what Mint writes for its claims.
func FuzzVerify(f *testing.F) {
	p, a := fixedPair(f), sample()
	raw, err := Mint(p, a)
	if err != nil {
		f.Fatal(err)
	}
	head, rest, _ := strings.Cut(raw, ".")
	for _, seed := range []string{raw, raw + "\n", raw + "=", raw + ".", "." + raw, head + ".." + rest, head + "." + head + "." + head, strings.ToUpper(raw), raw[1:], "a.b.c", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, kid, err := Verify(text, a.Issuer, a.Audience, lookup(p), now)
		if err != nil {
			return
		}
		again, err := Mint(p, got)
		if err != nil || again != text || kid != p.KID {
			t.Errorf("Verify(%q): got %+v by %q, which Mint writes as %q, %v", text, got, kid, again, err)
		}
	})
}

// FuzzVerifySigned checks that a token signed with our own key is accepted only with a header
// of three members and the claims of an access token.
func FuzzVerifySigned(f *testing.F) {
	p := fixedPair(f)
	head := `{"alg":"EdDSA","kid":"` + p.KID + `","typ":"at+jwt"}`
	const body = `{"iss":"i","sub":"u","aud":"a","client_id":"a","exp":1700000900,"iat":1700000000,"jti":"j","sid":"s","auth_time":1,"amr":[]}`
	f.Add(head, body)
	for _, extra := range []string{`"crit":["b64"],`, `"jku":"https://e.example",`, `"alg":"none",`, `"Alg":"x",`, `"kid":null,`, `"typ":"JWT",`} {
		f.Add(strings.Replace(head, "{", "{"+extra, 1), body)
	}
	for _, claim := range []string{`"sub":"v",`, `"aud":["a"],`, `"exp":1e12,`, `"exp":null,`, `"nbf":9999999999,`, `"iss":"j",`, `"EXP":1,`, `"email_verified":"true",`} {
		f.Add(head, strings.Replace(body, "{", "{"+claim, 1))
	}
	f.Add(head, strings.Replace(body, `"exp":1700000900,`, "", 1))
	f.Add(strings.Replace(head, "at+jwt", "AT+JWT", 1), body)
	f.Fuzz(func(t *testing.T, header, payload string) {
		got, _, err := Verify(sign(t, p, header, payload), "i", "a", lookup(p), now)
		if err != nil {
			return
		}
		var h, c map[string]any
		if json.Unmarshal([]byte(header), &h) != nil || len(h) > 3 || h["alg"] != "EdDSA" || h["kid"] != p.KID || h["typ"] != "at+jwt" {
			t.Errorf("Verify: got header %s taken", header)
		}
		if json.Unmarshal([]byte(payload), &c) != nil || c["iss"] != "i" || c["aud"] != "a" || c["client_id"] != "a" {
			t.Errorf("Verify: got claims %s taken", payload)
		}
		if got.ExpiresAt.Add(leeway).Before(now) || got.IssuedAt.After(now.Add(leeway)) || got.Issuer != "i" || got.Audience != "a" {
			t.Errorf("Verify: got %+v of %s taken", got, payload)
		}
		if got.Email != "" && c["email_verified"] != true {
			t.Errorf("Verify: got email %q of %s, want it only where it is verified", got.Email, payload)
		}
	})
}

// FuzzReadJWS checks that the parts of a token can be put together again.
func FuzzReadJWS(f *testing.F) {
	raw, err := Mint(fixedPair(f), sample())
	if err != nil {
		f.Fatal(err)
	}
	head := Encode([]byte(`{"alg":"x","typ":"at+jwt"}`))
	for _, seed := range []string{raw, head + "..", head + ".AA.AA", head + ".AB.AA", head + ".AA.A", head + ".A\n.AA", "..", ".", "", head + ".AA.AA.AA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		j, err := ReadJWS(raw, accessType, accessLimit)
		if err != nil {
			return
		}
		head, payload, _ := strings.Cut(j.Signed, ".")
		if j.Signed+"."+Encode(j.Signature) != raw || Encode(j.Payload) != payload || len(raw) > accessLimit || j.Header.Typ != accessType {
			t.Errorf("ReadJWS(%q): got %+v", raw, j)
		}
		var h Header
		if b, ok := decode(head); !ok || json.Unmarshal(b, &h) != nil || h != j.Header {
			t.Errorf("ReadJWS(%q): got header %+v, want %+v", raw, j.Header, h)
		}
	})
}

// FuzzParseAPIKey checks that an accepted key is the only spelling of its bytes.
func FuzzParseAPIKey(f *testing.F) {
	key := apiKeyOf([apiSecret]byte{}, uuid.MustParse("0190a000-0000-7000-8000-000000000001"))
	for _, seed := range []string{key, "ak_", "AK_" + key[3:], key + "=", key + "\n", key[:72], key[:72] + "B", "rt_" + key[3:], strings.Repeat("A", 73)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		app, ok := ParseAPIKey(text)
		if !ok {
			return
		}
		body, _ := Decode(text[len(apiPrefix):], apiBody+4)
		again := apiKeyOf([apiSecret]byte(body), app)
		if again != text || APIKeyHint(text) != text[:apiHint] {
			t.Errorf("ParseAPIKey(%q): got %v, which NewAPIKey writes as %q", text, app, again)
		}
	})
}

// FuzzParseRefresh checks that an accepted refresh token is the only spelling of its bytes.
func FuzzParseRefresh(f *testing.F) {
	tok, ok := RefreshOf(bytes.Repeat([]byte{9}, refreshSize))
	if !ok {
		f.Fatal("a refresh token of the right size was refused")
	}
	for _, seed := range []string{tok.Text(), "rt_", tok.Text() + "=", tok.Text() + "\n", tok.Text()[1:], "ak_" + tok.Text()[3:], "RT_" + tok.Text()[3:], tok.Text()[:66] + "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := ParseRefresh(text)
		if !ok {
			return
		}
		same, ok := RefreshOf(got.Bytes())
		if !ok || same != got || got.Text() != text || bytes.Equal(got.Hash(), got.Family()) {
			t.Errorf("ParseRefresh(%q): got %q", text, got.Text())
		}
	})
}

// FuzzDecode checks that a number of bytes has one spelling, which is that of Encode.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", "AA", "AB", "AA\n", "AA==", "A", "AAA", "AAAA", "-_-_", "+/+/", "ÿÿ"} {
		for n := range 4 {
			f.Add(seed, n)
		}
	}
	f.Add("AA", -1)
	f.Fuzz(func(t *testing.T, s string, n int) {
		b, ok := Decode(s, n)
		if ok && (len(b) != n || Encode(b) != s) {
			t.Errorf("Decode(%q, %d): got a second spelling of %x, want one", s, n, b)
		}
		if back, ok := Decode(Encode([]byte(s)), len(s)); !ok || string(back) != s {
			t.Errorf("Decode of Encode(%q): got %q, %v", s, back, ok)
		}
	})
}
