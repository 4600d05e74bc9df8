package e2e_test

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail/smtp"
)

// withPostOffice makes a world whose mail goes through SMTP.
func withPostOffice(t *testing.T, with func(*authkit.Config)) (*world, *postOffice) {
	t.Helper()
	o := newPostOffice(t)
	mailer, err := smtp.New(o.config)
	if err != nil {
		t.Fatal(err)
	}
	w := setup(t, subpath, with, func(c *authkit.Config) { c.Mailer, c.MailFrom = mailer, "Demo <sign-in@example.com>" })
	return w, o
}

// running lets Engine.Run work until it is stopped, at the end of the test at the latest.
func (w *world) running(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := w.engine.Run(ctx); err != nil {
			t.Errorf("Run: got %v, want nil", err)
		}
	})
	stop = func() { cancel(); wg.Wait() }
	t.Cleanup(stop)
	return stop
}

func TestMailBySMTP(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, with func(*authkit.Config)) {
		w, o := withPostOffice(t, with)
		o.open(t)
		w.running(t)
		w.send("POST", w.at("/auth/magic-link"), `{"email":"ann@example.com"}`).want(t, 202, "")
		posted := o.next(t)
		if posted.from != "sign-in@example.com" || posted.to != "ann@example.com" {
			t.Errorf("envelope: got %s to %s, want sign-in@example.com to ann@example.com", posted.from, posted.to)
		}
		m := posted.read(t)
		wantHeaders(t, m)
		link, code := proofs(t, m.parts["text/plain"])
		if want := w.base + w.at("/auth/verify") + "?token="; !strings.HasPrefix(link, want) {
			t.Fatalf("link: got %q, want it to begin with %q", link, want)
		}
		if got := hrefs(t, m.parts["text/html"]); len(got) != 1 || got[0] != link || !strings.Contains(m.parts["text/html"], ">"+code+"<") {
			t.Errorf("HTML: got links %q in %s, want %q and the code %s", got, m.parts["text/html"], link, code)
		}

		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		redeem := mustJSON(t, map[string]string{"token": u.Query().Get("token")})
		in := w.send("POST", w.at("/auth/verify"), redeem).want(t, 200, "")
		if user, _ := in.body["user"].(map[string]any); in.body["created"] != true || user["email_verified"] != true || user["email"] != "ann@example.com" {
			t.Errorf("sign-in: got %s, want a new user with a verified address", in.raw)
		}
		w.send("GET", w.at("/auth/me"), "", bearer(in.text("token"))).want(t, 200, "")
		w.send("POST", w.at("/auth/verify"), redeem).want(t, 401, "invalid_token")

		asked := w.send("POST", w.at("/auth/magic-link"), `{"email":"ann@example.com"}`).want(t, 202, "")
		_, code = proofs(t, o.next(t).read(t).parts["text/plain"])
		typed := mustJSON(t, map[string]string{"email": "ann@example.com", "code": code, "binding": asked.text("binding")})
		if again := w.send("POST", w.at("/auth/verify"), typed).want(t, 200, ""); again.text("user", "user_id") != in.text("user", "user_id") {
			t.Errorf("sign-in by code: got %s, want user %s", again.raw, in.text("user", "user_id"))
		}
		o.wantEmpty(t)
	})
}

func wantHeaders(t *testing.T, m received) {
	t.Helper()
	for name, want := range map[string]string{"From": "Demo <sign-in@example.com>", "To": "ann@example.com"} {
		list, err := m.AddressList(name)
		if err != nil || len(list) != 1 || strings.Trim(strings.ReplaceAll(list[0].String(), `"`, ""), "<>") != strings.Trim(want, "<>") {
			t.Errorf("%s: got %v, %v, want %s", name, list, err, want)
		}
	}
	if subject, err := m.Subject(); err != nil || subject != "Sign in to Demo" {
		t.Errorf("Subject: got %q, %v, want %q", subject, err, "Sign in to Demo")
	}
	if id, err := m.MessageID(); err != nil || !regexp.MustCompile(`^[0-9a-f-]{36}@127\.0\.0\.1$`).MatchString(id) {
		t.Errorf("Message-ID: got %q, %v, want the mail's own", id, err)
	}
	if at, err := m.Date(); err != nil || at.IsZero() {
		t.Errorf("Date: got %v, %v, want a time", at, err)
	}
	if kind, _, err := m.ContentType(); err != nil || kind != "multipart/alternative" || len(m.parts) != 2 {
		t.Errorf("Content-Type: got %q, %v with %d parts, want multipart/alternative of two", kind, err, len(m.parts))
	}
}

// proofs are the link and the code in the text of a mail.
func proofs(t *testing.T, text string) (link, code string) {
	t.Helper()
	link = regexp.MustCompile(`(?m)^https?://\S+`).FindString(text)
	if found := regexp.MustCompile(`code: ([0-9]{6})\b`).FindStringSubmatch(text); found != nil {
		code = found[1]
	}
	if link == "" || code == "" {
		t.Fatalf("text: got %q, want a link and a code", text)
	}
	return link, code
}

// hrefs returns the addresses of the links of a mail, each once: a button's address stands below it.
func hrefs(t *testing.T, text string) (all []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "a" && !slices.Contains(all, attribute(n, "href")) {
			all = append(all, attribute(n, "href"))
		}
	}
	return all
}

// TestMailServerIsDown asks for mail while no server listens. The mail waits, the answer does
// not.
func TestMailServerIsDown(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, with func(*authkit.Config)) {
		w, o := withPostOffice(t, with)
		w.send("POST", w.at("/auth/magic-link"), `{"email":"ann@example.com"}`).want(t, 202, "")
		w.work(t) // is refused
		o.open(t)
		w.work(t)
		o.wantEmpty(t) // not due yet
		for range 4 {
			w.clock.Advance(time.Minute)
			w.work(t)
		}
		link, _ := proofs(t, o.next(t).read(t).parts["text/plain"])
		o.wantEmpty(t)
		w.send("POST", w.at("/auth/verify"), mustJSON(t, map[string]string{"token": link[strings.Index(link, "=")+1:]})).want(t, 200, "")
	})
}

// TestMailServerIsSilent asks for mail while the server accepts connections and sends no
// greeting, with Run at work. Requests are answered as usual, and mail arrives once the server
// talks.
func TestMailServerIsSilent(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, with func(*authkit.Config)) {
		w, o := withPostOffice(t, with)
		o.unlock(t)
		stop := w.running(t)
		for _, who := range []string{"ann", "bob", "ann"} {
			w.send("POST", w.at("/auth/magic-link"), `{"email":"`+who+`@example.com"}`).want(t, 202, "")
		}
		o.wantEmpty(t)
		o.open(t)
		got := map[string]int{}
		for range 3 {
			got[o.next(t).to]++
		}
		if got["ann@example.com"] != 2 || got["bob@example.com"] != 1 {
			t.Errorf("mail: got %v, want two for ann and one for bob", got)
		}
		stop()
		w.clock.Advance(5 * time.Minute) // a mail that was not noted as sent would be due
		w.work(t)
		o.wantEmpty(t)
	})
}
