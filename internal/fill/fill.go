// Package fill puts values into the texts of mails and pages, at places written {{Name}}.
//
//	page, err := fill.Page(`<p title="{{App}}">{{App}}</p>`, fill.Values{"App": name})
//
// It is all that these texts need: a template engine that finds methods by name keeps the
// linker from leaving anything out, which costs a host two megabytes.
package fill

import (
	"fmt"
	"html"
	"strings"
)

// Values are what stands at each place. Every place has to have a value, and every value a
// place.
type Values map[string]any

// HTML is markup that stands in a page as it is. Everything else is escaped.
type HTML string

// Page fills markup. Values are escaped for text and for attributes in double quotes, the
// only two contexts in which a place may stand. The value of a place whose name ends in URL
// has to be an http or https URL, or of a scheme with a dot in it, which a program on the
// device has claimed: escaping makes no other scheme harmless.
func Page(markup string, values Values) (HTML, error) {
	out, err := fill(markup, values, func(name string, v any) (string, error) {
		if trusted, ok := v.(HTML); ok {
			return string(trusted), nil
		}
		text := fmt.Sprint(v)
		if strings.HasSuffix(name, "URL") && !harmless(text) {
			return "", fmt.Errorf("%s is %q, which is no web address", name, text)
		}
		return html.EscapeString(text), nil
	})
	return HTML(out), err
}

// harmless reports whether a browser that follows a URL runs nothing of it here.
func harmless(text string) bool {
	scheme, _, found := strings.Cut(text, ":")
	plain := !strings.ContainsFunc(scheme, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' })
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") || (found && plain && strings.Contains(scheme, "."))
}

// Text fills plain text.
func Text(text string, values Values) (string, error) {
	return fill(text, values, func(_ string, v any) (string, error) { return fmt.Sprint(v), nil })
}

// fill copies what stands between the places; values are never looked into for places.
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
