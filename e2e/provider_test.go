package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

func TestProvider(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, with func(*authkit.Config)) {
		c := newCorp(t, with)
		t.Run("a single-page app signs in by JSON", func(t *testing.T) { signsInByJSON(t, c) })
		t.Run("a browser signs in by redirect", func(t *testing.T) { signsInByRedirect(t, c) })
		t.Run("the provider's form bounces until the cookie is there", func(t *testing.T) { signsInByForm(t, c) })
		t.Run("a second sign-in finds the same user", func(t *testing.T) { findsTheUser(t, c) })
		t.Run("a user links an identity, and unlinks it", func(t *testing.T) { links(t, c) })
		t.Run("a person who refuses", func(t *testing.T) { isRefused(t, c) })
		t.Run("an answer without iss, or with another, is refused", func(t *testing.T) { needsIss(t, c) })
		t.Run("a code of another flow is refused", func(t *testing.T) { needsOwnCode(t, c) })
		t.Run("a provider that stopped is a bad gateway", func(t *testing.T) { hasStopped(t, c) }) // last, since it stops the provider
	})
}

func signsInByJSON(t *testing.T, c *corp) {
	flow := c.startJSON(t)
	q := c.atSPA(t, flow, "ann")
	got := c.finishJSON(t, flow, q).want(t, 200, "")
	wantUser(t, c, got, "ann", true)
	if got.header.Get("Access-Control-Allow-Origin") != spa {
		t.Errorf("Access-Control-Allow-Origin: got %q, want %q", got.header.Get("Access-Control-Allow-Origin"), spa)
	}
	c.finishJSON(t, flow, q).want(t, 401, "invalid_token")
}

// wantUser checks a sign-in of a user whose address the provider has verified.
func wantUser(t *testing.T, c *corp, in answer, who string, created bool) {
	t.Helper()
	user, _ := in.body["user"].(map[string]any)
	for member, want := range map[string]any{
		"email": who + "@example.com", "email_verified": true, "name": who + " of corp", "auth_method": "oauth",
	} {
		if user[member] != want {
			t.Errorf("user: got %s %v, want %v", member, user[member], want)
		}
	}
	if in.body["created"] != created {
		t.Errorf("created: got %v, want %v", in.body["created"], created)
	}
	me := c.send("GET", c.at("/auth/me"), "", bearer(in.text("token"))).want(t, 200, "")
	if me.text("user_id") != in.text("user", "user_id") {
		t.Errorf("me: got %s, want user %s", me.raw, in.text("user", "user_id"))
	}
}

func signsInByRedirect(t *testing.T, c *corp) {
	b := newBrowser(t)
	back := c.signIn(b, b.open(c.start(toGoal)), "bob")
	c.send("POST", c.at("/auth/token"), `{"code":"`+back.at.Query().Get("code")+`"}`, b.cookies(c.base)).want(t, 401, "invalid_token") // without the verifier
	wantUser(t, c, c.exchange(t, b, back).want(t, 200, ""), "bob", true)
}

// signsInByForm makes the provider answer with a form (OAuth 2.0 Form Post Response Mode), as
// some do without being asked.
func signsInByForm(t *testing.T, c *corp) {
	b := newBrowser(t)
	login := c.startWith(t, b, "response_mode", "form_post")
	form := c.signIn(b, login, "carol")
	if f := b.form(form); f.action != c.callback || f.fields.Get("code") == "" || f.fields.Get("iss") != c.iss {
		t.Fatalf("provider's form: got %+v, want code and iss for %s", f, c.callback)
	}
	newBrowser(t).submit(form).want(t, 401, "invalid_token") // another browser than the one that began
	back := b.submit(form)
	if len(back.via) != 2 || !strings.HasPrefix(back.via[1], c.callback+"?resume=") {
		t.Errorf("form: got via %q, want a bounce to %s?resume=", back.via, c.callback)
	}
	wantUser(t, c, c.exchange(t, b, back).want(t, 200, ""), "carol", true)
}

