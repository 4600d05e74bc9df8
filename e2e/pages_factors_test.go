package e2e_test

import (
	"strings"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/mail"
)

// factorPages are the pages on which people show and set up second factors.
var factorPages = []shownPage{
	{name: "sign-in-passkey", body: "sign-in", named: true, open: func(v *guest) {
		v.offers("github")
		v.opens("sign-in")
	}},
	{name: "invitation-passkey", body: "invitation", named: true, open: func(v *guest) { v.goesTo(v.invited()) }},
	{name: "offer", body: "offer", named: true, open: func(v *guest) {
		v.has(ann)
		v.opens("sign-in")
		v.fills("password", "email="+ann, "password="+password, "offer=1")
	}},
	{name: "second", body: "second", named: true, tells: "wrong", open: func(v *guest) {
		v.sets(authkit.AppPatch{MFARememberDays: new(30)})
		v.collects()
		v.isAsked()
		v.fills("second", "code=000000")
	}},
	{name: "second-passkey", body: "second", named: true, open: func(v *guest) {
		v.has(ann)
		v.adds(v.kit.SignIn(v.t, v.app, ann), v.host)
		v.sets(authkit.AppPatch{MFA: new(authkit.MFARequired)})
		v.isAsked()
	}},
	{name: "second-elsewhere", body: "second", named: true, open: func(v *guest) {
		v.has(ann)
		v.hasPasskeyElsewhere()
		v.sets(authkit.AppPatch{MFA: new(authkit.MFARequired)})
		v.isAsked()
	}},
	{name: "enrol", body: "enrol", named: true, open: func(v *guest) { v.isMadeToEnrol() }},
	{name: "codes", body: "codes", open: func(v *guest) {
		v.isMadeToEnrol()
		v.fills("totp", "code="+v.code())
	}},
	{name: "account-factors", body: "account", named: true, open: func(v *guest) {
		app := v.collects()
		v.isAsked()
		v.fills("second", "code="+app.Code())
	}},
	{name: "account-factor-due", body: "account", named: true, open: func(v *guest) {
		app := v.collects()
		v.isAsked()
		v.fills("second", "code="+app.Code())
		v.kit.Clock.Advance(11 * time.Minute)
		v.opens("account")
	}},
	{name: "account-elsewhere", body: "account", named: true, open: func(v *guest) {
		v.has(ann)
		v.hasPasskeyElsewhere()
		v.signsIn(ann)
	}},
	{name: "account-totp-refused", body: "account", tells: "wrong", open: func(v *guest) {
		v.startsAccount()
		v.fills("totp-begin")
		v.fills("totp", "code=000000")
	}},
}

// isAsked shows the password of the tests, and is asked for a second factor.
func (v *guest) isAsked() {
	v.t.Helper()
	v.opens("sign-in")
	v.fills("password", "email="+ann, "password="+password)
	v.wantPage("second")
}

// isMadeToEnrol signs in to an app that requires a second factor.
func (v *guest) isMadeToEnrol() {
	v.t.Helper()
	v.has(ann)
	v.sets(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	v.isAsked()
	v.fills("second", "code="+mail.Code(v.mailed(ann)))
}

// collects creates an account with the password of the tests, a TOTP and a passkey.
func (v *guest) collects() *authkittest.TOTP {
	v.t.Helper()
	v.has(ann)
	person := v.kit.SignIn(v.t, v.app, ann)
	app := person.EnableTOTP(v.t)
	v.adds(person, v.host)
	return app
}

// hasPasskeyElsewhere gives an account a passkey of a domain to which the pages do not belong.
func (v *guest) hasPasskeyElsewhere() {
	v.t.Helper()
	origin := strings.Replace(v.host, "localhost", "shop.localhost", 1)
	v.sets(authkit.AppPatch{Origins: &[]string{origin}, PasskeyRPID: new("shop.localhost")})
	v.adds(v.kit.SignIn(v.t, v.app, ann), origin)
}

// adds gives a person a passkey, which is made on a page of the origin.
func (v *guest) adds(person authkittest.Person, origin string) {
	v.t.Helper()
	owner := authkit.FactorOwner{App: v.app.ID, User: person.User.ID, Session: person.SessionID, Browser: []byte("a browser with a passkey")}
	begun, err := v.engine.BeginNewPasskey(v.t.Context(), owner)
	if err != nil {
		v.t.Fatal(err)
	}
	credential, err := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{}).Create(begun.Options, origin)
	if err == nil {
		_, err = v.engine.FinishNewPasskey(v.t.Context(), authkit.PasskeyFinish{FactorOwner: owner, State: begun.State, Credential: credential})
	}
	if err != nil {
		v.t.Fatal(err)
	}
}
