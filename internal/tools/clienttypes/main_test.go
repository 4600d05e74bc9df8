package main

import (
	"os"
	"strings"
	"testing"
)

const document, types = "../../../openapi.json", "../../../clients/js/authkit.d.ts"

func TestTheTypesAreCurrent(t *testing.T) {
	t.Parallel()
	want, err := generate(document, types)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(types)
	if err != nil || string(got) != want {
		t.Errorf("%s: got another text than of the API document (%v): run `go generate .`", types, err)
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of   schema
		want string
	}{
		"a text":                   {schema{Type: names{"string"}}, "string"},
		"a number":                 {schema{Type: names{"integer"}}, "number"},
		"a text or null":           {schema{Type: names{"string", "null"}}, "string | null"},
		"known texts are not all":  {schema{Type: names{"string"}, Enum: []any{"a", "b"}}, "'a' | 'b' | (string & {})"},
		"a list":                   {schema{Type: names{"array"}, Items: &schema{Ref: "#/components/schemas/User"}}, "Array<User>"},
		"one of two":               {schema{AnyOf: []schema{{Ref: "#/x/User"}, {Type: names{"boolean"}}}}, "User | boolean"},
		"both":                     {schema{AllOf: []schema{{Ref: "#/x/User"}, {Ref: "#/x/Removed"}}}, "User & Removed"},
		"an object without member": {schema{Type: names{"object"}}, "{}"},
		"an object": {
			schema{Type: names{"object"}, Required: []string{"a"}, Properties: map[string]schema{"a": {Type: names{"boolean"}, Description: "Says."}, "b": {Type: names{"string"}}}},
			"{\n  /** Says. */\n  a: boolean;\n  b?: string;\n}",
		},
	} {
		if got := newWriter(apiDocument{}).typeOf(c.of, ""); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestAFileWithoutTheMarkIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := generate(document, "main.go"); err == nil || !strings.Contains(err.Error(), "main.go") {
		t.Errorf("a file without the mark: got %v, want an error that names it", err)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for route, want := range map[string]string{
		"GET /auth/me/{app_id}":                       "'GET /auth/me/{app_id}'",
		"DELETE /auth/sessions/{app_id}/{session_id}": "[route: `DELETE /auth/sessions/{app_id}/${string}`]",
	} {
		if got := key(route); got != want {
			t.Errorf("%s: got %s, want %s", route, got, want)
		}
	}
}
