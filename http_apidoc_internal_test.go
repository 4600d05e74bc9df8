package authkit

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	commandline "flag"
	"io"
	"maps"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/brand"
	"github.com/authkit-dev/authkit/internal/errordoc"
	"github.com/authkit-dev/authkit/internal/tools/apidoc"
)

var writeAPIDocument = commandline.Bool("write-api-document", false, "write openapi.json anew, which go generate does")

// This test is the generator too, since the route table is not exported.
func TestTheAPIDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	document, err := apidoc.Build(apiOf(t))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(document); err != nil {
		t.Fatal(err)
	}
	if *writeAPIDocument {
		writeDocument(t, text.Bytes())
	}
	kept, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, text.Bytes()) {
		t.Error("openapi.json is not what the route table makes: run go generate .")
	}
	if !*writeAPIDocument && !bytes.Equal(unzipped(t, apiDocumentGz), compact(t, kept)) {
		t.Error("openapi.json.gz is not openapi.json without white space, compressed: run go generate .")
	}
}

func writeDocument(t *testing.T, text []byte) {
	t.Helper()
	for name, b := range map[string][]byte{"openapi.json": text, "openapi.json.gz": zipped(t, compact(t, text))} {
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func zipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func compact(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Error(err)
	}
	return b.Bytes()
}

func unzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Error(err)
		return nil
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Error(err)
	}
	return out
}

func apiOf(t *testing.T) apidoc.API {
	t.Helper()
	comments, err := apidoc.ReadComments(".")
	if err != nil {
		t.Fatal(err)
	}
	text, object := apidoc.Object{"type": "string"}, reflect.TypeFor[apiDocumentJSON]()
	api := apidoc.API{
		Info: apidoc.Object{
			"title": "authkit", "version": "1", "license": apidoc.Object{"name": "see LICENSE"},
			"description": "Multi-tenant authentication. Paths are relative to the mount point. A request with an unknown path is refused with 404 `not_found`, one with another method with 405 `method_not_allowed`.",
		},
		Servers: []apidoc.Object{{"url": ".", "description": "where this document is served"}},
		Security: apidoc.Object{
			schemeToken:     apidoc.Object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token of the app."},
			schemeCookie:    apidoc.Object{"type": "apiKey", "in": "cookie", "name": "__Host-authkit-{app_id}", "description": "The session cookie, where the app's session_mode allows it. Its name holds the id of the app."},
			schemeAPIKey:    apidoc.Object{"type": "http", "scheme": "bearer", "bearerFormat": "ak_…", "description": "An API key of the app. The scheme ApiKey is taken in place of Bearer."},
			schemeDeveloper: apidoc.Object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token of the console app, or what the host's own developers send."},
		},
		Comments: comments,
		Path:     reflect.TypeFor[pathParameters](), Forwarded: reflect.TypeFor[forwardHeaders](), Cookies: reflect.TypeFor[cookieParameters](),
		Results: reflect.TypeFor[resultHeaders](), Problem: reflect.TypeFor[problem](),
		Plain: map[reflect.Type]apidoc.Object{
			reflect.TypeFor[uuid.UUID]():      {"type": "string", "format": "uuid"},
			reflect.TypeFor[time.Time]():      {"type": "string", "format": "date-time"},
			reflect.TypeFor[nullTime]():       {"type": []string{"string", "null"}, "format": "date-time"},
			reflect.TypeFor[nullText]():       {"type": []string{"string", "null"}},
			reflect.TypeFor[clearable]():      text,
			reflect.TypeFor[Code]():           text,
			reflect.TypeFor[*uuid.UUID]():     {"type": []string{"string", "null"}, "format": "uuid"},
			reflect.TypeFor[jsontext.Value](): {"type": []string{"object", "null"}, "additionalProperties": true},
			reflect.TypeFor[externalIDJSON](): text,
			reflect.TypeFor[objectJSON]():     {"type": "object", "additionalProperties": true},
		},
		Instead: map[reflect.Type]reflect.Type{reflect.TypeFor[User](): reflect.TypeFor[managedUserJSON]()},
		Names:   map[reflect.Type]string{appPatchType: "AppPatchBody"},
		Custom: map[reflect.Type]func(*apidoc.Builder) apidoc.Object{
			reflect.TypeFor[settingsJSON](): settingsSchema,
			appPatchType:                    appPatchSchema,
			object: func(*apidoc.Builder) apidoc.Object {
				return apidoc.Object{"type": "object", "additionalProperties": true}
			},
		},
		Mixed: map[reflect.Type]apidoc.Content{
			reflect.TypeFor[htmlPage]():    {MediaType: "text/html", Description: "A page for people.", Headers: []string{"Cross-Origin-Opener-Policy"}},
			reflect.TypeFor[pngImage]():    {MediaType: "image/png", Description: "A picture."},
			reflect.TypeFor[scriptText]():  {MediaType: "text/javascript", Description: "A JavaScript module."},
			reflect.TypeFor[elsewhere]():   {Description: "The browser goes on to Location.", Headers: []string{"Location"}},
			reflect.TypeFor[userLines]():   {MediaType: "application/x-ndjson", Description: "Where Accept asks for it: every user, one a line."},
			reflect.TypeFor[importLines](): {MediaType: "application/x-ndjson", Description: "One answer a line, in the order of the lines: `line` and `user_id`, or `line`, `code` and `detail`."},
			reflect.TypeFor[eventLines]():  {MediaType: "application/x-ndjson", Description: "Where Accept asks for it: every event, one a line."},
		},
		Files:   map[reflect.Type][]string{reflect.TypeFor[imageBody](): brand.MediaTypes, reflect.TypeFor[userImports](): {ndjson}},
		Meaning: func(code string) string { doc, _ := errordoc.Find(code); return doc.Meaning },
	}
	for _, tag := range apiTags {
		api.Tags = append(api.Tags, apidoc.Object{"name": tag.name, "description": tag.text})
	}
	for _, rt := range routes() {
		api.Routes = append(api.Routes, describeRoute(t, rt))
	}
	return api
}

