package authkit

import (
	"crypto/sha256"
	_ "embed" // the browser client
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/authkit-dev/authkit/internal/token"
)

//go:generate go run ./internal/tools/clienttypes

// clientJS is the browser client: one ES module, the same file as in the npm package.
//
//go:embed clients/js/authkit.js
var clientJS string

// clientScript serves the browser client. A page of any origin may import it.
func clientScript(c *call) error {
	return writeAsset(c, "text/javascript; charset=utf-8", clientJS)
}

// writeAsset answers with a text that is the same for everyone and as old as the build. The ETag is its
// hash, so that all processes of one build agree on it; a request that names it gets 304.
func writeAsset(c *call, contentType, text string) error {
	sum := sha256.Sum256([]byte(text))
	tag := `"` + token.Encode(sum[:12]) + `"`
	header := c.w.Header()
	header.Set("Cache-Control", "public, max-age=300")
	header.Set("ETag", tag)
	if namesTag(c.r.Header.Values("If-None-Match"), tag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(text)))
	if c.r.Method == http.MethodHead {
		return nil
	}
	_, _ = io.WriteString(c.w, text) // the peer may be gone
	return nil
}

// namesTag reports whether If-None-Match names the tag (RFC 9110, section 13.1.2). A proxy that
// compresses an answer makes its tag weak, and the comparison is the weak one.
func namesTag(values []string, tag string) bool {
	return slices.ContainsFunc(strings.Split(strings.Join(values, ","), ","), func(one string) bool {
		one = strings.TrimSpace(one)
		return one == "*" || strings.TrimPrefix(one, "W/") == tag
	})
}
