package e2e_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// browser does what these tests need of a browser: it keeps cookies, follows redirects, presses
// buttons, sends Fetch Metadata, and sends no cookie with a form that crosses sites. It treats
// all cookies as SameSite=Lax.
type browser struct {
	t   *testing.T
	jar *cookiejar.Jar
}

// page is the end of a navigation: an answer that is not a redirect, or a redirect to another
// machine.
type page struct {
	answer

	at  *url.URL
	via []string // the URLs on the way
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, jar: jar}
}

// open visits an address that a person typed.
func (b *browser) open(raw string) page {
	b.t.Helper()
	return b.visit(http.MethodGet, b.parse(nil, raw), "", nil)
}

// follow visits the link of a page whose address contains the text.
func (b *browser) follow(p page, text string) page {
	b.t.Helper()
	for n := range b.elements(p, "a") {
		if href := attribute(n, "href"); strings.Contains(href, text) {
			return b.visit(http.MethodGet, b.parse(p.at, href), "", p.at)
		}
	}
	b.t.Fatalf("page %s: got no link with %q\n%s", p.at, text, p.raw)
	return page{}
}

// form returns the first form of a page.
type form struct {
	method, action string
	fields         url.Values
}

func (b *browser) form(p page) form {
	b.t.Helper()
	for n := range b.elements(p, "form") {
		f := form{strings.ToUpper(attribute(n, "method")), attribute(n, "action"), url.Values{}}
		for in := range n.Descendants() {
			if in.Data == "input" && attribute(in, "name") != "" {
				f.fields.Set(attribute(in, "name"), attribute(in, "value"))
			}
		}
		return f
	}
	b.t.Fatalf("page %s: got %d without a form\n%v\n%s", p.at, p.status, p.header, p.raw)
	return form{}
}

// submit fills in the form of a page, with "name=value" for each field, and presses its button.
func (b *browser) submit(p page, fill ...string) page {
	b.t.Helper()
	f := b.form(p)
	for _, field := range fill {
		name, value, _ := strings.Cut(field, "=")
		if !f.fields.Has(name) {
			b.t.Fatalf("form of %s: got %v, want a field %s", p.at, f.fields, name)
		}
		f.fields.Set(name, value)
	}
	return b.visit(f.method, b.parse(p.at, f.action), f.fields.Encode(), p.at)
}

// visit navigates. from is the page that starts the navigation, nil if a person does.
func (b *browser) visit(method string, to *url.URL, body string, from *url.URL) page {
	b.t.Helper()
	site := "none"
	if from != nil {
		site = "same-origin"
	}
	var via []string
	for range 20 {
		via = append(via, to.String())
		if from != nil {
			site = widen(site, from, to)
		}
		got := b.request(method, to, body, site, from)
		location := got.header.Get("Location")
		if got.status < 300 || got.status > 399 || location == "" {
			return page{got, to, via}
		}
		to, method, body = b.parse(to, location), http.MethodGet, ""
		if to.Hostname() != "localhost" && to.Hostname() != "127.0.0.1" {
			return page{got, to, via}
		}
	}
	b.t.Fatalf("navigation to %s: got more than twenty redirects", to)
	return page{}
}

// widen returns Sec-Fetch-Site after one more URL on the way (Fetch Metadata, section 2.2).
func widen(site string, from, to *url.URL) string {
	order := []string{"same-origin", "same-site", "cross-site"}
	now := "cross-site"
	switch {
	case from.Host == to.Host:
		now = "same-origin"
	case from.Hostname() == to.Hostname():
		now = "same-site"
	}
	return order[max(slices.Index(order, site), slices.Index(order, now))]
}

func (b *browser) request(method string, to *url.URL, body, site string, from *url.URL) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, to.String(), strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("Sec-Fetch-Site", site)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", from.Scheme+"://"+from.Host)
	}
	if method != http.MethodPost || site != "cross-site" {
		for _, c := range b.jar.Cookies(to) {
			r.AddCookie(c)
		}
	}
	client := http.Client{CheckRedirect: stay}
	res, err := client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.jar.SetCookies(to, res.Cookies())
	return read(b.t, res)
}

// cookies returns the Cookie header of a request to an address.
func (b *browser) cookies(raw string) string {
	b.t.Helper()
	r := http.Request{Header: http.Header{}}
	for _, c := range b.jar.Cookies(b.parse(nil, raw)) {
		r.AddCookie(c)
	}
	return "Cookie: " + r.Header.Get("Cookie")
}

func (b *browser) parse(on *url.URL, raw string) *url.URL {
	b.t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		b.t.Fatal(err)
	}
	if on != nil {
		u = on.ResolveReference(u)
	}
	return u
}

func (b *browser) elements(p page, name string) func(yield func(*html.Node) bool) {
	b.t.Helper()
	root, err := html.Parse(strings.NewReader(p.raw))
	if err != nil {
		b.t.Fatal(err)
	}
	return func(yield func(*html.Node) bool) {
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && n.Data == name && !yield(n) {
				return
			}
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
