package e2e_test

import (
	"fmt"

	"github.com/chromedp/chromedp"
)

// reaches presses the tab key until the focus is on an element.
func (v *guest) reaches(selector string) {
	v.t.Helper()
	for range 100 {
		if js[bool](v.t, v.window, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			return
		}
		do(v.t, v.window, chromedp.KeyEvent("\t"))
	}
	v.t.Fatalf("%s: got no focus on it by the keyboard, at %s\n%s", selector, v.where(), v.says())
}

// types goes to a field by the keyboard and types into it.
func (v *guest) types(name, value string) {
	v.t.Helper()
	v.reaches(fmt.Sprintf("input[name=%q]:not([readonly])", name))
	do(v.t, v.window, chromedp.KeyEvent(value))
}

// enters presses the enter key where the focus is, which leads to another page.
func (v *guest) enters(page string) {
	v.t.Helper()
	v.loads(chromedp.KeyEvent("\r"))
	v.wantPage(page)
}

// presses goes to a button or link by the keyboard and presses it, which leads to another page.
func (v *guest) presses(selector, page string) {
	v.t.Helper()
	v.reaches(selector)
	v.enters(page)
}

// step selects the button of a step.
func step(name string) string { return fmt.Sprintf("button[value=%q]", name) }

// reloads loads the page again, which has to be the same one.
func (v *guest) reloads(page string) {
	v.t.Helper()
	do(v.t, v.window, chromedp.Reload())
	v.wantPage(page)
}

// back goes back in the history.
func (v *guest) back(page string) {
	v.t.Helper()
	do(v.t, v.window, chromedp.NavigateBack())
	v.wantPage(page)
}

// wantSays checks whether the page has a text.
func (v *guest) wantSays(text string, want bool) {
	v.t.Helper()
	if got := js[bool](v.t, v.window, fmt.Sprintf("document.documentElement.innerHTML.includes(%q)", text)); got != want {
		v.t.Errorf("page: got %q on it: %t, want %t\n%s", text, got, want, v.says())
	}
}
