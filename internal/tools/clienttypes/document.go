package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// apiDocument is what is read of the API document.
type apiDocument struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas   map[string]schema   `json:"schemas"`
		Responses map[string]response `json:"responses"`
	} `json:"components"`
}

type operation struct {
	Summary     string              `json:"summary"`
	RequestBody response            `json:"requestBody"`
	Responses   map[string]response `json:"responses"`
}

type response struct {
	Ref     string           `json:"$ref"`
	Content map[string]media `json:"content"`
}

type media struct {
	Schema schema `json:"schema"`
}

type schema struct {
	Ref         string            `json:"$ref"`
	Type        names             `json:"type"`
	Description string            `json:"description"`
	Enum        []any             `json:"enum"`
	AllOf       []schema          `json:"allOf"`
	AnyOf       []schema          `json:"anyOf"`
	Properties  map[string]schema `json:"properties"`
	Required    []string          `json:"required"`
	Items       *schema           `json:"items"`
}

// names is a name, or a list of them.
type names []string

// UnmarshalJSON implements json.Unmarshaler.
func (n *names) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(n))
	}
	*n = make(names, 1)
	return json.Unmarshal(b, &(*n)[0])
}

// resolve returns the response that a response refers to.
func (d apiDocument) resolve(r response) response {
	if r.Ref == "" {
		return r
	}
	return d.Components.Responses[last(r.Ref)]
}

// json returns the schema of the response's JSON, if it has any.
func (r response) json() (schema, bool) {
	media, ok := r.Content["application/json"]
	return media.Schema, ok
}

func last(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// codes returns the codes of every problem, sorted.
func (d apiDocument) codes() []string {
	found := map[string]bool{}
	for _, r := range d.Components.Responses {
		problem := r.Content["application/problem+json"].Schema
		for _, part := range append(problem.AllOf, problem) {
			for _, code := range part.Properties["code"].Enum {
				if text, ok := code.(string); ok {
					found[text] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
