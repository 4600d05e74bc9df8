package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain makes this program a server where a test starts one.
func TestMain(m *testing.M) {
	serveIfChild()
	os.Exit(m.Run())
}

// TestACell measures a small cell over SQLite: every answer is checked.
func TestACell(t *testing.T) {
	t.Parallel()
	w := &world{cell: cell{"test", "sqlite", 3, 300, 2, 0}, dir: t.TempDir(), how: effort{rounds: 1, each: 50 * time.Millisecond, clients: 4}}
	r, err := w.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range operations() {
		if got := r.Operations[o.name]; got == nil || got.Answers == 0 {
			t.Errorf("%s: got %v, want answers", o.name, got)
		}
	}
	if left, err := filepath.Glob(filepath.Join(w.dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("files: got %q and %v, want none left", left, err)
	}
	if got := markdown([]result{r}); !strings.Contains(got, "| SQLite, 300 users, 3 apps, 2 processes |") {
		t.Errorf("report: got no column of the cell\n%s", got)
	}
}

func TestReplaceTable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ page, want string }{
		"between the comments":  {"before\n" + tableBegin + "old\n" + tableEnd + "\nafter", "before\n" + tableBegin + "\n" + markdown(nil) + "\n" + tableEnd + "\nafter"},
		"not without the first": {"before\n" + tableEnd, ""},
		"not without the last":  {tableBegin + "old", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "page.md")
			if err := os.WriteFile(file, []byte(c.page), 0o600); err != nil {
				t.Fatal(err)
			}
			err := replaceTable(file, nil)
			got, failed := os.ReadFile(file)
			switch {
			case failed != nil:
				t.Fatal(failed)
			case c.want == "" && (err == nil || string(got) != c.page):
				t.Errorf("got %v and %q, want an error and the page as it was", err, got)
			case c.want != "" && (err != nil || string(got) != c.want):
				t.Errorf("got %v and %q, want %q", err, got, c.want)
			}
		})
	}
}
