package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/passkey"
)

// named is the mount for tests of passkeys: browsers take no IP address for a relying party.
var named = mount{path: subpath.path, in: subpath.in, front: func(upstream string) string {
	return "localhost" + upstream[strings.LastIndex(upstream, ":"):]
}}

// withPasskeys has a verifier of passkeys.
func withPasskeys(c *authkit.Config) { c.Passkeys = passkey.New() }

// holder is a guest whose browser has an authenticator. The person touches it whenever it asks.
type holder struct {
	*guest

	device   webauthn.AuthenticatorID
	script   cdppage.ScriptIdentifier // by which the browser offers no passkey where the address is typed
	noOffers cdppage.ScriptIdentifier // by which the pages offer no passkey after a password
}

// holds opens a window with an authenticator. Passkeys are shown by buttons alone: where the address is
// typed, this authenticator would show one as soon as the page is there.
func holds(t *testing.T, browser context.Context) holder {
	t.Helper()
	h := holder{guest: visitAt(t, named, browser, withPasskeys)}
	calls(h, webauthn.Enable, webauthn.EnableParams{})
	h.device = calls(h, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}}).AuthenticatorID
	h.script = h.lacks("isConditionalMediationAvailable")
	h.noOffers = h.lacks("isUserVerifyingPlatformAuthenticatorAvailable")
	return h
}

// lacks has the browser say that it cannot do something with passkeys, until the script is removed.
func (h holder) lacks(ability string) cdppage.ScriptIdentifier {
	h.t.Helper()
	return calls(h, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{
		Source: "if (window.PublicKeyCredential) PublicKeyCredential." + ability + " = async () => false",
	}).Identifier
}

// regains removes a script of lacks.
func (h holder) regains(script cdppage.ScriptIdentifier) {
	h.t.Helper()
	calls(h, cdppage.RemoveScriptToEvaluateOnNewDocument, cdppage.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: script})
}

// isOffered signs in by the password on the sign-in page, after which a passkey is offered.
func (h holder) isOffered(page string) {
	h.t.Helper()
	h.opens(page)
	do(h.t, h.window, chromedp.Poll[chromedp.Void]("document.querySelector('[name=offer]').value"))
	h.fills("password", "email="+ann, "password="+password)
	h.wantPage("offer")
}

// calls runs a command of the protocol on the window.
func calls[P, R any](h holder, command cdp.Command[P, R], in P) R {
	h.t.Helper()
	out, err := chromedp.Call(h.window, command, in)
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

const ceremonyButton = chromedp.CSS("form[data-begin] button")

// shows presses the button of the page's ceremony, which leads to a page.
func (h holder) shows(page string) {
	h.t.Helper()
	h.loads(chromedp.Click(ceremonyButton))
	h.wantPage(page)
	if got := h.seen.complaints(); len(got) > 0 {
		h.t.Errorf("console: got %q, want no error", got)
	}
}

// fails presses the button of the page's ceremony, which says on the same page that it failed.
func (h holder) fails() {
	h.t.Helper()
	do(h.t, h.window, chromedp.Click(ceremonyButton), chromedp.WaitVisible(chromedp.CSS("form[data-begin] .failed")))
	h.wantSays("The passkey was not accepted.", true)
}

// leaves signs out, and opens the sign-in page.
func (h holder) leaves() {
	h.t.Helper()
	h.opens("sign-out")
	h.fills("")
	h.opens("sign-in")
	h.wantPage("sign-in")
}

// registers adds a passkey to an account on its page, and signs out.
func (h holder) registers() {
	h.t.Helper()
	h.has(ann)
	h.signsIn(ann)
	h.shows("account")
	h.wantSays("The passkey is added.", true)
	h.leaves()
}

// verifies sets whether the authenticator knows the person who touches it.
func (h holder) verifies(known bool) {
	h.t.Helper()
	calls(h, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: h.device, IsUserVerified: known})
}

// isRefused shows the passkey on the sign-in page, which says that it was not accepted.
func (h holder) isRefused() {
	h.t.Helper()
	h.shows("sign-in")
	wantJS(h.t, h.window, "document.querySelector('.problem').innerText", "The passkey was not accepted. Try again, or choose another way.")
	h.opens("account")
	h.wantPage("sign-in")
}

// addCredential is webauthn.AddCredential without the members that this authenticator does not take.
var addCredential = cdp.Command[map[string]any, cdp.Empty]{Method: webauthn.CommandAddCredential}

