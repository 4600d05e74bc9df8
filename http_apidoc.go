package authkit

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

//go:generate go test -count=1 -run ^TestTheAPIDocumentIsCurrent$ . -args -write-api-document

// apiDocumentGz is openapi.json without its white space, compressed.
//
//go:embed openapi.json.gz
var apiDocumentGz []byte

// apiDocumentETag changes with the document.
var apiDocumentETag = sync.OnceValue(func() string {
	sum := sha256.Sum256(apiDocumentGz)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
})

// apiDocumentJSON is an OpenAPI document, of version 3.1.
type apiDocumentJSON struct {
	OpenAPI string `json:"openapi"` // the version of OpenAPI
}

// apiDocument answers with the API document.
func apiDocument(c *call) error {
	header := c.w.Header()
	header.Set("Cache-Control", "public, max-age=300")
	header.Add("Vary", "Accept-Encoding")
	etag := apiDocumentETag()
	zipped := acceptsGzip(c.r)
	if zipped {
		etag = strings.TrimSuffix(etag, `"`) + `-gzip"` // a representation of its own: RFC 9110, section 8.8.3.3
	}
	header.Set("ETag", etag)
	if namesTag(c.r.Header.Values("If-None-Match"), etag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	header.Set("Content-Type", "application/json")
	if zipped {
		header.Set("Content-Encoding", "gzip")
		_, _ = c.w.Write(apiDocumentGz) // the peer may be gone
		return nil
	}
	plain, err := gzip.NewReader(bytes.NewReader(apiDocumentGz))
	if err != nil {
		return fmt.Errorf("open the API document: %w", err)
	}
	_, _ = io.Copy(c.w, plain) //nolint:gosec // it is our own
	return nil
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
