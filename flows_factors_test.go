package authkit_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/mail"
)

const (
	passkeyBegin    = "/auth/passkey/begin/{app_id}"
	passkeyFinish   = "/auth/passkey/finish/{app_id}"
	newPasskeyBegin = "/auth/passkeys/begin/{app_id}"
	newPasskeyEnd   = "/auth/passkeys/finish/{app_id}"
	passkeyList     = "/auth/passkeys/{app_id}"
	onePasskey      = "/auth/passkeys/{app_id}/{id}"
	totpBegin       = "/auth/totp/begin/{app_id}"
	totpFinish      = "/auth/totp/finish/{app_id}"
	totpOne         = "/auth/totp/{app_id}"
	secondFactor    = "/auth/mfa/{app_id}"
	recoveryCodes   = "/auth/recovery-codes/{app_id}"
	stepUp          = "/auth/step-up/{app_id}"
	resetFactors    = "/users/{app_id}/{user_id}/mfa"
)

// holder returns a new user with a proven address, a password and the factors that the calls add.
func (s *stage) holder(add ...func(*factored)) *factored {
	s.t.Helper()
	s.settings(authkit.AppPatch{MFA: new(authkit.MFAOptional)}) // a flow before may have required it
	p := s.member(s.t, s.email())
	for _, a := range add {
		a(p)
	}
	return p
}

// unproven returns a new user without a proven address and a password, in a session that the host began.
func (s *stage) unproven() *factored {
	s.t.Helper()
	s.settings(authkit.AppPatch{MFA: new(authkit.MFAOptional)})
	p := &factored{w: s.world, email: s.email()}
	u, err := s.engine.CreateUser(s.t.Context(), s.app.ID, authkit.UserRequest{Email: p.email})
	if err != nil {
		s.t.Fatal(err)
	}
	in, err := s.engine.StartSession(s.t.Context(), authkit.HostSignIn{App: s.app.ID, User: u.ID, Method: "hwk"})
	if err != nil {
		s.t.Fatal(err)
	}
	p.token = in.Token
	return p
}

func hasTOTP(p *factored)    { p.enrolTOTP(p.w.t) }
func hasPasskey(p *factored) { p.madePasskey = p.enrolPasskey(p.w.t).text(p.w.t, "id") }

// hasPasskeys adds n passkeys, no faster than the limits allow and within the time of a fresh sign-in.
func hasPasskeys(n int) func(*factored) {
	return func(p *factored) {
		for range n {
			hasPasskey(p)
			p.w.clock.Advance(20 * time.Second)
		}
	}
}

// isStale lets the user's sign-in age until it is not fresh.
func isStale(p *factored) { p.w.clock.Advance(11 * time.Minute) }

// asks returns a request of the user, made again as often as it is called.
func (s *stage) asks(p *factored, method, path, body string) func() *http.Request {
	return s.again(method, path, body, bearer(p.token))
}

// due shows the password, and returns the members mfa_token and binding of the refusal.
func (p *factored) due(code string) string {
	p.w.t.Helper()
	got := p.first()
	got.want(p.w.t, 401, code)
	return waitingIn(p.w, got)
}

func waitingIn(w *world, refused answer) string {
	return fmt.Sprintf(`"mfa_token":%q,"binding":%q`, refused.text(w.t, "mfa_token"), refused.text(w.t, "binding"))
}

// mustEnrol makes the app require second factors, proves the user's address by the mailed code, and
// returns the members with which the user may add one.
func (p *factored) mustEnrol() string {
	p.w.t.Helper()
	owner, code := p.mustProve()
	got := p.w.send("POST", p.w.in(secondFactor), fmt.Sprintf(`{%s,"code":%q}`, owner, code))
	got.want(p.w.t, 401, "mfa_enrollment_required")
	return waitingIn(p.w, got)
}

// mustProve makes the app require second factors, and returns what stands for the first factor, and the
// code that is mailed.
func (p *factored) mustProve() (owner, code string) {
	p.w.t.Helper()
	p.w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	owner = p.due("mfa_enrollment_required")
	return owner, mail.Code(p.w.mailTo(p.email))
}

