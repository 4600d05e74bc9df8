package authkit

import (
	"cmp"
	"net/http"
	"time"
)

// measure counts the request once it is answered, with the pattern of its route: a stranger chooses
// the text of a path.
func (c *call) measure(res *resource, begun time.Time) {
	route := "(none)"
	if res != nil {
		route = res.patterns[0]
	}
	status := cmp.Or(c.answered.status, http.StatusOK) // which net/http sends if the handler wrote nothing
	c.h.http.meter.request(requestKind{route, c.r.Method, status}, time.Since(begun))
}

// answered is a ResponseWriter that notes the status.
type answered struct {
	http.ResponseWriter

	status int // 0: the head was not written
}

// WriteHeader implements [http.ResponseWriter]. The status of an interim answer does not count.
func (a *answered) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap serves [http.ResponseController].
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }
