package locale_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

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

// texts returns the texts of a file by key and plural form; the form is "" where there is one text.
func texts(t *testing.T, tag string) map[string]map[string]string {
	t.Helper()
	content, err := os.ReadFile("languages/" + tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(content, &members); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for key, member := range members {
		out[key] = map[string]string{}
		switch member := member.(type) {
		case string:
			out[key][""] = member
		case map[string]any:
			for form, text := range member {
				out[key][form], _ = text.(string)
			}
		}
	}
	return out
}

// pluralForms returns the forms that the numbers from 0 to 200 have in a language.
func pluralForms(tag string) []string {
	names := map[plural.Form]string{
		plural.Other: "other", plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many",
	}
	forms := map[string]bool{}
	for n := range 201 {
		forms[names[plural.Cardinal.MatchPlural(language.MustParse(tag), n, 0, 0, 0, 0)]] = true
	}
	return slices.Sorted(maps.Keys(forms))
}

func TestEveryPluralTextHasTheFormsOfItsLanguage(t *testing.T) {
	t.Parallel()
	all := catalogue(t)
	english := texts(t, locale.English)
	for _, l := range all.Languages() {
		want, plurals := pluralForms(l.Tag), 0
		for key, forms := range texts(t, l.Tag) {
			if _, one := english[key][""]; one || strings.HasPrefix(key, "@") {
				continue
			}
			plurals++
			if got := slices.Sorted(maps.Keys(forms)); !slices.Equal(got, want) {
				t.Errorf("%s, %s: got the forms %v, want %v", l.Tag, key, got, want)
			}
		}
		if plurals < 3 {
			t.Errorf("%s: got %d texts with plural forms, want at least 3", l.Tag, plurals)
		}
	}
}

// A text that equals the English one was most likely forgotten. These are the same word.
func TestNoTextIsLeftInEnglish(t *testing.T) {
	t.Parallel()
	same := map[string][]string{
		"de": {"account.name", "field.name"},
	}
	english := texts(t, locale.English)
	for _, l := range catalogue(t).Languages()[1:] {
		var got []string
		for key, forms := range texts(t, l.Tag) {
			for _, text := range forms {
				if text == "" || slices.Contains(slices.Collect(maps.Values(english[key])), text) {
					got = append(got, key)
				}
			}
		}
		slices.Sort(got)
		if want := same[l.Tag]; !slices.Equal(got, want) {
			t.Errorf("%s: got %v empty or as in English, want only %v", l.Tag, got, want)
		}
	}
}

// An address or a name in Latin letters would otherwise be shown with its parts, and the marks
// around it, in the wrong order (Unicode Standard Annex 9, directional isolates).
func TestTextsFromRightToLeftIsolateTheirPlaceholders(t *testing.T) {
	t.Parallel()
	isolated := regexp.MustCompile(`\x{2068}[^\x{2068}\x{2069}]*\x{2069}`)
	for _, l := range catalogue(t).Languages() {
		if l.Dir != "rtl" {
			continue
		}
		for key, forms := range texts(t, l.Tag) {
			for _, text := range forms {
				bare := strings.ReplaceAll(isolated.ReplaceAllString(text, ""), "{n}", "")
				if strings.ContainsAny(bare, "{\u2068\u2069") {
					t.Errorf("%s, %s: got %q, want each placeholder between U+2068 and U+2069", l.Tag, key, text)
				}
			}
		}
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
		{"nl", "ja", "ja"},
		{"", "xx, de;q=0.5, fr;q=0.8", "fr"},
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
		"an unknown text":         {"it.json", `{"sign_in.nothing":"x"}`, "no such text in English"},
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

// A browser is described in the words of the language; its name and that of its system stay.
func TestABrowserIsDescribedInTheLanguage(t *testing.T) {
	t.Parallel()
	all := catalogue(t)
	for tag, cases := range map[string]map[string]string{
		"en":      {"Firefox on Linux": "Firefox on Linux", "Safari on an iPhone": "Safari on an iPhone", "a browser": "a browser", "curl": "curl"},
		"de":      {"Firefox on Linux": "Firefox auf Linux", "Safari on an iPhone": "Safari auf einem iPhone", "a browser": "ein Browser", "curl": "curl"},
		"ja":      {"Chrome on Windows": "Windows の Chrome", "a browser on a Mac": "Mac の ブラウザ"},
		"zh-Hans": {"Chrome on a Chromebook": "Chromebook 上的 Chrome", "Safari on an iPad": "iPad 上的 Safari"},
	} {
		for description, want := range cases {
			if got := all.Language(tag).Browser(description); got != want {
				t.Errorf("%s: Browser(%q): got %q, want %q", tag, description, got, want)
			}
		}
	}
}
