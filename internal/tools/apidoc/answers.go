package apidoc

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

func (b *Builder) answers(rt Route) Object {
	out := Object{}
	byStatus := map[int][]Answer{}
	for _, a := range rt.Answers {
		byStatus[a.Status] = append(byStatus[a.Status], a)
	}
	for status, answers := range byStatus {
		out[strconv.Itoa(status)] = b.success(rt, status, answers)
	}
	for status, codes := range rt.Refusals {
		out[strconv.Itoa(status)] = b.refusal(status, codes)
	}
	return out
}

// share keeps a response among the components, and returns a reference to it.
func (b *Builder) share(key string, response Object) Object {
	b.responses[key] = response
	return Object{"$ref": "#/components/responses/" + key}
}

func (b *Builder) headersOf(names ...string) Object {
	out := Object{}
	for _, name := range names {
		out[name] = Object{"$ref": "#/components/headers/" + name}
	}
	return out
}

// always are the headers of every answer, or of those that CORS or a cache may ask for.
var always = []string{
	"X-Request-Id", "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy", "Vary", "Cache-Control",
	"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers",
}

func (b *Builder) success(rt Route, status int, answers []Answer) Object {
	content, headers := Object{}, append(slices.Clone(always), rt.ResultHeaders...)
	var texts, names []string
	var schemas []any
	var example any
	for _, answer := range answers {
		body := answer.Body
		mixed, special := b.Mixed[body]
		switch {
		case body == nil:
			texts, names = append(texts, http.StatusText(status)+". There is no body."), append(names, "nothing")
		case special:
			texts, names, headers = append(texts, mixed.Description), append(names, b.name(body)), append(headers, mixed.Headers...)
			if mixed.MediaType != "" {
				content[mixed.MediaType] = Object{"schema": Object{"type": "string"}}
			}
		default:
			texts, names = append(texts, b.Comments.typ(b.named(body))), append(names, b.name(body))
			schemas = append(schemas, b.Schema(body))
			if answer.Example != nil {
				example = answer.Example
			}
		}
	}
	if len(schemas) > 0 {
		content["application/json"] = mediaOf(schemas, example)
	}
	response := Object{"description": strings.Join(texts, " Or: "), "headers": b.headersOf(headers...)}
	if len(content) > 0 {
		response["content"] = content
	}
	key := strconv.Itoa(status) + "_" + strings.Join(append(names, rt.ResultHeaders...), "_")
	if example != nil {
		key = strconv.Itoa(status) + "_" + rt.Operation // the example is that of the operation
	}
	return b.share(key, response)
}

// mediaOf describes a JSON body that is of one of the schemas.
func mediaOf(schemas []any, example any) Object {
	media := Object{"schema": schemas[0]}
	if len(schemas) > 1 {
		media["schema"] = Object{"anyOf": schemas}
	}
	if example != nil {
		media["example"] = example
	}
	return media
}

func (b *Builder) named(t reflect.Type) reflect.Type {
	if other, ok := b.Instead[t]; ok {
		return other
	}
	return t
}

// refusal is an answer with a problem, or with a page where a person navigates.
func (b *Builder) refusal(status int, codes []string) Object {
	slices.Sort(codes)
	codes = slices.Compact(codes)
	headers := append(slices.Clone(always), "Cross-Origin-Opener-Policy", "RateLimit-Policy", "Set-Cookie")
	switch status {
	case http.StatusUnauthorized:
		headers = append(headers, "WWW-Authenticate")
	case http.StatusTooManyRequests:
		headers = append(headers, "RateLimit", "Retry-After")
	case http.StatusServiceUnavailable:
		headers = append(headers, "Retry-After")
	}
	var text strings.Builder
	for _, code := range codes {
		fmt.Fprintf(&text, "- `%s`: %s\n", code, b.Meaning(code))
	}
	schema := Object{"allOf": []any{
		b.Schema(b.Problem),
		Object{"properties": Object{"status": Object{"const": status}, "code": Object{"enum": codes}}},
	}}
	return b.share(strconv.Itoa(status)+"_"+strings.Join(codes, "."), Object{
		"description": strings.TrimSpace(text.String()), "headers": b.headersOf(headers...),
		"content": Object{"application/problem+json": Object{"schema": schema}, "text/html": Object{"schema": Object{"type": "string"}}},
	})
}
