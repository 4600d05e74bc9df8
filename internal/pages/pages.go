// Package pages renders the pages that people see. A page is a [View]: what it says, and the forms
// and links on it, in the language of the person. Everything is written by html/template, into one
// layout with one style sheet.
//
//	set, err := pages.New(nil)
//	w.Header().Set("Content-Security-Policy", pages.CSP(nonce))
//	err = set.Render(w, pages.View{Page: page, Name: "notice", Title: "Signed in"})
//
// # What a page may do
//
// A page loads nothing but the logo of its app, and works without script. The style and the one
// script carry a nonce. The script shows a password, moves the focus to the first field that is
// wrong, and keeps a button from being pressed twice; nothing depends on it.
//
// # Another look
//
// [New] takes the files of a host, which replace authkit's own of the same name: layout.html is the
// frame of every page, page.html its content, style.css the style sheet and script.js the script.
// They are templates over a [View].
package pages

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"sync"
)

//go:embed files
var embedded embed.FS

// Set holds the templates of every page. It is safe for concurrent use.
type Set struct{ layout *template.Template }

// The files of a set. The layout refers to the others as templates of these names.
var files = []string{"layout.html", "page.html", "marks.html", "style.css", "script.js"}

// New parses authkit's files, or those of a host where look has them; look may be nil. It renders
// every kind of page once, since a template shows some of its errors only then.
func New(look fs.FS) (*Set, error) {
	if look == nil {
		return builtIn()
	}
	return parse(look)
}

// builtIn is authkit's own look. It is parsed once, and never changes.
var builtIn = sync.OnceValues(func() (*Set, error) { return parse(nil) })

func parse(look fs.FS) (*Set, error) {
	root := template.New("pages").Option("missingkey=error")
	var failed []error
	for _, name := range files {
		content, err := file(look, name)
		if err == nil {
			_, err = root.New(name).Parse(content)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("page file %s: %w", name, err))
		}
	}
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	set := &Set{layout: root.Lookup("layout.html")}
	return set, set.Render(io.Discard, sample())
}

// file returns a file of the host's look, or authkit's own.
func file(look fs.FS, name string) (string, error) {
	if look != nil {
		content, err := fs.ReadFile(look, name)
		if !errors.Is(err, fs.ErrNotExist) {
			return string(content), err
		}
	}
	content, err := embedded.ReadFile("files/" + name)
	return string(content), err
}

// Render writes a page. It writes nothing if a template has an error.
func (s *Set) Render(w io.Writer, v View) error {
	var page bytes.Buffer
	if err := s.layout.Execute(&page, v); err != nil {
		return fmt.Errorf("render page %q: %w", v.Name, err)
	}
	if _, err := w.Write(page.Bytes()); err != nil {
		return fmt.Errorf("write page %q: %w", v.Name, err)
	}
	return nil
}

// CSP returns the Content-Security-Policy of a page. It allows the style and the script with the
// nonce, images, forms and requests of this origin, no frames, and nothing more.
func CSP(nonce string) string {
	return "default-src 'none'; style-src 'nonce-" + nonce + "'; script-src 'nonce-" + nonce + "'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
}
