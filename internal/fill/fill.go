// Package fill puts values into the texts of mails and pages. A text marks the place of a value
// by {{Name}}.
//
//	page, err := fill.Page(`<p title="{{App}}">{{App}}</p>`, fill.Values{"App": name})
//
//	form := fill.Parse(`<p>{{App}}</p>`) // once
//	page, err = form.Page(fill.Values{"App": name})
//
// These texts need no more than that. A template engine that looks up methods by name keeps the
// linker from removing unused code, which makes a host two megabytes larger.
package fill

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// Values holds the value for each place. Every place needs a value, and every value a place.
type Values map[string]any

// HTML is trusted markup, which Page inserts unchanged. All other values are escaped.
type HTML string

// Form is a text whose places were found once, so that it can be filled many times.
type Form struct {
	parts []part
	rest  string // after the last place
	open  bool   // the text has a place without an end, and cannot be filled
}

// part is the text before a place, and the name of the place.
type part struct{ before, name string }

// Parse finds the places of a text.
func Parse(text string) Form {
	var f Form
	for {
		before, rest, more := strings.Cut(text, "{{")
		if !more {
			f.rest = text
			return f
		}
		name, after, closed := strings.Cut(rest, "}}")
		f.parts = append(f.parts, part{before, name})
		if !closed {
			f.open = true
			return f
		}
		text = after
	}
}

// Has reports whether the form has a place of the name.
func (f Form) Has(name string) bool {
	return slices.ContainsFunc(f.parts, func(p part) bool { return p.name == name })
}

// Page fills markup. Values are escaped for text and for attributes in double quotes. A place
// may stand in these two contexts only. If the name of a place ends in URL, its value must be
// an http or https URL, or a URL whose scheme has a dot in it, which belongs to a program on
// the device. Escaping makes no other scheme harmless.
func (f Form) Page(values Values) (HTML, error) {
	out, err := f.fill(values, func(name string, v any) (string, error) {
		if trusted, ok := v.(HTML); ok {
			return string(trusted), nil
		}
		text := plain(v)
		if strings.HasSuffix(name, "URL") && !harmless(text) {
			return "", fmt.Errorf("%s is %q, which is not a web address", name, text)
		}
		return html.EscapeString(text), nil
	})
	return HTML(out), err
}

// Text fills plain text.
func (f Form) Text(values Values) (string, error) {
	return f.fill(values, func(_ string, v any) (string, error) { return plain(v), nil })
}

// Page is [Form.Page] of markup that is filled once.
func Page(markup string, values Values) (HTML, error) { return Parse(markup).Page(values) }

// harmless reports whether following a URL runs nothing in the browser's page.
func harmless(text string) bool {
	scheme, _, found := strings.Cut(text, ":")
	plain := !strings.ContainsFunc(scheme, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' })
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") || (found && plain && strings.Contains(scheme, "."))
}

func plain(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	return fmt.Sprint(v)
}

// fill replaces each place by what say returns for its value. It does not look for places
// inside values.
func (f Form) fill(values Values, say func(name string, v any) (string, error)) (string, error) {
	pieces := make([]string, 0, 2*len(f.parts)+1)
	for i, p := range f.parts {
		v, known := values[p.name]
		if !known || (f.open && i == len(f.parts)-1) {
			return "", fmt.Errorf("fill: the place %q has no value", p.name)
		}
		said, err := say(p.name, v)
		if err != nil {
			return "", fmt.Errorf("fill: %w", err)
		}
		pieces = append(pieces, p.before, said)
	}
	for name := range values {
		if !f.Has(name) {
			return "", fmt.Errorf("fill: the value %q has no place", name)
		}
	}
	return strings.Join(append(pieces, f.rest), ""), nil
}
