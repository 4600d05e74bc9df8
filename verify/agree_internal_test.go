package verify

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	engines "github.com/authkit-dev/authkit/internal/token"
)

// The Engine and this package read tokens by code of their own, since this one links little.
// These tests hold that both know the same members and the same spelling.

func TestTheMembersAreThoseThatTheEngineWrites(t *testing.T) {
	t.Parallel()
	pair, err := engines.Generate("ES256")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_700_000_000, 0)
	raw, err := engines.Mint(pair, engines.Access{
		Issuer: "i", Audience: "a", Subject: "s", SessionID: "x", Email: "e", Name: "n", ID: "j",
		IssuedAt: now, ExpiresAt: now, AuthTime: now, AMR: []string{"pwd"}, ACR: "aal1", Roles: []string{"admin"},
	})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(raw, ".")
	for name, c := range map[string]struct {
		segment string
		riders  []string // read, though the Engine never writes it
		want    []string
	}{
		"header": {segment: parts[0], want: headerFields},
		"claims": {segment: parts[1], riders: []string{"nbf"}, want: claimFields},
	} {
		body, _ := decode(c.segment)
		var members map[string]any
		if err := json.Unmarshal(body, &members); err != nil {
			t.Fatal(err)
		}
		got := slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(members)), c.riders...)))
		if want := slices.Sorted(slices.Values(c.want)); !slices.Equal(got, want) {
			t.Errorf("%s: got %v from the Engine, want %v, which this package reads", name, got, want)
		}
	}
	got, err := read(raw)
	if err != nil {
		t.Fatal(err)
	}
	unix := now.Unix()
	exp, iat := got.claims.ExpiresAt, got.claims.IssuedAt
	if exp == nil || *exp != unix || iat == nil || *iat != unix || got.claims.AuthTime != unix {
		t.Errorf("times: got %+v, want %d", got.claims, unix)
	}
}

// FuzzDecode holds that both take the same spellings for the same bytes.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", "AA", "AB", "AAA", "AAE", "AAAA", "A", "AA==", "A A", "AA\n", "+/", "-_8", "\u00e9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := decode(text)
		want, ok2 := engines.Decode(text, len(text)*3/4)
		if ok != ok2 || ok && string(got) != string(want) {
			t.Errorf("decode(%q): got %x, %v, and the Engine %x, %v", text, got, ok, want, ok2)
		}
	})
}
