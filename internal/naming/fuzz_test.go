package naming_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/authkit-dev/authkit/internal/naming"
)

func nameSeeds(f *testing.F) {
	for _, seed := range []string{
		"", "Demo", "Straße", "ＤＥＭＯ", "ǰ", "\u0345", "İ", "a\u202eb", "a\u200bb", "a@b", "a＠b", "http://x", "http:／／x", "\xff", "   ", "é", "e\u0301", "ﬀ", "ẞ", "Å",
		"\u1e9e\u0345", strings.Repeat("é", 64), strings.Repeat("ﷺ", 64), "Ω", "ſ", "\u00ad", "℀",
	} {
		f.Add(seed)
	}
}

// FuzzApp checks that names with the same key are one name: a key folds to itself, and every
// common spelling of a name folds to its key.
func FuzzApp(f *testing.F) {
	nameSeeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		key, err := naming.App(s)
		if err != nil {
			return
		}
		if n := utf8.RuneCountInString(s); n < 1 || n > 64 || !utf8.ValidString(s) || strings.TrimSpace(s) == "" {
			t.Errorf("App(%q): got nil, want it refused", s)
		}
		for _, text := range []string{s, key} {
			if strings.ContainsFunc(text, unicode.IsControl) || strings.Contains(text, "://") || strings.Contains(text, "@") {
				t.Errorf("App(%q): got %q, want it refused", s, key)
			}
		}
		for _, spelling := range []string{key, norm.NFC.String(s), norm.NFD.String(s), norm.NFKC.String(s)} {
			if got := naming.Fold(spelling); got != key {
				t.Errorf("Fold(%q): got %q, want the key of %q, %q", spelling, got, s, key)
			}
		}
	})
}

// FuzzUser checks that a user's name folds to a form that folds to itself.
func FuzzUser(f *testing.F) {
	nameSeeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		key, err := naming.User(s)
		if bad := !utf8.ValidString(s) || utf8.RuneCountInString(s) > 200 || strings.ContainsFunc(s, unicode.IsControl); (err != nil) != bad {
			t.Errorf("User(%q): got %v, want it refused: %v", s, err, bad)
		}
		if err == nil && naming.Fold(key) != key {
			t.Errorf("Fold(%q): got %q, want itself", key, naming.Fold(key))
		}
	})
}