// newTOTP begins the enrolment of a TOTP, and returns the body that finishes it.
func (p *factored) newTOTP(owner string, headers ...string) string {
	p.w.t.Helper()
	begun := p.w.send("POST", p.w.in(totpBegin), "{"+owner+"}", headers...)
	begun.want(p.w.t, 200, "")
	p.seed = seedOf(p.w.t, begun)
	if owner == "" {
		owner = fmt.Sprintf(`"binding":%q`, begun.text(p.w.t, "binding"))
	}
	return fmt.Sprintf(`{%s,"state":%q,"code":%q}`, owner, begun.text(p.w.t, "state"), p.code())
}

// newPasskey begins the registration of a passkey, and returns the body that finishes it.
func (p *factored) newPasskey(owner, from string, headers ...string) string {
	p.w.t.Helper()
	begun := p.w.send("POST", p.w.in(newPasskeyBegin), "{"+owner+"}", headers...)
	begun.want(p.w.t, 200, "")
	p.device = authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{})
	credential, err := p.device.Create(memberOf(p.w.t, begun, "options"), from)
	if err != nil {
		p.w.t.Fatal(err)
	}
	if owner == "" {
		owner = fmt.Sprintf(`"binding":%q`, begun.text(p.w.t, "binding"))
	}
	return fmt.Sprintf(`{%s,"state":%q,"credential":%s,"name":"Laptop"}`, owner, begun.text(p.w.t, "state"), credential)
}

func factorFlows() []flow {
	var all []flow
	for _, some := range [][]flow{passkeySignInFlows(), passkeyFlows(), totpFlows(), secondFactorFlows(), stepUpFlows()} {
		all = append(all, some...)
	}
	return all
}

func passkeySignInFlows() []flow {
	return []flow{
		{name: "begin to sign in with a passkey", route: "POST " + passkeyBegin, status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("POST", passkeyBegin, `{}`)
		}},
		{name: "begin with the binding of a second factor", route: "POST " + passkeyBegin, status: 200, ready: func(s *stage) func() *http.Request {
			due := s.holder(hasTOTP, hasPasskey).first()
			return s.again("POST", passkeyBegin, fmt.Sprintf(`{"binding":%q}`, due.text(s.t, "binding")))
		}},
		{name: "sign in with a passkey", route: "POST " + passkeyFinish, status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("POST", passkeyFinish, "{"+s.holder(hasPasskey).shows(s.t, "")+"}")
		}},
		{name: "sign in with a passkey that was removed", route: "POST " + passkeyFinish, status: 401, code: "invalid_credentials", ready: func(s *stage) func() *http.Request {
			p := s.holder(hasPasskey)
			shown := p.shows(s.t, "")
			s.send("DELETE", s.in(passkeyList+"/"+p.madePasskey), "", bearer(p.token)).want(s.t, 204, "")
			return s.again("POST", passkeyFinish, "{"+shown+"}")
		}},
		{name: "sign in with the passkey of a disabled user", route: "POST " + passkeyFinish, status: 403, code: "user_disabled", ready: func(s *stage) func() *http.Request {
			p := s.holder(hasPasskey)
			shown := p.shows(s.t, "")
			s.send("PATCH", s.in("/users/{app_id}/"+s.userOf(p.email).ID.String()), `{"disabled":true}`, bearer(s.key)).want(s.t, 200, "")
			return s.again("POST", passkeyFinish, "{"+shown+"}")
		}},
	}
}

