package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/examples/internal/lines"
)

// browser is one that runs no script.
type browser struct {
	t      *testing.T
	client *http.Client
	origin string
}

func start(t *testing.T) (*browser, *lines.Reader) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	origin := "http://" + server.Listener.Addr().String()
	mails := lines.New(t)
	secret := []byte(strings.Repeat("0123456789abcdef", 2))
	handler, err := newHandler(t.Context(), config{origin, filepath.Join(t.TempDir(), "auth.db"), secret, mails})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	return (&browser{t: t, origin: origin}).another(), mails
}

// send follows redirects and returns the page that it comes to.
func (b *browser) send(method, path string, form url.Values, from string) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.origin+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", from)
	}
	got, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return got.StatusCode, string(text)
}

// another returns another browser of the same server.
func (b *browser) another() *browser {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return &browser{b.t, &http.Client{Jar: jar}, b.origin}
}

func (b *browser) want(status int, part string) func(int, string) {
	b.t.Helper()
	return func(got int, page string) {
		b.t.Helper()
		if got != status || !strings.Contains(page, part) {
			b.t.Errorf("got %d %s, want %d with %q", got, page, status, part)
		}
	}
}

const (
	signedOut = "Sign in</h2>"
	elsewhere = "https://elsewhere.example"
)

func TestAPasswordSignsUpInAndOut(t *testing.T) {
	t.Parallel()
	b, _ := start(t)
	ann := url.Values{"email": {"ann@example.com"}, "password": {"correct horse battery"}, "name": {"Ann"}}
	b.want(200, signedOut)(b.send("GET", "/", nil, ""))
	b.want(401, `role="alert"`)(b.send("POST", "/sign-in", ann, b.origin))
	b.want(200, "Signed in as Ann")(b.send("POST", "/sign-up", ann, b.origin))
	b.want(200, "Remember the milk")(b.send("POST", "/notes", url.Values{"text": {"Remember the milk"}}, b.origin))
	b.want(200, signedOut)(b.send("POST", "/sign-out", nil, b.origin))
	b.want(409, `role="alert"`)(b.send("POST", "/sign-up", ann, b.origin))
	b.want(200, "Signed in as Ann")(b.send("POST", "/sign-in", ann, b.origin))
	b.want(200, "Remember the milk")(b.send("GET", "/notes", nil, ""))
	ann.Set("password", "wrong horse battery")
	b.want(401, "email or password is wrong")(b.another().send("POST", "/sign-in", ann, b.origin))
	ann = url.Values{"email": {"bob@example.com"}, "password": {"123"}}
	b.want(422, `role="alert"`)(b.another().send("POST", "/sign-up", ann, b.origin))
}

// A page of another site posts to the forms, with the browser of a visitor.
func TestAnotherSiteSignsNobodyInOrOut(t *testing.T) {
	t.Parallel()
	b, mails := start(t)
	asker := b.another()
	_, asked := asker.send("POST", "/link", url.Values{"email": {"mallory@example.com"}}, b.origin)
	code := fields(asked)
	code.Set("code", mails.Match(`code: (\d{6})$`)[1])
	b.want(403, "")(b.send("POST", "/code", code, elsewhere))
	asker.want(200, "Signed in")(asker.send("POST", "/code", code, b.origin))
	eve := url.Values{"email": {"eve@example.com"}, "password": {"correct horse battery"}}
	b.want(200, "Signed in")(b.another().send("POST", "/sign-up", eve, b.origin))
	b.want(403, "")(b.send("POST", "/sign-in", eve, elsewhere))
	b.want(403, "")(b.send("POST", "/sign-up", eve, elsewhere))
	b.want(200, signedOut)(b.send("GET", "/", nil, ""))

	ann := url.Values{"email": {"ann@example.com"}, "password": {"correct horse battery"}}
	b.want(200, "Signed in")(b.send("POST", "/sign-up", ann, b.origin))
	b.want(403, "")(b.send("POST", "/sign-out", nil, elsewhere))
	b.want(403, "")(b.send("POST", "/notes", url.Values{"text": {"planted"}}, elsewhere))
	if _, page := b.send("GET", "/notes", nil, ""); strings.Contains(page, "planted") {
		t.Errorf("notes: got %s, want no note of the other site", page)
	}
}

func TestEachUserHasNotesOfTheirOwn(t *testing.T) {
	t.Parallel()
	ann, _ := start(t)
	bob := ann.another()
	for b, name := range map[*browser]string{ann: "ann", bob: "bob"} {
		b.want(200, "Signed in")(b.send("POST", "/sign-up", url.Values{"email": {name + "@example.com"}, "password": {"correct horse battery"}}, b.origin))
		b.want(200, "by "+name)(b.send("POST", "/notes", url.Values{"text": {"by " + name + "<script>"}}, b.origin))
	}
	if _, page := bob.send("GET", "/notes", nil, ""); strings.Contains(page, "by ann") || strings.Contains(page, "<script>") {
		t.Errorf("bob's notes: got %s, want his own, as text", page)
	}
}

// fields returns the hidden fields of a page's form.
func fields(page string) url.Values {
	form := url.Values{}
	for _, m := range regexp.MustCompile(`name="(\w+)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	return form
}

func TestACodeSignsIn(t *testing.T) {
	t.Parallel()
	b, mails := start(t)
	b.want(400, `role="alert"`)(b.send("POST", "/link", url.Values{"email": {"bob"}}, b.origin))
	_, asked := b.send("POST", "/link", url.Values{"email": {"bob@example.com"}}, b.origin)
	code := fields(asked)
	code.Set("code", mails.Match(`code: (\d{6})$`)[1])
	b.want(200, "Signed in")(b.send("POST", "/code", code, b.origin))
	b.want(401, `role="alert"`)(b.another().send("POST", "/code", code, b.origin))
}

func TestALinkSignsIn(t *testing.T) {
	t.Parallel()
	b, mails := start(t)
	b.want(200, "We wrote to bob@example.com")(b.send("POST", "/link", url.Values{"email": {"bob@example.com"}}, b.origin))
	link := mails.Match(`^http\S+(/id/auth/verify/\S+token=\S+)$`)[1]
	_, shown := b.send("GET", link, nil, "")
	path, _, _ := strings.Cut(link, "?")
	b.send("POST", path, fields(shown), b.origin)
	b.want(200, "Signed in")(b.send("GET", "/", nil, ""))
}

// A person without a session comes to authkit's sign-in page; a program is refused.
func TestTheNotesAreForThoseWhoAreSignedIn(t *testing.T) {
	t.Parallel()
	b, _ := start(t)
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for accept, want := range map[string]int{"text/html": http.StatusSeeOther, "application/json": http.StatusUnauthorized} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.origin+"/notes?page=2", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		got, err := b.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		to := got.Header.Get("Location")
		if got.StatusCode != want || (to != "") != (want == http.StatusSeeOther) || to != "" && !strings.HasSuffix(to, "?redirect_to=%2Fnotes%3Fpage%3D2") {
			t.Errorf("%s: got %d to %q, want %d", accept, got.StatusCode, to, want)
		}
	}
}
