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
			return html.UnescapeString(m[1])
		}
	}
	return ""
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
