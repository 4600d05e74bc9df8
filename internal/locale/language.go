package locale

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Language holds the texts of one language. It is safe for concurrent use.
type Language struct {
	Tag  string // as in the attribute lang
	Dir  string // as in the attribute dir: "ltr" or "rtl"
	Name string // in the language itself

	tag     language.Tag
	texts   map[string]text
	english *Language // for a text that is missing; nil: this is English
}

// text is one text by its plural form, or by "" where it has one form.
type text map[string]string

// T returns a text with its placeholders filled in: pairs are names and values, and the value of
// "n" chooses the plural form. It panics if the catalogue has no such text, or if a pair is not
// complete; a test holds every use.
func (l *Language) T(key string, pairs ...any) string {
	t, ok := l.texts[key]
	switch {
	case !ok && l.english != nil:
		return l.english.T(key, pairs...)
	case !ok:
		panic("locale: no text " + key)
	case len(pairs)%2 != 0:
		panic("locale: a name without a value in " + key)
	}
	replacements := make([]string, 0, len(pairs))
	form := ""
	for pair := range slices.Chunk(pairs, 2) {
		name, _ := pair[0].(string)
		replacements = append(replacements, "{"+name+"}", fmt.Sprint(pair[1]))
		if n, ok := pair[1].(int); ok && name == "n" {
			form = l.form(n)
		}
	}
	out, ok := t[form]
	if !ok {
		out = t.any()
	}
	return strings.NewReplacer(replacements...).Replace(out)
}

// agentWords are the keys of the words in a description of a browser that are not names.
var agentWords = map[string]string{
	"a browser": "agent.browser", "an iPhone": "agent.iphone", "an iPad": "agent.ipad", "a Mac": "agent.mac", "a Chromebook": "agent.chromebook",
}

// Browser returns a description of a browser, such as "Firefox on Linux", in the language. The
// description is one that package useragent makes.
func (l *Language) Browser(description string) string {
	word := func(s string) string {
		if key, ok := agentWords[s]; ok {
			return l.T(key)
		}
		return s
	}
	if browser, system, ok := strings.Cut(description, " on "); ok {
		return l.T("agent.on", "browser", word(browser), "system", word(system))
	}
	return word(description)
}

// form returns the plural form of a number.
func (l *Language) form(n int) string {
	return forms[plural.Cardinal.MatchPlural(l.tag, max(n, -n), 0, 0, 0, 0)]
}

// forms are the names of the plural forms of CLDR.
var forms = map[plural.Form]string{
	plural.Other: "other", plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many",
}

// any returns the text of a number whose form is missing.
func (t text) any() string {
	if one, ok := t[""]; ok {
		return one
	}
	return t["other"]
}

// Keys returns the keys of every text of the language, in order.
func (l *Language) Keys() []string { return slices.Sorted(maps.Keys(l.texts)) }

func (l *Language) clone() *Language {
	c := *l
	c.texts = maps.Clone(l.texts)
	return &c
}

// read adds the texts of a file.
func (l *Language) read(content []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(content, &members); err != nil {
		return fmt.Errorf("it is not a JSON object: %w", err)
	}
	var failed []error
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if err := l.readText(key, members[key]); err != nil {
			failed = append(failed, fmt.Errorf("%q: %w", key, err))
		}
	}
	if l.Name == "" {
		l.Name = l.Tag
	}
	return errors.Join(failed...)
}

// readText adds one text, or reads a member that describes the language.
func (l *Language) readText(key string, raw json.RawMessage) error {
	t := text{}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		t[""] = one
	} else if err := json.Unmarshal(raw, &t); err != nil {
		return errors.New("it is neither a text nor an object of plural forms")
	}
	switch key {
	case "@name":
		l.Name = one
	case "@dir":
		if one != "ltr" && one != "rtl" {
			return fmt.Errorf("got %q, want ltr or rtl", one)
		}
		l.Dir = one
	default:
		if err := l.check(key, t); err != nil {
			return err
		}
		l.texts[key] = t
	}
	return nil
}

// check compares a text with the English one.
func (l *Language) check(key string, t text) error {
	for form := range t {
		if form != "" && !slices.Contains(slices.Collect(maps.Values(forms)), form) {
			return fmt.Errorf("%q is no plural form", form)
		}
	}
	if l.english == nil {
		return nil
	}
	english, ok := l.english.texts[key]
	if !ok {
		return errors.New("there is no such text in English")
	}
	if _, plain := t[""]; !plain && t["other"] == "" {
		return errors.New(`the form "other" is missing`)
	}
	for form, s := range t {
		got, want := placeholders(s), placeholders(english.any())
		special := form != "" && form != "other"
		if slices.Equal(got, want) || special && subset(got, want) {
			continue
		}
		return fmt.Errorf("got the placeholders %v, want %v", got, want)
	}
	return nil
}

// subset reports whether a has nothing but what b has, and lacks {n} at most: "one try" needs no
// number.
func subset(a, b []string) bool {
	for _, name := range b {
		if name != "n" && !slices.Contains(a, name) {
			return false
		}
	}
	return !slices.ContainsFunc(a, func(name string) bool { return !slices.Contains(b, name) })
}

// placeholders returns the names in braces, sorted, each once.
func placeholders(s string) []string {
	names := []string{}
	for {
		_, after, ok := strings.Cut(s, "{")
		if !ok {
			break
		}
		name, rest, ok := strings.Cut(after, "}")
		if !ok {
			break
		}
		names, s = append(names, name), rest
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Has reports whether there is a text of the key.
func (l *Language) Has(key string) bool {
	_, ok := l.texts[key]
	return ok || l.english != nil && l.english.Has(key)
}
