package mail

import (
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"io/fs"
	"strings"
	"sync"
	text "text/template"

	"github.com/authkit-dev/authkit/internal/locale"
)

// Templates write the texts of the mails. [DefaultTemplates] returns authkit's own. Package
// mailtemplate reads a host's texts from files.
type Templates interface {
	// Render fills Subject (one line), Text and HTML of the message of a name in [Names]. The
	// caller sets the other fields. An unknown name is an error. Render may be called
	// concurrently.
	Render(name string, data Data) (Message, error)
}

// DefaultTemplates returns authkit's own texts, in each of its languages: en, ar, de, es, fr, ja,
// pt-BR and zh-Hans.
func DefaultTemplates() Templates { return localized{builtIn()} }

// TemplatesWith returns authkit's own texts with the languages of a host, which are files as in
// Config.Languages. Their members that begin with "mail." are the texts of mails. A file that is
// wrong is an error.
func TemplatesWith(languages fs.FS) (Templates, error) {
	words, err := locale.New(languages)
	if err != nil {
		return nil, fmt.Errorf("mail templates: %w", err)
	}
	return localized{words}, nil
}

var builtIn = sync.OnceValue(func() *locale.Catalogue {
	words, err := locale.New(nil)
	if err != nil {
		panic(err) // the files are fixed at build time
	}
	return words
})

//go:embed templates
var embedded embed.FS

// The forms write a [letter].
var (
	htmlForm = sync.OnceValue(func() *html.Template { return html.Must(html.ParseFS(embedded, "templates/mail.html")) })
	textForm = sync.OnceValue(func() *text.Template { return text.Must(text.ParseFS(embedded, "templates/mail.txt")) })
)

// localized are the texts of a catalogue.
type localized struct{ words *locale.Catalogue }

// Render implements [Templates].
func (t localized) Render(name string, data Data) (Message, error) {
	l, ok := newLetter(name, data, t.words.Match(data.Language))
	if !ok {
		return Message{}, fmt.Errorf("no mail template %q", name)
	}
	var plain, page strings.Builder
	if err := errors.Join(textForm().Execute(&plain, &l), htmlForm().Execute(&page, &l)); err != nil {
		return Message{}, fmt.Errorf("render mail %q: %w", name, err)
	}
	return Message{Subject: l.Title, Text: plain.String(), HTML: page.String()}, nil
}

// OneLine joins the lines of a text into one, as a subject requires.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
