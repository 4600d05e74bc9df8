// Package apidoc makes an OpenAPI 3.1 document from a route table and from the Go types of its
// bodies and parameters. The text about a member is the comment of its field. The package is for
// the generator alone, which is a test of the root package: only there the route table can be read.
//
//	docs, err := apidoc.ReadComments(".")
//	document, err := apidoc.Build(apidoc.API{Routes: table, Comments: docs})
//
// A field says more of itself by its tag api: required, enum=a|b, format=date-time, min=1,
// max=500, minLength=16, maxLength=64, default=50. Build reports a member, a parameter, a header
// or a type that has no comment.
package apidoc

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Object is a JSON object.
type Object = map[string]any

// API is what a document is made from.
type API struct {
	Info     Object
	Servers  []Object
	Security Object // the security schemes by name
	Tags     []Object
	Routes   []Route
	Comments Comments

	Path, Forwarded, Cookies, Results reflect.Type // structs of the path parameters, of the headers and cookies of many routes, and of the headers of answers
	Problem                           reflect.Type // the body of a refusal

	Plain   map[reflect.Type]Object                // types that are not described by their fields
	Instead map[reflect.Type]reflect.Type          // types that stand for another
	Custom  map[reflect.Type]func(*Builder) Object // types that are described by a function
	Names   map[reflect.Type]string                // of types without a name
	Meaning func(code string) string               // of an error code
	Mixed   map[reflect.Type]Content               // answers that are not one JSON object
	Files   map[reflect.Type][]string              // the media types of bodies that are files
}

// Content is an answer that is not one JSON object.
type Content struct {
	MediaType   string // empty: there is no body
	Description string
	Headers     []string
}

// Route is one operation.
type Route struct {
	Method, Path, Operation, Summary, Tag string
	Schemes                               []string // any of which will do
	Anonymous                             bool     // no credential will do as well
	Body, Form, Query, Headers            reflect.Type
	Answers                               []Answer
	Refusals                              map[int][]string // codes by status
	Example                               any              // of the body
	ResultHeaders                         []string         // beyond those of every answer
	Forwarded, Cookies                    bool             // takes the headers, the cookies of many routes
}

// Answer is one answer of a route, which is no refusal.
type Answer struct {
	Status int
	Body   reflect.Type // nil: there is no body

	// Example is a JSON body, which the document shows beside the others of the status; nil: it shows no body.
	Example any
}

// Builder builds a document.
type Builder struct {
	API

	schemas, responses, parameters, headers Object
	bad                                     []error
}

// Build makes the document.
func Build(api API) (Object, error) {
	b := &Builder{API: api, schemas: Object{}, responses: Object{}, parameters: Object{}, headers: Object{}}
	b.learn()
	paths := Object{}
	for _, rt := range api.Routes {
		path, ok := paths[rt.Path].(Object)
		if !ok {
			path = Object{}
			paths[rt.Path] = path
		}
		path[strings.ToLower(rt.Method)] = b.operation(rt)
	}
	for name, f := range b.fields(api.Results) {
		b.headers[name] = Object{"description": b.describe(api.Results, f), "schema": b.fieldSchema(f)}
	}
	document := Object{
		"openapi": "3.1.0", "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
		"info": api.Info, "servers": api.Servers, "tags": api.Tags, "paths": paths,
		"components": Object{
			"schemas": b.schemas, "responses": b.responses, "parameters": b.parameters, "headers": b.headers,
			"securitySchemes": api.Security,
		},
	}
	return document, errors.Join(b.bad...)
}

// learn reads the comments of all types, in the order of the routes, so that a member without a
// comment has that of the first member of its name.
func (b *Builder) learn() {
	for _, t := range []reflect.Type{b.Path, b.Results, b.Problem} {
		b.learnFrom(t)
	}
	for _, rt := range b.Routes {
		for _, t := range []reflect.Type{rt.Body, rt.Form, rt.Query, rt.Headers} {
			b.learnFrom(t)
		}
		for _, a := range rt.Answers {
			b.learnFrom(a.Body)
		}
	}
}

