package authkittest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/mail"
)

// slowWords are templates that report each use and then wait.
type slowWords struct {
	mail.Templates

	asked, proceed chan struct{}
}

func (s slowWords) Render(name string, data mail.Data) (mail.Message, error) {
	s.asked <- struct{}{}
	<-s.proceed
	return s.Templates.Render(name, data)
}

// Parallel subtests may share a Kit. Each may find that the other is sending its mail.
func TestLastLinkWaitsForMailThatAnotherRunIsSending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		words := slowWords{mail.DefaultTemplates(), make(chan struct{}, 1), make(chan struct{})}
		kit := authkittest.New(t, func(c *authkit.Config) { c.MailTemplates = words })
		if _, err := kit.Engine.RequestMagicLink(t.Context(), authkit.MagicLinkRequest{App: kit.App.ID, Email: "ann@example.com"}); err != nil {
			t.Fatal(err)
		}
		other := make(chan error, 1)
		go func() { other <- kit.Engine.RunOnce(t.Context()) }()
		<-words.asked
		time.AfterFunc(time.Second, func() { close(words.proceed) }) // of the bubble's clock
		if link := kit.LastLink(t, "ann@example.com"); link == "" {
			t.Error("LastLink: got no link, want the link")
		}
		if err := <-other; err != nil {
			t.Errorf("the other run: got %v, want nil", err)
		}
	})
}