// apiTags group the routes by the beginning of their paths. The longest that fits is taken. A reader
// meets the groups in this order.
var apiTags = []struct {
	name, text string
	prefixes   []string
}{
	{"sign-in", "How sessions begin, go on and end.", []string{"/auth/"}},
	{"user", "The signed-in user.", []string{"/auth/me/", "/auth/sessions/", "/auth/identities/"}},
	{"account", "A user's password and address.", []string{"/auth/password/", "/auth/email/"}},
	{"users", "The users of an app, for its server.", []string{"/users/"}},
	{"apps", "Apps, for developers.", []string{"/apps"}},
	{"discovery", "What is public.", []string{"/apps/{app_id}/.well-known/", "/branding/", "/errors/", "/healthz", "/readyz", "/openapi.json", "/docs", "/authkit.js"}},
}

// tagOf returns the group of a path.
func tagOf(path string) (name string) {
	longest := 0
	for _, tag := range apiTags {
		for _, prefix := range tag.prefixes {
			if strings.HasPrefix(path, prefix) && len(prefix) > longest {
				name, longest = tag.name, len(prefix)
			}
		}
	}
	return name
}

func describeRoute(t *testing.T, rt route) apidoc.Route {
	t.Helper()
	body, form := rt.action.takes()
	if body == reflect.TypeFor[appPatchBody]() {
		body = appPatchType
	}
	out := apidoc.Route{
		Method: rt.method, Path: rt.pattern, Operation: rt.operation, Summary: rt.summary, Tag: tagOf(rt.pattern), Schemes: rt.caller.schemes, Anonymous: rt.caller.anon,
		Body: body, Form: form, Query: typeOf(rt.query), Headers: typeOf(rt.headers),
		Refusals: map[int][]string{}, Forwarded: strings.Contains(rt.pattern, "{app_id}"), Cookies: strings.HasPrefix(rt.pattern, "/auth/"),
	}
	for _, a := range rt.answers {
		out.Answers = append(out.Answers, apidoc.Answer{Status: a.status, Body: typeOf(a.body)})
	}
	showAnswer(t, rt.method+" "+rt.pattern, out.Answers)
	for _, code := range codesOf(rt) {
		out.Refusals[code.Status()] = append(out.Refusals[code.Status()], string(code))
	}
	if rt.example != "" {
		if err := json.Unmarshal([]byte(rt.example), &out.Example); err != nil {
			t.Errorf("%s: the example is not JSON: %v", rt.operation, err)
		}
	}
	out.ResultHeaders = resultHeadersOf(rt)
	return out
}

