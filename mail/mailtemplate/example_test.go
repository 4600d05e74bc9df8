package mailtemplate_test

import (
	"fmt"
	"testing/fstest"

	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/mail/mailtemplate"
)

func ExampleParse() {
	files := fstest.MapFS{"mails/magic_link.subject.txt": {Data: []byte("{{.App}}: your code is {{.Code}}\n")}}
	templates, err := mailtemplate.Parse(files, "mails")
	if err != nil {
		panic(err)
	}
	message, err := templates.Render("magic_link", mail.Data{
		App: "Acme", Code: "123456", Link: "https://example.com/auth/verify?token=abc", Minutes: 10,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(message.Subject)
	// Output: Acme: your code is 123456
}
