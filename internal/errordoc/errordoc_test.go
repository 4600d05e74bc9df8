package errordoc_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/errordoc"
)

func TestEachCodeIsExplained(t *testing.T) {
	t.Parallel()
	all := errordoc.All()
	if !slices.IsSortedFunc(all, func(a, b errordoc.Doc) int { return strings.Compare(a.Code, b.Code) }) {
		t.Error("the table is not sorted by code: Find would miss some")
	}
	for i, d := range all {
		if i > 0 && all[i-1].Code == d.Code {
			t.Errorf("%s: got it twice", d.Code)
		}
		if d.Status < 400 || d.Status > 599 || http.StatusText(d.Status) == "" {
			t.Errorf("%s: got status %d, want one of an error", d.Code, d.Status)
		}
		for _, text := range append([]string{d.Meaning, d.Fix}, d.Causes...) {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("%s: got %q, want a sentence", d.Code, text)
			}
		}
		if len(d.Causes) == 0 {
			t.Errorf("%s: got no causes", d.Code)
		}
		if got, ok := errordoc.Find(d.Code); !ok || got.Meaning != d.Meaning {
			t.Errorf("Find(%q): got %+v, %v, want its row", d.Code, got, ok)
		}
	}
}

func TestNoOtherCodeIsExplained(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"", "nonsense", "Email_taken", "email_taken ", "404"} {
		if got, ok := errordoc.Find(code); ok {
			t.Errorf("Find(%q): got %+v, want none", code, got)
		}
	}
}
