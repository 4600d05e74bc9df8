package token

import (
	"maps"
	"strings"
	"testing"
)

// This test holds the form of a token in every build: under GOEXPERIMENT=jsonv2 a tag of the
// JSON package has another meaning.
func TestExtraClaimsStandBesideTheOthers(t *testing.T) {
	t.Parallel()
	p, err := Generate("ES256")
	if err != nil {
		t.Fatal(err)
	}
	a := sample()
	a.Extra = map[string]any{"plan": "pro", "seats": 3.0}
	raw, err := Mint(p, a)
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := decode(strings.Split(raw, ".")[1])
	const want = `{"iss":"https://a.example/apps/1","sub":"u","aud":"1","client_id":"1","exp":1700000900,"iat":1700000000,"jti":"j","sid":"s","auth_time":1700000000,"amr":["pwd"],"name":"","email":"e@x.example","email_verified":true,"plan":"pro","seats":3}`
	if string(payload) != want {
		t.Errorf("got %s, want %s", payload, want)
	}
	got, _, err := Verify(raw, a.Issuer, a.Audience, lookup(p), now)
	if err != nil || !maps.Equal(got.Extra, a.Extra) {
		t.Errorf("got %v and %v, want %v", got.Extra, err, a.Extra)
	}
	for _, name := range claimNames {
		a.Extra = map[string]any{name: "x"}
		if _, err := Mint(p, a); err == nil {
			t.Errorf("the host sets %q: got a token, want it refused", name)
		}
	}
}
