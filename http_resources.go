package authkit

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// resource holds the routes of one path, by method.
type resource struct {
	patterns []string // the path's spellings
	byMethod map[string]route
}

// resources groups the rows of the route table by path, in the order of the table.
func resources(table []route) []*resource {
	var out []*resource
	byPattern := map[string]*resource{}
	for _, rt := range table {
		res := byPattern[rt.pattern]
		if res == nil {
			res = &resource{patterns: []string{rt.pattern}, byMethod: map[string]route{}}
			byPattern[rt.pattern] = res
			out = append(out, res)
		}
		if rt.alias != "" && !slices.Contains(res.patterns, rt.alias) {
			res.patterns = append(res.patterns, rt.alias)
		}
		res.byMethod[rt.method] = rt
	}
	return out
}

// route returns the route of a method. GET serves HEAD too.
func (res *resource) route(method string) (route, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	rt, ok := res.byMethod[method]
	return rt, ok
}

// allow returns the value of the Allow header.
func (res *resource) allow() string {
	methods := slices.Collect(maps.Keys(res.byMethod))
	if _, ok := res.byMethod[http.MethodGet]; ok {
		methods = append(methods, http.MethodHead)
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}
