package httpio

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Params reads the named parameters of a query or form that another party wrote, such as a
// provider. It ignores all other parameters, even malformed ones. A named parameter that occurs
// more than once with different values is a *[BodyError] (RFC 6749, section 3.1). A value that
// is not form-encoded is returned unchanged.
func Params(raw string, names ...string) (url.Values, error) {
	out := url.Values{}
	for pair := range strings.SplitSeq(raw, "&") {
		key, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(key)
		if err != nil || !slices.Contains(names, name) {
			continue
		}
		if text, err := url.QueryUnescape(value); err == nil {
			value = text
		}
		if out.Has(name) && out.Get(name) != value {
			return nil, badField(name, "duplicate", "stands more than once")
		}
		out.Set(name, value)
	}
	return out, nil
}

// FormParams is Params for a form body.
func FormParams(r *http.Request, names ...string) (url.Values, error) {
	if err := wantType(r, "application/x-www-form-urlencoded"); err != nil {
		return nil, err
	}
	b, err := read(r)
	if err != nil {
		return nil, err
	}
	return Params(string(b), names...)
}
