// Package pages renders the few HTML pages that sign-in needs. They load nothing and work
// without script. The style, and the one script, which presses a button, carry a nonce.
//
//	w.Header().Set("Content-Security-Policy", pages.CSP(nonce))
//	err := pages.Notice(w, pages.NoticeData{Page: pages.Page{AppName: "Acme", Nonce: nonce}, Title: "Signed in", Text: "You may close this page."})
package pages

import (
	_ "embed" // for the markup
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/authkit-dev/authkit/internal/fill"
)

var (
	//go:embed layout.html
	layout string
	//go:embed confirm.html
	confirm string
	//go:embed password.html
	password string
	//go:embed notice.html
	notice string
	//go:embed continue.html
	continueDoc string
	//go:embed refusal.html
	refusal string
	//go:embed error.html
	errorDoc string
)

// submitScript is the script that presses the only button of a page.
const submitScript = `<script nonce="{{Nonce}}">history.replaceState(null,"",location.pathname);document.forms[0].submit()</script>`

// Page holds what every page has.
type Page struct {
	AppName string
	Nonce   string // the nonce that [CSP] got
}

// ConfirmData is a form with one button. The button is there so that a scanner that follows a
// link does not spend its token.
type ConfirmData struct {
	Page

	Title       string
	Action      string // the URL that the form posts to
	Token       string
	FormToken   string // against forged posts (CSRF)
	Button      string
	Email       string // masked by the caller
	Asked       string // when, and with which browser; may be empty
	Destination string // the host to which the button leads; may be empty

	// AutoSubmit adds a script that removes the token from the address bar and presses the
	// button. Without script the person can still press it.
	AutoSubmit bool

	Takes string // what the account loses; may be empty
	Keep  string // the label of the choice to keep the password; empty: there is none

	NewPassword   bool   // whether to ask for a new password
	MinLength     int    // the least number of its characters
	PasswordError string // why the last one was refused; may be empty
}

// NoticeData is a title and a text.
type NoticeData struct {
	Page

	Title, Text string
}

// RefusalData tells a person what did not work, why, and what to do. Code, Detail and RequestID
// are for the support desk that the person asks.
type RefusalData struct {
	Page

	Title, Text  string
	Code, Detail string
	RequestID    string
}

// ContinueData is a text and a link to a program on the person's device. A link is needed because
// browsers follow no redirect to a program without a press.
type ContinueData struct {
	Page

	Title, Text string
	Button      string
	URL         string
}

// ErrorData explains one error code.
type ErrorData struct {
	Page

	Code    string
	Status  int
	Meaning string
	Causes  []string
	Fix     string
}

// Confirm writes the page that asks before a link is used.
func Confirm(w io.Writer, c ConfirmData) error {
	who, err := optional(`<p>This is for <strong>{{Email}}</strong>.</p>`, "Email", c.Email)
	asked, err4 := optional(`<p>It was asked for at {{Asked}}. If that was not you, close this page.</p>`, "Asked", c.Asked)
	destination, err5 := optional(`<p>You go on to <strong>{{Destination}}</strong>.</p>`, "Destination", c.Destination)
	who += asked + destination
	var ask fill.HTML
	var err2 error
	refused, err6 := optional(`<p role="alert"><strong>{{PasswordError}}.</strong></p>`, "PasswordError", c.PasswordError)
	if c.NewPassword {
		ask, err2 = fill.Page(password, fill.Values{"Label": "New password", "MinLength": c.MinLength})
	}
	takes, err7 := optional(`<p>{{Takes}}</p>`, "Takes", c.Takes)
	keep, err8 := optional(`<p><label><input type="checkbox" name="keep_password" value="yes"> {{Keep}}</label></p>`, "Keep", c.Keep)
	who += takes
	ask = refused + ask + keep
	body, err3 := fill.Page(confirm, fill.Values{
		"Title": c.Title, "Who": who, "ActionURL": c.Action, "Token": c.Token, "FormToken": c.FormToken, "Button": c.Button, "Ask": ask,
	})
	if c.AutoSubmit {
		script, err := fill.Page(submitScript, fill.Values{"Nonce": c.Nonce})
		if err != nil {
			return fmt.Errorf("render page %q: %w", c.Title, err)
		}
		body += script
	}
	return write(w, c.Page, c.Title, body, err, err2, err3, err4, err5, err6, err7, err8)
}

// Notice writes a page that only shows a text.
func Notice(w io.Writer, n NoticeData) error {
	body, err := fill.Page(notice, fill.Values{"Title": n.Title, "Text": n.Text})
	return write(w, n.Page, n.Title+" - "+n.AppName, body, err)
}

// Refusal writes the page that says what did not work.
func Refusal(w io.Writer, r RefusalData) error {
	body, err := fill.Page(refusal, fill.Values{"Title": r.Title, "Text": r.Text, "Code": r.Code, "Detail": r.Detail, "RequestID": r.RequestID})
	title := r.Title
	if r.AppName != "" {
		title += " - " + r.AppName
	}
	return write(w, r.Page, title, body, err)
}

// Continue writes the page that leads to a program on the device.
func Continue(w io.Writer, g ContinueData) error {
	body, err := fill.Page(continueDoc, fill.Values{"Title": g.Title, "Text": g.Text, "Button": g.Button, "GoalURL": g.URL})
	return write(w, g.Page, g.Title, body, err)
}

// ErrorDoc writes the page that explains an error code.
func ErrorDoc(w io.Writer, e ErrorData) error {
	var causes fill.HTML
	var errs []error
	for _, cause := range e.Causes {
		item, err := fill.Page(`<li>{{Cause}}</li>`, fill.Values{"Cause": cause})
		causes, errs = causes+item, append(errs, err)
	}
	body, err := fill.Page(errorDoc, fill.Values{"Code": e.Code, "Status": e.Status, "Meaning": e.Meaning, "Causes": causes, "Fix": e.Fix})
	return write(w, e.Page, e.Code, body, append(errs, err)...)
}

// optional returns the markup with the value in it, or nothing if the value is empty.
func optional(markup, name, value string) (fill.HTML, error) {
	if value == "" {
		return "", nil
	}
	return fill.Page(markup, fill.Values{name: value})
}

// write puts a body into the layout. It writes nothing if any part of the page has an error.
func write(w io.Writer, p Page, title string, body fill.HTML, errs ...error) error {
	page, err := fill.Page(layout, fill.Values{"Title": title, "Nonce": p.Nonce, "Body": body})
	if err := errors.Join(append(errs, err)...); err != nil {
		return fmt.Errorf("render page %q: %w", title, err)
	}
	if _, err := io.WriteString(w, string(page)); err != nil {
		return fmt.Errorf("write page %q: %w", title, err)
	}
	return nil
}

// CSP returns the Content-Security-Policy of a page. It allows the style with the nonce, no
// frames, forms to this origin and formActions, and nothing more. The formActions must be
// origins from configuration, not from a request.
func CSP(nonce string, formActions ...string) string {
	actions := strings.Join(append([]string{"'self'"}, formActions...), " ")
	return "default-src 'none'; style-src 'nonce-" + nonce + "'; base-uri 'none'; frame-ancestors 'none'; form-action " + actions
}

// Scripted returns a policy of [CSP] that also allows the script with the nonce.
func Scripted(nonce, policy string) string { return policy + "; script-src 'nonce-" + nonce + "'" }
