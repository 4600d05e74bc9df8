package mail

import (
	"embed"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/authkit-dev/authkit/internal/fill"
)

// Data holds what a template may use. Mail to an unproven address holds no text from any
// request. Therefore a mail that proves an address gets only Product, App, Link, Code and
// Minutes.
type Data struct {
	Product    string // the service that sends the mail; may be empty
	App        string // the app's name
	Link, Code string
	Minutes    int // until Link and Code expire
	Email      string
	Provider   string
	Change     string // the change that a notice is about, in words
}

// Templates write the texts of the mails. [DefaultTemplates] returns authkit's own. Package
// mailtemplate reads a host's texts from files.
type Templates interface {
	// Render fills Subject (one line), Text and HTML of the message of a name in [Names]. The
	// caller sets the other fields. An unknown name is an error. Render may be called
	// concurrently.
	Render(name string, data Data) (Message, error)
}

// Names lists all messages.
func Names() []string {
	return []string{
		"magic_link", "email_verify", "email_change", "password_reset", // prove an address, by link or code
		"email_changed",    // to the old address, with a link that undoes the change, or without one
		"account_reset",    // what was set before the address was proven is removed; without a link
		"password_changed", // without a link; with the providers that were removed, if any
		"identity_linked",  // with the provider, and a link that undoes the change, or without one
		"app_changed",      // to the developer of an app, with the change
		"more_notices",     // in place of notices beyond ten an hour; with Product and App only
		"sign_up_taken",    // a person signed up with the address of an account; with Product and App only
	}
}

// Limited returns the part of the data that the message of a name may use.
func (d Data) Limited(name string) Data {
	limited := d.limited(name)
	limited.Product = d.Product
	return limited
}

func (d Data) limited(name string) Data {
	switch name {
	case "identity_linked":
		return Data{App: d.App, Provider: d.Provider, Email: d.Email, Link: d.Link, Minutes: d.Minutes}
	case "app_changed":
		return Data{App: d.App, Change: d.Change}
	case "account_reset":
		return Data{App: d.App, Email: d.Email}
	case "password_changed":
		return Data{App: d.App, Email: d.Email, Change: d.Change}
	case "email_changed":
		return Data{App: d.App, Link: d.Link, Minutes: d.Minutes}
	case "sign_up_taken", "more_notices":
		return Data{App: d.App}
	}
	return Data{App: d.App, Link: d.Link, Code: d.Code, Minutes: d.Minutes}
}

//go:embed templates
var embedded embed.FS

// words are what differs between messages of the same form.
type words struct {
	title     string // also the subject
	button    string // for the link
	fact      string // of a notice
	otherwise string // what to do if the recipient did not do this
}

const ignore = "If you did not ask for this mail, ignore it: nobody gets in without it."

func (d Data) words(name string) (words, bool) {
	app, people := d.App, "tell the people who run "+d.App+" at once"
	switch name {
	case "magic_link":
		return words{title: "Sign in to " + app, button: "Sign in", otherwise: ignore}, true
	case "email_verify":
		return words{title: "Confirm your address for " + app, button: "Confirm", otherwise: ignore}, true
	case "email_change":
		return words{title: "Confirm your new address for " + app, button: "Confirm", otherwise: ignore}, true
	case "password_reset":
		return words{title: "Choose a new password for " + app, button: "Choose a password", otherwise: ignore}, true
	case "email_changed":
		return words{
			title: "Your address for " + app + " was changed", button: "Take it back",
			fact: "Your " + app + " account now has another address.", otherwise: "If this was you, there is nothing to do. If not, " + d.undo(people) + ".",
		}, true
	case "account_reset":
		return words{
			title: "Your " + app + " account was reset",
			fact: "The address " + d.Email + " was confirmed for your " + app + " account for the first time. " +
				"What was set before, such as a password or a name, was removed, and every other browser and device was signed out.",
			otherwise: "Another person may have set it, so it could not be kept. If it was you, set it again.",
		}, true
	case "password_changed":
		return words{
			title: "Your password for " + app + " was changed", fact: "The password of your " + app + " account " + d.Email + " was changed." + d.removed(),
			otherwise: "If this was you, there is nothing to do. If not, ask for a new password and " + people + ".",
		}, true
	case "identity_linked":
		return words{
			title: "A new way to sign in to " + app, button: "Take it back",
			fact:      d.Provider + " can now be used to sign in to your " + app + " account " + d.Email + ".",
			otherwise: "If this was you, there is nothing to do. If not, " + d.undo(people) + ".",
		}, true
	case "app_changed":
		return words{
			title: "Your app " + app + " was changed", fact: "In your app " + app + ", " + d.Change + ".",
			otherwise: "If this was you, there is nothing to do. If not, choose a new password, sign out everywhere, and take the change back.",
		}, true
	case "more_notices":
		return words{
			title: "And more at " + app, fact: "More happened at " + app + " that concerns this address than we write mails about in an hour.",
			otherwise: "If this was you, there is nothing to do. If not, ask for a new password and " + people + ".",
		}, true
	case "sign_up_taken":
		return words{
			title: "You have an account at " + app, fact: "Somebody signed up to " + app + " with this address, which has an account already.",
			otherwise: "If this was you, sign in, or ask for a new password. If not, there is nothing to do.",
		}, true
	}
	return words{}, false
}

