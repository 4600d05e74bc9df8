package httpio

import (
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// ErrMalformed means an Authorization header that cannot be read, or more than one.
var ErrMalformed = errors.New("malformed Authorization header")

// Authorization splits the one Authorization header: the scheme in lower case, one space,
// the credential (RFC 9110, section 11.4). No header: both are empty.
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
	for _, known := range []string{"bearer", "apikey"} { // without an allocation
		if strings.EqualFold(scheme, known) {
			return known, credential, nil
		}
	}
	return strings.ToLower(scheme), credential, nil
}

// hasBlank is strings.ContainsAny(s, " \t") at a tenth of its time: tokens are long.
func hasBlank(s string) bool {
	return strings.IndexByte(s, ' ') >= 0 || strings.IndexByte(s, '\t') >= 0
}

// notASCII keeps letters that only fold to ASCII ones out of a scheme, and control characters.
func notASCII(r rune) bool { return r <= ' ' || r >= 0x7f }

// CrossOrigin says whether a browser sent the request from an origin that is neither own
// nor allowed. What is no browser's is never cross-origin.
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

// AcceptsJSONOnly says whether Accept is exactly application/json, parameters aside. A
// list or a wildcard is what browsers and mail scanners send.
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

// Prefetch says whether the request only looks ahead.
func Prefetch(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Moz"} {
		if strings.Contains(strings.ToLower(r.Header.Get(name)), "prefetch") {
			return true
		}
	}
	return false
}

// CanonicalUUID reads the lower-case form with dashes and no other.
func CanonicalUUID(s string) (uuid.UUID, bool) {
	id, err := uuid.Parse(s)
	return id, err == nil && id.String() == s
}

// Unclean says whether a path is empty or would be rewritten by a path cleaner.
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
