package authkit_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/locale"
)

// Each text of the catalogue is used: its key stands in the source, or its last part does where the
// key is put together from a code.
func TestEveryTextIsUsed(t *testing.T) {
	t.Parallel()
	var source strings.Builder
	for _, pattern := range []string{"*.go", "internal/locale/*.go", "mail/*.go", "mail/*/*", "internal/pages/*.go", "internal/pages/files/*", "internal/naming/*.go", "internal/password/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: got %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || info.IsDir() || strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	all, err := locale.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	composed := regexp.MustCompile(`^(problem|mail\.change)\.`)
	for _, key := range all.Language(locale.English).Keys() {
		parts := []string{key, strings.TrimSuffix(key, "_with")}
		if composed.MatchString(key) {
			parts = append(parts, key[strings.LastIndexByte(key, '.')+1:])
		}
		used := slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(source.String(), `"`+part+`"`) })
		if !used {
			t.Errorf("%s: got a text that nothing shows", key)
		}
	}
}
