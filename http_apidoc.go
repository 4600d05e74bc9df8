package authkit

import (
	_ "embed" // the document
	"fmt"
	"sync"

	"github.com/authkit-dev/authkit/internal/reference"
)

//go:generate go test -count=1 -run ^TestEveryExampleWorks$ . -args -write-answers
//go:generate go test -count=1 -run ^TestTheAPIDocumentIsCurrent$ . -args -write-api-document

// apiDocumentGz is openapi.json without its white space, compressed.
//
//go:embed openapi.json.gz
var apiDocumentGz []byte

// apiDocumentETag changes with the document.
var apiDocumentETag = sync.OnceValue(func() string { return etagOf(apiDocumentGz) })

// apiDocumentJSON is an OpenAPI document, of version 3.1.
type apiDocumentJSON struct {
	OpenAPI string `json:"openapi"` // the version of OpenAPI
}

// apiDocument answers with the API document.
func apiDocument(c *call) error {
	return writeZipped(c, "application/json", apiDocumentGz, apiDocumentETag())
}

// referenceETag changes with the reference page.
var referenceETag = sync.OnceValue(func() string { return etagOf(reference.Zipped()) })

// referencePage answers with the page that shows the API document. It is the same for all, so that
// it has a policy with hashes in place of a nonce, and may be kept by caches.
func referencePage(c *call) error {
	policy, err := reference.Policy()
	if err != nil {
		return fmt.Errorf("render the reference page: %w", err)
	}
	closeToOrigins(c.w.Header())
	c.w.Header().Set("Content-Security-Policy", policy)
	return writeZipped(c, "text/html; charset=utf-8", reference.Zipped(), referenceETag())
}
