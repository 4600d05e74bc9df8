package authkit_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// This test compares the reserved names of docs/providers.md with those of package oauth.
func TestDocsNameEveryReservedProvider(t *testing.T) {
	t.Parallel()
	words := func(file, after, pattern string) (out []string) {
		_, text, _ := strings.Cut(read(t, file), after)
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			out = append(out, m[1])
		}
		return out
	}
	got := words("docs/providers.md", "\n## Reserved names\n", "`([a-z-]+)`")
	want := words("oauth/providers.go", "\nfunc ValidName(", `"([a-z-]+)"`)
	if len(want) < 20 || !slices.Equal(got, want) {
		t.Errorf("docs/providers.md: got the reserved names %q, want %q", got, want)
	}
}