// copies puts the passkey of the authenticator in its own place, with another signature counter.
func (h holder) copies(counter float64) {
	h.t.Helper()
	all := calls(h, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: h.device}).Credentials
	if len(all) != 1 {
		h.t.Fatalf("passkeys: got %d in the authenticator, want one", len(all))
	}
	calls(h, webauthn.ClearCredentials, webauthn.ClearCredentialsParams{AuthenticatorID: h.device})
	one := all[0]
	calls(h, addCredential, map[string]any{"authenticatorId": h.device, "credential": map[string]any{
		"credentialId": one.CredentialID, "isResidentCredential": true, "rpId": one.RpID, "privateKey": one.PrivateKey, "userHandle": one.UserHandle, "signCount": counter,
	}})
}

// gets is a script that shows a passkey of the app, and tells the error.
func (h holder) gets() string {
	h.t.Helper()
	begun := h.send("POST", h.at("/auth/passkey/begin"), "{}").want(h.t, http.StatusOK, "")
	return fmt.Sprintf("navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(%s)}).then(String, (e) => e.name)", mustJSON(h.t, begun.body["options"]))
}

// showsThrice shows one assertion of a passkey three times: twice with its own state, and with that of another ceremony.
const showsThrice = `(async (post) => {
	const first = await post('begin', {});
	const credential = await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(first.options)});
	const shown = await post('finish', {state: first.state, credential}), again = await post('finish', {state: first.state, credential});
	const other = await post('finish', {state: (await post('begin', {})).state, credential});
	return shown.user.email + ' ' + again.code + ' ' + other.code;
})((to, body) => fetch(%q.replace('/passkey/', '/passkey/' + to + '/'), {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)}).then((r) => r.json()))`

