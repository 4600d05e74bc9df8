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
	for name, body := range map[string]string{"no template": "{{", "an unknown field": "{{.Nope}}"} {
		t.Run(name+" is an error at once", func(t *testing.T) {
			t.Parallel()
			if _, err := mailtemplate.Parse(files("magic_link.html", body), "mails"); err == nil {
				t.Error("Parse: got nil, want an error")
			}
		})
	}
}
