package main

import (
	"io"
	"net"
	"strings"
	"testing"

	gosmtp "github.com/emersion/go-smtp"
)

// office is the backend of an SMTP server that keeps each mail.
type office struct{ greeted, arrived chan string }

func (o office) NewSession(c *gosmtp.Conn) (gosmtp.Session, error) {
	select {
	case o.greeted <- c.Hostname():
	default: // STARTTLS greets twice
	}
	return o, nil
}

func (o office) Mail(string, *gosmtp.MailOptions) error { return nil }
func (o office) Rcpt(string, *gosmtp.RcptOptions) error { return nil }
func (o office) Reset()                                 {}
func (o office) Logout() error                          { return nil }
func (o office) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	o.arrived <- string(raw)
	return err
}

// TestMailBySMTP sends mail for a base URL that is not on loopback, where --mail log is refused.
func TestMailBySMTP(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args  []string
		from  string
		hello string
		whose string // the service that the mail names
	}{
		"from the host of the base URL":   {nil, `From: "Demo" <no-reply@auth.example.com>`, "auth.example.com", "auth.example.com"},
		"from whom --mail-from names":     {[]string{"--mail-from", `"Example, Inc." <hello@example.com>`}, `From: "Demo" <hello@example.com>`, "example.com", "auth.example.com"},
		"greeted as --smtp-hello demands": {[]string{"--smtp-hello", "out1.example.net"}, `From: "Demo" <no-reply@auth.example.com>`, "out1.example.net", "auth.example.com"},
		"of the --product-name":           {[]string{"--product-name", "Example Login"}, `From: "Demo" <no-reply@auth.example.com>`, "auth.example.com", "Example Login"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lc net.ListenConfig
			listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			post := office{make(chan string, 1), make(chan string, 1)}
			server := gosmtp.NewServer(post)
			go func() { _ = server.Serve(listener) }()
			t.Cleanup(func() { _ = server.Close() })

			p := start(t, newLines(), append(c.args, "--store", "memory", "--base-url", "https://auth.example.com/id",
				"--mail", "smtp://"+listener.Addr().String(), "--developer", developerEmail+":"+password)...)
			app, _ := p.createApp(p.developer())
			p.send("POST", "/auth/magic-link/"+app, `{"email":"ann@example.com"}`).want(t, 202, "")
			if got := <-post.greeted; got != c.hello {
				t.Errorf("EHLO: got %q, want %q", got, c.hello)
			}
			got := strings.ReplaceAll(<-post.arrived, "=\r\n", "") // quoted-printable
			for _, want := range []string{"To: <ann@example.com>", c.from, "https://auth.example.com/id/auth/verify/" + app, "Sent by " + c.whose + " for Demo."} {
				if !strings.Contains(got, want) {
					t.Errorf("mail: got %s, want %q in it", got, want)
				}
			}
		})
	}
}

// TestALinkAskedForAtTheEndIsMailed asks for a link while the server stops.
func TestALinkAskedForAtTheEndIsMailed(t *testing.T) {
	t.Parallel()
	box := newLines()
	p := start(t, box, "--store", "memory", "--developer", developerEmail+":"+password)
	app, _ := p.createApp(p.developer())
	body := `{"email":"ann@example.com"}`
	conn, in := p.begin("/auth/magic-link/"+app, len(body))
	p.signal()
	p.line(p.stderr, `"msg":"stopping"`)
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	if line, err := in.ReadString('\n'); err != nil || line != "HTTP/1.1 202 Accepted\r\n" {
		t.Errorf("answer: got %q, %v, want 202", line, err)
	}
	p.end()
	if mails, _ := box.read(); len(mails) != 1 || !strings.Contains(mails[0], "ann@example.com") {
		t.Errorf("mails: got %q, want one to Ann", mails)
	}
}
