// Package strictjson reads JSON objects as strictly as a signed token requires, with the
// standard library alone.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Unmarshal reads one JSON object into the struct that v points to. fields lists the JSON names
// of that struct. Unmarshal refuses what encoding/json accepts: a name that occurs twice, at
// any depth (RFC 7515, section 4); a name that differs from a field's in case only; text that
// is not Unicode. rest lists the names that belong to no field.
func Unmarshal(b []byte, v any, fields []string) (rest []string, err error) {
	names, err := names(b)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if slices.Contains(fields, name) {
			continue
		}
		if i := slices.IndexFunc(fields, func(f string) bool { return strings.EqualFold(f, name) }); i >= 0 {
			return nil, fmt.Errorf("%q is not %q", name, fields[i])
		}
		rest = append(rest, name)
	}
	return rest, json.Unmarshal(b, v)
}

// Pick reads the named members of an object. Without names it returns nil.
func Pick(b []byte, names []string) (map[string]any, error) {
	if len(names) == 0 {
		return nil, nil
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, err
	}
	out := make(map[string]any, len(names))
	for _, name := range names {
		var v any
		if err := json.Unmarshal(raw[name], &v); err != nil {
			return nil, err
		}
		out[name] = v
	}
	return out, nil
}

// FieldsOf returns the JSON names of a struct's fields.
func FieldsOf[T any]() []string {
	var names []string
	for f := range reflect.TypeFor[T]().Fields() {
		names = append(names, f.Tag.Get("json"))
	}
	return names
}

// names returns the names of an object's own members.
func names(b []byte) ([]string, error) {
	if !json.Valid(b) { // also bounds the depth
		return nil, errors.New("not JSON")
	}
	if !utf8.Valid(b) || loneSurrogate(b) {
		return nil, errors.New("not Unicode")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	return members(d)
}

// members reads the rest of an object after its opening brace.
func members(d *json.Decoder) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := t.(string)
		if seen[name] {
			return nil, fmt.Errorf("%q occurs twice", name)
		}
		seen[name] = true
		names = append(names, name)
		if err := value(d); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return names, err
}

func value(d *json.Decoder) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		_, err = members(d)
	case json.Delim('['):
		for d.More() {
			if err := value(d); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	return err
}

// loneSurrogate reports whether valid JSON holds an escape that is half a character.
// encoding/json would replace it.
func loneSurrogate(b []byte) bool {
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			return false
		}
		if b[i+1] != 'u' {
			b = b[i+2:]
			continue
		}
		unit := hex(b[i+2:])
		b = b[i+6:]
		switch {
		case unit < 0xD800 || unit > 0xDFFF:
		case unit > 0xDBFF || len(b) < 6 || b[0] != '\\' || b[1] != 'u' || hex(b[2:]) < 0xDC00 || hex(b[2:]) > 0xDFFF:
			return true
		default:
			b = b[6:]
		}
	}
}

// hex reads the four digits of an escape.
func hex(b []byte) uint64 {
	n, _ := strconv.ParseUint(string(b[:4]), 16, 16) // valid JSON has digits here
	return n
}
