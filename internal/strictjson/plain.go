package strictjson

import (
	"strings"
	"unicode/utf8"
)

// Field is a member that [Plain] reads. Into is a *string, *bool, *int64, **int64 or *[]string.
type Field struct {
	Name string
	Into any
}

// Plain reads an object in plain form: no white space, members in the order of fields (any of
// them may be missing), texts without escapes, whole numbers of at most 18 digits, true, false
// and lists of texts. It is many times faster than a decoder. What it reads, [Unmarshal] reads to
// the same values. It reports false for everything else, valid or not; then the fields may hold
// anything, and the text has to be read by a decoder.
func Plain(text string, fields []Field) bool {
	if !utf8.ValidString(text) {
		return false
	}
	p := plain{rest: text}
	if !p.take("{") {
		return false
	}
	for sep := ""; p.rest != "}"; sep = "," {
		if !p.take(sep) {
			return false
		}
		name, ok := p.text()
		if !ok || !p.take(":") {
			return false
		}
		for len(fields) > 0 && fields[0].Name != name {
			fields = fields[1:]
		}
		// A name out of order is not found, and neither is one that occurred before.
		if len(fields) == 0 || !p.value(fields[0].Into) {
			return false
		}
		fields = fields[1:]
	}
	return true
}

// plain reads JSON without escapes and white space.
type plain struct{ rest string }

// take reads a token, if it comes next.
func (p *plain) take(token string) (ok bool) {
	p.rest, ok = strings.CutPrefix(p.rest, token)
	return ok
}

func (p *plain) value(into any) (ok bool) {
	switch into := into.(type) {
	case *string:
		*into, ok = p.text()
	case *bool:
		*into = p.take("true")
		ok = *into || p.take("false")
	case *int64:
		*into, ok = p.number()
	case **int64:
		var n int64
		n, ok = p.number()
		*into = &n
	case *[]string:
		*into, ok = p.list()
	}
	return ok
}

// text reads a string that stands for itself.
func (p *plain) text() (string, bool) {
	if !p.take(`"`) {
		return "", false
	}
	for i := range len(p.rest) {
		switch c := p.rest[i]; {
		case c == '"':
			text := p.rest[:i]
			p.rest = p.rest[i+1:]
			return text, true
		case c < ' ' || c == '\\':
			return "", false
		}
	}
	return "", false
}

// number reads a whole number in the one spelling that JSON has for it without an exponent.
func (p *plain) number() (int64, bool) {
	negative := p.take("-")
	const most = 18 // digits that every int64 holds
	var n int64
	i := 0
	for ; i < len(p.rest) && i <= most && p.rest[i] >= '0' && p.rest[i] <= '9'; i++ {
		n = 10*n + int64(p.rest[i]-'0')
	}
	if i == 0 || i > most || p.rest[0] == '0' && (i > 1 || negative) {
		return 0, false
	}
	p.rest = p.rest[i:]
	if negative {
		n = -n
	}
	return n, true
}

// list reads a list of texts.
func (p *plain) list() ([]string, bool) {
	out := []string{}
	if !p.take("[") {
		return nil, false
	}
	for sep := ""; !p.take("]"); sep = "," {
		if !p.take(sep) {
			return nil, false
		}
		text, ok := p.text()
		if !ok {
			return nil, false
		}
		out = append(out, text)
	}
	return out, true
}
