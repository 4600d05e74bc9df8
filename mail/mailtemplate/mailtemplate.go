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
//
// # Languages
//
// A folder that is named by the tag of a language, such as mails/de/magic_link.txt, has the files
// for mails in that language. A file of the folder itself is for every other language. Where there
// is neither, authkit's own text is used, in the language of the mail.
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

// templates are the files of a host, over other templates.
type templates struct {
	base  mail.Templates
	files map[string]map[string]set // by language, "" for every other, and by name
}

// set holds the templates of the host. The default is used for one that is nil.
type set struct {
	subject, text *text.Template
	html          *html.Template
}

// Parse reads the files of every message in a folder of fsys ("." is its root). authkit's own texts
// replace a missing file. A file that is not a template is an error, and so is a template that
// uses a field which [mail.Data] does not have.
func Parse(fsys fs.FS, folder string) (mail.Templates, error) {
	return Over(mail.DefaultTemplates(), fsys, folder)
}

// Over is [Parse] with other texts in the place of a missing file, such as those of
// [mail.TemplatesWith].
func Over(base mail.Templates, fsys fs.FS, folder string) (mail.Templates, error) {
	t := templates{base, map[string]map[string]set{}}
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("mail templates: %w", err)
	}
	all := t.parse("", fsys, folder)
	for _, e := range entries {
		if e.IsDir() {
			all = errors.Join(all, t.parse(e.Name(), fsys, path.Join(folder, e.Name())))
		}
	}
	if all != nil {
		return nil, all
	}
	return t, t.try()
}

// parse reads the files of one language.
func (t templates) parse(language string, fsys fs.FS, folder string) (all error) {
	t.files[language] = map[string]set{}
	for _, name := range mail.Names() {
		s, err := parseSet(fsys, path.Join(folder, name))
		t.files[language][name], all = s, errors.Join(all, err)
	}
	return all
}

// try renders every message in every language, because a wrong field shows only when a template is
// used.
func (t templates) try() error {
	for language := range t.files {
		for _, name := range mail.Names() {
			if _, err := t.Render(name, mail.Data{Link: "https://example.com", Language: language}); err != nil {
				return err
			}
		}
	}
	return nil
}

// set returns the files for a message.
func (t templates) set(name, language string) set {
	s, other := t.files[language][name], t.files[""][name]
	if s.subject == nil {
		s.subject = other.subject
	}
	if s.text == nil {
		s.text = other.text
	}
	if s.html == nil {
		s.html = other.html
	}
	return s
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
	m, err := t.base.Render(name, data)
	if err != nil {
		return mail.Message{}, err
	}
	s := t.set(name, data.Language)
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
