// Package locale holds the texts that people read on pages and in mails, in several languages.
//
//	all, err := locale.New(nil)
//	german := all.Match("de-AT,de;q=0.9")
//	german.T("sign_in.title", "app", "Acme") // "Bei Acme anmelden"
//
// # Files
//
// A language is a JSON file that is named by its tag (BCP 47), such as pt-BR.json. Each member is
// a text. A placeholder is a name in braces. A text that depends on a number is an object with one
// text for each plural form of the language (CLDR: zero, one, two, few, many, other), and {n} is
// the number. Two members describe the language: "@name", its name in itself, and "@dir", which is
// "rtl" if it is written from right to left.
package locale

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// Catalogue holds the texts of every language. It is safe for concurrent use.
type Catalogue struct {
	languages []*Language // English first, which stands in for any other
	matcher   language.Matcher
}

//go:embed languages
var embedded embed.FS

// English is the tag of the language that has every text.
const English = "en"

// New reads authkit's own languages, and then the files of fsys, which may be nil. A file of fsys
// adds a language, or replaces texts of one that is there; a text that a new language lacks is
// shown in English. All errors are reported at once: a file that is not JSON, a tag that is not
// one, a text that English does not have, and a placeholder or a plural form that the English text
// does not have.
func New(fsys fs.FS) (*Catalogue, error) {
	own, err := builtIn()
	if err != nil || fsys == nil {
		return own, err
	}
	all, err := read(fsys, ".", own.languages)
	if err != nil {
		return nil, err
	}
	return catalogueOf(all), nil
}

// builtIn is the catalogue of authkit's own languages. It is read once, and never changes.
var builtIn = sync.OnceValues(func() (*Catalogue, error) {
	own, err := read(embedded, "languages", nil)
	if err != nil {
		return nil, err
	}
	return catalogueOf(own), nil
})

func catalogueOf(all []*Language) *Catalogue {
	c := &Catalogue{languages: all}
	tags := make([]language.Tag, len(all))
	for i, l := range all {
		tags[i] = l.tag
	}
	c.matcher = language.NewMatcher(tags)
	return c
}

// read adds the languages of a folder to those that are known. English comes first.
func read(fsys fs.FS, folder string, known []*Language) ([]*Language, error) {
	files, err := fs.Glob(fsys, path.Join(folder, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("languages: %w", err)
	}
	slices.SortFunc(files, func(a, b string) int { // English has to be known before the others
		return strings.Compare(sortKey(a), sortKey(b))
	})
	all := slices.Clone(known)
	var failed []error
	for _, file := range files {
		content, err := fs.ReadFile(fsys, file)
		if err == nil {
			all, err = add(all, strings.TrimSuffix(path.Base(file), ".json"), content)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("language file %s: %w", path.Base(file), err))
		}
	}
	return all, errors.Join(failed...)
}

func sortKey(file string) string {
	if path.Base(file) == English+".json" {
		return ""
	}
	return file
}

// add adds the texts of a file to the language of the tag.
func add(all []*Language, tag string, content []byte) ([]*Language, error) {
	parsed, err := language.Parse(tag)
	if err != nil {
		return all, fmt.Errorf("its name is not a language tag: %w", err)
	}
	var english *Language
	if len(all) > 0 {
		english = all[0]
	}
	at := slices.IndexFunc(all, func(l *Language) bool { return l.Tag == tag })
	l := &Language{Tag: tag, Dir: "ltr", tag: parsed, english: english, texts: map[string]text{}}
	if at >= 0 {
		l = all[at].clone()
		all[at] = l
	} else {
		all = append(all, l)
	}
	return all, l.read(content)
}

// Match returns the language that fits the preferences best: each is a list as in Accept-Language
// (RFC 9110, section 12.5.4) or in ui_locales (OpenID Connect Core, 3.1.2.1), and the first that
// names a known language counts. It is English if none does.
func (c *Catalogue) Match(preferences ...string) *Language {
	for _, list := range preferences {
		if len(list) > maxPreferences {
			continue
		}
		if !strings.ContainsAny(list, ",;") {
			list = strings.Join(strings.Fields(list), ",") // ui_locales are separated by spaces
		}
		if _, i, confidence := c.matcher.Match(wanted(list)...); confidence > language.No {
			return c.languages[i]
		}
	}
	return c.languages[0]
}

// wanted returns the tags of a list, the most wanted first. It passes over what is no known tag,
// because [language.ParseAcceptLanguage] refuses a whole list for one.
func wanted(list string) []language.Tag {
	var known []string
	for entry := range strings.SplitSeq(list, ",") {
		if _, _, err := language.ParseAcceptLanguage(entry); err == nil {
			known = append(known, entry)
		}
	}
	tags, _, err := language.ParseAcceptLanguage(strings.Join(known, ","))
	if err != nil {
		return nil
	}
	return tags
}

// maxPreferences bounds the list of a request that is parsed, in bytes.
const maxPreferences = 512

// Language returns the language of a tag, and English for an unknown tag.
func (c *Catalogue) Language(tag string) *Language {
	for _, l := range c.languages {
		if l.Tag == tag {
			return l
		}
	}
	return c.languages[0]
}

// Languages returns every language, English first.
func (c *Catalogue) Languages() []*Language { return slices.Clone(c.languages) }