func typeOf(v any) reflect.Type {
	if v == nil {
		return nil
	}
	return reflect.TypeOf(v)
}

// resultHeadersOf returns the headers of answers that follow from the row.
func resultHeadersOf(rt route) (names []string) {
	if rt.limit != (limit{}) || len(rt.steps) > 0 {
		names = append(names, "RateLimit-Policy")
	}
	if strings.HasPrefix(rt.pattern, "/auth/") {
		names = append(names, "Set-Cookie")
	}
	switch rt.query.(type) {
	case pageQuery, usersQuery, auditQuery:
		names = append(names, "Link")
	}
	if _, ok := rt.headers.(documentHeaders); ok {
		names = append(names, "ETag", "Content-Encoding")
	}
	if _, ok := rt.headers.(logoHeaders); ok {
		names = append(names, "ETag")
	}
	return names
}

// codesOf returns the codes with which a route may refuse: its own, and those that follow from the
// rest of the row.
func codesOf(rt route) []Code {
	codes := append([]Code{CodeInvalidRequest, CodeInternal, CodeUnavailable}, rt.codes...)
	codes = append(codes, rt.caller.codes...)
	write := rt.method != http.MethodGet
	if write {
		codes = append(codes, CodeForbidden) // another origin
	}
	if strings.Contains(rt.pattern, "{app_id}") {
		codes = append(codes, CodeInvalidAPIKey, CodeForbidden, CodeAppNotFound) // a forwarded request
	}
	if rt.limit != (limit{}) || len(rt.steps) > 0 || write && len(rt.caller.schemes) > 0 && !slices.Contains(rt.caller.schemes, schemeAPIKey) {
		codes = append(codes, CodeRateLimited)
	}
	if body, form := rt.action.takes(); body != nil || form != nil {
		codes = append(codes, CodeUnsupportedMediaType, CodeBodyTooLarge)
	}
	return codes
}

// settingsSchema describes the settings of an app as they are shown.
func settingsSchema(b *apidoc.Builder) apidoc.Object {
	schema := settingsObject(b)
	var names []string
	for _, row := range appSettings {
		names = append(names, row.name)
	}
	schema["required"] = names
	schema["description"] = "The settings in effect, with the engine's own where the app has none."
	return schema
}

// appPatchSchema describes the body of an app's PATCH.
func appPatchSchema(b *apidoc.Builder) apidoc.Object {
	schema := settingsObject(b)
	properties, _ := schema["properties"].(apidoc.Object)
	for _, row := range appSettings {
		if schema, ok := properties[row.name].(apidoc.Object); ok && row.kind.within != (span{}) {
			schema["minimum"], schema["maximum"] = row.kind.within.least/time.Second, row.kind.within.most/time.Second
		}
		if schema, ok := properties[row.name].(apidoc.Object); ok && row.kind.days != [2]int{} {
			schema["minimum"], schema["maximum"] = row.kind.days[0], row.kind.days[1]
		}
	}
	properties["name"] = apidoc.Object{"type": "string", "description": "Another name of the app."}
	properties["strand_passkeys"] = apidoc.Object{"type": "boolean", "description": "Whether passkey_rp_id may change although passkeys of another relying party live, which work no more then."}
	schema["additionalProperties"] = false
	schema["description"] = "Changes the members that it has: the name, and any setting."
	return schema
}

func settingsObject(b *apidoc.Builder) apidoc.Object {
	properties := apidoc.Object{}
	for _, row := range appSettings {
		schema := maps.Clone(b.Schema(row.kind.body))
		if row.kind.words != nil {
			schema["enum"] = row.kind.words
		}
		schema["description"] = row.doc
		properties[row.name] = schema
	}
	return apidoc.Object{"type": "object", "properties": properties}
}
