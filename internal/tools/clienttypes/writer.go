package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// writer makes TypeScript of the schemas that it is asked for, and of those that they refer to.
type writer struct {
	doc   apiDocument
	asked map[string]bool
}

func newWriter(doc apiDocument) *writer {
	return &writer{doc: doc, asked: map[string]bool{"Problem": true, "User": true, "Removed": true}}
}

// text returns the declarations: codes, routes and schemas.
func (w *writer) text() string {
	var out strings.Builder
	out.WriteString("/** A code of a refusal. */\nexport type ErrorCode =\n")
	codes := w.doc.codes()
	for i, code := range codes {
		end := ""
		if i == len(codes)-1 {
			end = ";"
		}
		fmt.Fprintf(&out, "  | %s%s\n", quoted(code), end)
	}
	out.WriteString("\n/** What the routes for users take and answer, for {@link Client.request}. */\nexport interface Routes {\n")
	for _, path := range slices.Sorted(maps.Keys(w.doc.Paths)) {
		// A browser goes to a provider, and comes back, by navigation.
		if strings.HasPrefix(path, "/auth/") && !strings.Contains(path, "{provider}/{app_id}") {
			w.routes(&out, path)
		}
	}
	out.WriteString("}\n")
	w.schemas(&out)
	return out.String()
}

// routes writes the routes of a path that answer JSON or nothing.
func (w *writer) routes(out *strings.Builder, path string) {
	for _, method := range slices.Sorted(maps.Keys(w.doc.Paths[path])) {
		op := w.doc.Paths[path][method]
		answer := w.answer(op)
		if answer == "" {
			continue
		}
		body := "undefined"
		if s, ok := w.doc.resolve(op.RequestBody).json(); ok {
			body = w.typeOf(s, "  ")
		}
		fmt.Fprintf(out, "  /** %s. */\n  %s: { body: %s; answer: %s };\n", op.Summary, key(strings.ToUpper(method)+" "+path), body, answer)
	}
}

var param = regexp.MustCompile(`\{[a-z_]+\}`)

// key writes the name of a route. What a caller fills in behind the app may be any text.
func key(route string) string {
	before, after, _ := strings.Cut(route, "{app_id}")
	if !strings.Contains(after, "{") {
		return quoted(route)
	}
	return "[route: `" + before + "{app_id}" + param.ReplaceAllString(after, "$${string}") + "`]"
}

// answer returns the type of an operation's successes; empty: it answers people alone.
func (w *writer) answer(op operation) string {
	var types []string
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status[0] != '2' {
			continue
		}
		r := w.doc.resolve(op.Responses[status])
		one := "undefined"
		if s, ok := r.json(); ok {
			one = w.typeOf(s, "  ")
		} else if len(r.Content) > 0 {
			continue
		}
		if !slices.Contains(types, one) {
			types = append(types, one)
		}
	}
	return strings.Join(types, " | ")
}

// schemas writes every schema that was asked for, and then those that these asked for.
func (w *writer) schemas(out *strings.Builder) {
	texts := map[string]string{}
	for len(texts) < len(w.asked) {
		for _, name := range slices.Sorted(maps.Keys(w.asked)) {
			if texts[name] == "" {
				s := w.doc.Components.Schemas[name]
				texts[name] = comment(s.Description, "") + "export interface " + name + " " + w.object(s, "") + "\n"
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		out.WriteString("\n" + texts[name])
	}
}

func comment(text, indent string) string {
	if text == "" {
		return ""
	}
	return indent + "/** " + strings.ReplaceAll(text, "*/", "* /") + " */\n"
}

func (w *writer) object(s schema, indent string) string {
	if len(s.Properties) == 0 {
		return "{}"
	}
	var out strings.Builder
	out.WriteString("{\n")
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		member, optional := s.Properties[name], "?"
		if slices.Contains(s.Required, name) {
			optional = ""
		}
		out.WriteString(comment(member.Description, indent+"  "))
		fmt.Fprintf(&out, "%s  %s%s: %s;\n", indent, name, optional, w.typeOf(member, indent+"  "))
	}
	return out.String() + indent + "}"
}

// typeOf returns the type of a schema. A later server may send what an enum does not have.
func (w *writer) typeOf(s schema, indent string) string {
	switch {
	case s.Ref != "":
		w.asked[last(s.Ref)] = true
		return last(s.Ref)
	case len(s.AnyOf) > 0:
		return w.joined(s.AnyOf, " | ", indent)
	case len(s.AllOf) > 0:
		return w.joined(s.AllOf, " & ", indent)
	case len(s.Enum) > 0:
		var all []string
		for _, value := range s.Enum {
			all = append(all, quoted(fmt.Sprint(value)))
		}
		return strings.Join(all, " | ") + " | (string & {})"
	}
	var all []string
	for _, name := range s.Type {
		all = append(all, w.named(name, s, indent))
	}
	return strings.Join(all, " | ")
}

func (w *writer) joined(all []schema, by, indent string) string {
	var types []string
	for _, s := range all {
		types = append(types, w.typeOf(s, indent))
	}
	return strings.Join(types, by)
}

// named returns the type that a schema has by its name in JSON Schema.
func (w *writer) named(name string, s schema, indent string) string {
	switch name {
	case "integer", "number":
		return "number"
	case "array":
		return "Array<" + w.typeOf(*s.Items, indent) + ">"
	case "object":
		return w.object(s, indent)
	}
	return name // string, boolean, null
}

func quoted(text string) string { return strings.ReplaceAll(strconv.Quote(text), `"`, "'") }
