package authkit_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

const firefox = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"

func TestAMailIsInTheLanguageOfItsAsker(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) {
		c.Languages = fstest.MapFS{"it.json": {Data: []byte(`{"confirm.title":"Accedi a {app}"}`)}}
	})
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "Sign in to Demo"},
		{"", "fr-CA, en;q=0.5", "Se connecter à Demo"},
		{"?ui_locales=xx+de", "fr", "Bei Demo anmelden"},
		{"", "it", "Accedi a Demo"},
	} {
		w.send("POST", w.in("/auth/magic-link/{app_id}")+c.query, `{"email":"ann@example.com"}`, "Accept-Language: "+c.accept).want(t, 202, "")
		if got := w.mailTo("ann@example.com").Subject; got != c.want {
			t.Errorf("ui_locales %q, Accept-Language %q: got %q, want %q", c.query, c.accept, got, c.want)
		}
	}
}

// The words come from a fixed list; even so, a stranger's browser is no business of an address that
// has not been proven.
func TestOnlyAProvenAddressIsToldTheBrowser(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, c := range []struct {
		email  string
		proven bool
	}{{"ann@example.com", true}, {"bob@example.com", false}, {"nobody@example.com", false}} {
		switch {
		case c.proven:
			w.provenUser(c.email)
		case c.email == "bob@example.com":
			w.signUp(c.email)
		}
		w.send("POST", w.in("/auth/magic-link/{app_id}"), `{"email":"`+c.email+`"}`, firefox).want(t, 202, "")
		m := w.mailTo(c.email)
		if got := strings.Contains(m.Text, "Firefox on Linux") && strings.Contains(m.HTML, "Firefox on Linux"); got != c.proven {
			t.Errorf("%s: got the browser %v, want %v, in %s", c.email, got, c.proven, m.Text)
		}
		if !strings.Contains(m.Text, "Asked for on 2026-") || !strings.Contains(m.Text, " UTC") {
			t.Errorf("%s: got no time in %s", c.email, m.Text)
		}
	}
}

func TestMailsShowTheBrandThatTheHostAllows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*authkit.Config)
		want   [3]bool // colour, home, support
	}{
		"by default":               {func(*authkit.Config) {}, [3]bool{true, false, false}},
		"with BrandingInMails":     {func(c *authkit.Config) { c.BrandingInMails = true }, [3]bool{true, true, true}},
		"with NoBranding and both": {func(c *authkit.Config) { c.BrandingInMails, c.NoBranding = true, true }, [3]bool{}},
	} {
		w := setup(t, c.change)
		w.settings(authkit.AppPatch{Branding: &authkit.BrandingPatch{
			Color: new("#336699"), HomeURL: new("https://demo.example/home"), SupportURL: new("https://demo.example/help"),
		}})
		w.ask("ann@example.com")
		m := w.mailTo("ann@example.com")
		got := [3]bool{strings.Contains(m.HTML, "background:#336699"), strings.Contains(m.HTML, "demo.example/home"), strings.Contains(m.HTML, "demo.example/help")}
		if got != c.want || !strings.HasPrefix(mail.Link(m), "http://localhost:8080/id/auth/verify/") {
			t.Errorf("%s: got colour, home and support %v and the link %s, want %v", name, got, mail.Link(m), c.want)
		}
	}
}

func TestANoticeLeadsToTheSignInPage(t *testing.T) {
	t.Parallel()
	for mode, want := range map[authkit.SessionMode]string{authkit.SessionBearer: "", authkit.SessionCookie: "http://localhost:8080/id/auth/sign-in/"} {
		w := setup(t)
		w.provenUser("ann@example.com")
		w.settings(authkit.AppPatch{SessionMode: &mode})
		w.send("POST", w.in("/auth/password/forgot/{app_id}"), `{"email":"ann@example.com"}`).want(t, 202, "")
		w.send("POST", w.in("/auth/password/reset/{app_id}"), byLink(w.mailTo("ann@example.com"), `,"password":"another long passphrase"`)).want(t, 200, "")
		m := w.mailTo("ann@example.com")
		if want != "" {
			want += w.app.ID.String()
		}
		if got := mail.Link(m); got != want || !strings.Contains(m.Subject, "Your password") {
			t.Errorf("%s: got %q in %q, want %q", mode, got, m.Text, want)
		}
	}
}