func passkeyFlows() []flow {
	return []flow{
		{name: "begin to add a passkey", route: "POST " + newPasskeyBegin, status: 200, ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(), "POST", newPasskeyBegin, `{}`)
		}},
		{name: "begin to add a passkey in a sign-in", route: "POST " + newPasskeyBegin, status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("POST", newPasskeyBegin, "{"+s.holder().mustEnrol()+"}")
		}},
		{name: "begin a passkey on the page of an invitation", route: "POST " + newPasskeyBegin, status: 200, ready: func(s *stage) func() *http.Request {
			_, m := s.invited(s.email(), "")
			return s.again("POST", newPasskeyBegin, fmt.Sprintf(`{"invitation":%q}`, linkToken(m)))
		}},
		{name: "accept an invitation by a passkey", route: "POST /auth/invitation/{app_id}", status: 200, ready: func(s *stage) func() *http.Request {
			_, m := s.invited(s.email(), "")
			v := s.invitee()
			v.opens(m)
			return v.request(v.made(v.begins(linkToken(m))))
		}},
		{name: "accept the invitation of a used account by a passkey", route: "POST /auth/invitation/{app_id}", status: 200, ready: func(s *stage) func() *http.Request {
			s.settings(authkit.AppPatch{MFA: new(authkit.MFAOptional)})
			m := s.invite(s.signUp(s.email()).body["user"].(map[string]any)["user_id"].(string), `{}`)
			v := s.invitee()
			v.opens(m)
			return v.request(v.made(v.begins(linkToken(m))))
		}},
		{name: "begin to add a passkey long after the sign-in", route: "POST " + newPasskeyBegin, status: 403, code: "reauthentication_required", ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(isStale), "POST", newPasskeyBegin, `{}`)
		}},
		{name: "begin to add a passkey where factors are off", route: "POST " + newPasskeyBegin, status: 403, code: "forbidden", ready: func(s *stage) func() *http.Request {
			p := s.holder()
			s.settings(authkit.AppPatch{MFA: new(authkit.MFAOff)})
			return s.asks(p, "POST", newPasskeyBegin, `{}`)
		}},
		{name: "add a passkey", route: "POST " + newPasskeyEnd, status: 201, ready: func(s *stage) func() *http.Request {
			p := s.holder()
			return s.asks(p, "POST", newPasskeyEnd, p.newPasskey("", origin, bearer(p.token)))
		}},
		{name: "add a passkey in a sign-in", route: "POST " + newPasskeyEnd, status: 201, ready: func(s *stage) func() *http.Request {
			p := s.holder()
			return s.again("POST", newPasskeyEnd, p.newPasskey(p.mustEnrol(), origin))
		}},
		{name: "add a passkey from another origin", route: "POST " + newPasskeyEnd, status: 401, code: "invalid_credentials", ready: func(s *stage) func() *http.Request {
			p := s.holder()
			return s.asks(p, "POST", newPasskeyEnd, p.newPasskey("", "http://localhost:1", bearer(p.token)))
		}},
		{name: "add a passkey beside twenty", route: "POST " + newPasskeyBegin, status: 409, code: "limit_reached", ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(hasPasskeys(20)), "POST", newPasskeyBegin, `{}`)
		}},
		{name: "add a passkey that others have made one too many", route: "POST " + newPasskeyEnd, status: 409, code: "limit_reached", ready: func(s *stage) func() *http.Request {
			p := s.holder(hasPasskeys(19))
			last := p.newPasskey("", origin, bearer(p.token))
			hasPasskey(p)
			return s.asks(p, "POST", newPasskeyEnd, last)
		}},
		{name: "list one's passkeys", route: "GET " + passkeyList, status: 200, ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(hasPasskey), "GET", passkeyList, "")
		}},
		{name: "rename a passkey", route: "PATCH " + onePasskey, status: 200, ready: func(s *stage) func() *http.Request {
			p := s.holder(hasPasskey)
			return s.asks(p, "PATCH", passkeyList+"/"+p.madePasskey, `{"name":"Laptop"}`)
		}},
		{name: "rename another's passkey", route: "PATCH " + onePasskey, status: 404, code: "not_found", ready: func(s *stage) func() *http.Request {
			p := s.holder(hasPasskey)
			return s.asks(s.holder(), "PATCH", passkeyList+"/"+p.madePasskey, `{"name":"Laptop"}`)
		}},
		{name: "remove a passkey", route: "DELETE " + onePasskey, status: 204, ready: func(s *stage) func() *http.Request {
			p := s.holder(hasPasskey)
			return s.asks(p, "DELETE", passkeyList+"/"+p.madePasskey, "")
		}},
		{name: "remove the passkey that is the last way in", route: "DELETE " + onePasskey, status: 409, code: "last_credential", ready: func(s *stage) func() *http.Request {
			p := s.unproven()
			hasPasskey(p)
			return s.asks(p, "DELETE", passkeyList+"/"+p.madePasskey, "")
		}},
		{name: "remove an unknown passkey", route: "DELETE " + onePasskey, status: 404, code: "not_found", ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(), "DELETE", passkeyList+"/00000000-0000-0000-0000-000000000000", "")
		}},
	}
}

