package mail

import (
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/authkit-dev/authkit/internal/fill"
)

// Data is what a template may use. Mail to an unproven address holds no text
// from any request, so "magic_link" is given App, Link, Code and Minutes only.
type Data struct {
	App        string // the app's name
	Link, Code string
	Minutes    int // until Link and Code expire
	Email      string
	Provider   string
}

// Templates are the words of the mails. [DefaultTemplates] are authkit's own; package
// mailtemplate reads a host's from files.
type Templates interface {
	// Render fills Subject (one line), Text and HTML of the message of a name in [Names];
	// the caller sets the rest. An unknown name is an error. It may be called concurrently.
	Render(name string, data Data) (Message, error)
}

// Names are the messages that there are.
func Names() []string { return []string{"magic_link", "identity_linked"} }

// Limited is the data that the message of a name may use.
func (d Data) Limited(name string) Data {
	if name == "magic_link" {
		return Data{App: d.App, Link: d.Link, Code: d.Code, Minutes: d.Minutes}
	}
	return Data{App: d.App, Provider: d.Provider, Email: d.Email}
}

//go:embed templates
var embedded embed.FS

type defaults struct{}

// DefaultTemplates are authkit's own words, in English.
func DefaultTemplates() Templates { return defaults{} }

// Render implements [Templates].
func (defaults) Render(name string, data Data) (Message, error) {
	text, page := fill.Values{"App": data.App}, fill.Values{"App": data.App}
	switch name {
	case "magic_link":
		text["Link"], text["Code"], text["Minutes"] = data.Link, data.Code, data.Minutes
		page["LinkURL"], page["Code"], page["Minutes"] = data.Link, data.Code, data.Minutes
	case "identity_linked":
		text["Provider"], text["Email"] = data.Provider, data.Email
		page["Provider"], page["Email"] = data.Provider, data.Email
	default:
		return Message{}, fmt.Errorf("no mail template %q", name)
	}
	subject, err1 := fill.Text(read(name+".subject.txt"), fill.Values{"App": data.App})
	body, err2 := fill.Text(read(name+".txt"), text)
	html, err3 := fill.Page(read(name+".html"), page)
	if err := errors.Join(err1, err2, err3); err != nil {
		return Message{}, fmt.Errorf("render mail %q: %w", name, err)
	}
	return Message{Subject: OneLine(subject), Text: body, HTML: string(html)}, nil
}

// OneLine makes one line of text, as a subject has to be.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func read(file string) string {
	b, err := embedded.ReadFile("templates/" + file)
	if err != nil {
		panic(err) // the files are fixed at build time
	}
	return string(b)
}