// sender says who sends a mail, because an app may have any name.
func (d Data) sender() string {
	switch d.Product {
	case "":
		return ""
	case d.App:
		return "Sent by " + d.Product + "."
	}
	return "Sent by " + d.Product + " for " + d.App + "."
}

// removed names the ways to sign in that were removed together with the old password.
func (d Data) removed() string {
	if d.Change == "" {
		return ""
	}
	return " What was added in the last 72 hours can no longer be used to sign in: " + d.Change + ". If it was you who added it, add it again."
}

func (d Data) undo(people string) string {
	if d.Link == "" {
		return people
	}
	return fmt.Sprintf("follow the link within %d hours: it takes the change back and ends every session", d.Minutes/60)
}

type defaults struct{}

// DefaultTemplates returns authkit's own texts, in English.
func DefaultTemplates() Templates { return defaults{} }

// Render implements [Templates].
func (defaults) Render(name string, data Data) (Message, error) {
	w, ok := data.words(name)
	if !ok {
		return Message{}, fmt.Errorf("no mail template %q", name)
	}
	form, way, plainWay := "code", fill.HTML(""), ""
	var failed []error
	keep := func(err error) { failed = append(failed, err) }
	if w.fact != "" {
		form = "notice"
		if data.Link != "" {
			way = page(keep, "way.html", fill.Values{"LinkURL": data.Link, "Button": w.button})
			plainWay = data.Link + "\n\n"
		}
	}
	all := fill.Values{
		"Title": w.title, "Button": w.button, "Fact": w.fact, "Otherwise": w.otherwise,
		"Sender": data.sender(), "Code": data.Code, "Minutes": data.Minutes, "Link": data.Link, "LinkURL": data.Link, "Way": plainWay,
	}
	text, err := forms()[form+".txt"].Text(used(form+".txt", all))
	keep(err)
	all["Way"] = way
	body := page(keep, form+".html", used(form+".html", all))
	html := page(keep, "layout.html", fill.Values{"App": data.App, "Body": body, "Sender": data.sender()})
	if err := errors.Join(failed...); err != nil {
		return Message{}, fmt.Errorf("render mail %q: %w", name, err)
	}
	return Message{Subject: OneLine(w.title), Text: text, HTML: string(html)}, nil
}

// page fills in a file; what fails is kept.
func page(keep func(error), file string, values fill.Values) fill.HTML {
	html, err := forms()[file].Page(values)
	keep(err)
	return html
}

// used returns the values that have a place in a file.
func used(file string, all fill.Values) fill.Values {
	form, some := forms()[file], make(fill.Values, len(all))
	for name, v := range all {
		if form.Has(name) {
			some[name] = v
		}
	}
	return some
}

// OneLine joins the lines of a text into one, as a subject requires.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// forms returns the embedded files by name. They are parsed once.
var forms = sync.OnceValue(func() map[string]fill.Form {
	files, err := embedded.ReadDir("templates")
	out := make(map[string]fill.Form, len(files))
	for _, f := range files {
		text, failed := embedded.ReadFile("templates/" + f.Name())
		err = errors.Join(err, failed)
		out[f.Name()] = fill.Parse(string(text))
	}
	if err != nil {
		panic(err) // the files are fixed at build time
	}
	return out
})
