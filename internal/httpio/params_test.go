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
		"what is named is read":                  {"code=a%20b&state=s", url.Values{"code": {"a b"}, "state": {"s"}}},
		"what is not named is passed over":       {"code=a&x=%0d%0a&%00=1&é=\xff", url.Values{"code": {"a"}}},
		"another may stand twice":                {"x=1&x=2&code=a", url.Values{"code": {"a"}}},
		"another may hold a semicolon":           {"x=1;code=evil&code=a", url.Values{"code": {"a"}}},
		"another may hold a bare percent":        {"x=100%&%zz=1&code=a", url.Values{"code": {"a"}}},
		"a value that is not encoded stays":      {"code=100%;x", url.Values{"code": {"100%;x"}}},
		"a name may be encoded":                  {"%63ode=a", url.Values{"code": {"a"}}},
		"a name in another case is another":      {"Code=a", url.Values{}},
		"nothing is nothing":                     {"", url.Values{}},
		"the same twice is once":                 {"code=a&code=a", url.Values{"code": {"a"}}},
		"two values are refused":                 {"code=a&code=b", nil},
		"two values by an encoded name likewise": {"code=a&%63ode=b", nil},
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
