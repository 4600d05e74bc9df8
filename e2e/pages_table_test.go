package e2e_test

import (
	"testing"
)

// shownPage is one state of the pages of an app.
type shownPage struct {
	name  string // of its screenshots
	title string // the class of its body
	open  func(v *guest)

	english bool // it is in English, whatever the person reads
}

// shownPages are the pages and their states.
var shownPages = []shownPage{
	{name: "sign-in", title: "sign-in", open: func(v *guest) {
		v.offers("github", "google")
		v.opens("sign-in")
	}},
	{name: "sign-in-refused", title: "sign-in", open: func(v *guest) {
		v.opens("sign-in")
		v.fills("password", "email=ann@example.com", "password=not the password")
	}},
	{name: "sign-up", title: "sign-up", open: func(v *guest) {
		v.offers("github", "google")
		v.opens("sign-up")
	}},
	{name: "account", title: "account", open: func(v *guest) {
		v.has("ann@example.com")
		v.signsIn("ann@example.com")
	}},
}

// TestThePages looks at each page in each state, as people see it.
func TestThePages(t *testing.T) {
	t.Parallel()
	browser := launch(t)
	album := newAlbum(t)
	for _, p := range shownPages {
		for _, l := range []language{{"en", "ltr"}, {"de", "ltr"}, {"ar", "rtl"}} {
			t.Run(p.name+" in "+l.tag, func(t *testing.T) {
				t.Parallel()
				v := visit(t, browser)
				v.reads(l.tag)
				p.open(v)
				looksRight(t, v, p, l, album)
			})
		}
	}
}
