package pages

import (
	"strings"
	"testing"
)

func TestPages(t *testing.T) {
	t.Parallel()
	const evil = `"><script>x</script>`
	page := Page{AppName: evil, Nonce: "n0nce"}
	var a, b, c, d, e strings.Builder
	errs := []error{
		Confirm(&a, ConfirmData{Page: page, Title: evil, NewPassword: true, Action: "https://a.example/x", Token: evil, FormToken: "ft", Email: evil}),
		Notice(&b, NoticeData{Page: page, Title: evil, Text: evil}),
		Refusal(&e, RefusalData{Page: page, Title: evil, Text: evil, Code: evil, Detail: evil, RequestID: evil}),
		Continue(&d, ContinueData{Page: page, Title: evil, Text: evil, Button: evil, URL: "com.example.app:/cb?x=" + evil}),
		ErrorDoc(&c, ErrorData{Page: page, Code: evil, Status: 400, Meaning: evil, Causes: []string{evil}, Fix: evil}),
	}
	for i, got := range []string{a.String(), b.String(), e.String(), d.String(), c.String()} {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		for _, bad := range []string{"<script", "style=", "<style>"} {
			if strings.Contains(got, bad) {
				t.Errorf("got %q, want no %q", got, bad)
			}
		}
		for _, want := range []string{`<style nonce="n0nce">`, `lang="en"`, "viewport", "<title>"} {
			if !strings.Contains(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
}

func TestAFormGoesToAWebAddress(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := Confirm(&b, ConfirmData{Action: "javascript:x", Email: "a"}); err == nil || b.Len() > 0 {
		t.Errorf("Confirm: got %q, %v, want nothing and an error", b.String(), err)
	}
}

func TestABrowserContinuesToAProgramAndToNoScript(t *testing.T) {
	t.Parallel()
	for url, ok := range map[string]bool{
		"com.example.app:/cb?code=1": true, "http://127.0.0.1:9/cb?code=1": true,
		"javascript:x": false, "java\nscript:a.b": false, "data:text/html,a.b": false, "a.b": false, "": false,
	} {
		var b strings.Builder
		if err := Continue(&b, ContinueData{URL: url}); (err == nil) != ok {
			t.Errorf("Continue to %q: got %v, want ok %v", url, err, ok)
		}
	}
}

func TestCSP(t *testing.T) {
	t.Parallel()
	want := "default-src 'none'; style-src 'nonce-n'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' https://a.example"
	if got := CSP("n", "https://a.example"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
