package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// reference is the reference page in a browser.
type reference struct {
	*chromium

	mu    sync.Mutex
	asked []string // the URLs of all requests of its windows
}

// watch notes in a window what its policy refuses, and what is copied.
const watch = `
window.refused = [];
addEventListener('securitypolicyviolation', (event) => refused.push(event.violatedDirective + ' ' + event.blockedURI));
Clipboard.prototype.writeText = async (text) => { window.copied = text; };`

// drawn waits until the page is drawn. A policy without unsafe-eval lets no predicate of chromedp run.
const drawn = `(async () => {
	while (!document.querySelector('main details')) await new Promise((done) => setTimeout(done));
	return document.title;
})()`

// opensAll opens all operations, and waits until each is filled in.
const opensAll = `(async () => {
	const all = [...document.querySelectorAll('main details')];
	for (const one of all) one.open = true;
	while (document.querySelectorAll('main .inside').length < all.length) await new Promise((done) => setTimeout(done));
	return all.length;
})()`

// opened waits until an operation is open, and filled in.
func opened(id string) string {
	return fmt.Sprintf(`(async () => {
	while (!document.querySelector('#%s[open] .inside')) await new Promise((done) => setTimeout(done));
	return true;
})()`, id)
}

// shown lists the operations that a search leaves.
const shown = `[...document.querySelectorAll('main details:not([hidden])')].map((one) => one.id)`

// opens visits the page, at an address in it, in a new window.
func (r *reference) opens(t *testing.T, at string, steps ...chromedp.Action[chromedp.Void]) context.Context {
	t.Helper()
	window := r.window()
	if _, err := chromedp.Call(window, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: watch}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(window, func(event any) {
		if sent, ok := event.(*network.EventRequestWillBeSent); ok {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.asked = append(r.asked, sent.Request.URL)
		}
	}); err != nil {
		t.Fatal(err)
	}
	do(t, window, chromedp.EmulateViewport(1280, 800))
	do(t, window, append(steps, chromedp.Navigate(r.base+"/docs"+at))...)
	wantJS(t, window, drawn, "authkit API reference")
	return window
}

