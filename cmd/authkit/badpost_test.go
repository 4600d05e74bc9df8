package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// habit is a way in which a mail server misbehaves: at which command, and what it answers.
type habit struct{ at, says string }

const (
	hangs = "nothing"
	drops = "farewell and hangs up"
)

// badPost is an SMTP server whose habits a test changes.
type badPost struct {
	listener net.Listener
	kept     *lines // "address message-id" of each mail that it accepted

	mu    sync.Mutex
	habit habit
	hit   int // how often it has misbehaved
	open  map[net.Conn]bool
}

func newBadPost(t *testing.T) *badPost {
	t.Helper()
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &badPost{listener: listener, kept: newLines(), open: map[net.Conn]bool{}}
	var talking sync.WaitGroup
	talking.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.open[conn] = true
			b.mu.Unlock()
			talking.Go(func() { b.talk(conn) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); b.behave(habit{}); talking.Wait() })
	return b
}

// behave changes the server's habit, and ends every conversation, as a restart does.
func (b *badPost) behave(h habit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.habit, b.hit = h, 0
	for conn := range b.open {
		_ = conn.Close()
	}
}

func (b *badPost) hits() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.hit
}

// conversation is the connection of one client.
type conversation struct {
	b    *badPost
	conn net.Conn
	in   *bufio.Reader
	to   string
}

func (b *badPost) talk(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.open, conn)
	}()
	c := &conversation{b: b, conn: conn, in: bufio.NewReader(conn)}
	if c.say("greeting", "220 post ready") != nil {
		return
	}
	for {
		line, err := c.in.ReadString('\n')
		if err != nil || c.answer(strings.TrimSpace(line)) != nil {
			return
		}
	}
}

var recipient = regexp.MustCompile(`(?i)^RCPT TO:<([^>]+)>`)

func (c *conversation) answer(line string) error {
	verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
	switch verb {
	case "EHLO":
		return c.say("EHLO", "250 post")
	case "MAIL":
		return c.say("MAIL", "250 well")
	case "RCPT":
		c.to = recipient.FindStringSubmatch(line)[1]
		return c.say("RCPT", "250 well")
	case "DATA":
		if err := c.say("DATA", "354 go on"); err != nil {
			return err
		}
		return c.take()
	case "QUIT":
		_ = c.say("QUIT", "221 bye")
		return net.ErrClosed
	}
	return c.say("", "250 well")
}

// take reads a message and keeps it. A server that drops the connection after the message has
// kept it, which its client cannot know.
func (c *conversation) take() error {
	id := ""
	for n := 0; ; n++ {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return err
		}
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && strings.EqualFold(name, "Message-ID") {
			id = value
		}
		if n == 3 && c.b.bad("message") {
			return c.say("message", "")
		}
		if line == ".\r\n" {
			break
		}
	}
	if now := c.b.now(); now.at != "end" || now.says == drops {
		c.b.kept.add(c.to + " " + id)
	}
	return c.say("end", "250 taken")
}

func (b *badPost) now() habit {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.habit
}

func (b *badPost) bad(at string) bool { return b.now().at == at }

// say answers a command, unless the server misbehaves at it. An error ends the conversation.
func (c *conversation) say(at, text string) error {
	c.b.mu.Lock()
	h := c.b.habit
	if h.at != at || at == "" {
		c.b.mu.Unlock()
		_, err := fmt.Fprintf(c.conn, "%s\r\n", text)
		return err
	}
	c.b.hit++
	c.b.mu.Unlock()
	switch h.says {
	case hangs:
		_, err := c.in.ReadString(0) // blocks until the client or a restart ends the connection
		return err
	case drops:
		return net.ErrClosed
	}
	_, err := fmt.Fprintf(c.conn, "%s\r\n", h.says)
	return err
}

// asked is how many links are requested at a time, and how many resets.
const asked = 12