func totpFlows() []flow {
	return []flow{
		{name: "begin to add a TOTP", route: "POST " + totpBegin, status: 200, ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(), "POST", totpBegin, `{}`)
		}},
		{name: "begin to add a TOTP in a sign-in", route: "POST " + totpBegin, status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("POST", totpBegin, "{"+s.holder().mustEnrol()+"}")
		}},
		{name: "begin to add a TOTP before the address is proven", route: "POST " + totpBegin, status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			owner, _ := s.holder().mustProve()
			return s.again("POST", totpBegin, "{"+owner+"}")
		}},
		{name: "add a TOTP", route: "POST " + totpFinish, status: 201, ready: func(s *stage) func() *http.Request {
			p := s.holder()
			return s.asks(p, "POST", totpFinish, p.newTOTP("", bearer(p.token)))
		}},
		{name: "replace a TOTP", route: "POST " + totpFinish, status: 201, ready: func(s *stage) func() *http.Request {
			p := s.holder(hasTOTP)
			return s.asks(p, "POST", totpFinish, p.newTOTP("", bearer(p.token)))
		}},
		{name: "add a TOTP in a sign-in", route: "POST " + totpFinish, status: 201, ready: func(s *stage) func() *http.Request {
			p := s.holder()
			return s.again("POST", totpFinish, p.newTOTP(p.mustEnrol()))
		}},
		{name: "add a TOTP for another user", route: "POST " + totpFinish, status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			p := s.holder()
			return s.asks(s.holder(), "POST", totpFinish, p.newTOTP("", bearer(p.token)))
		}},
		{name: "remove a TOTP", route: "DELETE " + totpOne, status: 204, ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(hasTOTP), "DELETE", totpOne, "")
		}},
		{name: "remove a TOTP long after the sign-in", route: "DELETE " + totpOne, status: 403, code: "reauthentication_required", ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(hasTOTP, isStale), "DELETE", totpOne, "")
		}},
		{name: "make new recovery codes", route: "POST " + recoveryCodes, status: 201, ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(hasTOTP), "POST", recoveryCodes, `{}`)
		}},
		{name: "make recovery codes without a TOTP", route: "POST " + recoveryCodes, status: 404, code: "not_found", ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(), "POST", recoveryCodes, `{}`)
		}},
		{name: "read one's second factors", route: "GET " + secondFactor, status: 200, ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(hasTOTP, hasPasskey), "GET", secondFactor, "")
		}},
		{name: "reset the second factors of a user", route: "DELETE " + resetFactors, status: 204, ready: func(s *stage) func() *http.Request {
			p := s.holder(hasTOTP, hasPasskey)
			return s.again("DELETE", "/users/{app_id}/"+s.userOf(p.email).ID.String()+"/mfa", "", bearer(s.key))
		}},
		{name: "reset the second factors of an unknown user", route: "DELETE " + resetFactors, status: 404, code: "user_not_found", ready: func(s *stage) func() *http.Request {
			return s.again("DELETE", "/users/{app_id}/00000000-0000-0000-0000-000000000000/mfa", "", bearer(s.key))
		}},
	}
}

