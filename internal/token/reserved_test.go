package token

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestEachClaimOfATokenIsReserved(t *testing.T) {
	t.Parallel()
	var names []string
	for f := range reflect.TypeFor[claims]().Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" {
			names = append(names, name)
		}
	}
	if !slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(claimNames))) {
		t.Errorf("claimNames: got %v, want those of the struct, %v", claimNames, names)
	}
	for _, name := range append(names, "acr", "azp", "nonce", "cnf", "act", "may_act", "typ", "") {
		if !ReservedClaim(name) {
			t.Errorf("ReservedClaim(%q): got false", name)
		}
	}
	for _, name := range []string{"plan", "Roles", "Iss", "iss ", "tenant"} {
		if ReservedClaim(name) {
			t.Errorf("ReservedClaim(%q): got true", name)
		}
	}
}
