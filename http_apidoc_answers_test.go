package authkit_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"mime"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/authkit-dev/authkit"
)

var writeAnswers = flag.Bool("write-answers", false, "write testdata/answers.json anew, which go generate does")

// exampleAnswer is an answer that the API document shows.
type exampleAnswer struct {
	Status int `json:"status"`
	Body   any `json:"body"`
}

// answers are those of the examples, by route.
type answers map[string]*exampleAnswer

// gathered are the answers that the tests have seen.
type gathered struct {
	mu sync.Mutex
	of answers
}

func (g *gathered) keep(route string, a *exampleAnswer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if a != nil {
		g.of[route] = a
	}
}

func (g *gathered) write(t *testing.T) {
	t.Helper()
	if err := os.WriteFile("testdata/answers.json", []byte(indented(t, g.of)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fixedTexts are the texts of answers that differ from run to run, or that belong to the tests, and what
// the API document shows in their place. The ids of one answer differ.
var fixedTexts = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`), "eyJhbGciOiJFUzI1NiJ9.e30.3q2-7wAAAAAAAAAAAAAAAA"},
	{regexp.MustCompile(`\bann\d+@example\.com`), "ann@example.com"},
	{regexp.MustCompile(regexp.QuoteMeta(base)), "https://example.com/id"},
	{regexp.MustCompile(`https?://127\.0\.0\.1:\d+`), "https://login.example.org"},
	{regexp.MustCompile(`^[0-9a-z]{5}(-[0-9a-z]{5}){2}$`), "xe8w8-rpb1z-qmj65"}, // recovery codes
	{regexp.MustCompile(`whsec_[\w+/]+=*`), "whsec_3q2+7wAAAAAAAAAAAAAAAAA="},
	{regexp.MustCompile(`(^|[^\w-])((?:rt|ak|st)_)?[\w-]{22,}`), "${1}${2}3q2-7wAAAAAAAAAAAAAAAA"},
}

var anyID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// shownAnswer returns an answer as the API document shows it; nil: it is not JSON.
func shownAnswer(s *stage, got answer) *exampleAnswer {
	s.t.Helper()
	kind, _, _ := mime.ParseMediaType(got.Header().Get("Content-Type"))
	if kind != "application/json" || got.Code >= 300 || got.body["openapi"] != nil {
		return nil
	}
	ids := map[string]string{s.app.ID.String(): "0198c0de-0000-7000-8000-000000000000"}
	return &exampleAnswer{got.Code, fixed(got.body, ids)}
}

// fixed returns a JSON value with the fixed texts. ids holds those that it has met, with what they become.
func fixed(v any, ids map[string]string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out[name] = fixed(v[name], ids)
		}
		if _, ok := out["hint"]; ok {
			out["hint"] = "ak_3q2-7wAA"
		}
		if _, ok := out["qr"]; ok {
			const seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
			out["secret"], out["qr"] = seed, "data:image/svg+xml;base64,PHN2Zy8+"
			out["uri"] = regexp.MustCompile(`secret=[\w-]+`).ReplaceAllString(out["uri"].(string), "secret="+seed)
		}
		return out
	case []any:
		out := []any{}
		for _, one := range v {
			out = append(out, fixed(one, ids))
		}
		return out
	case string:
		var kept []string
		text := anyID.ReplaceAllStringFunc(v, func(id string) string {
			if ids[id] == "" {
				ids[id] = fmt.Sprintf("0198c0de-0000-7000-8000-%012d", len(ids))
			}
			kept = append(kept, ids[id])
			return "\x00"
		})
		for _, f := range fixedTexts {
			text = f.what.ReplaceAllString(text, f.as)
		}
		for _, id := range kept {
			text = strings.Replace(text, "\x00", id, 1)
		}
		return text
	}
	return v
}

func keptAnswers(t *testing.T) (kept answers) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, "testdata/answers.json")), &kept); err != nil {
		t.Fatal(err)
	}
	return kept
}

func indented(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// This test holds each example of the API document, of a body and of an answer, against its own schema. An
// operation that shows a body and answers with JSON shows an answer, too.
func TestExamplesFitTheirSchemas(t *testing.T) {
	t.Parallel()
	d, err := apiDocument()
	if err != nil {
		t.Fatal(err)
	}
	for _, rt := range authkit.Routes() {
		operations, _ := d.Find(rt.Pattern)
		operation, _ := operations[strings.ToLower(rt.Method)].(map[string]any)
		contents := []any{operation["requestBody"]}
		responses, _ := operation["responses"].(map[string]any)
		for _, status := range slices.Sorted(maps.Keys(responses)) {
			contents = append(contents, d.Resolve(responses[status]))
		}
		var answers, shown int
		for i, of := range contents {
			of, _ := of.(map[string]any)
			content, _ := of["content"].(map[string]any)
			media, ok := content["application/json"].(map[string]any)
			if !ok {
				continue
			}
			if i > 0 {
				answers++
			}
			if media["example"] == nil {
				continue
			}
			if i > 0 {
				shown++
			}
			if bad := d.Check(media["schema"], media["example"]); len(bad) > 0 {
				t.Errorf("%s %s: the example breaks its own schema: %v", rt.Method, rt.Pattern, bad)
			}
		}
		if rt.Example != "" && answers > 0 && shown != 1 {
			t.Errorf("%s %s: got %d examples of its JSON answers, want one", rt.Method, rt.Pattern, shown)
		}
	}
}
