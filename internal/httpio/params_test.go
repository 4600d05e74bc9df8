package httpio_test

import (
	"net/url"
	"testing"

	"github.com/authkit-dev/authkit/internal/httpio"
)

func TestParams(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw  string
		want url.Values // nil means refused
	}{
		"a named parameter is read":                         {"code=a%20b&state=s", url.Values{"code": {"a b"}, "state": {"s"}}},
		"other parameters are ignored":                      {"code=a&x=%0d%0a&%00=1&é=\xff", url.Values{"code": {"a"}}},
		"another parameter may occur twice":                 {"x=1&x=2&code=a", url.Values{"code": {"a"}}},
		"another parameter may hold a semicolon":            {"x=1;code=evil&code=a", url.Values{"code": {"a"}}},
		"another parameter may hold a bare percent sign":    {"x=100%&%zz=1&code=a", url.Values{"code": {"a"}}},
		"a value that is not encoded is unchanged":          {"code=100%;x", url.Values{"code": {"100%;x"}}},
		"a name may be encoded":                             {"%63ode=a", url.Values{"code": {"a"}}},
		"a name in another case is a different name":        {"Code=a", url.Values{}},
		"an empty query has no parameters":                  {"", url.Values{}},
		"the same value twice counts once":                  {"code=a&code=a", url.Values{"code": {"a"}}},
		"two values are refused":                            {"code=a&code=b", nil},
		"two values, one with an encoded name, are refused": {"code=a&%63ode=b", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := httpio.Params(c.raw, "code", "state")
			if (err != nil) != (c.want == nil) || got.Encode() != c.want.Encode() {
				t.Errorf("Params(%q): got %v, %v, want %v", c.raw, got, err, c.want)
			}
		})
	}
}
