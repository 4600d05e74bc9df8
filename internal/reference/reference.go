// Package reference has the page that shows the API document: one HTML file with its style and its
// script in it. The script draws the page from openapi.json, which it loads from beside the page,
// so that the page says what the document says. It works at every mount point.
//
//	policy, err := reference.Policy()
//	w.Header().Set("Content-Security-Policy", policy)
//	w.Header().Set("Content-Encoding", "gzip")
//	w.Write(reference.Zipped())
package reference

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:generate go test -count=1 -run ^TestThePageIsCurrent$ . -args -write-page

// zipped is page.html with style.css and script.js in it, compressed.
//
//go:embed page.html.gz
var zipped []byte

// Zipped returns the page, compressed with gzip. The caller must not change it.
func Zipped() []byte { return zipped }

// Policy returns the Content-Security-Policy of the page. It allows the page's own style and script,
// by their hashes, and requests to the page's own origin, and nothing more.
func Policy() (string, error) { return policy() }

var policy = sync.OnceValues(func() (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return "", fmt.Errorf("open the reference page: %w", err)
	}
	page, err := io.ReadAll(r)
	if err != nil {
		return "", fmt.Errorf("read the reference page: %w", err)
	}
	return "default-src 'none'; script-src '" + hashOf(page, `<script type="module">`, "</script>") + "'; style-src '" + hashOf(page, "<style>", "</style>") +
		"'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'", nil
})

// hashOf returns the hash of the text between two tags, as a policy names it (CSP Level 3, section 2.3.1).
func hashOf(page []byte, begin, end string) string {
	_, rest, _ := strings.Cut(string(page), begin)
	text, _, _ := strings.Cut(rest, end)
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
