package authkittest_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/mail"
)

// verdict is a test that records its failures.
type verdict struct {
	testing.TB

	text string
}

func (v *verdict) Helper() {}

func (v *verdict) Fatal(args ...any) {
	v.text = args[0].(string)
	panic(v)
}

func (v *verdict) Fatalf(format string, args ...any) {
	v.text = strings.TrimSpace(format)
	panic(v)
}

// fails runs f with a test of its own, and checks that it fails with the words.
func fails(t *testing.T, words string, f func(tb testing.TB)) {
	t.Helper()
	v := &verdict{TB: t}
	defer func() {
		t.Helper()
		if got := recover(); got != v {
			t.Errorf("got %v, want the test to fail", got)
		}
		if !strings.Contains(v.text, words) {
			t.Errorf("got the failure %q, want one with %q", v.text, words)
		}
	}()
	f(v)
}

func TestFailures(t *testing.T) {
	t.Parallel()
	kit := authkittest.New(t)
	kit.SignIn(t, kit.App, "ann@example.com")
	if err := kit.Outbox.Send(t.Context(), mail.Message{To: "eve@example.com", Text: "nothing"}); err != nil {
		t.Fatal(err)
	}
	elsewhere := authkittest.New(t).App
	for name, c := range map[string]struct {
		words string
		f     func(tb testing.TB)
	}{
		"no mail went to the address":   {"no mail went to", func(tb testing.TB) { tb.Helper(); kit.LastLink(tb, "bob@example.com") }},
		"nor a code":                    {"no mail went to", func(tb testing.TB) { tb.Helper(); kit.LastCode(tb, "bob@example.com") }},
		"the latest mail holds no link": {"holds no link", func(tb testing.TB) { tb.Helper(); kit.LastLink(tb, "eve@example.com") }},
		"the latest mail holds no code": {"holds no code", func(tb testing.TB) { tb.Helper(); kit.LastCode(tb, "eve@example.com") }},
		"an invalid address":            {"make user", func(tb testing.TB) { tb.Helper(); kit.SignIn(tb, kit.App, "ann") }},
		"an app of another kit":         {"make user", func(tb testing.TB) { tb.Helper(); kit.SignIn(tb, elsewhere, "ann@example.com") }},
		"a user who is verified":        {"want an unverified one", func(tb testing.TB) { tb.Helper(); kit.SignInUnverified(tb, kit.App, "ann@example.com") }},
		"a second app of one name":      {"make app", func(tb testing.TB) { tb.Helper(); kit.NewApp(tb, kit.App.Name) }},
		"an invalid configuration": {"authkittest: %v", func(tb testing.TB) {
			tb.Helper()
			authkittest.New(tb, func(c *authkit.Config) { c.BaseURL = "" })
		}},
		"another mailer": {"Config.Mailer", func(tb testing.TB) {
			tb.Helper()
			authkittest.New(tb, func(c *authkit.Config) { c.Mailer = mail.NewOutbox() })
		}},
		"another clock": {"Config.Now", func(tb testing.TB) {
			tb.Helper()
			authkittest.New(tb, func(c *authkit.Config) { c.Now = time.Now })
		}},
		"an invalid provider name": {"configure provider", func(tb testing.TB) {
			tb.Helper()
			authkittest.NewProvider(t, kit, "verify").Configure(tb, kit.App)
		}},
		"a request that the provider can make nothing of": {"answered", func(tb testing.TB) {
			tb.Helper()
			p := authkittest.NewProvider(t, kit, "corp")
			p.Visit(tb, p.Issuer+"/authorize?client_id=x", "ann@example.com")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fails(t, c.words, c.f)
		})
	}
}

// logged is a test with a readable log, which ends by itself.
type logged struct {
	testing.TB

	log  bytes.Buffer
	last []func()
}

func (l *logged) Output() io.Writer { return &l.log }

func (l *logged) Cleanup(f func()) { l.last = append(l.last, f) }

func TestLog(t *testing.T) {
	t.Parallel()
	tb := &logged{TB: t}
	kit := authkittest.New(tb)
	p := authkittest.NewProvider(t, kit, "corp")
	p.Configure(t, kit.App)
	p.Misbehave(authkittest.Down)
	start := func() {
		r := get(t, authkittest.BaseURL+"/auth/corp/"+kit.App.ID.String())
		r.Header.Set("Accept", "application/json")
		ask(t, kit.Handler(), r, 502)
	}
	start()
	if got := tb.log.String(); !strings.Contains(got, "request failed") || !strings.Contains(got, "500") {
		t.Errorf("log: got %q, want the failed request with its cause", got)
	}
	for _, f := range tb.last {
		f()
	}
	before := tb.log.Len()
	start()
	if got := tb.log.Len(); got != before {
		t.Errorf("log after the end: got %q", tb.log.String()[before:])
	}
}
