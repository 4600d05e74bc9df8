// Package pages renders the few HTML pages that sign-in needs. They hold no
// script and load nothing; the style carries a nonce.
//
//	w.Header().Set("Content-Security-Policy", pages.CSP(nonce))
//	err := pages.Notice(w, pages.NoticeData{Page: pages.Page{AppName: "Acme", Nonce: nonce}, Title: "Signed in", Text: "You may close this page."})
package pages

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed *.html
var files embed.FS

var templates = template.Must(template.ParseFS(files, "*.html"))

// Page is what every page has.
type Page struct {
	AppName string
	Nonce   string // the one given to [CSP]
	Lang    string // "en" if empty
}

// ConfirmData is a form with one button, so that a link scanner that follows
// a link does not use it up.
type ConfirmData struct {
	Page

	Action    string // URL that the form posts to
	Token     string
	FormToken string // against forged posts
	Button    string
	Email     string // masked by the caller
}

// NoticeData is a title and a text.
type NoticeData struct {
	Page

	Title, Text string
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
func Confirm(w io.Writer, c ConfirmData) error { return render(w, "confirm.html", c) }

// Notice writes a page that only tells something.
func Notice(w io.Writer, n NoticeData) error { return render(w, "notice.html", n) }

// ErrorDoc writes the page that explains an error code.
func ErrorDoc(w io.Writer, e ErrorData) error { return render(w, "error.html", e) }

// render writes nothing unless the whole page could be made.
func render(w io.Writer, name string, data any) error {
	var b strings.Builder
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		return fmt.Errorf("render page %q: %w", name, err)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write page %q: %w", name, err)
	}
	return nil
}

// CSP returns the Content-Security-Policy of a page: nothing but the style
// with the nonce, no frames, and forms to this origin and formActions. The
// formActions must be origins from configuration, not from a request.
func CSP(nonce string, formActions ...string) string {
	actions := strings.Join(append([]string{"'self'"}, formActions...), " ")
	return "default-src 'none'; style-src 'nonce-" + nonce +
		"'; base-uri 'none'; frame-ancestors 'none'; form-action " + actions
}
