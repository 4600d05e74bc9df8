package authkit

import (
	"github.com/authkit-dev/authkit/internal/brand"
	"github.com/authkit-dev/authkit/mail"
)

// shownBrand is the branding of an app as a page or a mail shows it. An empty member is not shown.
type shownBrand struct {
	Color, On                     string // "#rrggbb", and that of text on it; empty: the handler's own
	Logo                          string // the URL of a PNG
	Home, Support, Terms, Privacy string // URLs
}

// brandOf returns the branding of an app for pages.
func (c *Config) brandOf(app App) shownBrand {
	if c.NoBranding {
		return shownBrand{}
	}
	set := app.Settings.Branding
	b := shownBrand{Home: set.HomeURL, Support: set.SupportURL, Terms: set.TermsURL, Privacy: set.PrivacyURL}
	if color, err := brand.ParseColor(set.Color); err == nil {
		b.Color, b.On = color.String(), color.On().String()
	}
	if app.Logo != "" {
		b.Logo = c.url("/branding/") + app.Logo
	}
	return b
}

// mailBrandOf returns the branding of an app for mails: its colour and, only where
// Config.BrandingInMails says so, its logo and links. A mail comes from the host's address, and
// what a developer chose must not make it look like another's.
func (c *Config) mailBrandOf(app App) shownBrand {
	b := c.brandOf(app)
	if c.BrandingInMails {
		return b
	}
	return shownBrand{Color: b.Color, On: b.On}
}

// mailLook returns how the mails of an app look, and where its notices lead: to its sign-in page if
// the app takes cookies, and otherwise to its home, if mails show that.
func (c *Config) mailLook(app App) (b mail.Brand, page string) {
	shown := c.mailBrandOf(app)
	b = mail.Brand{Color: shown.Color, TextColor: shown.On, Logo: shown.Logo, Home: shown.Home, Support: shown.Support}
	page = b.Home
	if app.takesCookies() {
		page = c.signInPage(app)
	}
	return b, page
}
