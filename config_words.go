package authkit

import (
	"github.com/authkit-dev/authkit/internal/locale"
	"github.com/authkit-dev/authkit/internal/pages"
	"github.com/authkit-dev/authkit/mail"
)

// fillWords reads the languages and the look of the pages, and the texts of the mails.
func (c *Config) fillWords(bad *problems) {
	var err error
	if c.words, err = locale.New(c.Languages); err != nil {
		bad.add("Languages", "a set of files with errors", err.Error())
	} else if c.MailTemplates == nil {
		c.MailTemplates, _ = mail.TemplatesWith(c.Languages) // the same files
	}
	if c.look, err = pages.New(c.Pages); err != nil {
		bad.add("Pages", "a set of files with errors", err.Error())
	}
}
