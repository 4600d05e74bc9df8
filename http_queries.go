package authkit

import (
	"reflect"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// credentialNames are parameters in which a caller may send a credential by mistake. They are ignored,
// as everywhere: a credential in a query works nowhere, and no answer repeats it.
var credentialNames = []string{"access_token", "api_key", "apikey", "key", "refresh_token", "token"}

// checkQuery refuses an unknown query parameter of a management route, and names the nearest known
// one: a filter that is misspelled would filter nothing. Every unknown one is told at once.
func (c *call) checkQuery(rt route) error {
	if !rt.manages() || c.r.URL.RawQuery == "" {
		return nil
	}
	values, err := query(c.r)
	if err != nil {
		return err
	}
	var known []string
	if rt.query != nil {
		known = httpio.Members(reflect.TypeOf(rt.query))
	}
	var bad []FieldError
	for name := range values {
		if !slices.Contains(known, name) && !slices.Contains(credentialNames, name) {
			bad = append(bad, unknownParameter(name, known))
		}
	}
	slices.SortFunc(bad, func(a, b FieldError) int { return strings.Compare(a.Field, b.Field) })
	return invalidFields(bad)
}

// unknownParameter refuses one parameter. Its name is shown as far as an answer may hold it.
func unknownParameter(name string, known []string) FieldError {
	shown := clean(name, 64)
	detail := shown + " is not a parameter of this route"
	if near := httpio.Nearest(name, known); near != "" {
		detail += "; did you mean " + near + "?"
	}
	return FieldError{shown, "unknown", detail}
}

// manages reports whether the route is for developers, or for the server of an app.
func (rt *route) manages() bool {
	return slices.Contains(rt.caller.schemes, schemeAPIKey) || slices.Contains(rt.caller.schemes, schemeDeveloper)
}
