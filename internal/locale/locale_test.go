package locale_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/authkit-dev/authkit/internal/locale"
)

func catalogue(t *testing.T) *locale.Catalogue {
	t.Helper()
	all, err := locale.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// New checks placeholders and plural forms; this test checks that no text is missing.
func TestEveryLanguageIsComplete(t *testing.T) {
	t.Parallel()
	all := catalogue(t)
	want := all.Language(locale.English).Keys()
	if len(want) < 150 {
		t.Fatalf("English: got %d texts, want all", len(want))
	}
	var tags []string
	for _, l := range all.Languages() {
		tags = append(tags, l.Tag)
		if got := l.Keys(); !slices.Equal(got, want) {
			t.Errorf("%s: got %d texts, want %d; missing: %v", l.Tag, len(got), len(want), missing(want, got))
		}
		if rtl := l.Tag == "ar"; (l.Dir == "rtl") != rtl {
			t.Errorf("%s: got the direction %s", l.Tag, l.Dir)
		}
	}
	if want := []string{"en", "ar", "de", "es", "fr", "ja", "pt-BR", "zh-Hans"}; !slices.Equal(tags, want) {
		t.Errorf("languages: got %v, want %v", tags, want)
	}
}

func missing(want, got []string) (out []string) {
	for _, key := range want {
		if !slices.Contains(got, key) {
			out = append(out, key)
		}
	}
	return out
}

func TestThePreferenceOfThePersonChooses(t *testing.T) {
	t.Parallel()
	all := catalogue(t)
	for _, c := range []struct{ ui, accept, want string }{
		{"", "", "en"},
		{"", "de-AT,de;q=0.9,en;q=0.5", "de"},
		{"fr", "de", "fr"},
		{"xx de", "fr", "de"},
		{"tlh", "ja", "ja"},
		{"", "zh-CN", "zh-Hans"},
		{"", "pt-PT", "pt-BR"},
		{"", "ar-EG;q=0.4, en;q=0.1", "ar"},
		{"", "*", "en"},
		{"", ";;;;", "en"},
		{"", strings.Repeat("de,", 400), "en"},
	} {
		if got := all.Match(c.ui, c.accept).Tag; got != c.want {
			t.Errorf("ui_locales %q, Accept-Language %.20q: got %s, want %s", c.ui, c.accept, got, c.want)
		}
	}
}

func TestANumberChoosesThePluralForm(t *testing.T) {
	t.Parallel()
	english := catalogue(t).Language("en")
	for n, want := range map[int]string{1: "one more try", 2: "2 more tries", 0: "0 more tries"} {
		if got := english.T("problem.wrong_code", "n", n); !strings.Contains(got, want) {
			t.Errorf("%d: got %q, want %q in it", n, got, want)
		}
	}
}

func TestAHostAddsALanguage(t *testing.T) {
	t.Parallel()
	all, err := locale.New(fstest.MapFS{
		"it.json": {Data: []byte(`{"@name":"Italiano","sign_in.title":"Accedi a {app}"}`)},
		"en.json": {Data: []byte(`{"sign_in.title":"Log in to {app}"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	it := all.Match("it-CH")
	if got := it.T("sign_in.title", "app", "Acme"); it.Name != "Italiano" || got != "Accedi a Acme" {
		t.Errorf("got %q in %s, want the text of the host", got, it.Name)
	}
	if got := it.T("sign_in.submit"); got != "Sign in" {
		t.Errorf("a text that is missing: got %q, want the English one", got)
	}
	if got := all.Language("en").T("sign_in.title", "app", "Acme"); got != "Log in to Acme" {
		t.Errorf("got %q, want the host's own English", got)
	}
	if got := catalogue(t).Language("en").T("sign_in.title", "app", "Acme"); got != "Sign in to Acme" {
		t.Errorf("another catalogue: got %q, want authkit's own text", got)
	}
}

func TestAWrongFileIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, content, want string }{
		"no JSON":                 {"it.json", `{`, "not a JSON object"},
		"no tag":                  {"italian!.json", `{}`, "not a language tag"},
		"an unknown text":         {"it.json", `{"sign_in.nothing":"x"}`, "English has no such text"},
		"a missing placeholder":   {"it.json", `{"sign_in.title":"x"}`, "want [app]"},
		"an unknown placeholder":  {"it.json", `{"sign_in.submit":"{app}"}`, "got the placeholders [app]"},
		"an unknown plural form":  {"it.json", `{"problem.wrong_code":{"several":"{n}"}}`, "no plural form"},
		"no form for all numbers": {"it.json", `{"problem.wrong_code":{"one":"x"}}`, `"other" is missing`},
		"a direction":             {"it.json", `{"@dir":"up"}`, "want ltr or rtl"},
		"a number":                {"it.json", `{"sign_in.submit":1}`, "neither a text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := locale.New(fstest.MapFS{c.file: {Data: []byte(c.content)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
