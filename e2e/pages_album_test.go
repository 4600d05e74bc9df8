package e2e_test

import (
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// album keeps screenshots in the folder that AUTHKIT_SHOTS names, with a page to flip through them.
// Without that variable it keeps none.
type album struct {
	folder string

	mu    sync.Mutex
	names []string
}

func newAlbum(t *testing.T) *album {
	t.Helper()
	a := &album{folder: os.Getenv("AUTHKIT_SHOTS")}
	if a.folder == "" {
		return a
	}
	if err := os.MkdirAll(a.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.bind(t) })
	return a
}

// keep takes a screenshot of the whole page that a window shows.
func (a *album) keep(t *testing.T, v *guest, name string) {
	t.Helper()
	if a.folder == "" {
		return
	}
	shot, err := chromedp.Run(v.window, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.folder, name+".png"), shot, 0o600); err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.names = append(a.names, name)
}

var albumPage = template.Must(template.New("album").Parse(`<!doctype html><meta charset="utf-8"><title>authkit's pages</title>
<style>body{font:1rem system-ui;margin:1rem}figure{display:inline-block;vertical-align:top;margin:0 1rem 2rem 0}img{max-height:80vh;max-width:45vw;border:1px solid #888}</style>
<p>{{len .}} screenshots. <label>Show those with <input id="q" placeholder="account phone dark" autofocus></label></p>
{{range .}}<figure><figcaption>{{.}}</figcaption><a href="{{.}}.png"><img loading="lazy" src="{{.}}.png" alt="{{.}}"></a></figure>
{{end}}<script>q.oninput=()=>{for(const f of document.querySelectorAll("figure"))f.hidden=!q.value.split(" ").every(w=>f.textContent.includes(w))}</script>
`))

// bind writes the page of the album.
func (a *album) bind(t *testing.T) {
	slices.Sort(a.names)
	index, err := os.Create(filepath.Join(a.folder, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	if err := albumPage.Execute(index, a.names); err != nil {
		t.Error(err)
	}
	if err := index.Close(); err != nil {
		t.Error(err)
	}
	fmt.Fprintln(t.Output(), "screenshots:", index.Name())
}
