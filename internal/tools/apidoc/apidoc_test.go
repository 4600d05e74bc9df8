package apidoc_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/tools/apidoc"
)

// The types of a small API. Their comments are in the source below.
type (
	pathPart struct {
		ID string `json:"id" api:"required"`
	}
	answerTop struct {
		ETag string `json:"ETag"`
	}
	problem struct {
		Code string `json:"code"`
		Text string `json:"text,omitempty"`
	}

	noteBody struct {
		Text string `json:"text" api:"required,maxLength=5"`
		Kind string `json:"kind" api:"enum=a|b"`
	}
	noteJSON struct {
		ID   string `json:"id"`
		Text string `json:"text,omitempty"`
	}
)

const source = `package notes

type pathPart struct {
	// ID is the note's id.
	ID string
}

type answerTop struct {
	ETag string // its version
}

// problem is a refusal.
type problem struct {
	Code string // why
	Text string
}

// noteBody writes a note.
type noteBody struct {
	Text string // what is written
	Kind string // a or b
}

// noteJSON is a note.
type noteJSON struct {
	ID   string
	Text string
}
`

func build(t *testing.T, source string) (apidoc.Document, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "notes.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	comments, err := apidoc.ReadComments(dir)
	if err != nil {
		t.Fatal(err)
	}
	made, err := apidoc.Build(apidoc.API{
		Comments: comments, Path: reflect.TypeFor[pathPart](), Results: reflect.TypeFor[answerTop](), Problem: reflect.TypeFor[problem](),
		Forwarded: reflect.TypeFor[answerTop](), Cookies: reflect.TypeFor[answerTop](),
		Meaning: func(string) string { return "It is missing." },
		Routes: []apidoc.Route{{
			Method: "POST", Path: "/notes/{id}", Operation: "Write", Summary: "Write a note", Tag: "notes", Body: reflect.TypeFor[noteBody](),
			Answers: []apidoc.Answer{{Status: 200, Body: reflect.TypeFor[noteJSON]()}}, Refusals: map[int][]string{404: {"missing"}},
			Example: map[string]any{"text": "hello"},
		}},
	})
	b, jsonErr := json.Marshal(made)
	var d apidoc.Document
	if jsonErr != nil || json.Unmarshal(b, &d) != nil {
		t.Fatalf("got %s, %v, want JSON", b, jsonErr)
	}
	return d, err
}

func TestADocumentSaysWhatIsChecked(t *testing.T) {
	t.Parallel()
	d, err := build(t, source)
	if err != nil {
		t.Fatal(err)
	}
	operations, params := d.Find("/notes/7")
	if operations["post"] == nil || params["id"] != "7" {
		t.Fatalf("Find: got %v, %v, want the operation and its id", operations, params)
	}
	body := map[string]any{"$ref": "#/components/schemas/NoteBody"}
	for name, c := range map[string]struct {
		value map[string]any
		want  string
	}{
		"as described":      {map[string]any{"text": "hello", "kind": "a"}, ""},
		"a missing member":  {map[string]any{}, "text is missing"},
		"an unknown member": {map[string]any{"text": "x", "more": "y"}, "the member more is not described"},
		"another type":      {map[string]any{"text": 1.0}, ".text: 1 is not of the type string"},
		"another word":      {map[string]any{"text": "x", "kind": "c"}, ".kind: c is none of [a b]"},
		"a long text":       {map[string]any{"text": "longer"}, `.text: "longer" breaks the maxLength 5`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(d.Check(body, c.value), "; "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	of := d.Resolve(map[string]any{"$ref": "#/components/schemas/Note"})
	properties, _ := of["properties"].(map[string]any)
	for member, want := range map[string]string{"id": "The note's id.", "text": "What is written."} { // of the one member of the name that has a comment
		if got := d.Resolve(properties[member])["description"]; got != want {
			t.Errorf("%s: got the description %q, want %q", member, got, want)
		}
	}
}

func TestAMemberWithTwoTextsToTakeIsReported(t *testing.T) {
	t.Parallel()
	_, err := build(t, strings.Replace(source, "	Text string\n", "	Text string // as it is read\n", 1))
	if want := `noteJSON.Text: the member text has no comment, and elsewhere it has ["As it is read." "What is written."]`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWhatHasNoCommentIsReported(t *testing.T) {
	t.Parallel()
	for comment, want := range map[string]string{
		" // a or b":                   "the member kind has no comment",
		"// noteJSON is a note.":       "noteJSON: the type has no comment",
		"	// ID is the note's id.\n":   "the member id has no comment",
		" // its version":              "the member ETag has no comment",
		"// noteBody writes a note.\n": "noteBody: the type has no comment",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if _, err := build(t, strings.Replace(source, comment, "", 1)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}
