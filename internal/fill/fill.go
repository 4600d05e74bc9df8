// Package fill puts values into the texts of mails and pages. A text marks the place of a value
// by {{Name}}.
//
//	page, err := fill.Page(`<p title="{{App}}">{{App}}</p>`, fill.Values{"App": name})
//
// These texts need no more than that. A template engine that looks up methods by name keeps the
// linker from removing unused code, which makes a host two megabytes larger.
package fill

import (
	"fmt"
	"html"
	"strings"
)

// Values holds the value for each place. Every place needs a value, and every value a place.
type Values map[string]any

// HTML is trusted markup, which Page inserts unchanged. All other values are escaped.
type HTML string

// Page fills markup. Values are escaped for text and for attributes in double quotes. A place
// may stand in these two contexts only. If the name of a place ends in URL, its value must be
// an http or https URL, or a URL whose scheme has a dot in it, which belongs to a program on
// the device. Escaping makes no other scheme harmless.
func Page(markup string, values Values) (HTML, error) {
	out, err := fill(markup, values, func(name string, v any) (string, error) {
		if trusted, ok := v.(HTML); ok {
			return string(trusted), nil
		}
		text := fmt.Sprint(v)
		if strings.HasSuffix(name, "URL") && !harmless(text) {
			return "", fmt.Errorf("%s is %q, which is not a web address", name, text)
		}
		return html.EscapeString(text), nil
	})
	return HTML(out), err
}

// harmless reports whether following a URL runs nothing in the browser's page.
func harmless(text string) bool {
	scheme, _, found := strings.Cut(text, ":")
	plain := !strings.ContainsFunc(scheme, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' })
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") || (found && plain && strings.Contains(scheme, "."))
}

// Text fills plain text.
func Text(text string, values Values) (string, error) {
	return fill(text, values, func(_ string, v any) (string, error) { return fmt.Sprint(v), nil })
}

// fill replaces each place by what say returns for its value. It does not look for places
// inside values.
func fill(text string, values Values, say func(name string, v any) (string, error)) (string, error) {
	var out strings.Builder
	used := map[string]bool{}
	for {
		before, rest, more := strings.Cut(text, "{{")
		out.WriteString(before)
		if !more {
			break
		}
		name, after, closed := strings.Cut(rest, "}}")
		v, known := values[name]
		if !closed || !known {
			return "", fmt.Errorf("fill: the place %q has no value", name)
		}
		said, err := say(name, v)
		if err != nil {
			return "", fmt.Errorf("fill: %w", err)
		}
		out.WriteString(said)
		used[name], text = true, after
	}
	for name := range values {
		if !used[name] {
			return "", fmt.Errorf("fill: the value %q has no place", name)
		}
	}
	return out.String(), nil
}
