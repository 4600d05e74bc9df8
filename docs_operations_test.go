package authkit_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// This test looks for every message of the log that docs/operations.md names in the code, with its
// level, and for every column of authkit_events in the migrations.
func TestDocsNameTheLogAsItIs(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/operations.md")
	code := shipped(t)
	lines := regexp.MustCompile("(?m)^\\| `(.+?)` \\| (INFO|WARN|ERROR) \\|").FindAllStringSubmatch(page, -1)
	if len(lines) < 12 {
		t.Errorf("docs/operations.md: got %d messages of the log, want 12 at least", len(lines))
	}
	for _, m := range lines {
		if !strings.Contains(code, `"`+m[1]+`"`) {
			t.Errorf("docs/operations.md: got the message %q, and the code has none such", m[1])
		}
		if said := levelOf(code, m[1]); said != m[2] {
			t.Errorf("docs/operations.md: got the message %q at %s, and the code writes it at %s", m[1], m[2], said)
		}
	}
	table := regexp.MustCompile(`(?s)create table authkit_events \(.*?\n\);`).FindString(read(t, "store/postgres/migrations/0001_init.sql"))
	_, columns, _ := strings.Cut(page, "| column of `authkit_events` |")
	columns, _, _ = strings.Cut(columns, "\n\n")
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*) \\|").FindAllStringSubmatch(columns, -1) {
		for column := range strings.SplitSeq(row[1], ", ") {
			if !strings.Contains(table, "\n    "+strings.Trim(column, "`")+" ") {
				t.Errorf("docs/operations.md: got the column %s, and authkit_events has none such", column)
			}
		}
	}
}

// levelOf returns the level at which the code writes a message; a message in a variable is a warning.
func levelOf(code, message string) string {
	written := regexp.MustCompile(`(?:slog\.Level(\w+), (?:"[^"\n]*", )?|\.(Info|Warn|Error)Context\([\w.()]+, )"` + regexp.QuoteMeta(message) + `"`).FindStringSubmatch(code)
	if written == nil {
		return "WARN"
	}
	return strings.ToUpper(written[1] + written[2])
}

// shipped returns the Go code of the module without its tests.
func shipped(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "node_modules" || e.Name() == "bench" || e.Name() == "e2e"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			all.WriteString(read(t, path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
