package httpio_test

import (
	"net/url"
	"testing"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// FuzzParams checks that Params and the standard library read the same from a well-formed
// query, and that Params returns named parameters only.
func FuzzParams(f *testing.F) {
	for _, seed := range []string{"code=a&state=b", "code=a&code=b", "x=1;code=a", "code=%zz", "%63ode=a", "&&=", "code=a+b%26", "code", "code=\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := httpio.Params(raw, "code", "state")
		want, bad := url.ParseQuery(raw)
		for name, list := range got {
			if (name != "code" && name != "state") || len(list) != 1 {
				t.Errorf("Params(%q): got %q for %q", raw, list, name)
			}
		}
		if bad != nil || err != nil {
			return
		}
		for _, name := range []string{"code", "state"} {
			if got.Has(name) != want.Has(name) || got.Get(name) != want.Get(name) {
				t.Errorf("Params(%q): got %q for %q, want %q", raw, got.Get(name), name, want.Get(name))
			}
		}
	})
}
