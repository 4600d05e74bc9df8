package authkit

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/authkit-dev/authkit/internal/address"
)

func (c *Config) fillProductName(base *url.URL, bad *problems) {
	if c.ProductName == "" && base != nil {
		c.ProductName = base.Hostname()
	}
	if n := utf8.RuneCountInString(c.ProductName); n > 64 || strings.ContainsFunc(c.ProductName, func(r rune) bool { return !unicode.IsPrint(r) }) {
		bad.add("ProductName", quote(c.ProductName), "give up to 64 printable characters")
	}
}

func (c *Config) fillMailFrom(base *url.URL, bad *problems) {
	if c.MailFrom == "" {
		if base != nil {
			c.MailFrom = "no-reply@" + base.Hostname()
		}
		return
	}
	if err := address.CheckSender(c.MailFrom); err != nil {
		bad.add("MailFrom", quote(c.MailFrom), err.Error())
	}
}
