package e2e_test

import (
	"maps"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit/mail"
)

const another = "another long passphrase"

// pageFlows are what people do on the pages, by the keyboard alone.
var pageFlows = map[string]func(v *guest, scripts bool){
	"a sign-up": func(v *guest, _ bool) {
		v.opens("sign-in")
		v.presses("a[href*='/sign-up/']", "sign-up")
		v.reloads("sign-up")
		v.types("email", ann)
		v.types("name", "Ann")
		v.types("password", password)
		v.enters("account")
		v.reloads("account")
		v.wantSays(ann, true)
	},
	"a password": func(v *guest, scripts bool) {
		v.has(ann)
		v.opens("sign-in?redirect_to=%2Fnotes")
		v.types("email", ann)
		if scripts { // without a script the browser asks whether it may post again, when the person comes back
			v.types("password", "not the password")
			v.enters("sign-in")
			v.reloads("sign-in")
			v.types("email", ann)
		}
		v.types("password", password)
		v.loads(chromedp.KeyEvent("\r"))
		if want := v.host + "/notes"; v.where() != want {
			v.t.Errorf("sign-in: got %s, want %s", v.where(), want)
		}
		v.back("known")
		v.presses("main a.secondary", "sign-in")
	},
	"a link in the same browser": func(v *guest, scripts bool) {
		v.opens("sign-in")
		v.types("email", ann)
		v.presses(step("link"), "code")
		v.reloads("code")
		v.goesTo(mail.Link(v.mailed(ann)))
		if scripts { // the page of the link goes on by itself
			v.arrives("account")
		} else {
			v.wantPage("confirm")
			v.reloads("confirm")
			v.presses("button[type=submit]", "account")
		}
		v.reloads("account")
		v.wantSays(ann, true)
	},
	"a link in another browser": func(v *guest, _ bool) {
		v.opens("sign-in")
		v.types("email", ann)
		v.presses(step("link"), "code")
		link := mail.Link(v.mailed(ann))
		v.loses()
		v.goesTo(link)
		v.wantPage("confirm")
		v.wantSays("Chrome on Linux", true)
		v.presses("button[type=submit]", "account")
		v.reloads("account")
		v.goesTo(link)
		v.wantPage("refusal")
		v.types("email", ann)
		v.enters("code")
	},
	"a code": func(v *guest, _ bool) {
		v.opens("sign-in?redirect_to=" + url.QueryEscape(v.goal))
		v.types("email", ann)
		v.presses(step("link"), "code")
		v.presses(step("again"), "code")
		code := mail.Code(v.mailed(ann))
		v.types("code", "000000")
		v.enters("code")
		v.reloads("code")
		v.types("code", code[:3]+" "+code[3:])
		v.loads(chromedp.KeyEvent("\r"))
		do(v.t, v.window, chromedp.WaitReady(chromedp.CSS("#arrived")))
		v.opens("sign-in")
		v.wantPage("known")
		v.presses("main a.primary", "account")
	},
	"a forgotten password": func(v *guest, _ bool) {
		v.has(ann)
		v.opens("sign-in")
		v.types("email", ann)
		v.presses(step("forgot"), "reset")
		v.reloads("reset")
		code := mail.Code(v.mailed(ann))
		v.types("code", code)
		v.types("password", ann)
		v.enters("reset")
		v.types("code", code)
		v.types("password", another)
		v.enters("notice")
		v.presses("main a.primary", "account")
		v.loses()
		v.opens("sign-in")
		v.types("email", ann)
		v.types("password", another)
		v.enters("account")
	},
	"the link of a forgotten password": func(v *guest, _ bool) {
		v.has(ann)
		v.goesTo(v.linkOf("/auth/password/forgot", ann))
		v.wantPage("reset")
		v.types("password", ann)
		v.enters("reset")
		v.types("password", another)
		v.enters("notice")
		v.presses("main a.primary", "account")
	},
	"a sign-out": func(v *guest, _ bool) {
		v.startsAccount()
		v.presses("a[href*='/sign-out/']", "sign-out")
		v.reloads("sign-out")
		v.presses("button[type=submit]", "sign-in")
		v.reloads("sign-in")
		for _, page := range []string{"notice", "sign-in"} { // the sign-out page, and the account page
			v.back(page)
			v.wantSays(ann, false)
		}
	},
	"a name and a password": func(v *guest, _ bool) {
		v.startsAccount()
		v.types("name", "Ann Example")
		v.enters("account")
		v.reloads("account")
		v.wantSays("Ann Example", true)
		v.reaches("#password-part summary")
		do(v.t, v.window, chromedp.KeyEvent("\r"))
		v.types("current_password", "not the password")
		v.types("new_password", another)
		v.enters("account")
		v.wantSays("The password is wrong.", true)
		v.types("current_password", password)
		v.types("new_password", another)
		v.enters("account")
		v.wantSays("Your new password is saved.", true)
		v.send("POST", v.at("/auth/credentials"), mustJSON(v.t, map[string]string{"email": ann, "password": another})).want(v.t, http.StatusOK, "")
	},
	"an address": func(v *guest, _ bool) {
		v.has(ann)
		v.signsIn(ann)
		v.kit.Clock.Advance(11 * time.Minute)
		v.opens("account")
		v.types("password", password)
		v.enters("account")
		v.types("new_email", "ann@new.example")
		v.enters("account")
		v.reloads("account")
		v.types("code", mail.Code(v.mailed("ann@new.example")))
		v.enters("account")
		v.reloads("account")
		v.wantSays("Your address has been changed.", true)
		v.wantSays("ann@new.example", true)
	},
	"a fresh sign-in by code": func(v *guest, _ bool) {
		v.has(ann)
		v.signsIn(ann)
		v.kit.Clock.Advance(11 * time.Minute)
		v.opens("account")
		v.presses(step("fresh-mail"), "account")
		v.types("code", mail.Code(v.mailed(ann)))
		v.enters("account")
		v.wantSays("You can make changes for the next ten minutes.", true)
	},
	"other sessions": func(v *guest, _ bool) {
		v.has(ann)
		v.signsIn(ann)
		v.presses(step("end-session"), "account")
		v.wantSays("That session is signed out.", true)
		v.reloads("account")
		v.wantSays("Sign out everywhere else", false)
	},
	"a deletion": func(v *guest, _ bool) {
		v.startsAccount()
		v.reaches("#leave summary")
		do(v.t, v.window, chromedp.KeyEvent("\r"))
		v.reaches("#leave-leave-email")
		do(v.t, v.window, chromedp.KeyEvent(ann))
		v.enters("notice")
		v.reloads("notice")
		v.back("sign-in")
		v.wantSays(ann, false)
	},
	"an expired form": func(v *guest, _ bool) {
		v.has(ann)
		v.opens("sign-in")
		v.loses()
		v.types("email", ann)
		v.types("password", password)
		v.enters("sign-in")
		v.wantSays("This page has expired", true)
		v.types("password", password)
		v.enters("account")
	},
	"two tabs": func(v *guest, _ bool) {
		v.startsAccount()
		other := v.tab()
		other.opens("sign-out")
		other.presses("button[type=submit]", "sign-in")
		v.types("name", "Ann Example")
		v.enters("sign-in")
		v.types("email", ann)
		v.types("password", password)
		v.enters("account")
		other.types("email", "bob@example.com") // a form of before that sign-in
		other.types("password", password)
		other.enters("sign-in")
		other.wantSays("This page has expired", true)
		other.types("email", ann)
		other.types("password", password)
		other.enters("account")
	},
}

// TestFlowsOfThePages has people use the pages by the keyboard, with script and without.
func TestFlowsOfThePages(t *testing.T) {
	t.Parallel()
	browser := launch(t)
	flows := maps.Clone(pageFlows)
	maps.Copy(flows, secondFlows)
	for name, flow := range flows {
		for how, scripts := range map[string]bool{"with script": true, "without script": false} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				v := visit(t, browser)
				v.scripts(scripts)
				flow(v, scripts)
				if got := v.seen.complaints(); len(got) > 0 {
					t.Errorf("console: got %q, want no error", got)
				}
			})
		}
	}
}
