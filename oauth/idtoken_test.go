package oauth_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/oauth"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

func TestIDTokens(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	for name, c := range map[string]struct {
		claims map[string]any
		why    string // empty if the token is accepted
	}{
		"as usual":                           {nil, ""},
		"expired within the leeway":          {map[string]any{"exp": at(-59 * time.Second)}, ""},
		"expired by the leeway":              {map[string]any{"exp": at(-60 * time.Second)}, "expired"},
		"expired with a fraction":            {map[string]any{"exp": json.Number("1700000299.5")}, ""},
		"no exp":                             {map[string]any{"exp": nil}, "no usable exp"},
		"exp as text":                        {map[string]any{"exp": strconv.FormatInt(at(time.Minute), 10)}, "no usable exp"},
		"exp as a list":                      {map[string]any{"exp": []int{1}}, "no usable exp"},
		"exp out of range":                   {map[string]any{"exp": json.Number("1e300")}, "no usable exp"},
		"iat within the leeway":              {map[string]any{"iat": at(60 * time.Second)}, ""},
		"iat beyond the leeway":              {map[string]any{"iat": at(61 * time.Second)}, "issued in the future"},
		"iat a day ahead":                    {map[string]any{"iat": at(24 * time.Hour), "exp": at(25 * time.Hour)}, "issued in the future"},
		"iat as text":                        {map[string]any{"iat": strconv.FormatInt(at(0), 10)}, "no usable iat"},
		"no iat":                             {map[string]any{"iat": nil}, ""},
		"nbf in the past":                    {map[string]any{"nbf": at(-time.Hour)}, ""},
		"nbf within the leeway":              {map[string]any{"nbf": at(60 * time.Second)}, ""},
		"nbf beyond the leeway":              {map[string]any{"nbf": at(61 * time.Second)}, "not valid yet"},
		"nbf as text":                        {map[string]any{"nbf": "0"}, "no usable nbf"},
		"another issuer":                     {map[string]any{"iss": "https://evil.example"}, `different provider, by its iss: got "https://evil.example", want "http://`},
		"an issuer with a line break":        {map[string]any{"iss": "x\r\ny"}, `got "x\r\ny"`},
		"no issuer":                          {map[string]any{"iss": nil}, "different provider"},
		"another audience":                   {map[string]any{"aud": "other"}, `got ["other"], want "client"`},
		"an audience that is a list of one":  {map[string]any{"aud": []string{"client"}}, ""},
		"two audiences":                      {map[string]any{"aud": []string{"client", "other"}}, "azp"},
		"two, and this the authorized party": {map[string]any{"aud": []string{"client", "other"}, "azp": "client"}, ""},
		"an audience of an odd type":         {map[string]any{"aud": 1}, "audience"},
		"another azp":                        {map[string]any{"azp": "other"}, "azp"},
		"azp of an odd type":                 {map[string]any{"azp": []string{"client"}}, "azp"},
		"another nonce":                      {map[string]any{"nonce": "x"}, "another nonce"},
		"no nonce":                           {map[string]any{"nonce": nil}, "another nonce"},
		"a nonce of an odd type":             {map[string]any{"nonce": []string{"nonce"}}, "another nonce"},
		"no subject":                         {map[string]any{"sub": nil}, "no usable subject"},
		"a subject of an odd type":           {map[string]any{"sub": 1}, "no usable subject"},
		"a subject with a space":             {map[string]any{"sub": "a b"}, "no usable subject"},
		"a subject of 255":                   {map[string]any{"sub": strings.Repeat("a", 256)}, "no usable subject"},
		// A claim that is not needed is not checked.
		"at_hash of an odd type":          {map[string]any{"at_hash": 7}, ""},
		"acr and amr of odd types":        {map[string]any{"acr": 1, "amr": "pwd", "auth_time": "x"}, ""},
		"claims elsewhere, of odd types":  {map[string]any{"_claim_names": map[string]any{"groups": 1}, "_claim_sources": []int{1}}, ""},
		"claims elsewhere without source": {map[string]any{"_claim_names": map[string]any{"groups": "src1"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newOP(t)
			p.claims = c.claims
			if p.claims == nil {
				p.claims = map[string]any{}
			}
			client, _ := newClient()
			got, err := p.exchange(t, client)
			if c.why == "" {
				wantProfile(t, got, err, p.profile(), "")
				return
			}
			if fault, ok := errors.AsType[*oauth.Error](err); !ok || fault.Kind != oauth.Broken || !contains(err.Error(), c.why) || strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("Exchange: got %+v, %v, want it broken because of %q", got, err, c.why)
			}
		})
	}
}

