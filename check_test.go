package authkit_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testworld"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/mail/smtp"
	"github.com/authkit-dev/authkit/store/memory"
)

// patient is an engine behind a real HTTP server, with a real mail server.
type patient struct {
	testworld.World

	server *httptest.Server
	post   *postOffice
	serves http.Handler // what the server answers with
}

// newPatient makes an engine with nothing to find. Each change is made to the configuration last.
func newPatient(t *testing.T, change ...func(*authkit.Config)) *patient {
	t.Helper()
	p := &patient{post: newPostOffice(t)}
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serves.ServeHTTP(w, r) }))
	t.Cleanup(p.server.Close)
	mailer, err := smtp.New(smtp.Config{Addr: p.post.addr, TLS: smtp.Opportunistic, Username: "relay", Password: "the password of the relay"})
	if err != nil {
		t.Fatal(err)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	p.World = testworld.New(t, p.server.URL+"/id", time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), append([]func(*authkit.Config){func(c *authkit.Config) {
		c.Store, c.Secrets, c.Mailer, c.MailFrom = onDisk{memory.New()}, [][]byte{secret}, mailer, "no-reply@example.com"
	}}, change...)...)
	p.serves = http.StripPrefix("/id", p.Engine.Handler())
	return p
}

// everywhere lets the base URL be that of all addresses of this machine, which is not loopback.
func everywhere(c *authkit.Config) {
	c.BaseURL, c.InsecureAllowHTTP = strings.Replace(c.BaseURL, "127.0.0.1", "0.0.0.0", 1), true
}

// onDisk is a store that says that it outlives the process.
type onDisk struct{ authkit.Store }

func (onDisk) Volatile() bool { return false }

// codes returns the codes of findings, each once, with the severities.
func codes(found []authkit.Finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.Code+" "+string(f.Severity))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// finds checks that Check finds exactly what is listed, as "code severity", in full texts.
func (p *patient) finds(t *testing.T, want ...string) []authkit.Finding {
	t.Helper()
	found := p.Engine.Check(t.Context())
	slices.Sort(want)
	if got := codes(found); !slices.Equal(got, want) {
		t.Errorf("findings: got %q, want %q\n%+v", got, want, found)
	}
	for _, f := range found {
		if f.Seen == "" || f.Why == "" || f.Fix == "" {
			t.Errorf("finding: got %+v, want what was seen, why it matters and a fix", f)
		}
	}
	return found
}

// postOffice is an SMTP server that counts sessions and mails.
type postOffice struct {
	addr     string
	sessions chan string // what each was authenticated as
	mails    chan string
	refuse   error
}

func newPostOffice(t *testing.T) *postOffice {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postOffice{addr: l.Addr().String(), sessions: make(chan string, 100), mails: make(chan string, 100)}
	server := gosmtp.NewServer(p)
	server.AllowInsecureAuth = true
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return p
}

func (p *postOffice) NewSession(*gosmtp.Conn) (gosmtp.Session, error) {
	if p.refuse != nil {
		return nil, p.refuse
	}
	return p, nil
}

func (*postOffice) AuthMechanisms() []string { return []string{sasl.Plain} }

func (p *postOffice) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		p.sessions <- username + " " + password
		return nil
	}), nil
}

func (p *postOffice) Mail(from string, _ *gosmtp.MailOptions) error { p.mails <- from; return nil }
func (p *postOffice) Rcpt(string, *gosmtp.RcptOptions) error        { return nil }
func (p *postOffice) Reset()                                        {}
func (p *postOffice) Logout() error                                 { return nil }
func (p *postOffice) Data(r io.Reader) error                        { _, err := io.Copy(io.Discard, r); return err }

// quiet is a mailer that cannot be pinged, and hanging one whose Ping is a function.
type (
	quiet   struct{}
	hanging func() error
)

func (quiet) Send(context.Context, mail.Message) error   { return nil }
func (hanging) Send(context.Context, mail.Message) error { return nil }
func (h hanging) Ping(context.Context, string) error     { return h() }

func TestCheckOfWhatIsWell(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		p := newPatient(t, func(c *authkit.Config) {
			if !store.Volatile() {
				c.Store = store
			}
		})
		app, err := p.Engine.EnsureApp(t.Context(), "me", "Shop")
		if err != nil {
			t.Fatal(err)
		}
		found := p.Engine.Check(t.Context())
		found = slices.DeleteFunc(found, func(f authkit.Finding) bool { return f.Code == authkit.FindingStoreNotDurable }) // of the server that tests share
		if len(found) > 0 {
			t.Errorf("findings: got %+v, want none for app %s", found, app.ID)
		}
		if got := <-p.post.sessions; got != "relay the password of the relay" || len(p.post.mails) != 0 {
			t.Errorf("mail server: got a session of %q with %d mails, want the relay's user without a mail", got, len(p.post.mails))
		}
	})
}

