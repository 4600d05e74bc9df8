package httpio

import (
	"net/http"
	"strings"
)

// Bounds of the header names that a preflight may list. Browsers bound neither.
const (
	maxAsked     = 64
	maxAskedSize = 2048
)

// AskedHeaders reads the header names that a preflight lists (Fetch, section 3.3.2), in lower
// case. The names in private, which the handler acts upon, are not among may: they are for
// servers, which send no preflight. ok reports whether the list can be read and is within the
// bounds; of one that is not, may is empty. The name "*" is not among may either: in an answer it
// stands for all names (Fetch, section 3.3).
func AskedHeaders(r *http.Request, private string) (may []string, all string, ok bool) {
	all = strings.Join(r.Header.Values("Access-Control-Request-Headers"), ",")
	if len(all) > maxAskedSize {
		return nil, all[:maxAskedSize], false
	}
	var n int
	ok = true
	for name := range strings.SplitSeq(all, ",") {
		name = strings.ToLower(strings.Trim(name, " \t"))
		if name == "" { // RFC 9110, section 5.6.1: empty elements count for nothing
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
