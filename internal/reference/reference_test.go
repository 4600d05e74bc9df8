package reference_test

import (
	"bytes"
	"compress/gzip"
	commandline "flag"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/reference"
)

var writePage = commandline.Bool("write-page", false, "write page.html.gz anew, which go generate does")

// This test is the generator too.
func TestThePageIsCurrent(t *testing.T) {
	t.Parallel()
	page := strings.NewReplacer("{{style.css}}", read(t, "style.css"), "{{script.js}}", read(t, "script.js")).Replace(read(t, "page.html"))
	if *writePage {
		write(t, page)
		return
	}
	if got := served(t); got != page {
		t.Error("page.html.gz is not page.html with style.css and script.js, compressed: run go generate ./internal/reference")
	}
}

func write(t *testing.T, page string) {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, page); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("page.html.gz", out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func served(t *testing.T) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(reference.Zipped()))
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func TestTheScriptIsSmall(t *testing.T) {
	t.Parallel()
	if n := len(read(t, "script.js")); n > 30<<10 {
		t.Errorf("script.js: got %d bytes, want at most %d", n, 30<<10)
	}
}

// Text of the document must not become markup, and the page loads the document alone.
func TestThePageTakesNothingAsMarkup(t *testing.T) {
	t.Parallel()
	page := served(t)
	for _, no := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "Function(", "import ", "javascript:", "style=", "http://", "https://", `="//`, " url("} {
		if strings.Contains(page, no) {
			t.Errorf("the page: got %q in it, want text nodes alone, and nothing of another origin", no)
		}
	}
	if loads := regexp.MustCompile(`fetch\(['"]([^'"]*)`).FindAllStringSubmatch(page, -1); len(loads) != 1 || loads[0][1] != "./openapi.json" {
		t.Errorf("the page: got the requests %q, want one, for ./openapi.json", loads)
	}
	if strings.Count(page, "<script") != 1 || strings.Count(page, "<style") != 1 {
		t.Error("the page: got several scripts or styles, want one each, since the policy allows one hash")
	}
}
