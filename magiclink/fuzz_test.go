package magiclink_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/magiclink"
)

// FuzzParse checks that a token that parses is exactly what Mint writes for its claims.
func FuzzParse(f *testing.F) {
	raw, err := magiclink.Mint(key(1), magiclink.Claims{App: app, ID: []byte("0123456789abcdef"), ExpiresAt: now.Add(time.Minute)})
	if err != nil {
		f.Fatal(err)
	}
	other, err := magiclink.Mint(key(2), magiclink.Claims{App: app, ID: []byte("0123456789abcdef"), ExpiresAt: now.Add(time.Minute)})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{raw, other, raw + "\n", raw + "=", raw + ".", raw[1:], raw[:len(raw)-1], strings.ToLower(raw), "a.b.c", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := magiclink.Parse([][]byte{key(1)}, text, app, now)
		if err != nil {
			return
		}
		again, err := magiclink.Mint(key(1), got)
		if err != nil || again != text || got.App != app || !now.Before(got.ExpiresAt) {
			t.Errorf("Parse(%q): got %+v, which Mint writes as %q, %v", text, got, again, err)
		}
	})
}

// FuzzParseSigned checks that a token signed with our own key is accepted only with the claims
// of a link.
func FuzzParseSigned(f *testing.F) {
	const head = `{"alg":"HS256","typ":"magic-link+jwt"}`
	body := `{"aud":"` + app.String() + `","exp":1700000060,"jti":"MDEyMzQ1Njc4OWFiY2RlZg"}`
	f.Add(head, body)
	f.Add(strings.Replace(head, "HS256", "none", 1), body)
	f.Add(strings.Replace(head, "{", `{"kid":"x",`, 1), body)
	f.Add(strings.Replace(head, "magic-link+jwt", "at+jwt", 1), body)
	f.Add(head, strings.Replace(body, "1700000060", "1.7e9", 1))
	f.Add(head, strings.Replace(body, "1700000060", "-1", 1))
	f.Add(head, strings.Replace(body, "{", `{"aud":"x",`, 1))
	f.Add(head, strings.Replace(body, "Zg", "Zh", 1))
	f.Add(head, strings.ToUpper(body))
	encode := base64.RawURLEncoding.EncodeToString
	f.Fuzz(func(t *testing.T, header, payload string) {
		signed := encode([]byte(header)) + "." + encode([]byte(payload))
		mac := hmac.New(sha256.New, key(1))
		mac.Write([]byte(signed))
		got, err := magiclink.Parse([][]byte{key(1)}, signed+"."+encode(mac.Sum(nil)), app, now)
		if err != nil {
			return
		}
		var h, c map[string]any
		if json.Unmarshal([]byte(header), &h) != nil || h["alg"] != "HS256" || h["typ"] != "magic-link+jwt" || (h["kid"] != nil && h["kid"] != "") || len(h) > 3 {
			t.Errorf("Parse: got header %s taken", header)
		}
		if json.Unmarshal([]byte(payload), &c) != nil || c["aud"] != app.String() || c["jti"] != encode(got.ID) || len(got.ID) != 16 || !now.Before(got.ExpiresAt) {
			t.Errorf("Parse: got %+v of %s", got, payload)
		}
	})
}
