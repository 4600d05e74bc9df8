package authkit

import "github.com/authkit-dev/authkit/internal/pages"

// offering makes the forms of a page that signs in carry the field "offer", by which the script says that
// the browser can make a passkey and has noted no offer of this app. A session that no cookie holds goes on
// by a code that lives too short to wait for an offer.
func offering(c person, forms pages.Forms) pages.Forms {
	forms.Offer = c.cookieMode() && c.app.takesFactors() == nil && c.e.HasPasskeys(c.app)
	return forms
}

// landFrom is landOffering for a flow that ends with a form, whose field permits the offer of a passkey.
func landFrom(c person, got Landing, form pageForm) error {
	got.Offer = form.Get("offer") != ""
	return landOffering(c, got)
}

// landOffering is land, and offers a passkey first where it may.
func landOffering(c person, got Landing) error {
	if !offersPasskey(c, got) {
		return c.land(got)
	}
	p := c.view()
	return c.pause(got, pages.Notice{
		Title: p.T("offer.title"), Text: p.T("offer.text"), Offer: true,
		Links: []pages.Link{{Label: p.T("account.passkey_add"), Kind: pages.Primary, URL: c.pagePath("account") + "#factors"}},
	})
}

// offersPasskey reports whether a person who has just signed in is offered a passkey. A page about what a
// reset took away goes before the offer, and a program on the device does not wait for it.
func offersPasskey(c person, got Landing) bool {
	in := got.SignIn
	switch {
	case !got.Offer, in.Cookie == "", in.Reset != nil && (in.Reset.Password || in.Reset.Name), c.app.leavesBrowser(got.RedirectTo):
		return false
	}
	return in.User.Factors&FactorPasskey == 0 && c.app.takesFactors() == nil && c.e.HasPasskeys(c.app)
}
