// Package mailtemplate reads the texts of a host's mails from files, which are templates of
// html/template and text/template.
//
//	//go:embed mails
//	var mails embed.FS
//
//	templates, err := mailtemplate.Parse(mails, "mails")
//	engine, err := authkit.New(authkit.Config{MailTemplates: templates, …})
//
// A message has three files: NAME.subject.txt, NAME.txt and NAME.html. Each may be missing. The
// fields of [mail.Data] are written as {{.App}}, {{.Link}} and so on. The templates must be the
// host's own and must not come from a developer, because all apps share one origin.
package mailtemplate

import (
	"errors"
	"fmt"
	html "html/template"
	"io/fs"
	"path"
	"strings"
	text "text/template"

	"github.com/authkit-dev/authkit/mail"
)

type templates map[string]set

// set holds the templates of the host. The default is used for one that is nil.
type set struct {
	subject, text *text.Template
	html          *html.Template
}

// Parse reads the files of every message in a folder of fsys ("." is its root). The default
// replaces a missing file. A file that is not a template is an error, and so is a template that
// uses a field which [mail.Data] does not have.
func Parse(fsys fs.FS, folder string) (mail.Templates, error) {
	t := templates{}
	var all error
	for _, name := range mail.Names() {
		s, err := parseSet(fsys, path.Join(folder, name))
		t[name], all = s, errors.Join(all, err)
	}
	if all != nil {
		return nil, all
	}
	for _, name := range mail.Names() { // a wrong field shows only when a template is used
		if _, err := t.Render(name, mail.Data{Link: "https://example.com"}); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func parseSet(fsys fs.FS, file string) (s set, err error) {
	var errs [3]error
	if src, ok := read(fsys, file+".subject.txt", &errs[0]); ok {
		s.subject, errs[0] = text.New(file).Parse(src)
	}
	if src, ok := read(fsys, file+".txt", &errs[1]); ok {
		s.text, errs[1] = text.New(file).Parse(src)
	}
	if src, ok := read(fsys, file+".html", &errs[2]); ok {
		s.html, errs[2] = html.New(file).Parse(src)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return s, fmt.Errorf("mail template %q: %w", file, err)
	}
	return s, nil
}

func read(fsys fs.FS, file string, err *error) (string, bool) {
	b, failure := fs.ReadFile(fsys, file)
	if errors.Is(failure, fs.ErrNotExist) {
		return "", false
	}
	*err = failure
	return string(b), failure == nil
}

// Render implements [mail.Templates].
func (t templates) Render(name string, data mail.Data) (mail.Message, error) {
	m, err := mail.DefaultTemplates().Render(name, data)
	if err != nil {
		return mail.Message{}, err
	}
	s := t[name]
	data = data.Limited(name)
	var subject, body, page strings.Builder
	var errs [3]error
	if s.subject != nil {
		errs[0] = s.subject.Execute(&subject, data)
		m.Subject = mail.OneLine(subject.String())
	}
	if s.text != nil {
		errs[1] = s.text.Execute(&body, data)
		m.Text = body.String()
	}
	if s.html != nil {
		errs[2] = s.html.Execute(&page, data)
		m.HTML = page.String()
	}
	if err := errors.Join(errs[:]...); err != nil {
		return mail.Message{}, fmt.Errorf("render mail %q: %w", name, err)
	}
	return m, nil
}
