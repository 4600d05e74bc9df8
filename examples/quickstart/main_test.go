package main

import (
	"bufio"
	"context"
	"fmt"
	"html"
	"io"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/authkit-dev/authkit/examples/internal/browser"
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

const (
	signIn  = "/id/auth/sign-in/"
	address = "bob@example.com"
)

// opened is a browser that shows the page.
func (p *program) opened() *browser.Browser {
	p.t.Helper()
	return browser.New(p.t, p.home).Open("/")
}

// mailed opens the mailbox until it has a mail to an address, and returns the mail's text.
func (p *program) mailed(to string) string {
	p.t.Helper()
	mail := regexp.MustCompile(`(?s)to <bdi>` + regexp.QuoteMeta(to) + `</bdi>.*?<pre>(.*?)</pre>`)
	for b := browser.New(p.t, p.home); p.t.Context().Err() == nil; runtime.Gosched() {
		if m := mail.FindStringSubmatch(b.Open("/mailbox").Want(200, "/mailbox", "Mailbox").Page); m != nil {
			return html.UnescapeString(m[1])
		}
	}
	return ""
}

// asked asks for a mail on the sign-in page, and shows the page on which its code is typed.
func (p *program) asked() *browser.Browser {
	p.t.Helper()
	b := p.opened().Want(200, "/", "No plant forgotten").Follow("/plants").Want(200, signIn, "Sprig")
	return b.Press("email="+address, "do=link").Want(200, signIn, `name="code"`)
}

func TestThePage(t *testing.T) {
	t.Parallel()
	t.Run("shows who signed up, with what is theirs, until they sign out", func(t *testing.T) {
		t.Parallel()
		p := start(t)
		b := p.opened().Follow("/plants").Follow("/sign-up/")
		b.Press("email=ann@example.com", "password=a long enough passphrase", "name=Ann", "do=password").Want(200, "/plants", "<bdi>Ann</bdi>")
		b.Press("plant=Fern").Want(200, "/plants", "watered today")
		b.Follow("/account/").Want(200, "/id/auth/account/", "ann@example.com")
		b.Open("/").Want(200, "/", "watered today").Follow("/sign-out/").Press().Want(200, "/", "No plant forgotten")
		b.Open("/plants").Want(200, signIn, "Sprig")
	})
	t.Run("is reached with the code in the mailbox", func(t *testing.T) {
		t.Parallel()
		p := start(t)
		b := p.asked()
		code := regexp.MustCompile(`\b\d{6}\b`).FindString(p.mailed(address))
		b.Press("code="+code, "do=code").Want(200, "/plants", address)
	})
	t.Run("is reached by the link in the mailbox", func(t *testing.T) {
		t.Parallel()
		p := start(t)
		b := p.asked()
		link := regexp.MustCompile(`http://localhost\S+/auth/verify/\S+`).FindString(p.mailed(address))
		b.Open(link).Press().Want(200, "/plants", address)
	})
	t.Run("has the colour of the product on authkit's pages, in the language of the browser", func(t *testing.T) {
		t.Parallel()
		p := start(t)
		b := p.opened().Follow("/plants").Want(200, signIn, "#2f6f4f")
		b.Open("/plants?x").Want(200, signIn, `lang="en"`)
		b.Open(b.At.RequestURI()+"&ui_locales=de").Want(200, signIn, `lang="de"`)
	})
}

// A mail is a stranger's text: its frame runs no script, and its links leave the frame.
func TestTheMailboxFramesMails(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.asked()
	p.mailed(address)
	box := p.opened().Open("/mailbox")
	box.Want(200, "/mailbox", `<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="&lt;base target=&#34;_blank&#34;&gt;`)
	if n := strings.Count(box.Page, "<iframe"); n != strings.Count(box.Page, "<iframe sandbox=") {
		t.Errorf("got a frame of %d without a sandbox, want none", n)
	}
	shown := strings.Count(box.Page, "to <bdi>")
	if want := fmt.Sprintf(`!== "%d"`, shown); !strings.Contains(box.Page, want) {
		t.Errorf("got %s, want the count of its mails, %s", box.Page, want)
	}
	if got, err := strconv.Atoi(p.opened().Open("/mailbox/count").Page); err != nil || got < shown {
		t.Errorf("count: got %d, %v, want at least the %d mails before", got, err, shown)
	}
}
