package authkit_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/errordoc"
)

// This test compares docs/errors.md with the catalogue that GET /errors/{code} shows. The first
// table has each code with its status, meaning and fix, word for word; the second names each once.
func TestDocsExplainEveryError(t *testing.T) {
	t.Parallel()
	table, client, ok := strings.Cut(read(t, "docs/errors.md"), "\n## What a client does\n")
	if !ok {
		t.Fatal("docs/errors.md: got no heading \"What a client does\", want one")
	}
	client, _, _ = strings.Cut(client, "\n## ")
	var want, codes []string
	for _, doc := range errordoc.All() {
		want = append(want, fmt.Sprintf("| `%s` | %d | %s | %s |", doc.Code, doc.Status, doc.Meaning, doc.Fix))
		codes = append(codes, doc.Code)
	}
	if got := regexp.MustCompile("(?m)^\\| `[a-z_]+` \\| \\d+ \\|.*$").FindAllString(table, -1); !slices.Equal(got, want) {
		t.Errorf("docs/errors.md: got the rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var named []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*) \\|").FindAllStringSubmatch(client, -1) {
		for code := range strings.SplitSeq(row[1], ", ") {
			named = append(named, strings.Trim(code, "`"))
		}
	}
	if slices.Sort(named); !slices.Equal(named, codes) {
		t.Errorf("docs/errors.md: got what a client does for\n%q, want it once for each of\n%q", named, codes)
	}
}
