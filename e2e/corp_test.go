package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

const (
	goal    = "https://client.example/done" // of flows that began with a redirect
	spa     = "https://spa.example"
	spaBack = spa + "/callback" // where the provider sends users of the single-page app
)

// corp is a certified OpenID provider with two configurations: "corp" sends users back to
// authkit, and "corp-spa" sends them to a page of the app.
type corp struct {
	*world

	provider *program
	iss      string // the provider's issuer
	callback string // where corp sends users
}

func newCorp(t *testing.T, with func(*authkit.Config), args ...string) *corp {
	t.Helper()
	w := setup(t, subpath, with, func(c *authkit.Config) {
		c.InsecureAllowLoopbackProviders = true
		c.Limits.InsecureOff = true
	})
	c := &corp{world: w, callback: w.base + w.at("/auth/callback/corp")}
	c.provider = run(t, "provider.mjs", append(args, c.callback, spaBack)...)
	c.iss = c.provider.line("http://")
	for name, back := range map[string]string{"corp": "", "corp-spa": spaBack} { // corp has the callback by default
		config := map[string]any{
			"provider": name, "client_id": "the client", "client_secret": "a secret: of 100%", "issuer": c.iss, "trust_email": true,
		}
		if back != "" {
			config["redirect_uri"] = back
		}
		w.send("POST", w.at("/apps")+"/oauth-configs", mustJSON(t, config), bearer(w.dev)).want(t, 201, "")
	}
	w.send("PATCH", w.at("/apps"), mustJSON(t, map[string]any{"redirect_urls": []string{goal}, "origins": []string{spa}}), bearer(w.dev)).want(t, 200, "")
	return c
}

// start returns the URL at which a browser begins, with the parts of a query added.
func (c *corp) start(extra ...string) string {
	return c.base + c.at("/auth/corp") + "?" + strings.Join(extra, "&")
}

// The pair of RFC 7636, appendix B.
const codeVerifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

var toGoal = "redirect_to=" + url.QueryEscape(goal) + "&code_challenge=" + challenge

// signIn fills in the provider's pages as a user.
func (c *corp) signIn(b *browser, at page, who string) page {
	consent := b.submit(at, "login="+who, "password=any")
	return b.submit(consent, "prompt=consent")
}

// spaFlow is what the single-page app keeps while it waits for the answer.
type spaFlow struct{ url, state, binding string }

func (c *corp) startJSON(t *testing.T) spaFlow {
	t.Helper()
	got := c.send("GET", c.at("/auth/corp-spa"), "", "Accept: application/json", "Origin: "+spa, "Sec-Fetch-Site: cross-site").want(t, 200, "")
	return spaFlow{got.text("redirect_url"), got.text("state"), got.text("binding")}
}

// atSPA goes through the provider's pages and returns the query that the app's page got.
func (c *corp) atSPA(t *testing.T, flow spaFlow, who string) url.Values {
	t.Helper()
	b := newBrowser(t)
	back := c.signIn(b, b.open(flow.url), who)
	q := back.at.Query()
	if !strings.HasPrefix(back.at.String(), spaBack+"?") || q.Get("state") != flow.state || q.Get("code") == "" {
		t.Fatalf("provider: got %d to %s, want %s with code and state", back.status, back.at, spaBack)
	}
	return q
}

// finishJSON posts the provider's answer, as the page of the app does.
func (c *corp) finishJSON(t *testing.T, flow spaFlow, q url.Values, headers ...string) answer {
	t.Helper()
	body := map[string]string{"code": q.Get("code"), "state": q.Get("state"), "binding": flow.binding}
	if q.Has("iss") {
		body["iss"] = q.Get("iss")
	}
	return c.send("POST", c.at("/auth/callback/corp-spa"), mustJSON(t, body), append(headers, "Origin: "+spa, "Sec-Fetch-Site: cross-site")...)
}

// exchange redeems the one-time code of a redirect, in the browser that got it.
func (c *corp) exchange(t *testing.T, b *browser, back page) answer {
	t.Helper()
	q := back.at.Query()
	if back.status != http.StatusSeeOther || !strings.HasPrefix(back.at.String(), goal+"?") || q.Get("iss") != c.issuer() {
		t.Fatalf("callback: got %d to %s\n%s, want 303 to %s with iss %s", back.status, back.at, back.raw, goal, c.issuer())
	}
	return c.send("POST", c.at("/auth/token"), `{"code":"`+q.Get("code")+`","code_verifier":"`+codeVerifier+`"}`, b.cookies(c.base))
}

// startWith begins in a browser, and adds a parameter to authkit's request to the provider.
func (c *corp) startWith(t *testing.T, b *browser, name, value string) page {
	t.Helper()
	start := b.request("GET", b.parse(nil, c.start(toGoal)), "", "none", nil).want(t, 302, "")
	to := b.parse(nil, start.header.Get("Location"))
	q := to.Query()
	q.Set(name, value)
	to.RawQuery = q.Encode()
	return b.open(to.String())
}
