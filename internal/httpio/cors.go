package httpio

import (
	"net/http"
	"strings"
)

// Bounds of the header names that a preflight may list. Browsers have no such bounds.
const (
	maxAsked     = 64
	maxAskedSize = 2048
)

// AskedHeaders reads the header names that a preflight lists (Fetch, section 3.3.2). all is the
// whole list, as sent. may holds the names that the answer may allow, in lower case. Names that
// begin with private are left out: they change what the handler does and are for servers, which
// send no preflight. The name "*" is left out too, because in an answer it stands for all names
// (Fetch, section 3.3). ok reports whether the list is well-formed, within the bounds, and may
// be allowed as a whole. may is empty if the list is malformed or exceeds the bounds.
func AskedHeaders(r *http.Request, private string) (may []string, all string, ok bool) {
	all = strings.Join(r.Header.Values("Access-Control-Request-Headers"), ",")
	if len(all) > maxAskedSize {
		return nil, all[:maxAskedSize], false
	}
	var n int
	ok = true
	for name := range strings.SplitSeq(all, ",") {
		name = strings.ToLower(strings.Trim(name, " \t"))
		if name == "" { // RFC 9110, section 5.6.1: empty elements do not count
			continue
		}
		if n++; n > maxAsked || !isToken(name) {
			return nil, all, false
		}
		if name == "*" || strings.HasPrefix(name, private) {
			ok = false
			continue
		}
		may = append(may, name)
	}
	return may, all, ok
}

// isToken reports whether a text is a token (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}
