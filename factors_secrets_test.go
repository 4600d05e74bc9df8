package authkit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/mail"
)

// overheard is a stage of which all is kept that it tells others than the client.
type overheard struct {
	*stage

	all   *spy    // knows every secret of a request or an answer
	never *spy    // knows those that no URL may hold
	told  journal // the log, the events and the hooks
	hooks *hookServer

	urls    []string // of requests, and in answers
	refused []string // the ids of requests
}

func newOverheard(t *testing.T) *overheard {
	t.Helper()
	o := &overheard{all: newSpy(), never: newSpy(), told: newJournal(), hooks: newHookServer(t)}
	tell := func(v any) {
		text, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		o.told.add(fmt.Sprintf("%s %+v", text, v))
	}
	o.stage = newStage(t, withoutLimits, func(c *authkit.Config) {
		c.Logger, c.Observer = slog.New(o.told), func(e authkit.Event) { tell(e) }
		c.Hooks = authkit.Hooks{
			Before: func(_ context.Context, e authkit.HookEvent) error { tell(e); return nil },
			After:  func(_ context.Context, e authkit.HookEvent) { tell(e) },
			Claims: func(_ context.Context, e authkit.HookEvent) (map[string]any, error) { tell(e); return nil, nil },
		}
	})
	if _, _, err := o.engine.CreateWebhook(t.Context(), o.ref(), authkit.WebhookPatch{URL: &o.hooks.URL}); err != nil {
		t.Fatal(err)
	}
	o.runOnce()
	heard := o.all.listen("a client's", o.server)
	o.server = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard.ServeHTTP(w, r)
		o.keep(r, w.(*httptest.ResponseRecorder))
	})
	return o
}

var links = regexp.MustCompile(`(?:href|src|action|content)="([^"]*)"`)

// keep keeps the URLs of a request and its answer.
func (o *overheard) keep(r *http.Request, got *httptest.ResponseRecorder) {
	o.urls = append(o.urls, r.URL.String(), got.Header().Get("Location"), got.Header().Get("Link"), got.Header().Get("Refresh"))
	for _, m := range links.FindAllStringSubmatch(got.Body.String(), -1) {
		o.urls = append(o.urls, html.UnescapeString(m[1]))
	}
	if got.Code >= http.StatusBadRequest {
		o.refused = append(o.refused, got.Header().Get("X-Request-ID"))
	}
}

// hides has no URL hold a secret.
func (o *overheard) hides(what string, secrets ...string) {
	for _, secret := range secrets {
		o.never.learn(what, secret)
		o.all.learn(what, secret)
	}
}

// byPrograms runs the flows of JSON, and sends each secret to where it does not belong.
func (o *overheard) byPrograms(t *testing.T) {
	t.Helper()
	p := o.member(t, o.email())
	p.enrolTOTP(t)
	p.enrolPasskey(t)
	o.hides("a seed", totp.Secret(p.seed))
	o.hides("a recovery code", p.recovery...)
	o.settings(authkit.AppPatch{MFARememberDays: new(30)})
	due := p.first()
	in := p.second(t, due, p.code(), `,"remember":true`)
	in.want(t, 200, "")
	o.hides("a remembered browser", strings.TrimPrefix(o.deviceOf(in), "Cookie: authkit-d="))
	for _, secret := range []string{due.text(t, "mfa_token"), due.text(t, "binding"), p.recovery[0], totp.Secret(p.seed), p.code()} {
		if len(secret) > 6 {
			o.hides("what a program sends", secret)
		}
		for path, body := range map[string]string{
			secondFactor:  `{"mfa_token":%q,"code":"` + p.recovery[1] + `"}`,
			stepUp:        `{"code":%q,"more":1}`,
			totpFinish:    `{"state":%q,"code":"123456"}`,
			passkeyFinish: `{"state":"x","binding":"y","credential":{"id":%q}}`,
			newPasskeyEnd: `{"state":"x","credential":{},"name":%q}`,
			recoveryCodes: `{"recovery_codes":[%q]}`,
			passkeyBegin:  `{"binding":%q`,
		} {
			o.send("POST", o.in(path), fmt.Sprintf(body, secret), bearer(in.text(t, "token")))
		}
	}
	o.send("POST", o.in(stepUp), fmt.Sprintf(`{"code":%q}`, p.recovery[2]), bearer(in.text(t, "token"))).want(t, 200, "")
	renewed := o.send("POST", o.in(recoveryCodes), `{}`, bearer(in.text(t, "token")))
	renewed.want(t, 201, "")
	o.hides("a recovery code", renewed.body["recovery_codes"].([]any)[0].(string))
	o.clock.Advance(30 * time.Second)
	p.second(t, p.first(), p.recovery[3], "").want(t, 401, "invalid_token")
	o.send("DELETE", o.in(totpOne), "", bearer(in.text(t, "token"))).want(t, 204, "")
	p.byPasskey(t).want(t, 200, "")
}