func findsTheUser(t *testing.T, c *corp) {
	b := newBrowser(t)
	first := c.exchange(t, b, c.signIn(b, b.open(c.start(toGoal)), "dave")).want(t, 200, "")
	wantUser(t, c, first, "dave", true)
	// The browser has a session at the provider by now, which shows no page.
	again := c.exchange(t, b, b.open(c.start(toGoal))).want(t, 200, "")
	wantUser(t, c, again, "dave", false)
	flow := c.startJSON(t)
	other := c.finishJSON(t, flow, c.atSPA(t, flow, "dave")).want(t, 200, "")
	wantUser(t, c, other, "dave", false)
	for way, in := range map[string]answer{"again": again, "by the other configuration": other} {
		if got, want := in.text("user", "user_id"), first.text("user", "user_id"); got != want {
			t.Errorf("user %s: got %s, want %s", way, got, want)
		}
	}
}

func links(t *testing.T, c *corp) {
	up := c.send("POST", c.at("/auth/credentials"), `{"email":"frank@home.example","password":"`+password+`"}`).want(t, 201, "")
	mine := bearer(up.text("token"))
	begin := func() (spaFlow, url.Values) {
		got := c.send("POST", c.at("/auth/identities"), `{"provider":"corp-spa"}`, mine, "Origin: "+spa, "Sec-Fetch-Site: cross-site").want(t, 200, "")
		flow := spaFlow{got.text("redirect_url"), got.text("state"), got.text("binding")}
		return flow, c.atSPA(t, flow, "frank")
	}
	flow, q := begin()
	c.finishJSON(t, flow, q).want(t, 401, "unauthenticated")
	other := c.send("POST", c.at("/auth/credentials"), `{"email":"frank@home.example","password":"`+password+`"}`).want(t, 200, "")
	c.finishJSON(t, flow, q, bearer(other.text("token"))).want(t, 401, "invalid_token")
	for range 2 { // the second has no effect
		got := c.finishJSON(t, flow, q, mine).want(t, 200, "")
		if !strings.Contains(got.raw, `{"provider":"corp-spa","email":"frank@example.com","created_at":"`) || strings.Count(got.raw, "provider") != 1 {
			t.Errorf("linked: got %s, want one identity at corp-spa", got.raw)
		}
		c.finishJSON(t, flow, q, mine).want(t, 401, "invalid_token")
		flow, q = begin()
	}
	c.send("POST", c.at("/auth/sign-out"), `{"refresh_token":"`+other.text("refresh_token")+`","all":true}`).want(t, 204, "")
	c.finishJSON(t, flow, q, mine).want(t, 401, "invalid_token")

	flow = c.startJSON(t)
	in := c.finishJSON(t, flow, c.atSPA(t, flow, "frank")).want(t, 200, "")
	if got, want := in.text("user", "user_id"), up.text("user", "user_id"); got != want {
		t.Errorf("the identity signs in to %s, want %s", got, want)
	}
	c.send("DELETE", c.at("/auth/identities")+"/corp-spa", "", bearer(in.text("token"))).want(t, 204, "")
	flow = c.startJSON(t)
	wantUser(t, c, c.finishJSON(t, flow, c.atSPA(t, flow, "frank")).want(t, 200, ""), "frank", true)
}

func isRefused(t *testing.T, c *corp) {
	for name, test := range map[string]func(*testing.T, *browser){
		"a refusal goes to the goal": func(t *testing.T, b *browser) {
			c.wantRefusal(t, b.follow(b.open(c.start(toGoal)), "abort"))
		},
		"a refusal by form goes there, too": func(t *testing.T, b *browser) {
			login := c.startWith(t, b, "response_mode", "form_post")
			c.wantRefusal(t, b.submit(b.follow(login, "abort")))
		},
		"a refusal is told where there is no goal": func(t *testing.T, b *browser) {
			back := b.follow(b.open(c.start()), "abort")
			back.want(t, 400, "provider_refused")
			if !strings.Contains(back.raw, "(access_denied)") || strings.Contains(back.raw, "aborted") {
				t.Errorf("callback: got %s, want a page with access_denied and no text of the provider's", back.raw)
			}
		},
		"consent may be refused after the login": func(t *testing.T, b *browser) {
			consent := b.submit(b.open(c.start()), "login=eve", "password=any")
			b.follow(consent, "abort").want(t, 400, "provider_refused")
		},
	} {
		t.Run(name, func(t *testing.T) { test(t, newBrowser(t)) })
	}
}

