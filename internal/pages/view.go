package pages

import (
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/locale"
)

// Page is what every page of an app has.
type Page struct {
	*locale.Language

	App   string // the app's name
	Brand Brand
	Nonce string // the one that [CSP] got
}

// Brand is what the developer of an app chose of its look. The zero value is authkit's own look.
type Brand struct {
	Color string // #rrggbb; empty: the default
	On    string // #rrggbb, readable on Color
	Logo  string // the URL of an image on this origin; empty: the app's name stands in its place

	Home, Support, Terms, Privacy string // URLs; each may be empty
}

// View is one page. Its texts are in the language of the page.
type View struct {
	Page

	Name  string // of the kind of page, such as "sign-in"; it is the class of the body
	Title string

	Problem string // what did not work; empty: all is well
	Done    string // what was just done; empty: nothing was
	Texts   []string
	Facts   []Fact
	QR      *QR    // may be nil
	Codes   *Codes // recovery codes; may be nil

	Form     *Form // nil: the page has no form of its own
	Sections []Section
	Links    []Link
	Small    []string // for the people whom the person asks for help

	// GoTo is a URL to which the page goes on by itself; empty: it stays.
	GoTo string

	// Press lets the script press the first form, and take the query out of the address bar.
	Press bool
}

// Suffix reports whether the name of the app follows the title in the window's title, since the title
// does not have it.
func (v View) Suffix() bool { return v.App != "" && !strings.Contains(v.Title, v.App) }

// Fact is a name and its value, such as an address.
type Fact struct{ Name, Value string }

// Section is a part of a page under a heading of its own.
type Section struct {
	ID      string // also its anchor
	Heading string // empty: it is set off by a line with the word Or
	Or      string
	Texts   []string
	Facts   []Fact
	QR      *QR // may be nil
	Problem string
	Done    string
	Forms   []Form
	Items   []Item
	Links   []Link
	Folded  string // the label under which the section is folded away; empty: it is open
}

// Unfolded reports whether the section is shown open, since it says something of the last post.
func (s Section) Unfolded() bool {
	return s.Problem != "" || s.Done != "" || slices.ContainsFunc(s.Forms, func(f Form) bool {
		return slices.ContainsFunc(f.Fields, func(one Field) bool { return one.Problem != "" })
	})
}

// Item is one of a list, such as a session, with a form to act on it.
type Item struct {
	Title, Text string
	Form        *Form // nil: there is nothing to do with it
}

// Form posts its fields to an action.
type Form struct {
	Action   string
	Hidden   []Hidden
	Fields   []Field
	Username string // for password managers alone: the person does not see it; may be empty
	Note     string // below the fields
	Buttons  []Button

	// Passkey makes the script run a ceremony before it posts the form; nil: it does not.
	Passkey *Ceremony
}

// Hidden is a field that the person does not see.
type Hidden struct{ Name, Value string }

// Field is an input that a person fills in.
type Field struct {
	ID, Name, Label string
	Type            string // "text", "email", "password" or "checkbox"
	Value           string
	Autocomplete    string // the token by which password managers know it
	InputMode       string
	Hint            string
	Problem         string // what is wrong with the value; empty: nothing is known to be
	MinLength       int
	MaxLength       int
	Required        bool
	Focus           bool
	Shown           string // the label of the button that shows a password; empty: there is no such button
	Hide            string // its label while the password is shown
	ReadOnly        bool   // a name for password managers: the person does not change it

	// Judged says that the script tells, while a new password is typed, what the policy will say of
	// it: nil: it does not.
	Judged *Judged
}

// Judged has the texts by which the script judges a new password as the policy does, as far as that
// needs no list of common passwords.
type Judged struct {
	Short, Personal, Common, Fine string

	Words string // the names that the password must not be little more than
}

// The kinds of buttons and links.
const (
	Primary   = "primary"
	Secondary = "secondary"
	Danger    = "danger"
	Plain     = "plain" // looks like a link
)

// Button submits its form. With a name it adds a value to the form.
type Button struct {
	Name, Value string
	Label       string
	Kind        string
	Unchecked   bool // the browser does not check the fields first
}

// Link leads elsewhere.
type Link struct {
	Label, URL string
	Kind       string // empty: it looks like a link
	Mark       string // the name of a provider's mark; empty: there is no mark
	Offer      bool   // the script adds the parameter "offer"
}

// Href returns the URL for a link. It is an error if a browser would take it for a script or for
// data: only web addresses, paths, and private-use schemes with a dot in them are links.
func (l Link) Href() (template.URL, error) { return href(l.URL) }

// Refresh returns the directive by which the page goes on to GoTo, which has to be a web address or
// a path.
func (v View) Refresh() (string, error) {
	_, err := href(v.GoTo)
	if err == nil && httpio.PrivateUse(v.GoTo) {
		err = fmt.Errorf("%q is no web address", v.GoTo)
	}
	return "0;url=" + v.GoTo, err
}

func href(raw string) (template.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || raw == "":
		return "", fmt.Errorf("%q is no URL", raw)
	case u.Scheme == "" && strings.HasPrefix(raw, "/"), u.Scheme == "https", u.Scheme == "http", httpio.PrivateUse(raw):
		return template.URL(raw), nil //nolint:gosec // its scheme is one of those that run nothing
	}
	return "", fmt.Errorf("%q is neither a web address, a path nor a private-use scheme", raw)
}

// sample is a page that has everything.
func sample() View {
	all, err := locale.New(nil)
	if err != nil {
		panic(err) // the files are fixed at build time
	}
	form := Form{
		Action: "/x", Hidden: []Hidden{{"form_token", "x"}}, Username: "x", Note: "note", Buttons: []Button{{"do", "x", "Go", Primary, true}},
		Fields: []Field{{
			ID: "a", Name: "a", Label: "A", Type: "password", Value: "x", Autocomplete: "off", InputMode: "text", Hint: "hint", Problem: "problem",
			MinLength: 1, MaxLength: 2, Required: true, Focus: true, Shown: "Show", Hide: "Hide", ReadOnly: true, Judged: &Judged{"a", "b", "c", "d", "e"},
		}},
		Passkey: &Ceremony{"/x", "{}", true, true, "failed", "unsupported"},
	}
	section := Section{
		ID: "x", Heading: "Heading", Problem: "problem", Done: "done", Texts: []string{"text"}, Facts: []Fact{{"a", "b"}}, QR: &QR{"M0 0h1v1h-1z", 9, "QR"}, Forms: []Form{form},
		Items: []Item{{"a", "b", &form}}, Links: []Link{{"a", "/x", Primary, "google", true}}, Folded: "More",
	}
	return View{
		Page: Page{Language: all.Language(locale.English), App: "App", Brand: Brand{Color: "#123456", On: "#ffffff", Logo: "/x", Home: "https://x", Support: "https://x", Terms: "https://x", Privacy: "https://x"}, Nonce: "x"},
		Name: "sample", Title: "Title", Problem: "problem", Done: "done", Texts: []string{"text"}, Facts: []Fact{{"a", "b"}}, Form: &form,
		QR: &QR{"M0 0h1v1h-1z", 9, "QR"}, Codes: &Codes{[]string{"a"}, "Copy", "Copied", "Download", "codes.txt", "Print"},
		Sections: []Section{section, {Or: "or"}},
		Links:    []Link{{Label: "a", URL: "/x"}}, Small: []string{"small"}, GoTo: "https://x", Press: true,
	}
}
