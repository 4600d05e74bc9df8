package e2e_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// language is a language, and the direction of its writing.
type language struct{ tag, dir string }

// screens are the sizes of the windows in which people see a page.
var screens = []struct {
	name          string
	width, height int64
	more          []chromedp.EmulateViewportOption
}{
	{"phone", 360, 640, []chromedp.EmulateViewportOption{chromedp.EmulateMobile}},
	{"desktop", 1280, 800, nil},
}

// schemes are the schemes of colours.
var schemes = []string{"light", "dark"}

// What axe looks for: all of its rules at the first look, and then those of colours, since the markup
// is the same at each size and in each scheme.
const everyRule, colourRules = "undefined", "['color-contrast', 'link-in-text-block']"

// runsAxe lists the violations that axe finds by some rules, or by all.
const runsAxe = `axe.run({ resultTypes: ['violations'], runOnly: %s }).then((all) => all.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html + ' ' + node.failureSummary).slice(0, 3).join(' ')))`

// looksRight checks the page that a window shows, at each size and in light and dark.
func looksRight(t *testing.T, v *guest, p shownPage, by language, album *album) {
	t.Helper()
	v.wantPage(p.body)
	if p.english {
		by = language{"en", "ltr"}
	}
	wantJS(t, v.window, "document.documentElement.lang + ' ' + document.documentElement.dir", by.tag+" "+by.dir)
	wantJS(t, v.window, "[...document.querySelectorAll('.problem, .done, .wrong')].filter((one) => one.checkVisibility()).map((one) => one.className).join()", p.tells)
	wantJS(t, v.window, `(document.body.innerText.match(/\{\w+\}/g) ?? []).join()`, "") // a placeholder without its value
	if p.tells == "wrong" {
		wantJS(t, v.window, "document.activeElement.getAttribute('aria-invalid')", "true")
	}
	if got := v.seen.complaints(); len(got) > 0 {
		t.Errorf("console: got %q, want no error", got)
	}
	isSmall(t, v)
	js[chromedp.Void](t, v.window, source(t, "node_modules/axe-core/axe.min.js")+"\n;0")
	rules := everyRule
	for _, screen := range screens {
		do(t, v.window, chromedp.EmulateViewport(screen.width, screen.height, screen.more...))
		for _, scheme := range schemes {
			v.prefers(scheme)
			name := fmt.Sprintf("%s-%s-%s-%s", p.name, by.tag, screen.name, scheme)
			if got := js[[]string](t, v.window, fmt.Sprintf(runsAxe, rules)); len(got) > 0 {
				t.Errorf("%s: axe found\n%s", name, strings.Join(got, "\n"))
			}
			rules = colourRules
			if wide := js[string](t, v.window, "document.documentElement.scrollWidth > innerWidth ? document.documentElement.scrollWidth + ' of ' + innerWidth : ''"); wide != "" {
				t.Errorf("%s: got a page of %s pixels, want no horizontal scroll", name, wide)
			}
			album.keep(t, v, name)
		}
	}
}

// prefers sets the scheme of colours that the guest prefers.
func (v *guest) prefers(scheme string) {
	v.t.Helper()
	if _, err := chromedp.Call(v.window, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	}); err != nil {
		v.t.Fatal(err)
	}
}

// maxPage bounds a page with its style and script, compressed, in bytes.
const maxPage = 25_000

// nonces finds the nonces of a page or of its policy.
var nonces = regexp.MustCompile(`nonce[=-]["']?([\w-]+)`)

// isSmall checks what the page costs and what its policy allows: one request, and one for the options of
// a passkey; one nonce, and no style or script but those with the nonce.
func isSmall(t *testing.T, v *guest) {
	t.Helper()
	last := v.seen.last(t)
	body, err := chromedp.Call(v.window, network.GetResponseBody, network.GetResponseBodyParams{RequestID: last.RequestID})
	if err != nil {
		t.Fatal(err)
	}
	html := string(body.Body)
	if n := compressed(t, html); n > maxPage {
		t.Errorf("page: got %d bytes, want %d at most", n, maxPage)
	}
	for _, url := range v.seen.asked() { // a browser looks for the icon of an origin by itself: it is the host's
		own := url == v.host+"/favicon.ico" || v.stays && url == v.goal || strings.HasPrefix(url, v.base+"/")
		if !own {
			t.Errorf("page: got a request for %s, want none beyond %s", url, v.base)
		}
	}
	if got := js[int](t, v.window, "performance.getEntriesByType('resource').filter((one) => !one.name.includes('/branding/') && !one.name.includes('/auth/passkey/begin/') && !one.name.endsWith('/favicon.ico')).length"); got != 0 {
		t.Errorf("page: got %d requests beside its own, want none", got)
	}
	policy := fmt.Sprint(last.Response.Headers["Content-Security-Policy"])
	all := nonces.FindAllStringSubmatch(policy+html, -1)
	for _, one := range all {
		if one[1] != all[0][1] {
			t.Errorf("nonces: got %q, want one", all)
		}
	}
	if len(all) != 4 || strings.Contains(policy, "unsafe") {
		t.Errorf("policy: got %s with %d nonces, want the nonce twice, on the page twice, and nothing unsafe", policy, len(all))
	}
	wantJS(t, v.window, "[...document.querySelectorAll('*')].filter((one) => [...one.attributes].some((a) => a.name === 'style' || a.name.startsWith('on'))).length", 0)
	wantJS(t, v.window, "[...document.querySelectorAll('input:not([type=hidden],[type=checkbox])')].filter((one) => parseFloat(getComputedStyle(one).fontSize) < 16).length", 0)
}

func compressed(t *testing.T, s string) int {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// last returns the answer with the page that the window shows.
func (h *happenings) last(t *testing.T) *network.EventResponseReceived {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.pages) == 0 {
		t.Fatal("page: got no answer with one")
	}
	return h.pages[len(h.pages)-1]
}
