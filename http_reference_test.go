package authkit_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
)

// hashBetween returns the hash of the text between two tags, as a policy names it.
func hashBetween(t *testing.T, page, begin, end string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, begin)
	text, _, ends := strings.Cut(rest, end)
	if !found || !ends || text == "" {
		t.Fatalf("the page: got no text between %s and %s", begin, end)
	}
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func TestTheReferencePageIsServed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	plain := w.send("GET", "/docs", "", "Origin: https://anywhere.example", "Sec-Fetch-Site: cross-site")
	plain.want(t, 200, "")
	page := plain.Body.String()
	script, style := hashBetween(t, page, `<script type="module">`, "</script>"), hashBetween(t, page, "<style>", "</style>")
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "public, max-age=300", "Vary": "Origin, Accept-Encoding", "Content-Encoding": "",
		"Access-Control-Allow-Origin": "", "Set-Cookie": "", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Content-Security-Policy": "default-src 'none'; script-src " + script + "; style-src " + style +
			"; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
	} {
		if got := strings.Join(plain.Header().Values(name), ", "); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if _, rest, _ := strings.Cut(page, "<script"); strings.Contains(rest, "<script") || len(rest) > 30<<10 {
		t.Errorf("script: got %d bytes, or several scripts, want one of at most %d", len(rest), 30<<10)
	}
	if head := w.send("HEAD", "/docs", ""); head.Code != 200 || head.Header().Get("ETag") != plain.Header().Get("ETag") {
		t.Errorf("HEAD: got %d and the ETag %q, want those of GET", head.Code, head.Header().Get("ETag"))
	}
	small := w.serve(w.request("GET", "/docs", "", "Accept-Encoding: gzip"))
	r, err := gzip.NewReader(small.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != page || small.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("compressed: got %d bytes, %v and %v, want the page", len(got), err, small.Header())
	}
}

func TestTheReferencePageHasAnETag(t *testing.T) {
	t.Parallel()
	w := setup(t)
	tag := w.send("GET", "/docs", "").Header().Get("ETag")
	again := w.send("GET", "/docs", "", "If-None-Match: "+tag)
	if tag == "" || again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("with the ETag %q: got %d, %d bytes and %v, want 304 without a body", tag, again.Code, again.Body.Len(), again.Header())
	}
	if other := w.send("GET", "/docs", "", `If-None-Match: "another"`); other.Code != http.StatusOK || other.Body.Len() == 0 {
		t.Errorf("with another ETag: got %d, want 200 with the page", other.Code)
	}
	if document := w.send("GET", "/openapi.json", "").Header().Get("ETag"); document == tag {
		t.Errorf("ETag: got that of the API document, want one of the page")
	}
}
