package verify_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/verify"
)

func at(when time.Time) func() time.Time { return func() time.Time { return when } }

// engineTakes reports whether the engine's own reader accepts a token.
func engineTakes(p token.Pair, raw string, now time.Time) (token.Access, bool) {
	key := func(kid string) (token.VerifyKey, bool) {
		return token.VerifyKey{Alg: p.Alg, Public: p.Public}, kid == p.KID
	}
	a, _, err := token.Verify(raw, issuer, app, key, now)
	return a, err == nil
}

func head(p token.Pair) string { return `{"alg":"` + p.Alg + `","kid":"` + p.KID + `","typ":"at+jwt"}` }

const body = `{"iss":"` + issuer + `","sub":"u","aud":"` + app + `","client_id":"` + app + `","exp":1700000900,"iat":1700000000,` +
	`"jti":"j","sid":"s","auth_time":1700000000,"amr":["pwd"],"name":"Ann","email":"e@x.example","email_verified":true}`

// forgery is a token that is signed with the right key and must still be refused.
type forgery struct{ name, header, payload string }

func forgeries(p token.Pair) []forgery {
	head := head(p)
	in := func(text, old, new string) string { return strings.Replace(text, old, new, 1) }
	return []forgery{
		{"alg none", in(head, "EdDSA", "none"), body},
		{"alg of another key", in(head, "EdDSA", "ES256"), body},
		{"alg in another case", in(head, "EdDSA", "eddsa"), body},
		{"wrong typ", in(head, "at+jwt", "JWT"), body},
		{"typ as a media type", in(head, "at+jwt", "application/at+jwt"), body},
		{"typ in another case", in(head, "at+jwt", "AT+JWT"), body},
		{"no typ", in(head, `,"typ":"at+jwt"`, ""), body},
		{"unknown kid", in(head, p.KID, "x"), body},
		{"no kid", in(head, `"kid":"`+p.KID+`",`, ""), body},
		{"kid null", in(head, `"`+p.KID+`"`, "null"), body},
		{"crit", in(head, "{", `{"crit":["b64"],"b64":false,`), body},
		{"jku", in(head, "{", `{"jku":"https://e.example",`), body},
		{"x5u", in(head, "{", `{"x5u":"https://e.example",`), body},
		{"jwk", in(head, "{", `{"jwk":{},`), body},
		{"any other header member", in(head, "{", `{"cty":"",`), body},
		{"duplicate header name", in(head, "{", `{"alg":"none",`), body},
		{"escaped duplicate header name", in(head, "{", `{"\u0061lg":"none",`), body},
		{"header name in another case", in(head, `"alg"`, `"ALG"`), body},
		{"header is a list", "[" + head + "]", body},
		{"header is null", "null", body},
		{"header with trailing text", head + "{}", body},
		{"duplicate claim", head, in(body, "{", `{"sub":"v",`)},
		{"escaped duplicate claim", head, in(body, "{", `{"\u0073ub":"v",`)},
		{"duplicate name further down", head, in(body, "{", `{"x":{"y":1,"y":2},`)},
		{"claim in another case only", head, in(body, `"iss"`, `"ISS"`)},
		{"list audience", head, in(body, `"aud":"`+app+`"`, `"aud":["`+app+`"]`)},
		{"another audience", head, in(body, `"aud":"`+app+`"`, `"aud":"x"`)},
		{"another client", head, in(body, `"client_id":"`+app+`"`, `"client_id":"x"`)},
		{"no client", head, in(body, `"client_id":"`+app+`",`, "")},
		{"another issuer", head, in(body, issuer, issuer+"/")},
		{"no exp", head, in(body, `"exp":1700000900,`, "")},
		{"exp null", head, in(body, "1700000900", "null")},
		{"exp with a fraction", head, in(body, "1700000900", "1700000900.5")},
		{"exp with an exponent", head, in(body, "1700000900", "17e8")},
		{"exp as text", head, in(body, "1700000900", `"1700000900"`)},
		{"expired", head, in(body, "1700000900", "1699999940")},
		{"no iat", head, in(body, `"iat":1700000000,`, "")},
		{"nbf in an hour", head, in(body, "{", `{"nbf":1700003600,`)},
		{"nbf beyond the leeway", head, in(body, "{", `{"nbf":1700000061,`)},
		{"nbf as text", head, in(body, "{", `{"nbf":"1700000000",`)},
		{"iat in the future", head, in(body, `"iat":1700000000`, `"iat":1700000061`)},
		{"invalid UTF-8", head, in(body, "Ann", "A\xff")},
		{"half of a surrogate pair", head, in(body, "Ann", `\ud800`)},
		{"the other half twice", head, in(body, "Ann", `\udc00\udc00`)},
		{"more than 8 KiB", head, in(body, "Ann", strings.Repeat("A", 6<<10))},
		{"the other half", head, in(body, "Ann", `\udc00\ud800`)},
		{"half a character before another escape", head, in(body, "Ann", `\ud800\u0041`)},
		{"half a character in an unknown claim", head, in(body, "{", `{"x":"\ud83d x",`)},
		{"claims are a list", head, "[" + body + "]"},
		{"claims are null", head, "null"},
		{"claims with trailing text", head, body + "x"},
		{"claims that are not JSON", head, body[1:]},
	}
}

