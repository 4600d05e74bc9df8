package authkit

// RouteInfo is what tests may know of a row of the route table.
type RouteInfo struct {
	Method, Pattern string
	Form            bool
}

// Routes is the route table.
func Routes() []RouteInfo {
	var out []RouteInfo
	for _, rt := range routes() {
		out = append(out, RouteInfo{rt.method, rt.pattern, rt.form})
	}
	return out
}
