package e2e_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
)

// hostPages is a host with pages and forms of its own, and a real browser.
type hostPages struct {
	*chromium

	other string // a page of another site, which uses the pages of the host

	mu   sync.Mutex
	told []string // the answers of the page behind RequirePage: Sec-Fetch-Dest and the status
}

func newHostPages(t *testing.T) *hostPages {
	t.Helper()
	pages := http.NewServeMux()
	w := setup(t, mount{path: "/id", in: func(authkit http.Handler) http.Handler {
		all := http.NewServeMux()
		all.Handle("/id/", http.StripPrefix("/id", authkit))
		all.Handle("/", http.NewCrossOriginProtection().Handler(pages))
		return all
	}})
	h := &hostPages{chromium: &chromium{world: w}}
	if _, err := w.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.AppPatch{SessionMode: new(authkit.SessionCookie)}); err != nil {
		t.Fatal(err)
	}
	signedIn, err := w.engine.RequirePage(t.Context(), w.app.ID)
	if err != nil {
		t.Fatal(err)
	}
	notes := signedIn(text(`<h1 id=arrived>notes</h1>`))
	pages.HandleFunc("GET /notes", func(w http.ResponseWriter, r *http.Request) {
		got := httptest.NewRecorder()
		notes.ServeHTTP(got, r)
		h.mu.Lock()
		h.told = append(h.told, fmt.Sprint(r.Header.Get("Sec-Fetch-Dest"), " ", got.Code))
		h.mu.Unlock()
		maps.Copy(w.Header(), got.Header())
		w.WriteHeader(got.Code)
		_, _ = w.Write(got.Body.Bytes())
	})
	pages.Handle("GET /frame", text(`<h1 id=arrived>a frame</h1><iframe src="/notes?from=frame"></iframe><object data="/notes?from=object"></object>`))
	pages.Handle("GET /form", text(`<form method=post action=/in><button id=in>Sign up</button></form><form method=post action=/out><button id=out>Sign out</button></form>`))
	pages.HandleFunc("POST /in", func(rw http.ResponseWriter, r *http.Request) {
		in, err := w.engine.SignInWithPassword(r.Context(), authkit.PasswordSignIn{
			App: w.app.ID, Email: "ann@example.com", Password: password,
			Browser: w.engine.Browser(rw, r), Device: w.engine.Device(r, w.app.ID), Client: w.engine.Client(r, w.app.ID),
		})
		if err == nil {
			err = w.engine.SetSessionCookies(rw, r, in)
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		http.Redirect(rw, r, "/notes", http.StatusSeeOther)
	})
	pages.HandleFunc("POST /out", func(rw http.ResponseWriter, r *http.Request) {
		if err := w.engine.ClearSessionCookies(rw, r, w.app.ID); err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		http.Redirect(rw, r, "/notes", http.StatusSeeOther)
	})
	elsewhere := httptest.NewServer(text(fmt.Sprintf(`<h1 id=elsewhere>another site</h1><a id=link href="%[1]s/notes?page=2">notes</a><iframe src="%[1]s/notes?from=elsewhere"></iframe>
		<form method=post action="%[1]s/in"><button id=in>Win</button></form><form method=post action="%[1]s/out"><button id=out>Win</button></form>`, w.host)))
	t.Cleanup(elsewhere.Close)
	h.other = strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1) // another site for a browser, as its cookies show
	h.ctx = launch(t)
	return h
}

// text is a page of HTML.
func text(html string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, html)
	})
}

// answers returns the answers of the page behind RequirePage since the last call, sorted.
func (h *hostPages) answers() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	told := slices.Sorted(slices.Values(h.told))
	h.told = nil
	return told
}

// at returns the address of a window, once it has loaded a page.
func (h *hostPages) at(window context.Context, steps ...chromedp.Action[chromedp.Void]) string {
	h.t.Helper()
	if _, err := chromedp.RunResponse(window, steps...); err != nil {
		h.t.Fatal(err)
	}
	at, err := chromedp.Run(window, chromedp.Location())
	if err != nil {
		h.t.Fatal(err)
	}
	return at
}

// A browser says by its own headers whether a person opens a page.
func TestRequirePageInChromium(t *testing.T) {
	t.Parallel()
	h := newHostPages(t)
	window := h.window()
	want := func(what string, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	signInPage := func(back string) string { return h.base + h.world.at("/auth/sign-in") + "?redirect_to=" + back }

	want("an address that a person types", h.at(window, chromedp.Navigate(h.host+"/notes?page=2")), signInPage("%2Fnotes%3Fpage%3D2"))
	want("its answer", h.answers(), []string{"document 303"})
	do(t, window, chromedp.Navigate(h.host+"/frame"), chromedp.WaitVisible(chromedp.CSS("#arrived")))
	want("a frame and an object", h.answers(), []string{"iframe 401", "object 401"})
	status, err := chromedp.Run(window, chromedp.Evaluate[int](`fetch("/notes").then(r=>r.status)`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	want("a script", fmt.Sprint(status, h.answers()), "401 [empty 401]")
	do(t, window, chromedp.Navigate(h.other), chromedp.WaitVisible(chromedp.CSS("#elsewhere")))
	want("a frame of another site", h.answers(), []string{"iframe 401"})
	want("a link of another site", h.at(window, chromedp.Click(chromedp.CSS("#link"))), signInPage("%2Fnotes%3Fpage%3D2"))

	do(t, window, chromedp.Navigate(h.other))
	want("another site signs a visitor in", h.at(window, chromedp.Click(chromedp.CSS("#in"))), h.host+"/in")
	h.answers()
	h.at(window, chromedp.Navigate(h.host+"/notes"))
	want("then", h.answers(), []string{"document 303"})

	do(t, window, chromedp.Navigate(h.host+"/form"))
	want("a form of the host", h.at(window, chromedp.Click(chromedp.CSS("#in"))), h.host+"/notes")
	want("then", h.answers(), []string{"document 200"})
	do(t, window, chromedp.Navigate(h.other))
	want("another site signs a visitor out", h.at(window, chromedp.Click(chromedp.CSS("#out"))), h.host+"/out")
	h.answers()
	do(t, window, chromedp.Navigate(h.other))
	want("a link of another site, signed in", h.at(window, chromedp.Click(chromedp.CSS("#link"))), h.host+"/notes?page=2")
	do(t, window, chromedp.Navigate(h.host+"/form"))
	want("a sign-out", h.at(window, chromedp.Click(chromedp.CSS("#out"))), signInPage("%2Fnotes"))
}
