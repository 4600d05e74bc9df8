package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
)

// TestThePageOfDocs runs the page of docs/api.md as it stands, with a place and an app that are there.
func TestThePageOfDocs(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?ms)^```html\n(.*?)^```$").FindStringSubmatch(source(t, "../docs/api.md"))
	if block == nil {
		t.Fatal("docs/api.md: got no block of html, want one")
	}
	var page string
	asked := make(chan string, 1)
	w := setup(t, subpath)
	app := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/orders" {
			asked <- r.Header.Get("Authorization")
			_, _ = io.WriteString(rw, "[]")
			return
		}
		rw.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(rw, page)
	}))
	t.Cleanup(app.Close)
	if _, err := w.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.AppPatch{Origins: &[]string{app.URL}}); err != nil {
		t.Fatal(err)
	}
	page = "<!doctype html>" + strings.NewReplacer("https://example.com/id", w.base, "YOUR_APP_ID", w.app.ID.String()).Replace(block[1])
	w.send("POST", w.at("/auth/credentials"), `{"email":"ann@example.com","password":"correct horse battery"}`).want(t, 201, "")
	window := launch(t)
	do(t, window, chromedp.Navigate(app.URL))
	if got := <-asked; !strings.HasPrefix(got, "Bearer eyJ") {
		t.Errorf("the page's request: got %q, want an access token", got)
	}
}