// refusedHereOnly returns the tokens that the engine's reader accepts: it asks the store next,
// or it does not read what it does not know.
func refusedHereOnly() []forgery {
	return []forgery{
		{"no sub", "", strings.Replace(body, `"sub":"u",`, "", 1)},
		{"no sid", "", strings.Replace(body, `"sid":"s",`, "", 1)},
		{"no jti", "", strings.Replace(body, `"jti":"j",`, "", 1)},
		{"a claim in two cases", "", strings.Replace(body, "{", `{"Sub":"v",`, 1)},
		{"a claim with a letter that folds", "", strings.Replace(body, "{", `{"\u017fub":"v",`, 1)},
	}
}

func TestVerifyRefusesSignedForgeries(t *testing.T) {
	t.Parallel()
	p := pair(t, "EdDSA")
	v := publish(t, p).over(t, at(start))
	raw := sign(t, p, head(p), body)
	got, err := v.Verify(t.Context(), raw)
	want := verify.Claims{
		Subject: "u", App: app, SessionID: "s", Email: "e@x.example", Name: "Ann", ID: "j", Methods: []string{"pwd"},
		AuthTime: start, IssuedAt: start, ExpiresAt: start.Add(15 * time.Minute),
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("control: got %+v, %v, want %+v", got, err, want)
	}
	for _, f := range forgeries(p) {
		raw := sign(t, p, f.header, f.payload)
		if got, err := v.Verify(t.Context(), raw); !errors.Is(err, verify.ErrInvalid) {
			t.Errorf("%s: got %+v, %v, want ErrInvalid", f.name, got, err)
		}
		if got, ok := engineTakes(p, raw, start); ok {
			t.Errorf("%s: the engine takes %+v, want the same refusal", f.name, got)
		}
	}
	for _, f := range refusedHereOnly() {
		raw := sign(t, p, head(p), f.payload)
		if got, err := v.Verify(t.Context(), raw); !errors.Is(err, verify.ErrInvalid) {
			t.Errorf("%s: got %+v, %v, want ErrInvalid", f.name, got, err)
		}
	}
	in := token.Encode([]byte(strings.Replace(head(p), "EdDSA", "HS256", 1))) + "." + token.Encode([]byte(body))
	der, err := token.MarshalPublic(p.Public)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha256.New, der)
	_, _ = h.Write([]byte(in))
	if _, err := v.Verify(t.Context(), in+"."+token.Encode(h.Sum(nil))); !errors.Is(err, verify.ErrInvalid) {
		t.Errorf("HS256 under the public key: got %v, want ErrInvalid", err)
	}
}

func TestVerifyTakesWhatTheEngineTakes(t *testing.T) {
	t.Parallel()
	p := pair(t, "EdDSA")
	v := publish(t, p).over(t, at(start))
	for name, payload := range map[string]string{
		"an unknown claim":              strings.Replace(body, "{", `{"scope":["a",{"b":1}],`, 1),
		"a whole character by escapes":  strings.Replace(body, "Ann", `\ud83d\ude00\\ud800`, 1),
		"the replacement character":     strings.Replace(body, "Ann", `\ufffd�`, 1),
		"an address that is not proven": strings.Replace(body, "true", "false", 1),
		"nearly 8 KiB":                  strings.Replace(body, "Ann", strings.Repeat("A", 5<<10), 1),
		"no methods":                    strings.Replace(body, `["pwd"]`, "null", 1),
		"a minute past its expiry":      strings.Replace(body, "1700000900", "1699999941", 1),
		"a minute before its time":      strings.Replace(body, `"iat":1700000000`, `"iat":1700000060`, 1),
	} {
		raw := sign(t, p, head(p), payload)
		want, ok := engineTakes(p, raw, start)
		got, err := v.Verify(t.Context(), raw)
		if !ok || err != nil || !same(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v, %v", name, got, err, want, ok)
		}
	}
}

