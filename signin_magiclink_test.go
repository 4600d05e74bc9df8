package authkit_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// mailed asks for a link and returns the pending answer and the mail.
func (w *world) mailed(email, extra string, headers ...string) (answer, mail.Message) {
	w.t.Helper()
	got := w.send("POST", "/auth/magic-link/"+w.app.ID.String(), `{"email":"`+email+`"`+extra+`}`, headers...)
	got.want(w.t, 202, "")
	if err := w.engine.RunOnce(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	m, ok := w.outbox.Last(email)
	if !ok {
		w.t.Fatalf("mail to %s: got none", email)
	}
	return got, m
}

func (w *world) verify(body string) answer {
	return w.send("POST", "/auth/verify/"+w.app.ID.String(), body)
}

// linkPath returns the link without the mount point.
func linkPath(m mail.Message) string { return strings.TrimPrefix(mail.Link(m), base) }

func linkToken(m mail.Message) string {
	u, err := url.Parse(mail.Link(m))
	if err != nil {
		return ""
	}
	return u.Query().Get("token")
}

func TestLink(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Limits.InsecureOff = true })
	t.Run("signs a new address up, once", func(t *testing.T) {
		_, m := w.mailed("ann@example.com", "")
		if !strings.HasPrefix(mail.Link(m), base+"/auth/verify/"+w.app.ID.String()+"?token=") {
			t.Errorf("link: got %q", mail.Link(m))
		}
		body := `{"token":"` + linkToken(m) + `"}`
		got := w.verify(body)
		got.want(t, 200, "")
		user := got.body["user"].(map[string]any)
		if got.body["created"] != true || user["email_verified"] != true || user["auth_method"] != "magic_link" {
			t.Errorf("sign-in: got %s", got.Body)
		}
		w.verify(body).want(t, 401, "invalid_token")
	})
	t.Run("may be fetched by scanners as often as they like", func(t *testing.T) {
		_, m := w.mailed("scan@example.com", "")
		for _, headers := range [][]string{
			nil, {"Accept: */*"}, {"Accept: text/html, application/json"},
			{"Accept: application/json", "Sec-Purpose: prefetch"}, {"Accept: application/json", "Sec-Fetch-Site: cross-site"},
		} {
			got := w.send("GET", linkPath(m), "", headers...)
			got.want(t, 200, "")
			if !strings.Contains(got.Header().Get("Content-Type"), "text/html") {
				t.Errorf("GET with %v: got %s", headers, got.Header().Get("Content-Type"))
			}
		}
		for _, accept := range []string{"application/json", "text/html"} {
			if got := w.send("HEAD", linkPath(m), "", "Accept: "+accept); got.Code != 200 || got.Header().Get("Set-Cookie") != "" {
				t.Errorf("HEAD for %s: got %d %v, want 200 without a cookie", accept, got.Code, got.Header())
			}
		}
		got := w.send("GET", linkPath(m), "", "Accept: application/json")
		got.want(t, 200, "")
		if got.body["token"] == nil || got.Header().Get("Set-Cookie") != "" {
			t.Errorf("GET as JSON: got %s, %v", got.Body, got.Header())
		}
		w.send("GET", linkPath(m), "", "Accept: application/json").want(t, 401, "invalid_token")
	})
	t.Run("is dead after ten minutes, and in another app", func(t *testing.T) {
		_, m := w.mailed("late@example.com", "")
		other, _, err := w.engine.CreateApp(t.Context(), w.devID, "Other")
		if err != nil {
			t.Fatal(err)
		}
		body := `{"token":"` + linkToken(m) + `"}`
		w.send("POST", "/auth/verify/"+other.ID.String(), body).want(t, 401, "invalid_token")
		w.clock.Advance(10 * time.Minute)
		w.verify(body).want(t, 401, "invalid_token")
	})
	t.Run("takes the other attempts of the address with it", func(t *testing.T) {
		_, first := w.mailed("two@example.com", "")
		_, second := w.mailed("two@example.com", "")
		w.verify(`{"token":"`+linkToken(first)+`"}`).want(t, 200, "")
		w.verify(`{"token":"`+linkToken(second)+`"}`).want(t, 401, "invalid_token")
	})
	t.Run("has one winner among sixteen", func(t *testing.T) {
		_, m := w.mailed("race@example.com", "")
		var wg sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for range 16 {
			wg.Go(func() {
				got := w.verify(`{"token":"` + linkToken(m) + `"}`)
				mu.Lock()
				defer mu.Unlock()
				statuses[got.Code]++
			})
		}
		wg.Wait()
		if statuses[200] != 1 || statuses[401] != 15 {
			t.Errorf("statuses: got %v, want one 200 and fifteen 401", statuses)
		}
	})
	t.Run("is no access token", func(t *testing.T) {
		_, m := w.mailed("kind@example.com", "")
		w.send("GET", "/auth/me/"+w.app.ID.String(), "", bearer(linkToken(m))).want(t, 401, "invalid_token")
	})
	t.Run("keeps to the binding when one is given", func(t *testing.T) {
		_, m := w.mailed("bound@example.com", "")
		other, _ := w.mailed("else@example.com", "")
		w.verify(`{"token":"`+linkToken(m)+`","binding":"`+other.body["binding"].(string)+`"}`).want(t, 401, "invalid_token")
		w.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 200, "")
	})
}

