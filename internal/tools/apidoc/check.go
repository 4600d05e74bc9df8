package apidoc

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Document is an OpenAPI document that [Build] made, decoded from JSON.
type Document map[string]any

// Resolve returns the object that a reference names, or the object itself; nil: there is none.
func (d Document) Resolve(v any) Object {
	object, _ := v.(map[string]any)
	ref, ok := object["$ref"].(string)
	if !ok {
		return object
	}
	var at any = map[string]any(d)
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		inner, _ := at.(map[string]any)
		at = inner[part]
	}
	return d.Resolve(at)
}

// Find returns the operations of a path and the values of its parameters. Of two paths that fit it
// takes the one that says more of it literally.
func (d Document) Find(path string) (operations Object, params map[string]string) {
	paths, _ := d["paths"].(map[string]any)
	best := -1
	for _, pattern := range slices.Sorted(maps.Keys(paths)) {
		values, literal, ok := match(pattern, strings.TrimSuffix(path, "/"))
		if ok && literal > best {
			operations, _ = paths[pattern].(map[string]any)
			best, params = literal, values
		}
	}
	return operations, params
}

func match(pattern, path string) (values map[string]string, literal int, ok bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, 0, false
	}
	values = map[string]string{}
	for i, part := range want {
		switch {
		case strings.HasPrefix(part, "{"):
			values[strings.Trim(part, "{}")] = got[i]
		case part != got[i]:
			return nil, 0, false
		default:
			literal++
		}
	}
	return values, literal, true
}

// Check returns what in a value breaks a schema of the document. A member that no part of the schema
// describes breaks it too. Check knows the keywords that [Build] writes, and reports others.
func (d Document) Check(schema, value any) []string {
	c := checker{d: d}
	c.check("", schema, value)
	if object, ok := value.(map[string]any); ok {
		c.strange("", schema, object)
	}
	return c.bad
}

type checker struct {
	d   Document
	bad []string
}

func (c *checker) reportf(at, format string, args ...any) {
	c.bad = append(c.bad, strings.TrimPrefix(at+": ", ": ")+fmt.Sprintf(format, args...))
}

// check checks a value against a schema, but for members that the schema does not have.
func (c *checker) check(at string, schema, value any) {
	of, _ := schema.(map[string]any)
	for _, keyword := range slices.Sorted(maps.Keys(of)) {
		c.keyword(at, keyword, of, value)
	}
}

func (c *checker) keyword(at, keyword string, schema Object, value any) {
	is := schema[keyword]
	switch keyword {
	case "$ref":
		c.check(at, c.d.Resolve(map[string]any{"$ref": is}), value)
	case "type":
		if kinds := asList(is); !slices.ContainsFunc(kinds, func(k any) bool { return isKind(k, value) }) {
			c.reportf(at, "%v is not of the type %v", value, is)
		}
	case "enum":
		if !slices.Contains(asList(is), value) {
			c.reportf(at, "%v is none of %v", value, is)
		}
	case "const":
		if !reflect.DeepEqual(is, value) {
			c.reportf(at, "%v is not %v", value, is)
		}
	case "allOf":
		for _, part := range asList(is) {
			c.check(at, part, value)
		}
	case "anyOf":
		c.anyOf(at, asList(is), value)
	case "properties", "required", "items":
		c.inside(at, keyword, is, value)
	case "format":
		c.format(at, is, value)
	case "minimum", "maximum":
		n, ok := value.(float64)
		if bound, _ := is.(float64); ok && ((keyword == "minimum" && n < bound) || (keyword == "maximum" && n > bound)) {
			c.reportf(at, "%v breaks the %s %v", n, keyword, is)
		}
	case "minLength", "maxLength":
		text, ok := value.(string)
		n, bound := float64(len([]rune(text))), is
		if most, _ := bound.(float64); ok && ((keyword == "minLength" && n < most) || (keyword == "maxLength" && n > most)) {
			c.reportf(at, "%q breaks the %s %v", text, keyword, is)
		}
	case "description", "default", "additionalProperties":
	default:
		c.reportf(at, "the schema has the keyword %s, which is not known here", keyword)
	}
}

func (c *checker) anyOf(at string, parts []any, value any) {
	var all []string
	for _, part := range parts {
		if bad := c.d.Check(part, value); len(bad) > 0 {
			all = append(all, strings.Join(bad, "; "))
			continue
		}
		return
	}
	c.reportf(at, "it is none of what it may be: %s", strings.Join(all, " | "))
}

// inside checks the members of an object or the items of a list.
func (c *checker) inside(at, keyword string, is, value any) {
	members, _ := value.(map[string]any)
	switch keyword {
	case "required":
		for _, name := range asList(is) {
			if _, ok := members[name.(string)]; !ok && members != nil {
				c.reportf(at, "%v is missing", name)
			}
		}
	case "properties":
		schemas, _ := is.(map[string]any)
		for name, member := range members {
			if schemas[name] != nil {
				c.check(at+"."+name, schemas[name], member)
				if object, ok := member.(map[string]any); ok {
					c.strange(at+"."+name, schemas[name], object)
				}
			}
		}
	case "items":
		list, _ := value.([]any)
		for i, item := range list {
			c.check(fmt.Sprintf("%s[%d]", at, i), is, item)
			if object, ok := item.(map[string]any); ok {
				c.strange(fmt.Sprintf("%s[%d]", at, i), is, object)
			}
		}
	}
}

// strange reports the members of an object that its schema does not describe.
func (c *checker) strange(at string, schema any, object map[string]any) {
	known, open := c.members(schema)
	for name := range object {
		if !open && !known[name] {
			c.reportf(at, "the member %s is not described", name)
		}
	}
}

// members returns the members that a schema describes, and whether it takes any.
func (c *checker) members(schema any) (known map[string]bool, open bool) {
	of, known := c.d.Resolve(schema), map[string]bool{}
	properties, _ := of["properties"].(map[string]any)
	for name := range properties {
		known[name] = true
	}
	more, given := of["additionalProperties"]
	open = given && more != false
	for _, part := range append(asList(of["allOf"]), asList(of["anyOf"])...) {
		inner, innerOpen := c.members(part)
		maps.Copy(known, inner)
		open = open || innerOpen
	}
	return known, open
}

var canonicalUUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (c *checker) format(at string, is, value any) {
	text, ok := value.(string)
	switch {
	case !ok:
	case is == "uuid" && !canonicalUUID.MatchString(text):
		c.reportf(at, "%q is no UUID", text)
	case is == "date":
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			c.reportf(at, "%q is no day", text)
		}
	case is == "date-time":
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			c.reportf(at, "%q is no time", text)
		}
	}
}

func asList(v any) []any {
	if list, ok := v.([]any); ok || v == nil {
		return list
	}
	return []any{v}
}

func isKind(kind, value any) bool {
	switch v := value.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case float64:
		return kind == "number" || kind == "integer" && v == float64(int64(v))
	case []any:
		return kind == "array"
	}
	return kind == "object"
}
