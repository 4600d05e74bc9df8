package mail_test

import (
	"context"
	"fmt"

	"github.com/authkit-dev/authkit/mail"
)

func ExampleOutbox() {
	box := mail.NewOutbox()
	err := box.Send(context.Background(), mail.Message{
		To: "ann@example.com", Subject: "Sign in to Demo",
		Text: "Open https://example.com/auth/verify?token=abc or type 123456.",
	})
	if err != nil {
		panic(err)
	}
	last, _ := box.Last("ann@example.com")
	fmt.Println(mail.Link(last), mail.Code(last))
	// Output: https://example.com/auth/verify?token=abc 123456
}
