package authkit_test

import (
	"encoding/json"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/tools/apidoc"
)

// held are the languages of the blocks of the pages. A test compiles or runs those of each, or reads them as
// the program does: TestGoBlocksOfDocs, TestDiagramsOfDocs, TestShellBlocksOfDocs, TestJSONBlocksOfDocs;
// in e2e TestProxies and TestThePageOfDocs; in cmd/authkit TestDocsShowValidFiles, TestTheFirstAppOfDocs
// and TestALostSecretLosesNoUser. Of Traefik, which reads the YAML, no test has a copy.
var held = []string{"go", "mermaid", "sh", "json", "nginx", "caddy", "haproxy", "toml", "sql", "html", "yaml"}

var anyBlock = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

// shownPages returns the pages that have blocks to try.
func shownPages(t *testing.T) []string {
	t.Helper()
	return append(pagesOfDocs(t), "README.md", "CONTRIBUTING.md", "SECURITY.md", "clients/js/README.md")
}

var (
	curlURL  = regexp.MustCompile(`(?:localhost:8080/id|https://example\.com/id|\$A)(/[^\s"'?]*)`)
	curlBody = regexp.MustCompile(`-d '([^']*)'`)
	curlVerb = regexp.MustCompile(`-X ([A-Z]+)`)
)

// TestShellBlocksOfDocs has a shell read every block of commands, and holds each request to authkit in them
// against the API document: the endpoint, and the body.
func TestShellBlocksOfDocs(t *testing.T) {
	t.Parallel()
	d, err := apiDocument()
	if err != nil {
		t.Fatal(err)
	}
	requests := 0
	for _, page := range shownPages(t) {
		for _, block := range anyBlock.FindAllStringSubmatch(read(t, page), -1) {
			if block[1] != "sh" {
				continue
			}
			reads := exec.CommandContext(t.Context(), "sh", "-n")
			reads.Stdin = strings.NewReader(block[2])
			if out, err := reads.CombinedOutput(); err != nil {
				t.Errorf("%s: got %v, %s, in\n%s", page, err, out, block[2])
			}
			for line := range strings.Lines(block[2]) {
				if to := curlURL.FindStringSubmatch(line); to != nil && strings.Contains(line, "curl") {
					requests++
					checkCurl(t, d, page, line, to[1])
				}
			}
		}
	}
	if requests < 8 {
		t.Errorf("got %d requests in the pages, want 8 at least", requests)
	}
}

func checkCurl(t *testing.T, d apidoc.Document, page, line, path string) {
	t.Helper()
	method, body := "get", curlBody.FindStringSubmatch(line)
	if body != nil {
		method = "post"
	}
	if verb := curlVerb.FindStringSubmatch(line); verb != nil {
		method = strings.ToLower(verb[1])
	}
	operations, _ := d.Find(path)
	operation, ok := operations[method].(map[string]any)
	if !ok {
		t.Errorf("%s: got a request to %s by %s, and there is no such endpoint: %s", page, path, method, line)
		return
	}
	if body != nil {
		checkBody(t, d, operation, page, body[1])
	}
}

// checkBody holds a body against that of an operation.
func checkBody(t *testing.T, d apidoc.Document, operation map[string]any, page, text string) {
	t.Helper()
	request, _ := operation["requestBody"].(map[string]any)
	content, _ := request["content"].(map[string]any)
	media, _ := content["application/json"].(map[string]any)
	var body any
	if err := json.Unmarshal([]byte(text), &body); err != nil || media == nil {
		t.Errorf("%s: got the body %s, %v, want JSON where the endpoint takes it", page, text, err)
		return
	}
	if bad := d.Check(media["schema"], body); len(bad) > 0 {
		t.Errorf("%s: got the body %s, and %v", page, text, bad)
	}
}

// TestJSONBlocksOfDocs parses every block of JSON. Of those that the API takes or answers, it holds the
// members against the API document.
func TestJSONBlocksOfDocs(t *testing.T) {
	t.Parallel()
	d, err := apiDocument()
	if err != nil {
		t.Fatal(err)
	}
	configure, _ := d.Find("/apps/x/oauth-configs")
	for _, page := range shownPages(t) {
		for _, block := range anyBlock.FindAllStringSubmatch(read(t, page), -1) {
			if !slices.Contains(held, block[1]) && block[1] != "" && page != "clients/js/README.md" {
				t.Errorf("%s: got a block of %s, want a language that a test reads", page, block[1])
			}
			var value any
			if block[1] != "json" {
				continue
			}
			if err := json.Unmarshal([]byte(block[2]), &value); err != nil {
				t.Errorf("%s: got %v, in\n%s", page, err, block[2])
			}
			switch page {
			case "docs/errors.md":
				if bad := d.Check(map[string]any{"$ref": "#/components/schemas/Problem"}, value); len(bad) > 0 {
					t.Errorf("%s: got %v, in\n%s", page, bad, block[2])
				}
			case "docs/providers.md":
				operation, _ := configure["post"].(map[string]any)
				checkBody(t, d, operation, page, block[2])
			}
		}
	}
}
