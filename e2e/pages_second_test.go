package e2e_test

import (
	"net/http"
	"net/url"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/mail"
)

// secures creates an account with the password of the tests and a TOTP.
func (v *guest) secures(email string) *authkittest.TOTP {
	v.t.Helper()
	v.has(email)
	return v.kit.SignIn(v.t, v.app, email).EnableTOTP(v.t)
}

// showsPassword shows the password on the sign-in page, by the keyboard, which leads to the step of the second factor.
func (v *guest) showsPassword(query string) {
	v.t.Helper()
	v.opens("sign-in" + query)
	v.types("email", ann)
	v.types("password", password)
	v.enters("second")
}

// landed waits for the page of the application, and returns the query of its address.
func (v *guest) landed() url.Values {
	v.t.Helper()
	do(v.t, v.window, chromedp.WaitReady(chromedp.CSS("#arrived")))
	u, err := url.Parse(v.where())
	if err != nil {
		v.t.Fatal(err)
	}
	return u.Query()
}

// wantPassword checks that a password is the right one, or that it is not, of an account with a second factor.
func (v *guest) wantPassword(secret string, right bool) {
	v.t.Helper()
	code := "invalid_credentials"
	if right {
		code = "mfa_required"
	}
	v.send("POST", v.at("/auth/credentials"), mustJSON(v.t, map[string]string{"email": ann, "password": secret})).want(v.t, http.StatusUnauthorized, code)
}

// code returns the code of the TOTP whose key the page shows.
func (v *guest) code() string {
	v.t.Helper()
	key := js[string](v.t, v.window, "document.querySelector('dl dd').innerText")
	seed, ok := totp.ParseSecret(key)
	if !ok {
		v.t.Fatalf("page: got the key %q, want base32\n%s", key, v.says())
	}
	return totp.Code(seed, totp.StepOf(v.kit.Clock.Now()))
}

// secondFlows are what people with a second factor do on the pages, by the keyboard alone.
var secondFlows = map[string]func(v *guest, scripts bool){
	"a second factor": func(v *guest, _ bool) {
		app := v.secures(ann)
		v.sets(authkit.AppPatch{MFARememberDays: new(30)})
		to := "?redirect_to=" + url.QueryEscape(v.goal)
		v.showsPassword(to)
		v.reloads("second")
		v.types("code", "000000")
		v.enters("second")
		v.wantSays("You have 4 more tries.", true)
		v.opens("account") // no session before the second factor
		v.wantPage("sign-in")
		v.showsPassword(to)
		code := app.Code()
		v.types("code", code[:3]+" "+code[3:])
		v.reaches("#remember")
		do(v.t, v.window, chromedp.KeyEvent(" "))
		v.loads(chromedp.KeyEvent("\r"))
		v.landed()
		v.opens("sign-in?other=1")
		v.types("email", ann)
		v.types("password", password)
		v.enters("account") // without the question
		v.loses()
		v.showsPassword("")
	},
	"a second factor, and back and forth": func(v *guest, _ bool) {
		app := v.secures(ann)
		v.showsPassword("")
		other := v.tab()
		other.showsPassword("") // each sign-in waits by itself
		v.types("code", app.Code())
		v.enters("account")
		v.back("known")
		v.reloads("known")
		v.presses("main a.primary", "account")
		other.types("code", "000000") // in a form of before the session
		other.enters("second")
		other.wantSays("This page has expired", true)
		other.reloads("second")
		v.kit.Clock.Advance(time.Minute)
		other.types("code", app.Code())
		other.enters("account")
	},
	"a second factor, and tokens": func(v *guest, _ bool) {
		app := v.secures(ann)
		v.sets(authkit.AppPatch{SessionMode: new(authkit.SessionBearer)})
		v.showsPassword("?redirect_to=" + url.QueryEscape(v.goal) + "&code_challenge=" + challenge)
		v.types("code", "000000")
		v.enters("second")
		v.types("code", app.Code())
		v.loads(chromedp.KeyEvent("\r"))
		body := mustJSON(v.t, map[string]string{"code": v.landed().Get("code"), "code_verifier": codeVerifier})
		in := v.send("POST", v.at("/auth/token"), body).want(v.t, http.StatusOK, "")
		v.send("GET", v.at("/auth/me"), "", bearer(in.text("token"))).want(v.t, http.StatusOK, "")
	},
	"a link, and a second factor": func(v *guest, scripts bool) {
		app := v.secures(ann)
		v.opens("sign-in")
		v.types("email", ann)
		v.presses(step("link"), "code")
		v.goesTo(mail.Link(v.mailed(ann)))
		if scripts { // the page of the link goes on by itself
			v.arrives("second")
		} else {
			v.wantPage("confirm")
			v.presses("button[type=submit]", "second")
		}
		v.types("code", app.Code())
		v.enters("account")
	},
	"a new password, and a second factor": func(v *guest, _ bool) {
		app := v.secures(ann)
		v.goesTo(v.linkOf("/auth/password/forgot", ann))
		v.wantPage("reset")
		v.types("password", another)
		v.enters("second")
		v.wantPassword(password, true) // nothing is set before the second factor
		v.types("code", app.Code())
		v.enters("notice")
		v.wantPassword(another, true)
		v.wantPassword(password, false)
		v.presses("main a.primary", "account")
	},
	"a second factor that the app requires": func(v *guest, scripts bool) {
		v.has(ann)
		v.sets(authkit.AppPatch{MFA: new(authkit.MFARequired)})
		v.showsPassword("")
		v.types("code", mail.Code(v.mailed(ann)))
		v.enters("enrol")
		v.reloads("enrol")
		v.types("code", "000000")
		v.enters("enrol")
		v.types("code", v.code())
		v.enters("codes")
		codes := js[[]string](v.t, v.window, "[...document.querySelectorAll('.codes li')].map((one) => one.innerText)")
		if len(codes) != 10 {
			v.t.Fatalf("recovery codes: got %q, want ten", codes)
		}
		v.presses("main a.primary", "account")
		if scripts { // without, the browser asks whether to send the form once more
			v.back("known") // neither the codes nor the key
			v.presses("main a.primary", "account")
		}
		v.loses()
		v.showsPassword("")
		v.reaches("#recovery-part summary")
		do(v.t, v.window, chromedp.KeyEvent("\r"))
		v.types("recovery", codes[0])
		v.enters("account")
	},
}
