package apidoc

import (
	"maps"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// field is a member of a struct, with the struct that it is written in.
type field struct {
	reflect.StructField

	owner reflect.Type
	api   map[string]*string // its tag api
}

// fields returns the members of a struct by their names in JSON, embedded ones too.
func (b *Builder) fields(t reflect.Type) map[string]field {
	out := map[string]field{}
	for f := range t.Fields() {
		if f.Anonymous {
			maps.Copy(out, b.fields(f.Type))
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		out[name] = field{StructField: f, owner: t, api: readTag(f.Tag.Get("api"))}
	}
	return out
}

func readTag(tag string) map[string]*string {
	out := map[string]*string{}
	for part := range strings.SplitSeq(tag, ",") {
		if name, value, _ := strings.Cut(part, "="); name != "" {
			out[name] = &value
		}
	}
	return out
}

// Schema returns the schema of a type. A struct with a name is kept among the components.
func (b *Builder) Schema(t reflect.Type) Object {
	if t.Kind() == reflect.Pointer {
		return b.Schema(t.Elem())
	}
	if plain, ok := b.Plain[t]; ok {
		return plain
	}
	if other, ok := b.Instead[t]; ok {
		return b.Schema(other)
	}
	switch t.Kind() {
	case reflect.String:
		return Object{"type": "string"}
	case reflect.Bool:
		return Object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return Object{"type": "integer"}
	case reflect.Slice:
		return Object{"type": "array", "items": b.Schema(t.Elem())}
	case reflect.Map:
		return Object{"type": "object", "additionalProperties": b.Schema(t.Elem())}
	case reflect.Struct:
		return b.component(t)
	}
	b.reportf("%s: a type of this kind is not described", t)
	return Object{}
}

func (b *Builder) component(t reflect.Type) Object {
	name := b.name(t)
	ref := Object{"$ref": "#/components/schemas/" + name}
	if b.schemas[name] != nil {
		return ref
	}
	b.schemas[name] = Object{} // a type may hold itself
	if custom := b.Custom[t]; custom != nil {
		b.schemas[name] = custom(b)
		return ref
	}
	schema, properties, required := Object{"type": "object"}, Object{}, []string{}
	request := !isAnswer(t)
	for member, f := range b.fields(t) {
		of := b.fieldSchema(f)
		of["description"] = b.describe(f.owner, f)
		properties[member] = of
		optional := strings.Contains(f.Tag.Get("json"), ",omit") || f.Tag.Get("null") != ""
		if (request && f.api["required"] != nil) || (!request && !optional) {
			required = append(required, member)
		}
	}
	schema["properties"] = properties
	if len(required) > 0 {
		schema["required"] = sorted(required)
	}
	if request {
		schema["additionalProperties"] = false
	}
	if text := b.Comments.typ(t); text != "" {
		schema["description"] = text
	} else {
		b.reportf("%s: the type has no comment", t)
	}
	b.schemas[name] = schema
	return ref
}

// isAnswer reports whether a type is of answers, and not of requests, which refuse members that
// they do not know.
func isAnswer(t reflect.Type) bool {
	return !strings.HasSuffix(t.Name(), "Body") && !strings.HasSuffix(t.Name(), "Form") && !strings.HasSuffix(t.Name(), "Proof")
}

// fieldSchema returns the schema of a member. It does not have its description.
func (b *Builder) fieldSchema(f field) Object {
	schema := maps.Clone(b.Schema(f.Type))
	if f.Tag.Get("null") != "" || f.Type.Kind() == reflect.Pointer && !strings.Contains(f.Tag.Get("json"), ",omit") && isAnswer(f.owner) {
		if kind, ok := schema["type"].(string); ok {
			schema["type"] = []string{kind, "null"}
		}
	}
	for name, value := range f.api {
		key := map[string]string{"min": "minimum", "max": "maximum"}[name]
		switch name {
		case "required":
		case "enum":
			schema["enum"] = strings.Split(*value, "|")
		case "format":
			schema["format"] = *value
		case "min", "max", "minLength", "maxLength", "default":
			n, err := strconv.Atoi(*value)
			if err != nil {
				b.reportf("%s.%s: %s is no number: %w", f.owner, f.Name, *value, err)
			}
			if key == "" {
				key = name
			}
			schema[key] = n
		default:
			b.reportf("%s.%s: the tag api has an unknown part %s", f.owner, f.Name, name)
		}
	}
	return schema
}

// describe returns the text about a member. A member without a comment has that of the members of
// its name, where those that have one agree.
func (b *Builder) describe(t reflect.Type, f field) string {
	member, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if text := b.Comments.field(f.owner, f.Name); text != "" {
		return text
	}
	switch texts := b.Comments.shared[member]; len(texts) {
	case 0:
		b.reportf("%s.%s: the member %s has no comment", t, f.Name, member)
	case 1:
		return texts[0]
	default:
		b.reportf("%s.%s: the member %s has no comment, and elsewhere it has %q", t, f.Name, member, texts)
	}
	return ""
}

// name returns the name of a type among the components.
func (b *Builder) name(t reflect.Type) string {
	if t == nil {
		return ""
	}
	if name, ok := b.Names[t]; ok {
		return name
	}
	name := strings.TrimSuffix(t.Name(), "JSON")
	for _, short := range []string{"api", "oauth"} {
		if rest, ok := strings.CutPrefix(name, short); ok {
			return map[string]string{"api": "API", "oauth": "OAuth"}[short] + rest
		}
	}
	runes := []rune(name)
	if len(runes) == 0 {
		b.reportf("%s: the type has no name", t)
		return ""
	}
	runes[0] = unicode.ToUpper(runes[0])
	return string(runes)
}
