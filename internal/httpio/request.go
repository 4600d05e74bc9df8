package httpio

import (
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// ErrMalformed means that an Authorization header is malformed, or that there are several.
var ErrMalformed = errors.New("malformed Authorization header")

// Authorization splits the Authorization header into the scheme, in lower case, and the
// credential. One space divides them (RFC 9110, section 11.4). Both are empty if there is no
// such header.
func Authorization(r *http.Request) (scheme, credential string, err error) {
	values := r.Header.Values("Authorization")
	switch len(values) {
	case 0:
		return "", "", nil
	case 1:
	default:
		return "", "", ErrMalformed
	}
	scheme, credential, ok := strings.Cut(values[0], " ")
	if !ok || scheme == "" || credential == "" || hasBlank(credential) || strings.ContainsFunc(scheme, notASCII) {
		return "", "", ErrMalformed
	}
	for _, known := range []string{"bearer", "apikey"} { // avoids an allocation
		if strings.EqualFold(scheme, known) {
			return known, credential, nil
		}
	}
	return strings.ToLower(scheme), credential, nil
}

// hasBlank is strings.ContainsAny(s, " \t") in a tenth of its time. Tokens are long.
func hasBlank(s string) bool {
	return strings.IndexByte(s, ' ') >= 0 || strings.IndexByte(s, '\t') >= 0
}

// notASCII reports whether a character may not be in a scheme: control characters, spaces, and
// characters beyond ASCII, some of which fold to ASCII letters.
func notASCII(r rune) bool { return r <= ' ' || r >= 0x7f }

// CrossOrigin reports whether a browser sent the request from an origin that is neither own nor
// allowed. A request that no browser sent is never cross-origin.
func CrossOrigin(r *http.Request, own string, allowed func(origin string) bool) bool {
	origins := r.Header.Values("Origin")
	if len(origins) > 1 {
		return true
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
		if len(origins) == 0 {
			return false
		}
	}
	return len(origins) == 0 || (origins[0] != own && !allowed(origins[0]))
}

// AcceptsJSONOnly reports whether Accept is exactly application/json, apart from parameters.
// Browsers and mail scanners send a list or a wildcard instead.
func AcceptsJSONOnly(r *http.Request) bool { return AcceptsOnly(r, "application/json") }

// AcceptsOnly is AcceptsJSONOnly for another media type.
func AcceptsOnly(r *http.Request, mediaType string) bool {
	values := r.Header.Values("Accept")
	if len(values) != 1 || strings.Contains(values[0], ",") {
		return false
	}
	t, _, err := mime.ParseMediaType(values[0])
	return err == nil && t == mediaType
}

// Prefetch reports whether a browser fetches the page ahead, without the person having opened
// it.
func Prefetch(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Moz"} {
		if strings.Contains(strings.ToLower(r.Header.Get(name)), "prefetch") {
			return true
		}
	}
	return false
}

// CanonicalUUID reads a UUID in lower case with hyphens. It refuses all other forms.
func CanonicalUUID(s string) (uuid.UUID, bool) {
	const size = 36 // the length of the one form that uuid.Parse takes with hyphens alone
	if len(s) != size || strings.ContainsAny(s, "ABCDEF") {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(s)
	return id, err == nil
}

// Unclean reports whether a path is empty or a path cleaner would change it.
func Unclean(path string) bool {
	if path == "" || path[0] != '/' || strings.ContainsRune(path, 0) || strings.Contains(path, "//") {
		return true
	}
	for part := range strings.SplitSeq(path[1:], "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}