// Braces in a developer's issuer stand for themselves. Only issuers in the table are patterns.
func TestAnIssuerWithBracesIsNoPattern(t *testing.T) {
	t.Parallel()
	p := newOP(t)
	p.doc["issuer"] = p.URL + "/{x}"
	cfg := p.config()
	cfg.Issuer = p.URL + "/{x}"
	client, _ := newClient()
	for _, c := range []struct{ said, iss string }{{p.URL + "/other", ""}, {cfg.Issuer, p.URL + "/other"}} {
		p.set(func(p *op) { p.claims["iss"] = c.said })
		if got, err := client.Exchange(t.Context(), cfg, oauth.Callback{Code: "the-code", Iss: c.iss, Nonce: "nonce", Verifier: verifier}); err == nil {
			t.Errorf("an ID token of %s beside iss %q: got %+v, want it refused", c.said, c.iss, got)
		}
	}
	got, err := client.Exchange(t.Context(), cfg, oauth.Callback{Code: "the-code", Iss: cfg.Issuer, Nonce: "nonce", Verifier: verifier})
	want := p.profile()
	want.Issuer = cfg.Issuer
	wantProfile(t, got, err, want, "")
}

func TestOptionalClaims(t *testing.T) {
	t.Parallel()
	info := func(v any) http.HandlerFunc { return func(w http.ResponseWriter, _ *http.Request) { answer(w, v) } }
	none := map[string]any{"email": nil, "email_verified": nil}
	for name, c := range map[string]struct {
		claims   map[string]any
		info     http.HandlerFunc
		email    string
		verified bool
		name     string
		lack     string
	}{
		"a name of a wrong type is ignored":            {map[string]any{"name": []string{"Ann"}}, nil, "ann@example.com", true, "", ""},
		"verified as a text does not count":            {map[string]any{"email_verified": "true"}, nil, "ann@example.com", false, "Ann", ""},
		"verified as a number does not count":          {map[string]any{"email_verified": 1}, nil, "ann@example.com", false, "Ann", ""},
		"a missing address is asked for":               {none, info(map[string]any{"sub": "s1", "email": "a@example.com", "email_verified": true}), "a@example.com", true, "Ann", ""},
		"an address of a wrong type counts as missing": {map[string]any{"email": []string{"a"}}, info(map[string]any{"sub": "s1", "email": "a@example.com", "email_verified": true, "name": "A"}), "a@example.com", true, "A", ""},
		"user info that is down":                       {none, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "", false, "Ann", "status 503"},
		"user info that is forbidden":                  {none, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "", false, "Ann", "status 403"},
		"user info that is missing":                    {none, nil, "", false, "Ann", "status 404"},
		"user info that redirects":                     {none, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/keys", http.StatusFound) }, "", false, "Ann", "redirects"},
		"user info that is a page":                     {none, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>") }, "", false, "Ann", "no JSON object"},
		"user info that breaks off":                    {none, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", false, "Ann", "EOF"},
		"user info without a subject":                  {none, info(map[string]any{"email": "evil@example.com", "email_verified": true}), "", false, "Ann", "no sub"},
		"user info with odd members":                   {none, info(map[string]any{"sub": "s1", "email": 1, "email_verified": "x", "name": 7}), "", false, "Ann", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newOP(t)
			p.claims, p.userInfo = c.claims, c.info
			client, _ := newClient()
			got, err := p.exchange(t, client)
			wantProfile(t, got, err, oauth.Profile{Issuer: p.URL, Subject: "s1", Email: c.email, Name: c.name, EmailVerified: c.verified}, c.lack)
		})
	}
	t.Run("user info of another subject refuses", func(t *testing.T) {
		t.Parallel()
		p := newOP(t)
		p.claims, p.userInfo = none, info(map[string]any{"sub": "s2", "email": "a@example.com"})
		client, _ := newClient()
		if got, err := p.exchange(t, client); err == nil || !contains(err.Error(), "another subject") {
			t.Errorf("Exchange: got %+v, %v, want it refused", got, err)
		}
	})
}

// RFC 7517, section 5: a key that cannot be read does not affect the others.
func TestKeys(t *testing.T) {
	t.Parallel()
	own := func(change func(map[string]any)) func(map[string]string) any {
		return func(k map[string]string) any {
			mine := map[string]any{}
			for name, v := range k {
				mine[name] = v
			}
			change(mine)
			return map[string]any{"keys": []any{mine}}
		}
	}
	beside := func(other any) func(map[string]string) any {
		return func(k map[string]string) any { return map[string]any{"keys": []any{other, k}} }
	}
	for name, c := range map[string]struct {
		keys func(map[string]string) any
		ok   bool
	}{
		"its certificate is badly made":         {own(func(k map[string]any) { k["x5c"] = []string{"!"}; k["x5t"] = "AA=="; k["x5t#S256"] = 1 }), true},
		"its certificate is not a list":         {own(func(k map[string]any) { k["x5c"] = "x" }), true},
		"it names no algorithm":                 {own(func(k map[string]any) { delete(k, "alg") }), true},
		"it names no use":                       {own(func(k map[string]any) { delete(k, "use") }), true},
		"it names another algorithm":            {own(func(k map[string]any) { k["alg"] = "RS256" }), false},
		"it is for encryption":                  {own(func(k map[string]any) { k["use"] = "enc" }), false},
		"it shows its private half":             {own(func(k map[string]any) { k["d"] = "AA" }), false},
		"it lacks a member":                     {own(func(k map[string]any) { delete(k, "y") }), false},
		"it has another id":                     {own(func(k map[string]any) { k["kid"] = "other" }), false},
		"another is of an unknown type":         {beside(map[string]any{"kty": "AKP", "alg": "ML-DSA-44", "pub": "x"}), true},
		"another lacks a member":                {beside(map[string]any{"kty": "RSA", "n": "AQAB"}), true},
		"another has an odd encoding":           {beside(map[string]any{"kty": "RSA", "n": "a+b/c=", "e": "AQAB"}), true},
		"another is off its curve":              {beside(map[string]any{"kty": "EC", "crv": "P-256", "x": strings.Repeat("A", 43), "y": strings.Repeat("A", 43)}), true},
		"another has a bad certificate":         {beside(map[string]any{"kty": "RSA", "n": "AQAB", "e": "AQAB", "x5c": []string{"MIIB"}}), true},
		"another is not an object":              {beside(7), true},
		"another has its id and cannot be read": {beside(map[string]any{"kty": "RSA", "kid": "k"}), true},
		"two have its id": {func(k map[string]string) any {
			return map[string]any{"keys": []any{map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": strings.Repeat("A", 43)}, k}}
		}, true},
		"the set is empty":     {func(map[string]string) any { return map[string]any{"keys": []any{}} }, false},
		"the set is not a set": {func(map[string]string) any { return []any{} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newOP(t)
			p.keys = c.keys
			client, _ := newClient()
			got, err := p.exchange(t, client)
			if c.ok {
				wantProfile(t, got, err, p.profile(), "")
			} else if fault, is := errors.AsType[*oauth.Error](err); !is || fault.Kind != oauth.Broken {
				t.Errorf("Exchange: got %+v, %v, want it broken", got, err)
			}
		})
	}
}

func TestUnknownKeysAreFetchedOnceInTheCooldown(t *testing.T) {
	t.Parallel()
	p := newOP(t)
	client, clock := newClient()
	want := func(ok bool, fetches int) {
		t.Helper()
		if _, err := p.exchange(t, client); (err == nil) != ok {
			t.Errorf("Exchange: got %v, want ok %v", err, ok)
		}
		if got := p.hit("/keys"); got != fetches {
			t.Fatalf("fetches of the keys: got %d, want %d", got, fetches)
		}
	}
	sign := func(kid string) {
		p.set(func(p *op) {
			p.kid, p.keys = kid, func(map[string]string) any { return map[string]any{"keys": []any{}} }
		})
	}
	rotate := func(kid string) { p.set(func(p *op) { p.kid, p.keys = kid, nil }) }
	want(true, 1)
	want(true, 1)
	for i := range 12 {
		sign(fmt.Sprint("unknown-", i))
		want(false, 2)
	}
	clock.Advance(30 * time.Second)
	rotate("next")
	want(true, 3) // a rotation is seen at once, after the cool-down
	sign("")
	p.set(func(p *op) { p.key = newOP(t).key })
	want(false, 3) // a token without a key id, signed by an unknown key: no new fetch so soon
	clock.Advance(30 * time.Second)
	want(false, 4)
}

// For a token without a key id, every key that fits is tried, and once more after a new fetch.
func TestAKeyWithoutAnID(t *testing.T) {
	t.Parallel()
	p := newOP(t)
	p.kid = ""
	client, clock := newClient()
	got, err := p.exchange(t, client)
	wantProfile(t, got, err, p.profile(), "")
	p.set(func(p *op) { p.key = newOP(t).key })
	clock.Advance(time.Minute)
	got, err = p.exchange(t, client)
	wantProfile(t, got, err, p.profile(), "")
}
