package authkit_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/errordoc"
)

// pagesOfDocs returns the pages of docs and of its folders.
func pagesOfDocs(t *testing.T) (pages []string) {
	t.Helper()
	err := filepath.WalkDir("docs", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil || len(pages) == 0 {
		t.Fatalf("docs: got %d pages, %v, want some", len(pages), err)
	}
	return pages
}

// flowPages returns the pages of docs/flows, without their overview.
func flowPages(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("docs/flows/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(pages, func(page string) bool { return page == "docs/flows/README.md" })
}

// explaining are the pages that explain what the endpoints do.
func explaining(t *testing.T) []string {
	t.Helper()
	return append(flowPages(t), "docs/flows/README.md", "docs/concepts.md", "docs/sessions.md", "docs/security.md")
}

// This test looks for every endpoint that the explaining pages name, in text and in diagrams, in the
// route table. A page may leave {app_id} out.
func TestEndpointsThatDocsName(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, rt := range authkit.Routes() {
		there[rt.Method+" "+rt.Pattern] = true
		there[rt.Method+" "+strings.TrimSuffix(rt.Pattern, "/{app_id}")] = true
	}
	named := regexp.MustCompile(`\b(GET|POST|PUT|PATCH|DELETE) (/[\w/{}.-]*[\w}])`)
	for _, page := range explaining(t) {
		for _, m := range named.FindAllStringSubmatch(read(t, page), -1) {
			if !there[m[1]+" "+m[2]] {
				t.Errorf("%s: got %s %s, want an endpoint of the route table", page, m[1], m[2])
			}
		}
	}
}

// This test looks for every code that the explaining pages name with its status, as in
// 401 `invalid_token`, in the table of errors.
func TestCodesThatDocsName(t *testing.T) {
	t.Parallel()
	for _, page := range explaining(t) {
		for _, m := range regexp.MustCompile("\\b([345]\\d\\d) `([a-z_]+)`").FindAllStringSubmatch(read(t, page), -1) {
			if doc, ok := errordoc.Find(m[2]); !ok || strconv.Itoa(doc.Status) != m[1] {
				t.Errorf("%s: got %s, want a code of the contract with its status, as in %d", page, m[0], doc.Status)
			}
		}
	}
}

// This test looks for a diagram and a table of what can go wrong on each page of a flow, and for each
// page in the overview.
func TestEachFlowHasItsPage(t *testing.T) {
	t.Parallel()
	overview := read(t, "docs/flows/README.md")
	for _, page := range flowPages(t) {
		text := read(t, page)
		if !strings.Contains(text, "```mermaid\nsequenceDiagram\n") || !strings.Contains(text, "\n## What can go wrong\n") {
			t.Errorf("%s: got no diagram, or no section \"What can go wrong\", want both", page)
		}
		if !strings.Contains(overview, "("+filepath.Base(page)+")") {
			t.Errorf("docs/flows/README.md: got no link to %s, want one", page)
		}
	}
}

// diagramLine matches the lines of a sequence diagram that the pages use.
var diagramLine = regexp.MustCompile(`^(?:(?:participant|actor) (\w+)(?: as [^;#]+)?|(\w+)--?>>(\w+): [^;#]+|Note (?:over|left of|right of) (\w+)(?:,(\w+))?: [^;#]+|(alt|opt|loop|par|critical) [^;#]+|(else|and)(?: [^;#]+)?|(end))$`)

// This test checks the syntax of every diagram: the lines, the participants and the blocks. Mermaid takes
// a semicolon as the end of a line and a hash as the beginning of a character.
func TestDiagramsOfDocs(t *testing.T) {
	t.Parallel()
	for _, page := range pagesOfDocs(t) {
		for _, block := range regexp.MustCompile("(?ms)^```mermaid\nsequenceDiagram\n(.*?)^```$").FindAllStringSubmatch(read(t, page), -1) {
			declared, open := map[string]bool{"": true}, 0
			for text := range strings.Lines(block[1]) {
				m := diagramLine.FindStringSubmatch(strings.TrimSpace(text))
				switch {
				case m == nil:
					t.Errorf("%s: got the line %q, want one of a sequence diagram", page, text)
					continue
				case m[1] != "":
					declared[m[1]] = true
				case m[6] != "":
					open++
				case m[7] != "" && open == 0, m[8] != "" && open == 0:
					t.Errorf("%s: got %q outside a block", page, text)
				case m[8] != "":
					open--
				}
				for _, who := range m[2:6] {
					if !declared[who] {
						t.Errorf("%s: got %q, want the participant %s declared before", page, text, who)
					}
				}
			}
			if open != 0 {
				t.Errorf("%s: got %d blocks that do not end", page, open)
			}
		}
	}
}

// This test looks for a test beside each default of the security model.
func TestEachDefaultNamesItsTest(t *testing.T) {
	t.Parallel()
	_, table, found := strings.Cut(read(t, "docs/security.md"), "| default | what it does | held by |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if !found || strings.Count(table, "\n") < 10 {
		t.Fatalf("docs/security.md: got the table of defaults %q, want more rows", table)
	}
	for row := range strings.SplitSeq(table, "\n") {
		if cells := strings.Split(row, " | "); len(cells) != 3 || !strings.Contains(cells[2], "`Test") {
			t.Errorf("docs/security.md: got the row %q, want the test that holds it in its last cell", row)
		}
	}
}

// This test compares the parameters of the sign-in page that docs/pages.md explains with those of the
// route table.
func TestParametersOfTheSignInPage(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile("(?m)^\\| `GET /auth/sign-in/\\{app_id\\}` \\|  \\| \\[(.*)\\] \\|$").FindStringSubmatch(read(t, "docs/http.md"))
	_, table, found := strings.Cut(read(t, "docs/pages.md"), "\n| parameter | |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if row == nil || !found {
		t.Fatal("got no parameters in docs/http.md or docs/pages.md, want both")
	}
	var got []string
	for line := range strings.Lines(table) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		got = append(got, strings.Split(cell, ", ")...)
	}
	want := strings.Split(row[1], ", ")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("docs/pages.md: got the parameters %q, want %q", got, want)
	}
}