// wantRefusal checks that the redirect carries the codes, and no other text of the provider.
func (c *corp) wantRefusal(t *testing.T, back page) {
	t.Helper()
	want := goal + "?" + url.Values{"error": {"provider_refused"}, "provider_code": {"access_denied"}, "iss": {c.issuer()}, "request_id": {back.header.Get("X-Request-ID")}}.Encode()
	if back.status != http.StatusSeeOther || back.at.String() != want {
		t.Errorf("callback: got %d to %s, want 303 to %s", back.status, back.at, want)
	}
}

func needsIss(t *testing.T, c *corp) {
	for name, change := range map[string]func(url.Values){
		"missing":       func(q url.Values) { q.Del("iss") },
		"another":       func(q url.Values) { q.Set("iss", "https://evil.example") },
		"one but for /": func(q url.Values) { q.Set("iss", c.iss+"/") },
		"authkit's own": func(q url.Values) { q.Set("iss", c.issuer()) },
	} {
		flow := c.startJSON(t)
		q := c.atSPA(t, flow, "frank")
		if q.Get("iss") != c.iss {
			t.Fatalf("provider: got iss %q, want %q", q.Get("iss"), c.iss)
		}
		change(q)
		got := c.finishJSON(t, flow, q)
		if got.status != 401 || got.text("code") != "invalid_token" || got.text("provider_code") != "" {
			t.Errorf("iss is %s: got %d %s, want 401 invalid_token", name, got.status, got.raw)
		}
	}
}

// needsOwnCode swaps the codes of two flows. The verifier and the nonce then belong to the other
// flow (RFC 9700, section 4.5).
func needsOwnCode(t *testing.T, c *corp) {
	mine, theirs := c.startJSON(t), c.startJSON(t)
	q, stolen := c.atSPA(t, mine, "grace"), c.atSPA(t, theirs, "heidi")
	q.Set("code", stolen.Get("code"))
	got := c.finishJSON(t, mine, q).want(t, 400, "provider_refused")
	if got.text("provider_code") != "invalid_grant" {
		t.Errorf("provider_code: got %q, want invalid_grant", got.text("provider_code"))
	}
}

func hasStopped(t *testing.T, c *corp) {
	flow := c.startJSON(t)
	q := c.atSPA(t, flow, "ivan")
	c.provider.stop()
	c.finishJSON(t, flow, q).want(t, 502, "provider_error")
	c.clock.Advance(time.Hour) // what was cached of the provider is too old
	c.send("GET", c.at("/auth/corp"), "").want(t, 502, "provider_error")
	c.send("POST", c.at("/auth/credentials"), `{"email":"judy@example.com","password":"`+password+`"}`).want(t, 201, "")
}

// TestProviderThatTakesTheSecretInTheForm has a provider that refuses the secret in the header.
func TestProviderThatTakesTheSecretInTheForm(t *testing.T) {
	t.Parallel()
	c := newCorp(t, func(*authkit.Config) {}, "--post")
	signsInByJSON(t, c)
	signsInByRedirect(t, c)
}

// TestProviderThatHangs takes ten seconds, the time that a provider has.
func TestProviderThatHangs(t *testing.T) {
	t.Parallel()
	c := newCorp(t, func(*authkit.Config) {})
	flow := c.startJSON(t)
	q := c.atSPA(t, flow, "ann")
	c.provider.freeze()
	c.finishJSON(t, flow, q).want(t, 504, "provider_timeout")
}