// byPages runs the flows of the pages.
func (o *overheard) byPages(t *testing.T) {
	t.Helper()
	p := o.member(t, o.email())
	o.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	b := o.visitor()
	page := p.signsIn(b, "?redirect_to="+abroad+"&code_challenge="+challenge)
	b.presses(page, "second", "code=135797").want(t, 401, "")
	page = b.opens(b.presses(page, "second", "code="+mail.Code(o.mail(p.email))).leadsTo())
	p.seed = seedOn(t, page)
	o.hides("a seed", totp.Secret(p.seed))
	b.presses(page, "totp", "code="+totp.Secret(p.seed)).want(t, 401, "")
	press := b.filled(page, "totp", "code="+p.code())
	shown := o.do(press())
	for _, m := range codesOnPage.FindAllStringSubmatch(shown.Body.String(), -1) {
		p.recovery = append(p.recovery, m[1])
	}
	o.equal("recovery codes", len(p.recovery), 10)
	o.hides("a recovery code", p.recovery...)
	o.hides("the token of a page that is read first", shown.found(t, `name="token" value="([^"]*)"`))
	o.do(press())
	b.presses(shown, "onward").want(t, 200, "")
	o.clock.Advance(2 * time.Minute)
	o.do(press())
	b.presses(shown, "onward").want(t, 401, "")

	o.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie), MFA: new(authkit.MFAOptional)})
	b = o.visitor()
	page = p.signsIn(b, "")
	b.presses(page, "second", "recovery="+p.recovery[0]+"x").want(t, 401, "")
	b.presses(page, "second", "recovery="+p.recovery[0], "remember=true").want(t, 303, "")
	b.presses(page, "second", "recovery="+p.recovery[1]).want(t, 403, "")
	page = b.does(b.opens(ownPage), "totp-begin")
	seed := seedOn(t, page)
	o.hides("a seed", totp.Secret(seed))
	b.presses(page, "totp", "code="+totp.Secret(seed)).want(t, 401, "")
	renewed := b.presses(b.opens(ownPage), "recovery-codes")
	for _, m := range codesOnPage.FindAllStringSubmatch(renewed.Body.String(), -1) {
		o.hides("a recovery code", m[1])
	}
	b.presses(b.opens(ownPage), "fresh-factor", "recovery="+p.recovery[2]).want(t, 401, "")
	b.opens("/auth/nothing/{app_id}?code=a-code-of-no-path").want(t, 404, "")
}

// No secret of a second factor is in the log, an event, a hook, the audit log, an explanation, a webhook or
// a number, nor in a URL, which histories and the Referer hold.
func TestNoSecretOfAFactorIsTold(t *testing.T) {
	t.Parallel()
	o := newOverheard(t)
	o.byPrograms(t)
	o.byPages(t)
	o.clock.Advance(time.Minute)
	o.runOnce()
	audit := o.send("GET", o.in("/apps/{app_id}/audit?limit=500"), "", bearer(o.signIn("console", "dev@example.com")))
	audit.want(t, 200, "")
	if n := len(audit.body["events"].([]any)); n < 20 {
		t.Errorf("audit: got %d events, want those of all flows", n)
	}
	var explained []string
	o.token = o.signIn("console", "dev@example.com")
	for _, id := range o.refused {
		got := o.send("GET", o.in("/apps/{app_id}/explain/")+id, "", bearer(o.token))
		if got.Code == http.StatusOK {
			explained = append(explained, got.Body.String())
		}
	}
	if len(explained) < 30 {
		t.Errorf("explanations: got %d, want those of all refusals", len(explained))
	}
	var posted []string
	for _, p := range o.hooks.took() {
		posted = append(posted, p.body)
	}
	if len(posted) < 10 {
		t.Errorf("webhooks: got %d, want those of all flows", len(posted))
	}
	for what, text := range map[string]string{
		"log, events and hooks": strings.Join(o.told.read(), "\n"), "audit": audit.Body.String(), "explanations": strings.Join(explained, "\n"),
		"webhooks": strings.Join(posted, "\n"), "metrics": fmt.Sprintf("%+v", o.engine.Metrics()),
	} {
		if found := o.all.leaks(text); found != nil {
			t.Errorf("%s: got %q, want no secret", what, found)
		}
	}
	if found := o.never.leaks(strings.Join(o.urls, "\n")); found != nil {
		t.Errorf("URLs: got %q, want no secret", found)
	}
	if len(o.never.knows) < 35 || !strings.Contains(strings.Join(o.urls, "\n"), "flow=") {
		t.Errorf("got %d secrets to look for in %d URLs, want those of all flows", len(o.never.knows), len(o.urls))
	}
}
