package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
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
	handler, err := newHandler(t.Context(), origin, mails)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, &http.Client{Jar: jar}, origin}, mails
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

func (b *browser) want(status int, part string) func(int, string) {
	b.t.Helper()
	return func(got int, page string) {
		b.t.Helper()
		if got != status || !strings.Contains(page, part) {
			b.t.Errorf("got %d %s, want %d with %q", got, page, status, part)
		}
	}
}

func TestAPasswordSignsInAndOut(t *testing.T) {
	t.Parallel()
	b, _ := start(t)
	ann := url.Values{"email": {"ann@example.com"}, "password": {"correct horse battery"}}
	b.want(200, "Sign in or up")(b.send("GET", "/", nil, ""))
	b.want(403, `role="alert"`)(b.send("POST", "/sign-in", ann, "https://elsewhere.example"))
	b.want(200, "Signed in as user ")(b.send("POST", "/sign-in", ann, b.origin))
	b.want(403, `role="alert"`)(b.send("POST", "/sign-out", nil, "https://elsewhere.example"))
	b.want(200, "Signed in as user ")(b.send("GET", "/", nil, ""))
	b.want(200, "Sign in or up")(b.send("POST", "/sign-out", nil, b.origin))
	ann.Set("password", "wrong horse battery")
	b.want(401, "email or password is wrong")(b.send("POST", "/sign-in", ann, b.origin))
}

func TestALinkSignsIn(t *testing.T) {
	t.Parallel()
	b, mails := start(t)
	b.want(400, `role="alert"`)(b.send("POST", "/link", url.Values{"email": {"bob"}}, b.origin))
	b.want(200, "A link was mailed")(b.send("POST", "/link", url.Values{"email": {"bob@example.com"}}, b.origin))
	link := mails.Match(`^http\S+(/id/auth/verify/\S+token=\S+)$`)[1]
	_, asked := b.send("GET", link, nil, "")
	press := url.Values{}
	for _, m := range regexp.MustCompile(`name="(\w+)" value="([^"]*)"`).FindAllStringSubmatch(asked, -1) {
		press.Set(m[1], m[2])
	}
	path, _, _ := strings.Cut(link, "?")
	b.want(200, "Signed in as user ")(b.send("POST", path, press, b.origin))
	b.want(401, `role="alert"`)(b.send("GET", "/signed-in?code=nonsense", nil, ""))
}
