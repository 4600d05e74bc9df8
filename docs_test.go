package authkit_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// This test follows every relative link of the pages, with its heading.
func TestLinksOfDocs(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	for _, page := range append(pagesOfDocs(t), "README.md", "CONTRIBUTING.md", "SECURITY.md") {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			target := page
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(page), m[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: got a link to %s, which is not there", page, target)
			} else if m[2] != "" && !hasHeading(read(t, target), m[2]) {
				t.Errorf("%s: got a link to %s%s, want a heading there", page, target, m[2])
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// hasHeading reports whether a page has a heading with the anchor, as GitHub makes it.
func hasHeading(page, anchor string) bool {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		made := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(m[1]), "")
		if "#"+strings.ReplaceAll(made, " ", "-") == anchor {
			return true
		}
	}
	return false
}

// This test compares the table of docs/limits.md with the fields of LimitConfig.
func TestDocsNameEveryLimit(t *testing.T) {
	t.Parallel()
	var want []string
	for field := range reflect.TypeFor[authkit.LimitConfig]().Fields() {
		want = append(want, field.Name)
	}
	_, table, _ := strings.Cut(read(t, "docs/limits.md"), "| field of `Config.Limits` |")
	table, _, _ = strings.Cut(table, "\n\n")
	var got []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Za-z]+)` ").FindAllStringSubmatch(table, -1) {
		got = append(got, m[1])
	}
	if !slices.Equal(got, want) {
		t.Errorf("docs/limits.md: got the fields %v, want %v", got, want)
	}
}

// This test compares the table of docs/settings.md with the table of settings: the names, the fields
// of AppPatch, and the sentence of each setting, word for word.
func TestDocsNameEverySetting(t *testing.T) {
	t.Parallel()
	var got []authkit.SettingInfo
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| `([A-Za-z]+)` \\|.*\\| (.*) \\|$").FindAllStringSubmatch(read(t, "docs/settings.md"), -1) {
		got = append(got, authkit.SettingInfo{Name: m[1], Field: m[2], Doc: m[3]})
	}
	if want := authkit.SettingRows(); !slices.Equal(got, want) {
		t.Errorf("docs/settings.md: got the settings\n%q, want\n%q", got, want)
	}
}

// This test looks for every file and folder that docs/design.md names.
func TestFilesThatTheDesignNames(t *testing.T) {
	t.Parallel()
	for _, m := range regexp.MustCompile("`([\\w/*-]+(?:\\.go|/))`").FindAllStringSubmatch(read(t, "docs/design.md"), -1) {
		if there, err := filepath.Glob(m[1]); err != nil || len(there) == 0 {
			t.Errorf("docs/design.md: got %s, %v, and there is no such file", m[1], err)
		}
	}
}

// This test compares the parts of docs/design.md with those of Engine: the field, the type, and the
// files, one of which declares the type.
func TestPartsThatTheDesignNames(t *testing.T) {
	t.Parallel()
	var got, want []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| `(\\w+)` \\| (`.*?`) \\|").FindAllStringSubmatch(read(t, "docs/design.md"), -1) {
		got = append(got, m[1]+" "+m[2])
		declared := func(file string) bool { return strings.Contains(read(t, file), "\ntype "+m[2]+" struct {\n") }
		if !slices.ContainsFunc(globs(t, m[3]), declared) {
			t.Errorf("docs/design.md: got %s for the type %s, want the file that declares it", m[3], m[2])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\t(\w+) +\*(\w+) +//`).FindAllStringSubmatch(read(t, "engine.go"), -1) {
		want = append(want, m[1]+" "+m[2])
	}
	if !slices.Equal(got, want) {
		t.Errorf("docs/design.md: got the parts %q, want those of engine.go: %q", got, want)
	}
}

// globs returns the files of a list such as `a.go`, `b_*.go`.
func globs(t *testing.T, list string) (files []string) {
	t.Helper()
	for pattern := range strings.SplitSeq(list, ", ") {
		matches, err := filepath.Glob(strings.Trim(pattern, "`"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, matches...)
	}
	return files
}

// This test looks for every test that the pages name.
func TestTestsThatDocsName(t *testing.T) {
	t.Parallel()
	there := inGo(t, regexp.MustCompile(`(?m)^func (Test\w+)\(`))
	for _, page := range pagesOfDocs(t) {
		for _, name := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(read(t, page), -1) {
			if !there[name[1]] {
				t.Errorf("%s: got %s, which is not there", page, name[1])
			}
		}
	}
}

// TestNamesThatDocsUse looks for every Go name of the pages in the code: `Config.Outbound` is
// Config and Outbound.
func TestNamesThatDocsUse(t *testing.T) {
	t.Parallel()
	there := inGo(t, regexp.MustCompile(`\b([A-Z]\w*)`))
	for _, page := range append(pagesOfDocs(t), "README.md", "CONTRIBUTING.md") {
		for _, m := range regexp.MustCompile("`([A-Za-z]+(?:\\.[A-Za-z]+)*)`").FindAllStringSubmatch(read(t, page), -1) {
			for name := range strings.SplitSeq(m[1], ".") {
				if name[0] <= 'Z' && !there[name] {
					t.Errorf("%s: got %s, and there is no %s", page, m[1], name)
				}
			}
		}
	}
}

// inGo returns what a pattern finds in the Go files of the module.
func inGo(t *testing.T, pattern *regexp.Regexp) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && e.Name() == "node_modules":
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go"):
			for _, m := range pattern.FindAllStringSubmatch(read(t, path), -1) {
				out[m[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
