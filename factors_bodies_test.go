package authkit_test

import (
	"strings"
	"testing"
)

// A body that shows or adds a factor is judged whole, and a value of another type is named.
func TestABodyOfAFactorIsJudgedWhole(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	p := w.member(t, "ann@example.com")
	long := strings.Repeat("x", 65)
	for _, c := range []struct{ path, body, fields, code string }{
		{newPasskeyEnd, `{"name":"` + long + `"}`, "state credential name", "required"},
		{newPasskeyEnd, `{"state":"x","credential":null,"name":"` + long + `"}`, "credential name", "null"},
		{newPasskeyEnd, `{"state":"x","credential":{},"name":"` + long + `"}`, "name", "invalid_name"},
		{newPasskeyEnd, `{"credential":[]}`, "state credential", "required"},
		{passkeyFinish, `{"state":"x","credential": null}`, "credential", "null"},
		{passkeyFinish, `{"state":"x","credential": "{}"}`, "credential", "wrong_type"},
		{passkeyFinish, `{"state":"x","credential": 1}`, "credential", "wrong_type"},
		{secondFactor, `{"credential":true}`, "mfa_token state credential", "required"},
		{secondFactor, `{"mfa_token":"x","code":"123456","credential":null}`, "credential", "null"},
		{stepUp, `{"state":"x","credential":[]}`, "credential", "wrong_type"},
	} {
		got := p.post(c.path, c.body)
		errs, _ := got.body["errors"].([]any)
		if got.Code != 400 || got.fields() != c.fields || len(errs) == 0 || errs[0].(map[string]any)["code"] != c.code {
			t.Errorf("%s %.60s: got %d %s, want 400 of %s, the first %s", c.path, c.body, got.Code, got.Body, c.fields, c.code)
		}
	}
	for _, body := range []string{`{"state":"x","credential": {}}`, "{\"state\":\"x\",\"credential\":\n\t{ }}"} {
		w.send("POST", w.in(passkeyFinish), body).want(t, 401, "invalid_credentials")
	}
}

func TestTheNameOfAPasskey(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	p := w.member(t, "ann@example.com")
	one := w.in(passkeyList + "/" + p.enrolPasskey(t).text(t, "id"))
	for name, status := range map[string]int{
		strings.Repeat("é", 64): 200, "مفتاح": 200, "👩\u200d💻 laptop": 200, " my key": 200,
		strings.Repeat("é", 65): 400, "a\u202eb": 400, "a\u2066b": 400, "a\u2028b": 400, " \u3000": 400, "a\\u0007b": 400, "": 400,
	} {
		got := w.send("PATCH", one, `{"name":"`+name+`"}`, bearer(p.token))
		if got.Code != status || status == 400 && got.fields() != "name" {
			t.Errorf("%q: got %d %s, want %d", name, got.Code, got.Body, status)
		}
		if name == "" { // a new passkey then has the name of its authenticator
			continue
		}
		begun := p.post(newPasskeyEnd, `{"state":"x","credential":{},"name":"`+name+`"}`)
		if refused := begun.fields() == "name"; refused != (status == 400) {
			t.Errorf("%q: got %d %s, want a refusal of the name: %v", name, begun.Code, begun.Body, status == 400)
		}
	}
}
