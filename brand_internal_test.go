package authkit

import "testing"

func TestTheBrandThatIsShown(t *testing.T) {
	t.Parallel()
	full := App{Logo: "hash", Settings: Settings{Branding: Branding{
		Color: "#1A7F37", HomeURL: "https://a.example/", SupportURL: "https://a.example/help", TermsURL: "https://a.example/terms", PrivacyURL: "https://a.example/privacy",
	}}}
	all := shownBrand{
		Color: "#1a7f37", On: "#ffffff", Logo: "https://h.example/id/branding/hash",
		Home: "https://a.example/", Support: "https://a.example/help", Terms: "https://a.example/terms", Privacy: "https://a.example/privacy",
	}
	damaged := full
	damaged.Settings.Branding.Color = "red}body{display:none"
	colorless := all
	colorless.Color, colorless.On = "", ""
	for name, c := range map[string]struct {
		config      Config
		app         App
		page, mails shownBrand
	}{
		"by default":                    {Config{}, full, all, shownBrand{Color: "#1a7f37", On: "#ffffff"}},
		"where the host has it in mail": {Config{BrandingInMails: true}, full, all, all},
		"where the host wants none":     {Config{NoBranding: true, BrandingInMails: true}, full, shownBrand{}, shownBrand{}},
		"of an app without one":         {Config{BrandingInMails: true}, App{}, shownBrand{}, shownBrand{}},
		"with an invalid colour":        {Config{BrandingInMails: true}, damaged, colorless, colorless},
	} {
		c.config.BaseURL = "https://h.example/id"
		if got := c.config.brandOf(c.app); got != c.page {
			t.Errorf("%s, on a page: got %+v, want %+v", name, got, c.page)
		}
		if got := c.config.mailBrandOf(c.app); got != c.mails {
			t.Errorf("%s, in a mail: got %+v, want %+v", name, got, c.mails)
		}
	}
}