func secondFactorFlows() []flow {
	const route = "POST " + secondFactor
	return []flow{
		{name: "sign in without the second factor", route: "POST /auth/credentials/{app_id}", status: 401, code: "mfa_required", ready: func(s *stage) func() *http.Request {
			return s.again("POST", "/auth/credentials/{app_id}", signInBody(s.holder(hasTOTP).email, password, "sign_in"))
		}},
		{name: "sign in where second factors are required", route: "POST /auth/credentials/{app_id}", status: 401, code: "mfa_enrollment_required", ready: func(s *stage) func() *http.Request {
			p := s.holder()
			s.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
			return s.again("POST", "/auth/credentials/{app_id}", signInBody(p.email, password, "sign_in"))
		}},
		{name: "redeem a link without the second factor", route: "POST /auth/verify/{app_id}", status: 401, code: "mfa_required", ready: func(s *stage) func() *http.Request {
			_, m := s.mailed(s.holder(hasTOTP).email, "")
			return s.again("POST", "/auth/verify/{app_id}", byLink(m, ""))
		}},
		{name: "show a TOTP code", route: route, status: 200, ready: func(s *stage) func() *http.Request {
			p := s.holder(hasTOTP)
			return s.again("POST", secondFactor, fmt.Sprintf(`{%s,"code":%q}`, p.due("mfa_required"), p.code()))
		}},
		{name: "show a TOTP code after a link", route: route, status: 200, ready: func(s *stage) func() *http.Request {
			p := s.holder(hasTOTP)
			_, m := s.mailed(p.email, "")
			return s.again("POST", secondFactor, fmt.Sprintf(`{%s,"code":%q}`, waitingIn(s.world, s.verify(byLink(m, ""))), p.code()))
		}},
		{name: "show a recovery code", route: route, status: 200, ready: func(s *stage) func() *http.Request {
			p := s.holder(hasTOTP)
			return s.again("POST", secondFactor, fmt.Sprintf(`{%s,"code":%q}`, p.due("mfa_required"), p.recovery[3]))
		}},
		{name: "show a passkey as the second factor", route: route, status: 200, spends: true, ready: func(s *stage) func() *http.Request {
			p := s.holder(hasTOTP, hasPasskey)
			due := p.first()
			return s.again("POST", secondFactor, fmt.Sprintf(`{"mfa_token":%q,%s}`, due.text(s.t, "mfa_token"), p.shows(s.t, due.text(s.t, "binding"))))
		}},
		{name: "show a code of the past", route: route, status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			p := s.holder(hasTOTP)
			code := p.code()
			s.clock.Advance(5 * time.Minute)
			return s.again("POST", secondFactor, fmt.Sprintf(`{%s,"code":%q}`, p.due("mfa_required"), code))
		}},
		{name: "prove an address before a factor is added", route: route, status: 401, code: "mfa_enrollment_required", ready: func(s *stage) func() *http.Request {
			owner, code := s.holder().mustProve()
			return s.again("POST", secondFactor, fmt.Sprintf(`{%s,"code":%q}`, owner, code))
		}},
	}
}

func stepUpFlows() []flow {
	const route = "POST " + stepUp
	return []flow{
		{name: "step up by a TOTP code", route: route, status: 200, ready: func(s *stage) func() *http.Request {
			p := s.holder(hasTOTP, isStale)
			return s.asks(p, "POST", stepUp, fmt.Sprintf(`{"code":%q}`, p.code()))
		}},
		{name: "step up by the password", route: route, status: 200, ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(isStale), "POST", stepUp, `{"password":"`+password+`"}`)
		}},
		{name: "step up by a passkey", route: route, status: 200, spends: true, ready: func(s *stage) func() *http.Request {
			p := s.holder(hasPasskey, isStale)
			return s.asks(p, "POST", stepUp, "{"+p.shows(s.t, "")+"}")
		}},
		{name: "step up by a wrong password", route: route, status: 401, code: "invalid_credentials", ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(), "POST", stepUp, `{"password":"`+newPassword+`"}`)
		}},
		{name: "step up by the password of a user with a TOTP", route: route, status: 403, code: "reauthentication_required", ready: func(s *stage) func() *http.Request {
			return s.asks(s.holder(hasTOTP), "POST", stepUp, `{"password":"`+password+`"}`)
		}},
	}
}
