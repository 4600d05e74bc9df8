package mail_test

import (
	"cmp"
	"flag"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/authkit-dev/authkit/internal/locale"
	"github.com/authkit-dev/authkit/mail"
)

var writeMails = flag.Bool("write-mails", false, "write testdata/mails anew")

// full returns data that every mail has something of.
func full() mail.Data {
	return mail.Data{
		Product: "Example Accounts", App: "Demo", Link: "https://id.example.com/auth/verify/x?token=abc", Code: "123456", Minutes: 72 * 60,
		Email: "ann@example.com", Provider: "GitHub", Change: "GitHub, Google", Count: 7,
		Asked: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC), Agent: "Firefox on Linux", URL: "https://id.example.com/auth/sign-in/x",
	}
}

// hostile returns data that would break out of a page, a header or a style if it could.
func hostile() mail.Data {
	d := full()
	const bad = "</title><script>alert(1)</script>\"'`{{.Code}}\r\nBcc: eve@evil.example\x00"
	d.Product, d.App, d.Email, d.Provider, d.Change, d.Agent = "p"+bad, "a"+bad, "e"+bad, "q"+bad, "c"+bad, "g"+bad
	d.Link = `https://id.example.com/?a=1&b="><script>x</script>`
	d.Brand = mail.Brand{
		Color: "red;background:url(https://evil.example)", TextColor: "\"><script>", Logo: "javascript:alert(1)", Home: "javascript:alert(2)", Support: "data:text/html,<script>",
	}
	return d
}

// changes are the changes of which a notice tells in words of its own; of others, any.
func changes(name string) []string {
	switch name {
	case "factor_added":
		return []string{"passkey", "totp"}
	case "factor_removed":
		return []string{"passkey", "totp", "all"}
	}
	return []string{full().Change}
}

// eachMail yields the name of every message with each of its changes.
func eachMail(yield func(name, change string) bool) {
	for _, name := range mail.Names() {
		for _, change := range changes(name) {
			if !yield(name, change) {
				return
			}
		}
	}
}

func languages(t *testing.T) []*locale.Language {
	t.Helper()
	all, err := locale.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return all.Languages()
}

var (
	hrefs       = regexp.MustCompile(`href="([^"]*)"`)
	placeholder = regexp.MustCompile(`\{[a-z_]+\}|%!|<no value>|ZgotmplZ`)
)

func TestEveryMailInEveryLanguage(t *testing.T) {
	t.Parallel()
	titles := map[string]string{}
	for _, in := range languages(t) {
		for name, change := range eachMail {
			t.Run(in.Tag+"/"+name+" "+change, func(t *testing.T) {
				t.Parallel()
				data := full()
				data.Language, data.Change = in.Tag, change
				data.Brand = mail.Brand{Color: "#ffcc00", TextColor: "#000000", Logo: "https://id.example.com/branding/x", Home: "https://demo.example", Support: "https://demo.example/help"}
				checkMail(t, name, data, in)
			})
			data := full()
			data.Language, data.Change = in.Tag, change
			m, err := mail.DefaultTemplates().Render(name, data)
			if err != nil || titles[m.Subject] != "" || !strings.Contains(m.Subject, "Demo") {
				t.Errorf("%s, %s: got the subject %q, %v, as of %s; want one of its own with the app", in.Tag, name, m.Subject, err, titles[m.Subject])
			}
			titles[m.Subject] = in.Tag + "/" + name + " " + change
		}
	}
}

func checkMail(t *testing.T, name string, data mail.Data, in *locale.Language) {
	t.Helper()
	m, err := mail.DefaultTemplates().Render(name, data)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.HTML) > 20_000 {
		t.Errorf("got %d bytes of HTML, want at most 20000", len(m.HTML))
	}
	if want := `<html lang="` + in.Tag + `" dir="` + in.Dir + `">`; !strings.Contains(m.HTML, want) {
		t.Errorf("got no %s in %s", want, m.HTML)
	}
	if bad := placeholder.FindString(m.Subject + m.Text + m.HTML); bad != "" {
		t.Errorf("got %s left in %s\n%s", bad, m.Text, m.HTML)
	}
	limited := data.Limited(name)
	link := cmp.Or(limited.Link, limited.URL, data.Brand.Support)
	var inHTML []string
	for _, found := range hrefs.FindAllStringSubmatch(m.HTML, -1) {
		inHTML = append(inHTML, html.UnescapeString(found[1]))
	}
	if got := mail.Link(m); got != link || !strings.Contains(strings.Join(inHTML, " "), link) {
		t.Errorf("got the link %q in the text and %q in the HTML, want %q in both", got, inHTML, link)
	}
	if got := mail.Code(m); got != limited.Code || limited.Code != "" && !strings.Contains(m.HTML, ">"+limited.Code+"<") {
		t.Errorf("got the code %q in %s, want %q in both parts", got, m.HTML, limited.Code)
	}
	for what, want := range map[string]string{"the time": "2026-05-04 03:02 UTC", "the logo": data.Brand.Logo, "the colour": "background:#ffcc00;color:#000000", "help": data.Brand.Support, "home": data.Brand.Home} {
		if what == "the colour" && link == data.Brand.Support {
			continue // no button
		}
		if !strings.Contains(m.HTML, want) {
			t.Errorf("%s: got no %s in %s", what, want, m.HTML)
		}
	}
	if got := strings.Contains(m.Text, data.Agent) && strings.Contains(m.HTML, data.Agent); got != (limited.Agent != "") {
		t.Errorf("the browser: got %v, want %v", got, limited.Agent != "")
	}
}

