package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// program is the quickstart, running.
type program struct {
	t      *testing.T
	home   string
	app    string
	curls  []string    // the lines to paste
	output chan string // the lines that it prints afterwards
}

func start(t *testing.T) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var running sync.WaitGroup
	running.Go(func() {
		if err := run(ctx, "localhost:0", in); err != nil {
			t.Errorf("run: got %v, want nil", err)
		}
		_ = in.Close()
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	p := &program{t: t, output: make(chan string, 100)}
	running.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.output <- lines.Text()
		}
	})
	p.home = p.printed(`Open (http://localhost:[0-9]+/)`)
	for len(p.curls) < 4 {
		p.curls = append(p.curls, p.printed(`^(curl .*)$`))
	}
	p.app = regexp.MustCompile(`credentials/([0-9a-f-]{36})`).FindStringSubmatch(p.curls[0])[1]
	return p
}

// printed waits for a line that matches and returns its group.
func (p *program) printed(pattern string) string {
	for re := regexp.MustCompile(pattern); ; {
		if m := re.FindStringSubmatch(<-p.output); m != nil {
			return m[1]
		}
	}
}

func TestPastedCommandsWork(t *testing.T) {
	t.Parallel()
	p := start(t)
	for i, want := range []string{`"created":true`, `"binding":"`, `"email":"ann@example.com"`, `"token_type":"Bearer"`} {
		got, err := exec.CommandContext(t.Context(), "sh", "-c", p.curls[i]).Output()
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: got %s, %v, want %s", p.curls[i], got, err, want)
		}
	}
}

// client is a browser without scripts.
type client struct {
	*http.Client

	p *program
}

func (p *program) client() client {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return client{&http.Client{Jar: jar}, p}
}

// text reads the body of an answer, which must be a success.
func (c client) text(got *http.Response, err error) string {
	c.p.t.Helper()
	if err != nil {
		c.p.t.Fatal(err)
	}
	defer got.Body.Close()
	b, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode > 202 {
		c.p.t.Fatalf("%s: got %d, %v\n%s", got.Request.URL, got.StatusCode, err, b)
	}
	return string(b)
}

// post does what the function of that name on the page does.
func (c client) post(path string, body map[string]string) map[string]any {
	c.p.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		c.p.t.Fatal(err)
	}
	var out map[string]any
	text := c.text(c.Post(c.p.home+"id/auth/"+path+"/"+c.p.app, "application/json", strings.NewReader(string(b))))
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		c.p.t.Fatal(err)
	}
	return out
}

// enter checks that an answer is a sign-in whose token /me accepts.
func (c client) enter(answer map[string]any) {
	c.p.t.Helper()
	token, _ := answer["token"].(string)
	r, err := http.NewRequestWithContext(c.p.t.Context(), http.MethodGet, c.p.home+"me", nil)
	if err != nil {
		c.p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if got := c.text(c.Do(r)); !strings.Contains(got, " of app "+c.p.app+", signed in by ") {
		c.p.t.Errorf("me: got %q", got)
	}
}

func TestThePage(t *testing.T) {
	t.Parallel()
	p := start(t)
	c := p.client()
	page := c.text(c.Get(p.home))
	for _, want := range []string{`"/id/auth/" + path + "/` + p.app + `"`, `redirect_to: "` + p.home + `"`} {
		if !strings.Contains(page, want) {
			t.Errorf("page: got %s, want %s in it", page, want)
		}
	}
	t.Run("signs up and in with a password", func(t *testing.T) {
		body := map[string]string{"email": "ann@example.com", "password": "a long enough passphrase"}
		c.enter(c.post("credentials", body))
		c.enter(c.post("credentials", body))
	})
	t.Run("signs in with the code in the mail", func(t *testing.T) {
		asked := c.post("magic-link", map[string]string{"email": "bob@example.com", "redirect_to": p.home})
		p.printed(`^To: "(bob@example\.com)"$`) // Ann's sign-up mailed a code, too
		code := p.printed(`code: ([0-9]{6})`)
		c.enter(c.post("verify", map[string]string{"email": "bob@example.com", "code": code, "binding": asked["binding"].(string)}))
	})
	t.Run("is where the link in the mail comes back to, in any browser", func(t *testing.T) {
		c.post("magic-link", map[string]string{"email": "carol@example.com", "redirect_to": p.home})
		p.printed(`^To: "(carol@example\.com)"$`)
		link := p.printed(`^(http://localhost\S+/auth/verify/\S+)$`)
		another := p.client()
		confirm := another.text(another.Get(link))
		form := url.Values{}
		for _, m := range regexp.MustCompile(`name="(\w+)" value="([^"]*)"`).FindAllStringSubmatch(confirm, -1) {
			form.Set(m[1], m[2])
		}
		action := regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(confirm)[1]
		pressed, err := another.PostForm(action, form)
		if got := another.text(pressed, err); got != page {
			t.Errorf("pressed: got %s, want the page", got)
		}
		code := pressed.Request.URL.Query().Get("code")
		another.enter(another.post("token", map[string]string{"code": code}))
	})
}
