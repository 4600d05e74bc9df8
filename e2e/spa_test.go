package e2e_test

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// runsSPA builds the example of a single-page app, runs it, and returns its address.
func runsSPA(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "spa")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "github.com/authkit-dev/authkit/examples/spa").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program, "-addr", "localhost:0")
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // the end of the test has killed it
	printed := bufio.NewScanner(out)
	if !printed.Scan() {
		t.Fatalf("output: got no line, %v", printed.Err())
	}
	home, ok := strings.CutPrefix(printed.Text(), "the app is at ")
	if !ok {
		t.Fatalf("output: got %q, want the address", printed.Text())
	}
	go func() { // the mails
		for printed.Scan() {
		}
	}()
	return home
}

// shows waits until an element of the page is visible, and returns its text.
func shows(t *testing.T, in context.Context, selector string) string {
	t.Helper()
	do(t, in, chromedp.WaitVisible(chromedp.CSS(selector)))
	text, err := chromedp.Run(in, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		t.Fatalf("%s: %v", selector, err)
	}
	return text
}

// eventually waits until an expression is true. The policy of the page lets no predicate of chromedp run.
func eventually(t *testing.T, in context.Context, expression string) {
	t.Helper()
	js[chromedp.Void](t, in, "(async () => { while (!("+expression+")) await new Promise((done) => setTimeout(done)); })()")
}

func TestTheSinglePageApp(t *testing.T) {
	t.Parallel()
	home, chrome := runsSPA(t), launch(t)
	tab, cancel := chromedp.NewContext(chrome)
	t.Cleanup(cancel)
	do(t, tab, chromedp.EmulateViewport(360, 640, chromedp.EmulateMobile), chromedp.Navigate(home))
	axe := source(t, "node_modules/axe-core/axe.min.js")
	cared := func(t *testing.T) {
		t.Helper()
		for _, scheme := range []string{"light", "dark"} {
			if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			}); err != nil {
				t.Fatal(err)
			}
			js[chromedp.Void](t, tab, axe+"\n;0")
			if got := js[[]string](t, tab, `axe.run({ resultTypes: ['violations'] }).then((all) => all.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html).join(' ')))`); len(got) > 0 {
				t.Errorf("in %s: got\n%s\nwant no violation", scheme, strings.Join(got, "\n"))
			}
		}
		wantJS(t, tab, "document.documentElement.scrollWidth > innerWidth", false)
	}
	enters := func(email, secret string) {
		t.Helper()
		js[chromedp.Void](t, tab, "document.getElementById('enter').reset(); 0")
		do(t, tab, chromedp.SendKeys(chromedp.CSS("#email"), email), chromedp.SendKeys(chromedp.CSS("#password"), secret), chromedp.Click(chromedp.CSS("#go")))
	}

	shows(t, tab, "#enter")
	cared(t)
	do(t, tab, chromedp.Click(chromedp.CSS("#other")))
	enters("ann@example.com", "short")
	if got := shows(t, tab, "#problem"); !strings.Contains(got, "12") {
		t.Errorf("a short password: got %q, want how long it has to be", got)
	}
	cared(t)
	enters("ann@example.com", password)
	if got := shows(t, tab, "#who"); got != "ann@example.com" {
		t.Errorf("signed up: got %q, want ann@example.com", got)
	}
	if got := shows(t, tab, "#events"); !strings.Contains(got, "signed_in ann@example.com") {
		t.Errorf("events: got %q, want the sign-in", got)
	}
	do(t, tab, chromedp.Click(chromedp.CSS("#ask")))
	if got := shows(t, tab, "#reply"); !strings.Contains(got, `"signed_in_by"`) {
		t.Errorf("the protected route: got %q, want what the server knows", got)
	}
	cared(t)
	do(t, tab, chromedp.Reload())
	if got := shows(t, tab, "#who"); got != "ann@example.com" {
		t.Errorf("after a reload: got %q, want ann@example.com", got)
	}

	second, cancelSecond := chromedp.NewContext(tab)
	t.Cleanup(cancelSecond)
	do(t, second, chromedp.Navigate(home))
	shows(t, second, "#inside")
	do(t, tab, chromedp.Click(chromedp.CSS("#leave")))
	shows(t, tab, "#enter")
	shows(t, second, "#enter")
	if got := shows(t, second, "#events"); !strings.Contains(got, "signed_out") {
		t.Errorf("events of the second tab: got %q, want the sign-out", got)
	}
	eventually(t, tab, "document.activeElement.id === 'email'")
	enters("ann@example.com", "another long passphrase")
	if got := shows(t, tab, "#problem"); got != "Email or password is wrong" {
		t.Errorf("a wrong password: got %q, want the refusal", got)
	}
	enters("ann@example.com", password)
	if got := shows(t, second, "#who"); got != "ann@example.com" {
		t.Errorf("the second tab: got %q, want ann@example.com", got)
	}
}