func same(c verify.Claims, a token.Access) bool {
	return c.Subject == a.Subject && c.App == a.Audience && c.SessionID == a.SessionID && c.Email == a.Email && c.Name == a.Name &&
		c.ID == a.ID && slices.Equal(c.Methods, a.AMR) && c.AuthTime.Equal(a.AuthTime) && c.IssuedAt.Equal(a.IssuedAt) && c.ExpiresAt.Equal(a.ExpiresAt)
}

func TestVerifyTakesOneSpelling(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			p := pair(t, alg)
			v := publish(t, p).over(t, at(start))
			raw := mint(t, p, start)
			if _, err := v.Verify(t.Context(), raw); err != nil {
				t.Fatalf("control: got %v, want no error", err)
			}
			parts := strings.Split(raw, ".")
			for name, bad := range map[string]string{
				"a newline at the end":         raw + "\n",
				"a newline within":             raw[:10] + "\n" + raw[10:],
				"a space before":               " " + raw,
				"padding":                      raw + "=",
				"too long":                     raw + strings.Repeat("A", 8<<10),
				"a fourth segment":             raw + ".",
				"two segments":                 parts[0] + "." + parts[1],
				"standard base64":              parts[0] + "." + parts[1] + "." + strings.Repeat("+", len(parts[2])),
				"stray trailing bits":          parts[0] + "." + parts[1] + "." + stray(parts[2]),
				"a signature with another key": parts[0] + "." + parts[1] + "." + strings.Split(mint(t, pair(t, alg), start), ".")[2],
				"an empty signature":           parts[0] + "." + parts[1] + ".",
				"a claim changed":              parts[0] + "." + token.Encode([]byte(strings.Replace(body, "Ann", "Eve", 1))) + "." + parts[2],
			} {
				if _, err := v.Verify(t.Context(), bad); !errors.Is(err, verify.ErrInvalid) {
					t.Errorf("%s: got %v, want ErrInvalid", name, err)
				}
			}
		})
	}
}

// stray changes the last character, of which only the first bits count.
func stray(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(alphabet, s[len(s)-1])
	return s[:len(s)-1] + alphabet[i^1:i^1+1]
}

func TestPackageLinksOneModule(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const own, leaf = "github.com/authkit-dev/authkit/verify", "github.com/authkit-dev/authkit/internal/"
	got := slices.DeleteFunc(strings.Fields(string(out)), func(pkg string) bool { return strings.HasPrefix(pkg, leaf) })
	if want := []string{"github.com/golang-jwt/jwt/v5", own}; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("packages outside the standard library and authkit's own leaves: got %q, want %q", got, want)
	}
}

// fixed returns the same key in every process.
func fixed() token.Pair {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	return token.Pair{KID: "k", Alg: "EdDSA", Private: private, Public: private.Public()}
}

// FuzzVerify signs any text and checks that the engine reads what passes, too.
func FuzzVerify(f *testing.F) {
	p := fixed() // fuzz workers are separate processes, and the seeds name the key
	v := publish(f, p).over(f, at(start))
	f.Add(head(p), body)
	for _, forged := range append(forgeries(p), refusedHereOnly()...) {
		f.Add(forged.header, forged.payload)
	}
	f.Fuzz(func(t *testing.T, header, payload string) {
		raw := sign(t, p, header, payload)
		got, err := v.Verify(t.Context(), raw)
		if err != nil {
			return
		}
		if want, ok := engineTakes(p, raw, start); !ok || !same(got, want) {
			t.Errorf("%q %q: got %+v, the engine %+v, %v", header, payload, got, want, ok)
		}
	})
}

// FuzzVerifyRaw checks that a text that was not signed does not pass.
func FuzzVerifyRaw(f *testing.F) {
	p := pair(f, "ES256")
	v := publish(f, p).over(f, at(start))
	raw := mint(f, pair(f, "ES256"), start)
	for _, seed := range []string{"", "a.b.c", "..", raw, raw[:len(raw)-1]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if got, err := v.Verify(t.Context(), raw); !errors.Is(err, verify.ErrInvalid) {
			t.Errorf("%q: got %+v, %v, want ErrInvalid", raw, got, err)
		}
	})
}
