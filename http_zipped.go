package authkit

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// The texts that are the same for all, such as the API document and the browser client, are kept
// compressed: a server that adds authkit is smaller, and most clients take them as they are.

// writeZipped answers with a text that is kept compressed, and that is the same for all and as old as
// the build. etag is that of the text; a request that names it gets 304.
func writeZipped(c *call, contentType string, text []byte, etag string) error {
	header := c.w.Header()
	header.Set("Cache-Control", "public, max-age=300")
	header.Add("Vary", "Accept-Encoding")
	zipped := acceptsGzip(c.r)
	if zipped {
		etag = strings.TrimSuffix(etag, `"`) + `-gzip"` // a representation of its own: RFC 9110, section 8.8.3.3
	}
	header.Set("ETag", etag)
	if namesTag(c.r.Header.Values("If-None-Match"), etag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	header.Set("Content-Type", contentType)
	if zipped {
		header.Set("Content-Encoding", "gzip")
		_, _ = c.w.Write(text) // the peer may be gone
		return nil
	}
	plain, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("open a text that is kept compressed: %w", err)
	}
	_, _ = io.Copy(c.w, plain) //nolint:gosec // it is our own
	return nil
}

// etagOf returns the ETag of a content: all processes of one build agree on it.
func etagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}

// acceptsGzip reports whether the client names gzip among the codings that it takes, without a
// weight of its own.
func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return true
		}
	}
	return false
}

// namesTag reports whether If-None-Match names the tag (RFC 9110, section 13.1.2). A proxy that
// compresses an answer makes its tag weak, and the comparison is the weak one.
func namesTag(values []string, tag string) bool {
	return slices.ContainsFunc(strings.Split(strings.Join(values, ","), ","), func(one string) bool {
		one = strings.TrimSpace(one)
		return one == "*" || strings.TrimPrefix(one, "W/") == tag
	})
}