func TestLinkCode(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Limits.InsecureOff = true })
	body := func(email, code string, pending answer) string {
		return fmt.Sprintf(`{"email":%q,"code":%q,"binding":%q}`, email, code, pending.body["binding"])
	}
	t.Run("signs in with the binding, and spends the link too", func(t *testing.T) {
		pending, m := w.mailed("ann@example.com", "")
		w.verify(body("ann@example.com", mail.Code(m), pending)).want(t, 200, "")
		w.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 401, "invalid_token")
	})
	t.Run("is dead after five wrong ones, the link is not", func(t *testing.T) {
		pending, m := w.mailed("bob@example.com", "")
		wrong := "000000"
		if mail.Code(m) == wrong {
			wrong = "000001"
		}
		for range 5 {
			w.verify(body("bob@example.com", wrong, pending)).want(t, 401, "invalid_token")
		}
		w.verify(body("bob@example.com", mail.Code(m), pending)).want(t, 401, "invalid_token")
		w.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 200, "")
	})
	t.Run("counts no attempt with a wrong binding", func(t *testing.T) {
		pending, m := w.mailed("eve@example.com", "")
		other, _ := w.mailed("mallory@example.com", "")
		for range 20 {
			w.verify(body("eve@example.com", "123456", other)).want(t, 401, "invalid_token")
		}
		w.verify(body("eve@example.com", mail.Code(m), pending)).want(t, 200, "")
	})
}

func TestLinkResetsAnUnprovenAccount(t *testing.T) {
	t.Parallel()
	w := setup(t)
	attacker := w.signUp("victim@example.com").body["token"].(string)
	_, m := w.mailed("victim@example.com", "")
	got := w.verify(`{"token":"` + linkToken(m) + `"}`)
	got.want(t, 200, "")
	if got.body["created"] != false || got.body["user"].(map[string]any)["email_verified"] != true {
		t.Errorf("sign-in: got %s", got.Body)
	}
	w.send("GET", "/auth/me/"+w.app.ID.String(), "", bearer(attacker)).want(t, 401, "invalid_token")
	w.send("POST", "/auth/credentials/"+w.app.ID.String(), `{"email":"victim@example.com","password":"`+password+`"}`).want(t, 401, "invalid_credentials")
	w.send("GET", "/auth/me/"+w.app.ID.String(), "", bearer(got.body["token"].(string))).want(t, 200, "")
}

func TestLinkTellsNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	closed := true
	if _, err := w.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.AppPatch{SignupClosed: &closed}); err != nil {
		t.Fatal(err)
	}
	for range 7 { // the sixth reaches the address's limit
		got := w.send("POST", "/auth/magic-link/"+w.app.ID.String(), `{"email":"nobody@example.com"}`)
		got.want(t, 202, "")
		if len(got.body["binding"].(string)) != 96 || got.body["expires_in"] != float64(600) {
			t.Errorf("pending: got %s", got.Body)
		}
	}
	if err := w.engine.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(w.mails()); n != 0 {
		t.Errorf("mail to an unknown address of a closed app: got %d, want none", n)
	}
}

var hidden = regexp.MustCompile(`name="(token|form_token)" value="([^"]*)"`)

// RFC 7636, appendix B.
const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