// operations returns the operations of the API document.
func (r *reference) operations(t *testing.T) (ids []string) {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			ID string `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal([]byte(r.send("GET", "/openapi.json", "").want(t, 200, "").raw), &document); err != nil {
		t.Fatal(err)
	}
	for _, item := range document.Paths {
		for _, operation := range item {
			ids = append(ids, operation.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func TestTheReferencePage(t *testing.T) {
	t.Parallel()
	r := &reference{chromium: newChromium(t)}
	t.Run("it shows every operation", func(t *testing.T) { showsAll(t, r) })
	t.Run("the search finds an operation", func(t *testing.T) { finds(t, r) })
	t.Run("an operation has an address", func(t *testing.T) { hasAddresses(t, r) })
	t.Run("the keyboard opens an operation", func(t *testing.T) { isUsedByKeyboard(t, r) })
	t.Run("an example is copied, and runs", func(t *testing.T) { runsExamples(t, r) })
	t.Run("axe finds nothing", func(t *testing.T) { isAccessible(t, r) })
	t.Run("no request leaves the origin", func(t *testing.T) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !slices.Contains(r.asked, r.base+"/openapi.json") {
			t.Errorf("requests: got %q, want one for the API document", r.asked)
		}
		for _, url := range r.asked {
			if !strings.HasPrefix(url, r.host+"/") {
				t.Errorf("a request for %s: got it sent, want none beyond %s", url, r.host)
			}
		}
	})
}

func showsAll(t *testing.T, r *reference) {
	window, want := r.opens(t, ""), r.operations(t)
	got := js[[]string](t, window, shown)
	slices.Sort(got)
	if !slices.Equal(got, want) || len(got) < 50 {
		t.Errorf("operations: got %q, want %q", got, want)
	}
	wantJS(t, window, opensAll, len(want))
	text := js[string](t, window, "document.body.innerText")
	for _, wrong := range []string{"undefined", "[object", "NaN"} {
		if strings.Contains(text, wrong) {
			t.Errorf("the page: got %q in its text", wrong)
		}
	}
	for id, text := range map[string]string{
		"ExchangeCode": "code_verifier", "Users": "integer, 1 to 500, 50 by default", "DeleteMe": "reauthentication_required", "Refresh": "Idempotency-Key", "Alive": "Anyone, without a credential.",
	} {
		if got := js[string](t, window, fmt.Sprintf("document.getElementById(%q).innerText", id)); !strings.Contains(got, text) {
			t.Errorf("%s: got %s, want %q in it", id, got, text)
		}
	}
	wantJS(t, window, "refused.join()", "")
}

func finds(t *testing.T, r *reference) {
	window := r.opens(t, "")
	do(t, window, chromedp.SendKeys(chromedp.CSS("#search"), "code_verifier post"))
	if got := js[[]string](t, window, shown); !slices.Equal(got, []string{"ExchangeCode"}) {
		t.Errorf("found: got %q, want ExchangeCode alone", got)
	}
	wantJS(t, window, "document.getElementById('found').textContent", fmt.Sprintf("1 of %d operations", len(r.operations(t))))
	do(t, window, chromedp.SendKeys(chromedp.CSS("#search"), " nothing of the kind"))
	wantJS(t, window, shown+".length", 0)
	js[chromedp.Void](t, window, "location.hash = 'Me'; "+opened("Me")) // an address ends the search
	wantJS(t, window, shown+".length", len(r.operations(t)))
}

func hasAddresses(t *testing.T, r *reference) {
	window := r.opens(t, "#ExchangeCode")
	wantJS(t, window, "document.querySelector('#ExchangeCode .inside').checkVisibility()", true)
	wantJS(t, window, "Math.abs(document.getElementById('ExchangeCode').getBoundingClientRect().top) < 100", true)
	wantJS(t, window, "[...document.querySelectorAll('#index a')].filter((a) => !document.querySelector(a.hash)).length", 0)
	wantJS(t, window, "[...document.querySelectorAll('main a')].filter((a) => a.origin !== location.origin).length", 0)
}

func isUsedByKeyboard(t *testing.T, r *reference) {
	window := r.opens(t, "")
	do(t, window, chromedp.SendKeys(chromedp.CSS("#search"), "readyz\t")) // the next is the link of the index
	wantJS(t, window, "document.activeElement.hash", "#Ready")
	do(t, window, chromedp.KeyEvent("\r"))
	wantJS(t, window, opened("Ready"), true)
	do(t, window, chromedp.Focus(chromedp.CSS("#Ready summary")), chromedp.KeyEvent("\r"))
	wantJS(t, window, "document.getElementById('Ready').open", false)
}

// runsExamples runs the example for fetch as it is copied, with the variables that it names.
func runsExamples(t *testing.T, r *reference) {
	window := r.opens(t, "#SignInWithPassword")
	wantJS(t, window, "[...document.querySelectorAll('#SignInWithPassword button')].map((one) => (one.click(), copied)).length", 2)
	wantJS(t, window, fmt.Sprintf("(async (appId) => { %s\nreturn answer.status; })(%q)", js[string](t, window, "copied"), r.app.ID), 201)
	curl := js[string](t, window, "document.querySelector('#SignInWithPassword pre').textContent")
	want := fmt.Sprintf("curl -X POST \"%s/auth/credentials/$APP_ID\" \\\n  -H 'Content-Type: application/json' \\\n  -d '{", r.base)
	if !strings.HasPrefix(curl, want) {
		t.Errorf("curl: got %s, want %s", curl, want)
	}
	wantJS(t, window, "[...document.querySelectorAll('#SignInWithPassword button')].map((one) => one.firstChild.data).join()", "Copy,Copied")
	if shown := js[string](t, window, "[...document.querySelectorAll('#SignInWithPassword pre')].pop().textContent"); !strings.Contains(shown, `"refresh_token": "rt_`) {
		t.Errorf("the answer: got %s, want a sign-in", shown)
	}
}

// isAccessible has axe look at the page, with some operations open, as people see it.
func isAccessible(t *testing.T, r *reference) {
	axe := source(t, "node_modules/axe-core/axe.min.js")
	for name, c := range map[string]struct {
		scheme     string
		background string
		steps      []chromedp.Action[chromedp.Void]
	}{
		"in light":          {"light", "rgb(255, 255, 255)", nil},
		"in dark":           {"dark", "rgb(18, 21, 27)", nil},
		"at a phone's size": {"light", "rgb(255, 255, 255)", []chromedp.Action[chromedp.Void]{chromedp.EmulateViewport(360, 640, chromedp.EmulateMobile)}},
	} {
		t.Run(name, func(t *testing.T) {
			window := r.opens(t, "", c.steps...)
			if _, err := chromedp.Call(window, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: c.scheme}},
			}); err != nil {
				t.Fatal(err)
			}
			wantJS(t, window, "getComputedStyle(document.body).backgroundColor", c.background)
			for _, id := range []string{"SignInWithPassword", "ChangeApp", "Users", "RedeemMagicLink", "APIDocument"} {
				wantJS(t, window, fmt.Sprintf("document.querySelector('#%s summary').click(); %s", id, opened(id)), true)
			}
			js[chromedp.Void](t, window, axe+"\n;0")
			got := js[[]string](t, window, `axe.run({ resultTypes: ['violations'] }).then((all) => all.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html).slice(0, 3).join(' ')))`)
			if len(got) > 0 {
				t.Errorf("got\n%s\nwant no violation", strings.Join(got, "\n"))
			}
			wantJS(t, window, "document.querySelector('main').append(document.createElement('img')), axe.run({ runOnly: ['image-alt'] }).then((all) => all.violations.length)", 1) // axe does look
			wantJS(t, window, opensAll, len(r.operations(t)))
			wantJS(t, window, "document.documentElement.scrollWidth > innerWidth", false)
		})
	}
}