func (b *Builder) learnFrom(t reflect.Type) {
	if t = b.element(t); t == nil || t.Kind() != reflect.Struct || t.Name() == "" {
		return
	}
	for name, f := range b.fields(t) {
		b.Comments.learn(name, b.Comments.field(f.owner, f.Name))
		if f.Type != t {
			b.learnFrom(f.Type)
		}
	}
}

// element returns the type of what a pointer or list holds, or what stands for it.
func (b *Builder) element(t reflect.Type) reflect.Type {
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	if t == nil || b.Plain[t] != nil || b.Custom[t] != nil {
		return nil
	}
	if other, ok := b.Instead[t]; ok {
		return other
	}
	return t
}

func (b *Builder) operation(rt Route) Object {
	op := Object{"operationId": rt.Operation, "summary": rt.Summary, "tags": []string{rt.Tag}, "responses": b.answers(rt)}
	if rt.Operation == "" || rt.Summary == "" || rt.Tag == "" || len(rt.Answers) == 0 {
		b.reportf("%s %s: no operation, summary, tag or answer", rt.Method, rt.Path)
	}
	security := []Object{}
	if rt.Anonymous {
		security = append(security, Object{})
	}
	for _, s := range rt.Schemes {
		security = append(security, Object{s: []string{}})
	}
	op["security"] = security
	if list := b.parametersOf(rt); len(list) > 0 {
		op["parameters"] = list
	}
	content := Object{}
	if types, ok := b.Files[rt.Body]; ok {
		for _, mediaType := range types {
			content[mediaType] = Object{"schema": Object{"type": "string", "contentMediaType": mediaType}}
		}
	} else if rt.Body != nil {
		media := Object{"schema": b.Schema(rt.Body)}
		if rt.Example != nil {
			media["example"] = rt.Example
		} else {
			b.reportf("%s: no example", rt.Operation)
		}
		content["application/json"] = media
	}
	if rt.Form != nil {
		content["application/x-www-form-urlencoded"] = Object{"schema": b.Schema(rt.Form)}
	}
	if len(content) > 0 {
		op["requestBody"] = Object{"required": true, "content": content}
	}
	return op
}

var pathParameter = regexp.MustCompile(`\{([a-z_]+)\}`)

func (b *Builder) parametersOf(rt Route) (list []Object) {
	for _, m := range pathParameter.FindAllStringSubmatch(rt.Path, -1) {
		list = append(list, b.parameter("path", b.Path, m[1]))
	}
	for _, in := range []struct {
		place string
		from  reflect.Type
		asked bool
	}{{"query", rt.Query, true}, {"header", rt.Headers, true}, {"header", b.Forwarded, rt.Forwarded}, {"cookie", b.Cookies, rt.Cookies}} {
		if in.from == nil || !in.asked {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(b.fields(in.from))) {
			list = append(list, b.parameter(in.place, in.from, name))
		}
	}
	return list
}

// parameter returns a reference to a parameter.
func (b *Builder) parameter(place string, of reflect.Type, name string) Object {
	f, ok := b.fields(of)[name]
	if !ok {
		b.reportf("%s: no %s parameter of that name is described", name, place)
		return Object{}
	}
	key := place + "_" + name
	if place == "query" && f.owner.Name() != "" {
		key += "_" + b.name(f.owner)
	}
	p := Object{"name": name, "in": place, "description": b.describe(f.owner, f), "schema": b.fieldSchema(f)}
	if f.api["required"] != nil {
		p["required"] = true
	}
	b.parameters[key] = p
	return Object{"$ref": "#/components/parameters/" + key}
}

func (b *Builder) reportf(format string, args ...any) {
	b.bad = append(b.bad, fmt.Errorf(format, args...))
}
