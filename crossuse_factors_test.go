package authkit_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// The kinds of credential of second factors.
const (
	mfaToken        = "the mfa_token of a sign-in that waits"
	mfaBinding      = "the binding of a sign-in that waits"
	totpCode        = "a code of a TOTP"
	totpState       = "the state of a TOTP's enrolment"
	totpBinding     = "the binding of a TOTP's enrolment"
	passkeyState    = "the state of a passkey's ceremony"
	passkeyBinding  = "the binding of a passkey's ceremony"
	newPasskeyState = "the state of a passkey's registration"
)

// mintFactors adds the credentials of second factors. The TOTP and the passkey that are being added are
// those of the owner of userToken.
func (s *stage) mintFactors(c wallet) {
	s.t.Helper()
	p := s.holder(hasTOTP, hasPasskey)
	due := p.first()
	c.of[mfaToken], c.of[mfaBinding], c.of[totpCode] = due.text(s.t, "mfa_token"), due.text(s.t, "binding"), p.code()
	var shown struct {
		State      string          `json:"state"`
		Binding    string          `json:"binding"`
		Credential json.RawMessage `json:"credential"`
	}
	parse := func(body string) {
		if err := json.Unmarshal([]byte(body), &shown); err != nil {
			s.t.Fatal(err)
		}
	}
	parse("{" + p.shows(s.t, "") + "}")
	c.of[passkeyState], c.of[passkeyBinding] = shown.State, shown.Binding
	c.beside["shown"] = string(shown.Credential)

	adder := &factored{w: s.world, token: c.of[userToken]}
	parse(adder.newTOTP("", bearer(adder.token)))
	c.of[totpState], c.of[totpBinding], c.beside["new_code"] = shown.State, shown.Binding, adder.code()
	parse(adder.newPasskey("", origin, bearer(adder.token)))
	c.of[newPasskeyState], c.beside["new_binding"] = shown.State, shown.Binding
	c.beside["created"] = string(shown.Credential)
}

// filled puts x in place of {x} in a body, and fills the other places from the wallet. user sends the
// token of the user whose factors are added.
func filled(path, body string, user bool) func(*stage, wallet, string) *http.Request {
	return func(s *stage, c wallet, x string) *http.Request {
		body := strings.NewReplacer("{x}", x, "{mfa_token}", c.of[mfaToken], "{mfa_binding}", c.of[mfaBinding], "{totp_code}", c.of[totpCode],
			"{totp_state}", c.of[totpState], "{totp_binding}", c.of[totpBinding], "{new_code}", c.beside["new_code"],
			"{passkey_state}", c.of[passkeyState], "{passkey_binding}", c.of[passkeyBinding], "{shown}", c.beside["shown"],
			"{new_state}", c.of[newPasskeyState], "{new_binding}", c.beside["new_binding"], "{created}", c.beside["created"],
		).Replace(body)
		switch {
		case user:
			return s.request("POST", s.in(path), body, bearer(c.of[userToken]))
		case strings.Contains(path, "/finish/") && !strings.Contains(path, "/passkey/"):
			return header("Bearer", "POST", path, body)(s, c, x)
		}
		return s.request("POST", s.in(path), body)
	}
}

func factorDoors() []door {
	const (
		newTOTP    = `{"state":"{totp_state}","binding":"{totp_binding}","code":"{new_code}"}`
		newPasskey = `{"state":"{new_state}","binding":"{new_binding}","credential":{created}}`
	)
	refused := []int{400, 401} // 400: a member is missing
	out := []door{
		{"POST " + newPasskeyBegin, "the invitation", filled(newPasskeyBegin, `{"invitation":"{x}"}`, false), nil, refused},
		{"POST " + passkeyBegin, "the header", header("Bearer", "POST", passkeyBegin, `{}`), all(200), nil},
		{"POST " + passkeyFinish, "the state", filled(passkeyFinish, `{"state":"{x}","binding":"{passkey_binding}","credential":{shown}}`, false), map[string]int{passkeyState: 200}, refused},
		{"POST " + passkeyFinish, "the binding", filled(passkeyFinish, `{"state":"{passkey_state}","binding":"{x}","credential":{shown}}`, false), map[string]int{passkeyBinding: 200}, nil},
		{"POST " + secondFactor, "the token", filled(secondFactor, `{"mfa_token":"{x}","binding":"{mfa_binding}","code":"{totp_code}"}`, false), map[string]int{mfaToken: 200}, refused},
		{"POST " + secondFactor, "the binding", filled(secondFactor, `{"mfa_token":"{mfa_token}","binding":"{x}","code":"{totp_code}"}`, false), map[string]int{mfaBinding: 200}, nil},
		{"POST " + secondFactor, "the code", filled(secondFactor, `{"mfa_token":"{mfa_token}","binding":"{mfa_binding}","code":"{x}"}`, false), map[string]int{totpCode: 200}, refused},
		{"POST " + totpBegin, "the token", filled(totpBegin, `{"mfa_token":"{x}","binding":"{mfa_binding}"}`, false), nil, nil},
		{"POST " + totpFinish, "the state", filled(totpFinish, `{"state":"{x}","binding":"{totp_binding}","code":"{new_code}"}`, true), map[string]int{totpState: 201}, refused},
		{"POST " + totpFinish, "the binding", filled(totpFinish, `{"state":"{totp_state}","binding":"{x}","code":"{new_code}"}`, true), map[string]int{totpBinding: 201}, nil},
		{"POST " + totpFinish, "the header", filled(totpFinish, newTOTP, false), map[string]int{userToken: 201}, nil},
		{"POST " + newPasskeyEnd, "the state", filled(newPasskeyEnd, `{"state":"{x}","binding":"{new_binding}","credential":{created}}`, true), map[string]int{newPasskeyState: 201}, refused},
		{"POST " + newPasskeyEnd, "the header", filled(newPasskeyEnd, newPasskey, false), map[string]int{userToken: 201}, nil},
		{"DELETE " + resetFactors, "the header", header("Bearer", "DELETE", resetFactors, ""), map[string]int{appKey: 404, otherAppKey: 404}, nil},
	}
	for route, c := range map[string]struct {
		body        string
		user, mover int
	}{
		"POST " + newPasskeyBegin: {`{}`, 200, 200},
		"GET " + passkeyList:      {"", 200, 200},
		"PATCH " + onePasskey:     {`{"name":"Laptop"}`, 404, 404},
		"DELETE " + onePasskey:    {"", 404, 404},
		"POST " + totpBegin:       {`{}`, 200, 200},
		"DELETE " + totpOne:       {"", 204, 204},
		"GET " + secondFactor:     {"", 200, 200},
		"POST " + recoveryCodes:   {`{}`, 404, 404},
		"POST " + stepUp:          {fmt.Sprintf(`{"password":%q}`, password), 200, 401},
	} {
		method, path, _ := strings.Cut(route, " ")
		path = strings.ReplaceAll(path, "{id}", "{key_id}")
		out = append(out, door{route, "the header", header("Bearer", method, path, c.body), map[string]int{userToken: c.user, moverToken: c.mover}, nil})
	}
	return out
}