func TestCheckOfTheConfiguration(t *testing.T) {
	t.Parallel()
	secret := func(text string) func(*authkit.Config) {
		return func(c *authkit.Config) { c.Secrets = [][]byte{[]byte(text)} }
	}
	for name, c := range map[string]struct {
		change func(*authkit.Config)
		code   string
		seen   string
	}{
		"a secret of one byte":               {secret(strings.Repeat("s", 32)), "secret_weak", "Config.Secrets[0] has 32 bytes, which are all the same."},
		"a secret of words":                  {secret("correct horse battery staple tower"), "secret_weak", "which are words"},
		"a secret that repeats itself":       {secret(strings.Repeat("abcd", 8)), "secret_weak", "which repeat themselves"},
		"limits that are off":                {withoutLimits, "limits_off", "InsecureOff is true"},
		"a limit without addresses":          {func(c *authkit.Config) { c.Limits.Credentials = "10/m/email" }, "limit_missing", `Config.Limits.Credentials is "10/m/email", without a limit by ip`},
		"a limit of mail without recipients": {func(c *authkit.Config) { c.Limits.Mail = "30/h/ip" }, "limit_missing", "without a limit by email"},
		"users who may write without bound":  {func(c *authkit.Config) { c.Limits.User = "off" }, "limit_missing", `Config.Limits.User is "off"`},
		"developers without bound":           {func(c *authkit.Config) { c.ConsoleSignup, c.Limits.Apps = true, -1 }, "console_unlimited", "Config.Limits.Apps."},
		"a volatile store":                   {func(c *authkit.Config) { c.Store = memory.New() }, "store_volatile", "in the memory"},
		"providers on loopback":              {func(c *authkit.Config) { c.InsecureAllowLoopbackProviders = true }, "loopback_providers", "is true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := newPatient(t, everywhere, c.change).Engine.Check(t.Context())
			i := slices.IndexFunc(found, func(f authkit.Finding) bool { return f.Code == c.code })
			if i < 0 || found[i].Severity == authkit.SeverityNote || !strings.Contains(found[i].Seen, c.seen) {
				t.Errorf("on all addresses: got %+v, want %s that has seen %q", found, c.code, c.seen)
			}
			found = newPatient(t, c.change).Engine.Check(t.Context())
			if got := codes(found); !slices.Equal(got, []string{c.code + " note"}) {
				t.Errorf("on loopback: got %q, want %s as a note alone", got, c.code)
			}
		})
	}
	t.Run("plain http beyond this machine", func(t *testing.T) {
		t.Parallel()
		newPatient(t, everywhere).finds(t, "base_url_insecure error")
	})
	t.Run("proxies of every address", func(t *testing.T) {
		t.Parallel()
		newPatient(t, func(c *authkit.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")} }).finds(t, "trusted_proxies_all warning")
	})
	t.Run("a forwarding header of a peer that is not trusted", func(t *testing.T) {
		t.Parallel()
		p := newPatient(t)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/id/auth/verify/console", nil)
		r.Header.Set("X-Forwarded-For", "198.51.100.1")
		p.serves.ServeHTTP(httptest.NewRecorder(), r)
		if found := p.finds(t, "forwarding_untrusted note"); !strings.Contains(found[0].Seen, `"192.0.2.1"`) {
			t.Errorf("seen: got %q, want the peer", found[0].Seen)
		}
	})
}

func TestCheckOfOpenSignup(t *testing.T) {
	t.Parallel()
	p := newPatient(t, everywhere, withoutLimits, func(c *authkit.Config) { c.ConsoleSignup = true })
	app, err := p.Engine.EnsureApp(t.Context(), "me", "Shop")
	if err != nil {
		t.Fatal(err)
	}
	found := p.finds(t, "base_url_insecure error", "console_unlimited error", "limits_off error", "signup_unlimited error")
	i := slices.IndexFunc(found, func(f authkit.Finding) bool { return f.Code == authkit.FindingSignupUnlimited })
	if found[i].App != app.ID || !strings.Contains(found[i].Seen, app.ID.String()) {
		t.Errorf("finding: got %+v, want it about app %s", found[i], app.ID)
	}
	if _, err := p.Engine.ChangeApp(t.Context(), authkit.AppRef{Developer: "me", ID: app.ID}, authkit.AppPatch{SignupClosed: new(true)}); err != nil {
		t.Fatal(err)
	}
	p.finds(t, "base_url_insecure error", "console_unlimited error", "limits_off error")
}

func TestCheckOfTheMailServer(t *testing.T) {
	t.Parallel()
	t.Run("one that refuses the client", func(t *testing.T) {
		t.Parallel()
		p := newPatient(t)
		p.post.refuse = &gosmtp.SMTPError{Code: 554, Message: "go away"}
		if found := p.finds(t, "mail_unreachable error"); !strings.Contains(found[0].Seen, "554") {
			t.Errorf("seen: got %q, want the reply", found[0].Seen)
		}
	})
	t.Run("a mailer that delivers nothing", func(t *testing.T) {
		t.Parallel()
		newPatient(t, func(c *authkit.Config) { c.Mailer = quiet{} }).finds(t) // it tells nothing
		newPatient(t, everywhere, func(c *authkit.Config) { c.Mailer = mail.Log(io.Discard) }).finds(t, "base_url_insecure error", "mail_undelivered error")
		newPatient(t, func(c *authkit.Config) { c.Mailer = mail.Log(io.Discard) }).finds(t, "mail_undelivered note")
	})
}

// TestCheckEndsWithItsContext lets a probe of the host hang, and another one panic.
func TestCheckEndsWithItsContext(t *testing.T) {
	t.Parallel()
	t.Run("although the host's mailer does not", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		hang := make(chan struct{})
		t.Cleanup(func() { close(hang) })
		p := newPatient(t, func(c *authkit.Config) {
			c.Mailer = hanging(func() error { cancel(); <-hang; return nil })
		})
		found := p.Engine.Check(ctx)
		if !slices.ContainsFunc(found, func(f authkit.Finding) bool {
			return f.Code == authkit.FindingCheckIncomplete && strings.Contains(f.Seen, "the mail server")
		}) {
			t.Errorf("got %+v, want the check of the mail server as incomplete", found)
		}
	})
	t.Run("and a panic of the host is a finding", func(t *testing.T) {
		t.Parallel()
		p := newPatient(t, func(c *authkit.Config) { c.Mailer = hanging(func() error { panic("no such host") }) })
		if found := p.finds(t, "check_incomplete warning"); !strings.Contains(found[0].Seen, "no such host") {
			t.Errorf("seen: got %q, want the panic", found[0].Seen)
		}
	})
}

