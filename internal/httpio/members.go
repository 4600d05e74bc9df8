package httpio

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The bounds of a refusal that names every wrong member.
const (
	maxTold   = 32  // members that it names
	maxJudged = 128 // members of the body; of a body with more it names one
)

// sent is a member of a body.
type sent struct {
	name  string
	value jsontext.Value
}

// judge refuses an object whose decoding has failed with an error, or in which [inspect] has found a
// fault. It names each member that is wrong, those first that the type does not know, then in the order
// of the type. v holds the others.
func judge(raw jsontext.Value, v any, first error) error {
	t := reflect.TypeOf(v).Elem()
	members, ok := membersOf(raw)
	if !ok {
		return judgeFirst(raw, t, first)
	}
	known := Members(t)
	slices.SortStableFunc(members, func(a, b sent) int { return slices.Index(known, a.name) - slices.Index(known, b.name) })
	reflect.ValueOf(v).Elem().SetZero()
	out := &BodyError{Status: http.StatusBadRequest, Judged: true}
	var details []string
	for i, m := range members {
		refused, ok := errors.AsType[*BodyError](judgeMember(members[:i], m, v, first))
		if !ok {
			continue
		}
		details = append(details, strings.TrimPrefix(refused.Detail, notValid))
		if out.Fields = append(out.Fields, refused.Fields...); len(out.Fields) == maxTold {
			out.Judged = false
			break
		}
	}
	if len(out.Fields) == 0 {
		return judgeFirst(raw, t, first)
	}
	out.Detail = notValid + strings.Join(details, "; ")
	return out
}

// judgeFirst refuses an object for the first fault in it.
func judgeFirst(raw jsontext.Value, t reflect.Type, first error) error {
	if first == nil {
		return inspect(raw, t, "")
	}
	return explain(first, t)
}

// membersOf returns the members of an object. ok is false for a text that is not one JSON object, and
// for one of more than maxJudged members.
func membersOf(raw jsontext.Value) (members []sent, ok bool) {
	dec := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true)) // they are told with the others
	if _, err := dec.ReadToken(); err != nil {
		return nil, false
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil || len(members) == maxJudged {
			return nil, false
		}
		m := sent{name: name.String()}
		value, err := dec.ReadValue()
		if err != nil {
			return nil, false
		}
		m.value = value.Clone()
		members = append(members, m)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, false
	}
	_, err := dec.ReadToken()
	return members, errors.Is(err, io.EOF)
}

// judgeMember decodes one member into v. The decoding of the whole body has failed with the error
// first, unless that is nil.
func judgeMember(before []sent, m sent, v any, first error) error {
	if slices.ContainsFunc(before, func(other sent) bool { return other.name == m.name }) {
		return badField(m.name, "duplicate", "stands more than once")
	}
	t := reflect.TypeOf(v).Elem()
	if semantic, ok := errors.AsType[*json.SemanticError](first); ok {
		for name := range semantic.JSONPointer.Tokens() {
			if name == m.name {
				return explain(first, t) // a member may be deep: it is not decoded again
			}
			break
		}
	}
	alone, err := jsontext.AppendQuote([]byte("{"), m.name)
	if err != nil {
		return bad("the body is not one JSON object in UTF-8")
	}
	alone = append(append(append(alone, ':'), m.value...), '}')
	if err := json.Unmarshal(alone, v, json.RejectUnknownMembers(true)); err != nil {
		return explain(err, t)
	}
	return inspect(alone, t, "")
}

// explain turns an error of the decoder into one that names the field of a value of the type.
func explain(err error, t reflect.Type) error {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		field := dotted(syntax.JSONPointer)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return badField(field, "duplicate", "stands more than once")
		}
		if field != "" {
			return badField(field, "malformed", "is not JSON in UTF-8")
		}
		return bad("the body is not one JSON object in UTF-8")
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		field := dotted(semantic.JSONPointer)
		if errors.Is(err, json.ErrUnknownName) {
			known := membersAt(t, semantic.JSONPointer)
			return badField(field, "unknown", didYouMean("is not a member of this request", semantic.JSONPointer.LastToken(), known))
		}
		return badField(field, "wrong_type", "is not "+wanted(semantic.GoType))
	}
	return bad("the body cannot be read")
}

// wanted names the JSON values that a Go type takes.
func wanted(t reflect.Type) string {
	if t == nil {
		return "of the right type"
	}
	switch t.Kind() { //nolint:exhaustive // bodies have few types
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return "a time such as 2030-01-02T15:04:05Z"
		}
		return "an object"
	}
	return "a whole number in range" // bodies have no other types
}

// inspect refuses null and control characters in a value that was decoded without an error.
func inspect(raw jsontext.Value, t reflect.Type, path string) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return inspectPlain(raw, path, false)
	}
	var members map[string]jsontext.Value
	if raw.Kind() != '{' {
		return inspectPlain(raw, path, false) // a type with a text form, such as a time
	}
	if err := json.Unmarshal(raw, &members); err != nil {
		return explain(err, t)
	}
	for f := range t.Fields() {
		if f.Anonymous { // its members stand beside the others
			if err := inspect(raw, f.Type, path); err != nil {
				return err
			}
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		value, ok := members[name]
		if !ok {
			continue
		}
		if err := inspectField(value, f, join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func inspectField(value jsontext.Value, f reflect.StructField, path string) error {
	switch {
	case f.Tag.Get("null") == "deep":
		return inspectPlain(value, path, true)
	case value.Kind() == 'n' && f.Tag.Get("null") == "ok", f.Tag.Get("raw") == "ok" && value.Kind() == '"':
		return nil
	case value.Kind() == 'n':
		return badField(path, "null", "is null")
	}
	return inspect(value, f.Type, path)
}

// inspectPlain refuses control characters in a value that is not a struct, and null unless it is
// allowed.
func inspectPlain(raw jsontext.Value, path string, nulls bool) error {
	dec := jsontext.NewDecoder(strings.NewReader(string(raw)))
	for {
		tok, err := dec.ReadToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return badField(path, "wrong_type", "is of the wrong type")
		}
		switch {
		case tok.Kind() == 'n' && !nulls:
			return badField(path, "null", "is null")
		case tok.Kind() == '"' && hasControl(tok.String()):
			return badField(path, "control_character", "holds a control character")
		}
	}
}
