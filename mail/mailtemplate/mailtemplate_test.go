package mailtemplate_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/mail/mailtemplate"
)

func TestParse(t *testing.T) {
	t.Parallel()
	data := mail.Data{App: "A & B\r\nBcc: x", Link: "https://app.example/v?t=1", Code: "654321", Minutes: 10, Email: "evil@example.com"}
	files := func(name, body string) fstest.MapFS { return fstest.MapFS{"mails/" + name: {Data: []byte(body)}} }
	t.Run("a file takes the place of the default, the others stay", func(t *testing.T) {
		t.Parallel()
		own, err := mailtemplate.Parse(files("magic_link.subject.txt", "Hello from {{.App}}"), "mails")
		if err != nil {
			t.Fatal(err)
		}
		m, err := own.Render("magic_link", data)
		if err != nil || m.Subject != "Hello from A & B Bcc: x" || mail.Link(m) != data.Link {
			t.Errorf("Render: got %+v, %v", m, err)
		}
		if _, err := own.Render("nope", data); err == nil {
			t.Error("Render of an unknown name: got nil, want an error")
		}
	})
	t.Run("HTML is escaped, and text from a request is not available", func(t *testing.T) {
		t.Parallel()
		own, err := mailtemplate.Parse(files("magic_link.html", `<p>{{.App}} {{.Email}} <a href="{{.Link}}">`), "mails")
		if err != nil {
			t.Fatal(err)
		}
		m, err := own.Render("magic_link", data)
		if err != nil || !strings.Contains(m.HTML, "A &amp; B") || strings.Contains(m.HTML, "evil") {
			t.Errorf("Render: got %q, %v", m.HTML, err)
		}
	})
	t.Run("a language has files of its own, before those for every other, before authkit's own", func(t *testing.T) {
		t.Parallel()
		own, err := mailtemplate.Parse(fstest.MapFS{
			"mails/de/magic_link.subject.txt": {Data: []byte("Hallo von {{.App}}")},
			"mails/magic_link.subject.txt":    {Data: []byte("Hello from {{.App}}")},
			"mails/magic_link.html":           {Data: []byte("<p>{{.Code}}")},
		}, "mails")
		if err != nil {
			t.Fatal(err)
		}
		for language, want := range map[string]string{"de": "Hallo von Demo", "fr": "Hello from Demo", "": "Hello from Demo"} {
			m, err := own.Render("magic_link", mail.Data{App: "Demo", Code: "123456", Link: data.Link, Language: language})
			if err != nil || m.Subject != want || m.HTML != "<p>123456" {
				t.Errorf("%q: got %q, %q, %v, want %q", language, m.Subject, m.HTML, err, want)
			}
			if german := strings.Contains(m.Text, "Oder geben Sie diesen Code ein"); german != (language == "de") {
				t.Errorf("%q: got %q, want authkit's own text in that language", language, m.Text)
			}
		}
		if _, err := mailtemplate.Parse(files("de/magic_link.html", "{{.Nope}}"), "mails"); err == nil {
			t.Error("an unknown field in one language: got nil, want an error")
		}
	})
	t.Run("a host's words are under its files", func(t *testing.T) {
		t.Parallel()
		words, err := mail.TemplatesWith(fstest.MapFS{"it.json": {Data: []byte(`{"confirm.title":"Accedi a {app}"}`)}})
		if err != nil {
			t.Fatal(err)
		}
		own, err := mailtemplate.Over(words, files("magic_link.html", "<p>"), "mails")
		if err != nil {
			t.Fatal(err)
		}
		if m, err := own.Render("magic_link", mail.Data{App: "Demo", Language: "it"}); err != nil || m.Subject != "Accedi a Demo" || m.HTML != "<p>" {
			t.Errorf("got %+v, %v", m, err)
		}
	})
	for name, body := range map[string]string{"no template": "{{", "an unknown field": "{{.Nope}}"} {
		t.Run(name+" is an error at once", func(t *testing.T) {
			t.Parallel()
			if _, err := mailtemplate.Parse(files("magic_link.html", body), "mails"); err == nil {
				t.Error("Parse: got nil, want an error")
			}
		})
	}
}