func TestHostileDataStaysText(t *testing.T) {
	t.Parallel()
	for _, in := range languages(t) {
		for name, change := range eachMail {
			data := hostile()
			data.Language = in.Tag
			if len(changes(name)) > 1 {
				data.Change = change
			}
			m, err := mail.DefaultTemplates().Render(name, data)
			if err != nil {
				t.Fatal(err)
			}
			for _, bad := range []string{"<script", "</title><s", `="javascript:`, `="data:`, "url("} {
				if strings.Contains(m.HTML, bad) {
					t.Errorf("%s, %s: got %q in %s", in.Tag, name, bad, m.HTML)
				}
			}
			if strings.Count(m.HTML, "<html") != 1 || strings.ContainsAny(m.Subject, "\r\n") {
				t.Errorf("%s, %s: got %q and %s, want one line and one page", in.Tag, name, m.Subject, m.HTML)
			}
		}
	}
}

// What may stand in a mail to an unproven address is decided here, not by a template.
func TestDataIsLimited(t *testing.T) {
	t.Parallel()
	d := full()
	d.Brand.Color, d.Language = "#000000", "de"
	counted := map[int]string{d.Count: "7"}
	for name, want := range map[string]string{
		"magic_link": "link code agent", "email_verify": "link code", "email_change": "link code", "password_reset": "link code agent", "invitation": "link",
		"email_changed": "link agent", "password_changed": "email change agent url", "identity_linked": "link email provider agent url",
		"app_changed": "change agent url", "more_notices": "url", "sign_up_taken": "agent url",
		"factor_code": "code agent", "factor_added": "link email provider change agent url", "factor_removed": "email provider change agent url",
		"recovery_used": "email agent count url", "recovery_renewed": "email agent url", "passkey_cloned": "email provider agent url",
	} {
		got, parts := d.Limited(name), []string{}
		for _, part := range []struct{ name, value string }{
			{"link", got.Link}, {"code", got.Code}, {"email", got.Email}, {"provider", got.Provider}, {"change", got.Change}, {"agent", got.Agent}, {"count", counted[got.Count]}, {"url", got.URL},
		} {
			if part.value != "" {
				parts = append(parts, part.name)
			}
		}
		if got := strings.Join(parts, " "); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		if got.App != d.App || got.Product != d.Product || got.Language != "de" || got.Asked != d.Asked || got.Brand != d.Brand {
			t.Errorf("%s: got %+v, want the app, the language, the time and the brand", name, got)
		}
	}
}

// The files of testdata/mails show a reader the mails in English; -write-mails writes them.
func TestMailsAreAsShown(t *testing.T) {
	t.Parallel()
	for name, change := range eachMail {
		data := full()
		data.Change = change
		if !strings.HasSuffix(name, "ed") {
			data.Minutes = 10
		}
		if strings.HasPrefix(name, "factor_") || strings.HasPrefix(name, "passkey_") {
			data.Provider = "iCloud Keychain"
		}
		if name == "app_changed" {
			data.Change = "A new API key was made."
		}
		m, err := mail.DefaultTemplates().Render(name, data)
		if err != nil {
			t.Fatal(err)
		}
		for ext, got := range map[string]string{".txt": "Subject: " + m.Subject + "\n\n" + m.Text, ".html": m.HTML} {
			if all := changes(name); change != all[0] {
				ext = "_" + change + ext
			}
			file := filepath.Join("testdata", "mails", name+ext)
			if *writeMails {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || got != string(want) {
				t.Errorf("%s: got another mail, %v; look at it, then: go test ./mail -run TestMailsAreAsShown -write-mails\n%s", file, err, got)
			}
		}
	}
}

func TestAHostsLanguageReachesTheMails(t *testing.T) {
	t.Parallel()
	own, err := mail.TemplatesWith(fstest.MapFS{"it.json": {Data: []byte(`{"confirm.title":"Accedi a {app}","mail.expires":{"one":"Un minuto.","other":"{n} minuti."}}`)}})
	if err != nil {
		t.Fatal(err)
	}
	data := full()
	data.Language, data.Minutes = "it", 10
	m, err := own.Render("magic_link", data)
	if err != nil || m.Subject != "Accedi a Demo" || !strings.Contains(m.Text, "10 minuti.") || !strings.Contains(m.HTML, `lang="it"`) {
		t.Errorf("got %q, %v, want the host's words", m.Text, err)
	}
	if _, err := mail.TemplatesWith(fstest.MapFS{"it.json": {Data: []byte(`{"mail.expires":"x"}`)}}); err == nil {
		t.Error("a text without its placeholder: got nil, want an error")
	}
}