func TestLinkPage(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Limits.InsecureOff = true })
	goal := origin + "/done?x=1"
	if _, err := w.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.AppPatch{RedirectURLs: &[]string{goal}}); err != nil {
		t.Fatal(err)
	}
	press := func(t *testing.T, m mail.Message, cookie string) (answer, string) {
		t.Helper()
		var shown []string
		if cookie != "" {
			shown = []string{"Cookie: " + cookie}
		}
		page := w.send("GET", linkPath(m), "", shown...)
		page.want(t, 200, "")
		if page.Header().Get("Referrer-Policy") != "same-origin" {
			t.Errorf("Referrer-Policy: got %q", page.Header().Get("Referrer-Policy"))
		}
		if cookie == "" {
			cookie = cookieOf(page)
		}
		got := w.send("POST", "/auth/verify/"+w.app.ID.String(), formOf(page), form, "Cookie: "+cookie)
		return got, cookie
	}
	code := func(t *testing.T, got answer) string {
		t.Helper()
		got.want(t, 303, "")
		if to := got.leadsTo(); !strings.HasPrefix(to, goal+"&code=") {
			t.Fatalf("goes on to: got %q", to)
		}
		return codeIn(t, got)
	}
	exchange := func(text, verifier, cookie string) answer {
		return w.send("POST", "/auth/token/"+w.app.ID.String(), fmt.Sprintf(`{"code":%q,"code_verifier":%q}`, text, verifier), "Cookie: "+cookie)
	}
	redirect := `,"redirect_to":"` + goal + `"`

	t.Run("hands over a code for the browser that pressed", func(t *testing.T) {
		_, m := w.mailed("ann@example.com", redirect)
		got, cookie := press(t, m, "")
		text := code(t, got)
		exchange(text, "", "").want(t, 401, "invalid_token")
		in := exchange(text, "", cookie)
		in.want(t, 200, "")
		me := "/auth/me/" + w.app.ID.String()
		w.send("GET", me, "", bearer(in.body["token"].(string))).want(t, 200, "")
		w.clock.Advance(10 * time.Second)
		exchange(text, "", cookie).want(t, 401, "invalid_token")
		w.send("GET", me, "", bearer(in.body["token"].(string))).want(t, 401, "invalid_token")
	})
	t.Run("asks for the verifier where there was a challenge", func(t *testing.T) {
		asker := authkit.BindingCookie(w.engine)
		_, m := w.mailed("bob@example.com", redirect+`,"code_challenge":"`+challenge+`"`, "Cookie: "+asker)
		got, cookie := press(t, m, asker)
		text := code(t, got)
		exchange(text, "", cookie).want(t, 401, "invalid_token")
		exchange(text, "wrong", cookie).want(t, 401, "invalid_token")
		exchange(text, verifier, "").want(t, 200, "")
	})
	t.Run("a code is dead after a minute", func(t *testing.T) {
		_, m := w.mailed("carol@example.com", redirect)
		got, cookie := press(t, m, "")
		w.clock.Advance(time.Minute)
		exchange(code(t, got), "", cookie).want(t, 401, "invalid_token")
	})
	t.Run("refuses a form that the browser was not shown", func(t *testing.T) {
		_, m := w.mailed("dave@example.com", redirect)
		body, _ := w.shown(m)
		got := w.send("POST", "/auth/verify/"+w.app.ID.String(), body, form, "Cookie: "+authkit.BindingCookie(w.engine))
		got.want(t, 403, "forbidden")
	})
	t.Run("says to type the code where there is nowhere to go on, and spends nothing", func(t *testing.T) {
		_, m := w.mailed("eve@example.com", "")
		got, _ := press(t, m, "")
		got.want(t, 200, "")
		w.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 200, "")
	})
	t.Run("goes nowhere that is not registered", func(t *testing.T) {
		for _, to := range []string{goal + "/", "https://evil.example/", goal + "&y=2"} {
			got := w.send("POST", "/auth/magic-link/"+w.app.ID.String(), `{"email":"x@example.com","redirect_to":"`+to+`"}`)
			got.want(t, 400, "invalid_request")
		}
	})
}

func TestFiveLinksOfAnAddressLive(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Limits.InsecureOff = true })
	var links []string
	for range 6 {
		w.clock.Advance(time.Second)
		_, m := w.mailed("Ann@example.com", "")
		links = append(links, linkToken(m))
	}
	w.verify(`{"token":"`+links[0]+`"}`).want(t, 401, "invalid_token")
	w.verify(`{"token":"`+links[1]+`"}`).want(t, 200, "")
	w.verify(`{"token":"`+links[5]+`"}`).want(t, 401, "invalid_token")
}

func TestTwentyWrongCodesADayEndCodesForAnAddress(t *testing.T) {
	t.Parallel()
	w := setup(t)
	try := func(pending answer, code string) answer {
		return w.verify(fmt.Sprintf(`{"email":"ann@example.com","code":%q,"binding":%q}`, code, pending.body["binding"]))
	}
	for range 4 {
		w.clock.Advance(time.Hour)
		pending, m := w.mailed("ann@example.com", "")
		for range 5 {
			try(pending, strings.Map(func(r rune) rune { return '0' + ('9' - r) }, mail.Code(m))).want(t, 401, "invalid_token")
		}
	}
	w.clock.Advance(time.Hour)
	pending, m := w.mailed("ann@example.com", "")
	try(pending, mail.Code(m)).want(t, 401, "invalid_token")
	w.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 200, "")
	w.clock.Advance(24 * time.Hour)
	pending, m = w.mailed("ann@example.com", "")
	try(pending, mail.Code(m)).want(t, 200, "")
}