func TestFindingsAsJSON(t *testing.T) {
	t.Parallel()
	about := authkit.NewFinding(authkit.FindingLimitsOff, "seen")
	about.App = uuid.MustParse("00000000-0000-7000-8000-000000000001")
	for want, f := range map[string]authkit.Finding{
		`{"code":"limits_off","severity":"error","app_id":"00000000-0000-7000-8000-000000000001","seen":"seen",`: about,
		`{"code":"own","severity":"warning","seen":"seen","why":"","fix":""}`:                                    authkit.NewFinding("own", "seen"),
	} {
		got, err := json.Marshal(f)
		if err != nil || !strings.HasPrefix(string(got), want) {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

func TestConfigFindings(t *testing.T) {
	t.Parallel()
	_, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: "https://auth.example.com/", Secrets: [][]byte{make([]byte, 32)}})
	found := authkit.ConfigFindings(err)
	if got, want := codes(found), []string{"configuration error"}; !slices.Equal(got, want) || len(found) != 2 {
		t.Fatalf("got %+v, want %q twice", found, want)
	}
	if found[0].Seen != `Field Config.BaseURL is "https://auth.example.com/".` || !strings.HasPrefix(found[0].Fix, "Write the mount point") {
		t.Errorf("got %+v, want the field with its value, and the fix", found[0])
	}
	if got := authkit.ConfigFindings(errors.New("the store is down")); got != nil {
		t.Errorf("another error: got %+v, want nothing", got)
	}
	if _, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: "https://auth.example.com", Mailer: mail.Log(io.Discard), Secrets: [][]byte{make([]byte, 32)}}); err == nil || !strings.Contains(err.Error(), "field Config.Secrets[0] is all zero bytes: it was never filled") {
		t.Errorf("a secret of zero bytes: got %v, want it refused", err)
	}
}

// TestFindingsHoldNoSecret looks for every secret of a configuration in which much is wrong.
func TestFindingsHoldNoSecret(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("hush", 8)
	p := newPatient(t, everywhere, withoutLimits, func(c *authkit.Config) { c.Secrets = [][]byte{[]byte(secret)} })
	p.post.refuse = &gosmtp.SMTPError{Code: 535, Message: "who is AHJlbGF5AHRoZSBwYXNzd29yZCBvZiB0aGUgcmVsYXk= the password of the relay"}
	text, err := json.Marshal(p.Engine.Check(t.Context()))
	if err != nil || !strings.Contains(string(text), "secret_weak") || !strings.Contains(string(text), "mail_unreachable") {
		t.Fatalf("got %s, %v, want both findings", text, err)
	}
	for _, hidden := range []string{secret, "the password of the relay", "AHJlbGF5"} {
		if strings.Contains(string(text), hidden) {
			t.Errorf("got %s, want it without %q", text, hidden)
		}
	}
}
