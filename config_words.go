package authkit

import (
	"github.com/authkit-dev/authkit/internal/locale"
	"github.com/authkit-dev/authkit/internal/pages"
)

// fillWords reads the languages and the look of the pages.
func (c *Config) fillWords(bad *problems) {
	var err error
	if c.words, err = locale.New(c.Languages); err != nil {
		bad.add("Languages", "a set of files with errors", err.Error())
	}
	if c.look, err = pages.New(c.Pages); err != nil {
		bad.add("Pages", "a set of files with errors", err.Error())
	}
}