// passkeyFlows are what people do, or try, with a passkey on the pages.
var passkeyFlows = map[string]func(h holder){
	"signs in by the button": func(h holder) {
		h.registers()
		h.opens("sign-in?redirect_to=" + url.QueryEscape(h.goal))
		h.loads(chromedp.Click(ceremonyButton))
		h.landed()
		h.opens("account")
		h.wantPage("account")
		h.fills("passkey-rename", "name=Ann's key")
		h.wantSays("The passkey has its new name.", true)
		h.kit.Clock.Advance(11 * time.Minute)
		h.opens("account")
		h.shows("account")
		h.wantSays("You can make changes for the next ten minutes.", true)
	},
	"signs in where the address is typed": func(h holder) {
		h.registers()
		h.regains(h.script)
		h.opens("sign-in")
		h.arrives("account")
		h.wantSays(ann, true)
	},
	"is a second factor beside a TOTP": func(h holder) {
		app := h.secures(ann)
		h.sets(authkit.AppPatch{MFARememberDays: new(30)})
		h.showsPassword("")
		h.types("code", app.Code())
		h.enters("account")
		h.shows("account")
		h.leaves()
		h.loses()
		h.showsPassword("")
		do(h.t, h.window, chromedp.Click(chromedp.CSS("#remember")))
		h.shows("account")
		h.opens("sign-in?other=1")
		h.fills("password", "email="+ann, "password="+password)
		h.wantPage("account")
	},
	"is the second factor that the app requires": func(h holder) {
		h.has(ann)
		h.sets(authkit.AppPatch{MFA: new(authkit.MFARequired)})
		h.showsPassword("")
		h.types("code", mail.Code(h.mailed(ann)))
		h.enters("enrol")
		h.shows("account")
		h.leaves()
		h.showsPassword("")
		h.shows("account")
	},
	"is offered once after a password": func(h holder) {
		h.has(ann)
		h.regains(h.noOffers)
		h.isOffered("sign-in?redirect_to=" + url.QueryEscape(h.goal))
		h.loads(chromedp.Click(chromedp.CSS("a.secondary")))
		h.landed()
		h.leaves()
		h.opens("sign-in?redirect_to=" + url.QueryEscape(h.goal))
		wantJS(h.t, h.window, "PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().then((yes) => yes + document.querySelector('[name=offer]').value)", "true")
		h.fills("password", "email="+ann, "password="+password)
		h.landed()
	},
	"is offered after a link that presses itself": func(h holder) {
		h.has(ann)
		h.regains(h.noOffers)
		h.opens("sign-in")
		h.fills("link", "email="+ann)
		h.goesTo(mail.Link(h.mailed(ann)))
		h.arrives("offer")
		h.leaves()
		h.fills("link", "email="+ann)
		h.goesTo(mail.Link(h.mailed(ann)))
		h.arrives("account")
	},
	"may be offered after a provider's return": func(h holder) {
		h.offers("github")
		providers := "[...document.querySelectorAll('#providers a')].map((a) => a.search).join()"
		h.opens("sign-in?redirect_to=" + url.QueryEscape(h.goal))
		wantJS(h.t, h.window, providers, "?redirect_to="+url.QueryEscape(h.goal))
		h.regains(h.noOffers)
		h.opens("sign-in?redirect_to=" + url.QueryEscape(h.goal))
		do(h.t, h.window, chromedp.Poll[chromedp.Void]("document.querySelector('[name=offer]').value"))
		wantJS(h.t, h.window, providers, "?redirect_to="+url.QueryEscape(h.goal)+"&offer=1")
		h.opens("sign-up")
		do(h.t, h.window, chromedp.Poll[chromedp.Void]("document.querySelector('[name=offer]').value"))
		wantJS(h.t, h.window, providers, "?offer=1")
	},
	"is made where it is offered": func(h holder) {
		h.has(ann)
		h.regains(h.noOffers)
		h.isOffered("sign-in")
		h.loads(chromedp.Click(chromedp.CSS("a.primary")))
		h.wantPage("account")
		h.shows("account")
		h.wantSays("The passkey is added.", true)
		h.leaves()
		h.shows("account")
	},
	"is made on the page of an invitation": func(h holder) {
		h.goesTo(h.invited())
		h.verifies(false)
		h.fails()
		h.verifies(true)
		h.shows("notice")
		h.wantSays("Your passkey is saved, and your address is confirmed.", true)
		h.opens("sign-in")
		h.shows("account")
		h.wantSays(ann, true)
	},
	"does not sign in once it is removed": func(h holder) {
		h.registers()
		h.shows("account")
		h.fills("passkey-remove")
		h.wantSays("The passkey is removed.", true)
		h.leaves()
		h.isRefused()
	},
	"wants its user verified": func(h holder) {
		h.has(ann)
		h.signsIn(ann)
		h.verifies(false)
		h.fails()
		h.verifies(true)
		h.shows("account")
		h.leaves()
		h.verifies(false)
		h.fails()
		h.verifies(true)
		calls(h, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: h.device, IsBadUV: new(true)})
		h.isRefused()
		calls(h, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: h.device, IsBogusSignature: new(true)})
		h.isRefused()
		calls(h, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: h.device})
		h.shows("account")
	},
	"does not sign in after its copy": func(h holder) {
		h.registers()
		h.copies(41)
		h.shows("account")
		h.leaves()
		h.copies(41)
		h.isRefused()
		if m := h.mailed(ann); m.Subject != "A passkey was refused at Demo" {
			h.t.Errorf("mail: got %q, want the one about a copy", m.Subject)
		}
	},
	"is taken once": func(h holder) {
		h.registers()
		wantJS(h.t, h.window, fmt.Sprintf(showsThrice, h.base+h.at("/auth/passkey")), ann+" invalid_credentials invalid_credentials")
	},
	"does not sign in to another app": func(h holder) {
		h.registers()
		other, _, err := h.engine.CreateApp(h.t.Context(), h.devID, "Other")
		if err != nil {
			h.t.Fatal(err)
		}
		h.app = other
		h.sets(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
		h.opens("sign-in")
		h.isRefused()
	},
	"is not shown to a page of another origin": func(h holder) {
		h.registers()
		h.goesTo(strings.Replace(h.base, "localhost", "app.localhost", 1) + h.at("/auth/sign-in"))
		h.fails()
		wantJS(h.t, h.window, h.gets(), "SecurityError")
	},
	"does not sign in to another relying party": func(h holder) {
		h.registers()
		_, port, err := net.SplitHostPort(strings.TrimPrefix(h.host, "http://"))
		if err != nil {
			h.t.Fatal(err)
		}
		h.sets(authkit.AppPatch{Origins: &[]string{"http://app.localhost:" + port}, PasskeyRPID: new("app.localhost"), StrandPasskeys: true})
		h.opens("sign-in")
		wantJS(h.t, h.window, "document.querySelectorAll('form[data-begin]').length", 0)
		wantJS(h.t, h.window, h.gets(), "SecurityError") // the page is of no host of it
		h.goesTo(strings.Replace(h.host, "localhost", "app.localhost", 1))
		wantJS(h.t, h.window, h.gets(), "NotAllowedError") // the browser has no passkey of it
	},
}

// TestPasskeysOnThePages has a browser with an authenticator use the pages.
func TestPasskeysOnThePages(t *testing.T) {
	t.Parallel()
	browser := launch(t)
	for name, flow := range passkeyFlows {
		t.Run("a passkey "+name, func(t *testing.T) {
			t.Parallel()
			flow(holds(t, browser))
		})
	}
}
