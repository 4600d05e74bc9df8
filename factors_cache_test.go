package authkit_test

import (
	"fmt"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// Every answer that holds a secret of a factor is kept by no cache.
func TestNoCacheKeepsASecretOfAFactor(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	p := s.member(t, s.email())
	kept := func(what string, got answer, status int) answer {
		t.Helper()
		got.want(t, status, "")
		if said := got.Header().Get("Cache-Control"); said != "no-store" {
			t.Errorf("%s: got Cache-Control %q, want no-store", what, said)
		}
		return got
	}
	begun := kept("the key of a TOTP", p.post(totpBegin, `{}`), 200)
	p.seed = seedOf(t, begun)
	kept("recovery codes", p.post(totpFinish, fmt.Sprintf(`{"state":%q,"binding":%q,"code":%q}`, begun.text(t, "state"), begun.text(t, "binding"), p.code())), 201)
	p.next()
	kept("new recovery codes", p.post(recoveryCodes, `{}`), 201)
	kept("a new passkey's state", p.post(newPasskeyBegin, `{}`), 200)
	kept("a passkey's state", p.w.send("POST", s.in(passkeyBegin), `{}`), 200)
	due := kept("the token of a sign-in that waits", p.first(), 401)
	kept("a sign-in", p.second(t, due, p.code(), ""), 200)
	p.next()
	kept("a step-up", p.post(stepUp, fmt.Sprintf(`{"code":%q}`, p.code())), 200)
	s.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	kept("the token of a sign-up that waits", s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(s.email(), password, "sign_up")), 401)

	other, b := s.holder(), s.visitor()
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie), MFA: new(authkit.MFARequired)})
	mailed := other.signsIn(b, "")
	kept("the page that waits for a code", mailed, 200)
	page := b.opens(b.presses(mailed, "second", "code="+mail.Code(s.mail(other.email))).leadsTo())
	kept("the page with the key of a TOTP", page, 200)
	kept("the page with recovery codes", b.presses(page, "totp", "code="+codeOn(s, seedOn(t, page))), 200).seen(t, `class="codes"`)
}
