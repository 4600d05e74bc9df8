package mail

import (
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"io/fs"
	"strings"
	text "text/template"
)

//go:embed templates
var embedded embed.FS

// Data is what a template may use. Mail to an unproven address holds no text
// from any request, so "magic_link" is given App, Link, Code and Minutes only.
type Data struct {
	App        string // the app's name
	Link, Code string
	Minutes    int // until Link and Code expire
	Email      string
	Provider   string
	Time       string
}

// Templates renders messages by name. It is safe for concurrent use.
type Templates struct {
	byName map[string]set
}

type set struct {
	subject, text *text.Template
	html          *html.Template
}

func names() []string { return []string{"magic_link", "identity_linked"} }

// DefaultTemplates returns the built-in templates: "magic_link" and
// "identity_linked".
func DefaultTemplates() *Templates {
	t, err := ParseTemplates(nil)
	if err != nil {
		panic(err) // the embedded files are fixed at build time
	}
	return t
}

// ParseTemplates reads NAME.subject.txt, NAME.txt and NAME.html from the root
// of fsys. A file that is not there falls back to the default, and a nil fsys
// holds none.
func ParseTemplates(fsys fs.FS) (*Templates, error) {
	t := &Templates{byName: map[string]set{}}
	for _, name := range names() {
		s, err := parseSet(fsys, name)
		if err != nil {
			return nil, err
		}
		t.byName[name] = s
	}
	return t, nil
}

func parseSet(fsys fs.FS, name string) (set, error) {
	var s set
	var src [3]string
	for i, suffix := range []string{".subject.txt", ".txt", ".html"} {
		b, err := readTemplate(fsys, name+suffix)
		if err != nil {
			return s, fmt.Errorf("read mail template %q: %w", name+suffix, err)
		}
		src[i] = string(b)
	}
	var errs [3]error
	s.subject, errs[0] = text.New(name + ".subject.txt").Parse(src[0])
	s.text, errs[1] = text.New(name + ".txt").Parse(src[1])
	s.html, errs[2] = html.New(name + ".html").Parse(src[2])
	if err := errors.Join(errs[:]...); err != nil {
		return s, fmt.Errorf("parse mail template %q: %w", name, err)
	}
	return s, nil
}

func readTemplate(fsys fs.FS, file string) ([]byte, error) {
	if fsys != nil {
		b, err := fs.ReadFile(fsys, file)
		if !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	return embedded.ReadFile("templates/" + file)
}

// Render fills Subject, Text and HTML of a message; the caller sets the rest.
// The subject is always one line.
func (t *Templates) Render(name string, data Data) (Message, error) {
	s, ok := t.byName[name]
	if !ok {
		return Message{}, fmt.Errorf("no mail template %q", name)
	}
	if name == "magic_link" {
		data = Data{App: data.App, Link: data.Link, Code: data.Code, Minutes: data.Minutes}
	}
	var subject, body, page strings.Builder
	err := errors.Join(s.subject.Execute(&subject, data), s.text.Execute(&body, data), s.html.Execute(&page, data))
	if err != nil {
		return Message{}, fmt.Errorf("render mail %q: %w", name, err)
	}
	return Message{
		Subject: strings.Join(strings.Fields(subject.String()), " "),
		Text:    body.String(),
		HTML:    page.String(),
	}, nil
}