func TestAMailServerThatMisbehaves(t *testing.T) {
	t.Parallel()
	for _, h := range []habit{
		{"greeting", hangs},
		{"end", hangs},
		{"EHLO", drops},
		{"message", drops},
		{"end", drops},
		{"greeting", "421 too busy"},
		{"greeting", "554 no service for now"},
		{"RCPT", "451 try again"},
		{"end", "452 no room"},
		{"RCPT", "550 nobody of that name"},
		{"end", "554 looks like spam"},
	} {
		t.Run("says "+h.says+" at "+h.at, func(t *testing.T) {
			t.Parallel()
			b := newBadPost(t)
			flags := append(sharing(t, "sqlite:"+filepath.Join(t.TempDir(), "auth.db")), "--mail", "smtp://"+b.listener.Addr().String())
			w := &writers{t: t, b: b, p: start(t, newLines(), flags...)}
			w.app, w.key = w.p.createApp(w.p.developer())
			healthy := w.ask("before")
			w.arrive("before")
			b.behave(h)
			meanwhile := w.ask("meanwhile")
			w.misbehaved(h)
			b.behave(habit{})
			forGood := strings.HasPrefix(h.says, "5") && h.at != "greeting" // a greeting refuses no mail
			if !forGood {
				w.arrive("meanwhile")
			}
			w.p.stop()
			w.p = start(t, newLines(), append(flags, "--clock-offset", "5m")...) // each mail without an outcome is due
			w.ask("after")
			w.arrive("after")
			w.p.stop()
			w.counts(forGood, b.hits())
			for what, took := range meanwhile {
				if most := 3*healthy[what] + 100*time.Millisecond; took > most {
					t.Errorf("%s: got a median of %v, %v with a healthy server, want %v at most", what, took, healthy[what], most)
				}
			}
			t.Logf("medians: %v with a healthy server, %v with this one", healthy, meanwhile)
		})
	}
}

// writers are users who ask for mail.
type writers struct {
	t        *testing.T
	b        *badPost
	p        *process
	app, key string
}

func writer(what, when string, i int) string {
	return fmt.Sprintf("%s%d.%s@example.com", what, i, when)
}

// ask asks for links and resets and returns the median times.
func (w *writers) ask(when string) map[string]time.Duration {
	w.t.Helper()
	times := map[string][]time.Duration{}
	for i := range asked {
		known := writer("forgot", when, i)
		w.p.send("POST", "/users/"+w.app, `{"email":"`+known+`"}`, "Authorization: Bearer "+w.key).want(w.t, http.StatusCreated, "")
		for what, r := range map[string]struct{ path, to string }{
			"link":   {"/auth/magic-link/", writer("link", when, i)},
			"forgot": {"/auth/password/forgot/", known},
		} {
			begun := time.Now()
			got, err := w.p.tryOnce("POST", r.path+w.app, `{"email":"`+r.to+`"}`, nil)
			times[what] = append(times[what], time.Since(begun))
			if err != nil {
				w.t.Fatal(err)
			}
			got.want(w.t, http.StatusAccepted, "")
		}
	}
	out := map[string]time.Duration{}
	for what, all := range times {
		slices.Sort(all)
		out[what] = all[len(all)/2].Round(100 * time.Microsecond)
	}
	return out
}

// misbehaved waits until the server has misbehaved: to one client if it lets that hang, since
// others may come only afterwards, and to a few clients otherwise.
func (w *writers) misbehaved(h habit) {
	w.t.Helper()
	few := 4
	if h.says == hangs {
		few = 1
	}
	for give := time.Now().Add(patience); w.b.hits() < few; <-time.After(10 * time.Millisecond) {
		if time.Now().After(give) {
			w.t.Fatalf("the mail server: got %d conversations, want it to misbehave in %d", w.b.hits(), few)
		}
	}
}

// arrive waits until each writer has mail.
func (w *writers) arrive(when string) {
	w.t.Helper()
	w.b.kept.wait(w.t, "mail of "+when, nil, func(all []string) []string {
		got := w.ids(all)
		for i := range asked {
			if len(got[writer("link", when, i)]) == 0 || len(got[writer("forgot", when, i)]) == 0 {
				return nil
			}
		}
		return all
	})
}

// ids returns the Message-IDs of the mails to each address. A mail that came twice counts once.
func (w *writers) ids(all []string) map[string]map[string]int {
	got := map[string]map[string]int{}
	for _, line := range all {
		to, id, _ := strings.Cut(line, " ")
		if got[to] == nil {
			got[to] = map[string]int{}
		}
		got[to][id]++
	}
	return got
}

// counts checks that each request had one mail, and no mail if the server refused it for good.
func (w *writers) counts(givenUp bool, hits int) {
	w.t.Helper()
	all, _ := w.b.kept.read()
	got, none := w.ids(all), 0
	for _, when := range []string{"before", "meanwhile", "after"} {
		for i := range asked {
			for _, what := range []string{"link", "forgot"} {
				to := writer(what, when, i)
				if givenUp && when == "meanwhile" && len(got[to]) == 0 {
					none++
					continue
				}
				if len(got[to]) != 1 {
					w.t.Errorf("mail to %s: got %v, want one", to, got[to])
				}
			}
		}
	}
	if givenUp && none < 4 {
		w.t.Errorf("mail that was refused for good: got %d given up, want the four at least", none)
	}
	if len(got) > 6*asked || hits != 0 {
		w.t.Errorf("mail: got %d addresses and %d hits after the end, want those who asked", len(got), hits)
	}
}
