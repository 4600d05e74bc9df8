package pages_test

import (
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/authkit-dev/authkit/internal/locale"
	"github.com/authkit-dev/authkit/internal/pages"
)

func docs(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/pages.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// documented are the names in the first cells of the table below a heading.
func documented(text, heading string) (names []string) {
	_, table, _ := strings.Cut(text, "\n### "+heading+"\n\n| field | |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for row := range strings.Lines(table) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// offered are the names that a template can use of a type, without those of what it embeds.
func offered(of reflect.Type) (names []string) {
	inherited := map[string]bool{"View": true} // of the pages alone, which make a View
	for f := range of.Fields() {
		if f.IsExported() {
			names = append(names, f.Name)
		}
		if f.Anonymous {
			for m := range f.Type.Methods() {
				inherited[m.Name] = true
			}
		}
	}
	for m := range reflect.PointerTo(of).Methods() {
		if !inherited[m.Name] {
			names = append(names, m.Name)
		}
	}
	return names
}

// reached adds the structs that a template reaches from a type.
func reached(from reflect.Type, all []reflect.Type) []reflect.Type {
	for from.Kind() == reflect.Pointer || from.Kind() == reflect.Slice {
		from = from.Elem()
	}
	if from.Kind() != reflect.Struct || slices.Contains(all, from) {
		return all
	}
	all = append(all, from)
	for f := range from.Fields() {
		if f.IsExported() {
			all = reached(f.Type, all)
		}
	}
	return all
}

func TestDocsNameWhatATemplateCanUse(t *testing.T) {
	t.Parallel()
	text := docs(t)
	types := reached(reflect.TypeFor[pages.View](), nil)
	for _, one := range types {
		got, want := documented(text, one.Name()), offered(one)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("docs/pages.md, %s: got %q, want %q", one.Name(), got, want)
		}
	}
	if got := strings.Count(text, "\n| field | |\n"); got != len(types) {
		t.Errorf("docs/pages.md: got %d tables of fields, want %d: one for each type", got, len(types))
	}
}

func TestDocsNameTheFilesOfALook(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(docs(t), "\n| file | is |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var got, want []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(table, -1) {
		got = append(got, m[1])
	}
	files, err := os.ReadDir("files")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		want = append(want, f.Name())
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got the files %q, want %q", got, want)
	}
}

// piece returns the code block of a language, which docs/pages.md has once.
func piece(t *testing.T, language string) string {
	t.Helper()
	_, code, found := strings.Cut(docs(t), "```"+language+"\n")
	code, _, ended := strings.Cut(code, "```")
	if !found || !ended {
		t.Fatalf("docs/pages.md: got no block of %s, want one", language)
	}
	return code
}

func TestTheLayoutOfDocsRenders(t *testing.T) {
	t.Parallel()
	set, err := pages.New(fstest.MapFS{"layout.html": {Data: []byte(piece(t, "html"))}})
	if err != nil {
		t.Fatal(err)
	}
	words, err := locale.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Render(io.Discard, pages.View{Page: pages.Page{Language: words.Language("de"), App: "Acme", Nonce: "x"}, Name: "notice", Title: "Fertig"}); err != nil {
		t.Errorf("got %v, want a page", err)
	}
}

func TestTheLanguageOfDocsIsOne(t *testing.T) {
	t.Parallel()
	words, err := locale.New(fstest.MapFS{"it.json": {Data: []byte(piece(t, "json"))}})
	if err != nil {
		t.Fatal(err)
	}
	if got := words.Match("it").T("sign_up.submit"); got != "Crea un account" {
		t.Errorf("got %q, want the text of the file", got)
	}
}
