// Package browser lets the tests of the examples open pages, press buttons and follow links.
package browser

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Browser is one that runs no script.
type Browser struct {
	Client *http.Client
	At     *url.URL // of the page that it shows
	Status int
	Page   string

	tb testing.TB
}

// New returns a Browser without cookies, at an address that it has not opened yet.
func New(tb testing.TB, at string) *Browser {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &Browser{tb: tb, Client: &http.Client{Jar: jar}, At: parse(tb, at)}
}

func parse(tb testing.TB, raw string) *url.URL {
	tb.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// Another returns another Browser, at the same address.
func (b *Browser) Another() *Browser {
	b.tb.Helper()
	return New(b.tb, b.At.String())
}

// Open goes to an address, by way of redirects, and shows the page.
func (b *Browser) Open(to string) *Browser { return b.send(http.MethodGet, to, nil) }

func (b *Browser) send(method, to string, form url.Values) *Browser {
	b.tb.Helper()
	r, err := http.NewRequestWithContext(b.tb.Context(), method, b.At.ResolveReference(parse(b.tb, to)).String(), strings.NewReader(form.Encode()))
	if err != nil {
		b.tb.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.At.Scheme+"://"+b.At.Host)
	}
	got, err := b.Client.Do(r)
	if err != nil {
		b.tb.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		b.tb.Fatal(err)
	}
	b.At, b.Status, b.Page = got.Request.URL, got.StatusCode, string(text)
	return b
}

var (
	actions = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	hidden  = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)"`)
)

// Press fills in the form of the page, with "name=value" for each field, and presses a button.
func (b *Browser) Press(fill ...string) *Browser {
	b.tb.Helper()
	action := actions.FindStringSubmatch(b.Page)
	if action == nil {
		b.tb.Fatalf("%s: got %d without a form\n%s", b.At, b.Status, b.Page)
	}
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(b.Page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, field := range fill {
		name, value, _ := strings.Cut(field, "=")
		form.Set(name, value)
	}
	return b.send(http.MethodPost, html.UnescapeString(action[1]), form)
}

// Follow goes to the first link of the page whose address contains the text.
func (b *Browser) Follow(text string) *Browser {
	b.tb.Helper()
	link := regexp.MustCompile(`href="([^"]*` + regexp.QuoteMeta(text) + `[^"]*)"`).FindStringSubmatch(b.Page)
	if link == nil {
		b.tb.Fatalf("%s: got no link to %q\n%s", b.At, text, b.Page)
	}
	return b.Open(html.UnescapeString(link[1]))
}

// Want checks the status of the page, the beginning of its path and a part of its text.
func (b *Browser) Want(status int, path, part string) *Browser {
	b.tb.Helper()
	if b.Status != status || !strings.HasPrefix(b.At.Path, path) || !strings.Contains(b.Page, part) {
		b.tb.Fatalf("got %d at %s, want %d at %s with %q\n%s", b.Status, b.At, status, path, part, b.Page)
	}
	return b
}
