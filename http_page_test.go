package authkit_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var (
	refresh = regexp.MustCompile(`<meta http-equiv="refresh" content="0;url=([^"]*)">`)
	action  = regexp.MustCompile(`<form method="post" action="([^"]*)"`)
	primary = regexp.MustCompile(`<a href="([^"]*)" class="button primary">`)
)

// leadsTo returns the URL to which an answer has a browser go on: that of a redirect, of a page that
// goes on by itself, or of the link by which a page goes on. It is empty where the browser stays.
func (a answer) leadsTo() string {
	if to := a.Header().Get("Location"); to != "" {
		return to
	}
	for _, way := range []*regexp.Regexp{refresh, primary} {
		if m := way.FindStringSubmatch(a.Body.String()); m != nil {
			return unescaped(m[1])
		}
	}
	return ""
}

// unescaped returns the value of an attribute. html/template escapes what it need not, such as "+".
func unescaped(attribute string) string { return html.UnescapeString(attribute) }

// shownAgain reports whether a page has a form that was refused, and says why.
func shownAgain(page string) bool {
	return strings.Contains(page, `aria-invalid="true"`) || strings.Contains(page, `role="alert"`) && strings.Contains(page, `name="do"`)
}

// movesBySelf reports whether a page leads elsewhere without a press.
func (a answer) movesBySelf() bool {
	return refresh.MatchString(a.Body.String()) || strings.Contains(a.Body.String(), "requestSubmit")
}

// query returns the parameters with which a browser goes on, and fails the test if it stays.
func (a answer) query(t *testing.T) url.Values {
	t.Helper()
	u, err := url.Parse(a.leadsTo())
	if err != nil || u.String() == "" {
		t.Fatalf("got %d, which leads nowhere: %v\n%s", a.Code, err, a.Body)
	}
	return u.Query()
}

// found returns what the group of a pattern matches on a page.
func (a answer) found(t *testing.T, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(a.Body.String())
	if m == nil {
		t.Fatalf("got %s, want %s", a.Body, pattern)
	}
	return unescaped(m[1])
}

// escaped returns a text as a parameter of a URL.
func escaped(text string) string { return url.QueryEscape(text) }
