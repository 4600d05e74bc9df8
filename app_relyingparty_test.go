package authkit_test

import (
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
)

// localApp is an app with origins of one domain, beside that of the base URL.
func localApp(t *testing.T) *world {
	t.Helper()
	w := setup(t, withoutLimits, withPasskeys)
	w.settings(authkit.AppPatch{Origins: &[]string{"https://id.example.com", "https://shop.example.com"}})
	return w
}

func (w *world) patchApp(body string) answer {
	w.t.Helper()
	return w.send("PATCH", w.in("/apps/{app_id}"), body, bearer(w.token))
}

func TestARelyingPartyFitsTheApp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, fields string }{
		"what the hosts of origins end in": {`{"passkey_rp_id":"example.com"}`, ""},
		"the host of an origin":            {`{"passkey_rp_id":"shop.example.com"}`, ""},
		"the host of the base URL":         {`{"passkey_rp_id":"localhost"}`, ""},
		"the host of an origin that comes": {`{"passkey_rp_id":"b.example","origins":["https://a.b.example"]}`, ""},
		"the host of an origin that goes":  {`{"passkey_rp_id":"example.com","origins":[]}`, "passkey_rp_id"},
		"another domain":                   {`{"passkey_rp_id":"example.org"}`, "passkey_rp_id"},
		"a part of a label":                {`{"passkey_rp_id":"ample.com"}`, "passkey_rp_id"},
		"below every host":                 {`{"passkey_rp_id":"a.id.example.com"}`, "passkey_rp_id"},
		"a public suffix":                  {`{"passkey_rp_id":"com"}`, "passkey_rp_id"},
		"a public suffix of two labels":    {`{"passkey_rp_id":"co.uk","origins":["https://a.co.uk"]}`, "passkey_rp_id"},
		"the suffix of a hoster":           {`{"passkey_rp_id":"github.io","origins":["https://a.github.io"]}`, "passkey_rp_id"},
		"an origin":                        {`{"passkey_rp_id":"https://example.com"}`, "passkey_rp_id"},
		"a domain in upper case":           {`{"passkey_rp_id":"Example.com"}`, "passkey_rp_id"},
		"an IP address":                    {`{"passkey_rp_id":"127.0.0.1","origins":["http://127.0.0.1:8080"]}`, "passkey_rp_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := localApp(t).patchApp(c.body)
			if c.fields == "" {
				got.want(t, 200, "")
				return
			}
			got.want(t, 400, "invalid_request")
			if fields := got.fields(); fields != c.fields {
				t.Errorf("fields: got %q, want %q", fields, c.fields)
			}
		})
	}
	t.Run("the origin that uses it stays", func(t *testing.T) {
		t.Parallel()
		w := localApp(t)
		w.patchApp(`{"passkey_rp_id":"example.com"}`).want(t, 200, "")
		w.patchApp(`{"origins":[]}`).want(t, 400, "invalid_request")
		w.patchApp(`{"signup":"closed"}`).want(t, 200, "")
		w.patchApp(`{"origins":[],"passkey_rp_id":""}`).want(t, 200, "")
	})
}

func TestPasskeysOfAnotherRelyingParty(t *testing.T) {
	t.Parallel()
	w := localApp(t)
	p := w.member(t, "ann@example.com")
	p.enrolPasskey(t)
	w.patchApp(`{"passkey_rp_id":"example.com"}`).want(t, 409, "passkeys_remain")
	w.patchApp(`{"passkey_rp_id":"example.com","strand_passkeys":false}`).want(t, 409, "passkeys_remain")
	w.patchApp(`{"passkey_rp_id":"localhost"}`).want(t, 200, "") // what it was without saying so
	w.patchApp(`{"passkey_rp_id":""}`).want(t, 200, "")
	w.patchApp(`{"name":"Other","passkey_rp_id":""}`).want(t, 200, "")
	w.patchApp(`{"passkey_rp_id":"example.com","strand_passkeys":true}`).want(t, 200, "")
	if got := w.send("POST", w.in(passkeyBegin), `{}`); got.body["options"].(map[string]any)["rpId"] != "example.com" {
		t.Errorf("got %s, want the new relying party", got.Body)
	}
	w.patchApp(`{"passkey_rp_id":""}`).want(t, 200, "") // the passkeys are of that one
	w.send("POST", w.in(passkeyFinish), "{"+p.shows(t, "")+"}").want(t, 200, "")
	made := w.send("GET", w.in(passkeyList), "", bearer(p.token)).body["passkeys"].([]any)[0].(map[string]any)
	w.send("DELETE", w.in(passkeyList+"/"+made["id"].(string)), "", bearer(p.token)).want(t, 204, "")
	w.patchApp(`{"passkey_rp_id":"example.com"}`).want(t, 200, "")
}

// A passkey of a relying party that the app has given up is no way in, beside which the last one may go.
func TestAStrandedPasskeyMayGo(t *testing.T) {
	t.Parallel()
	w := localApp(t)
	u, err := w.engine.CreateUser(t.Context(), w.app.ID, authkit.UserRequest{Email: "ann@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	in, err := w.engine.StartSession(t.Context(), authkit.HostSignIn{App: w.app.ID, User: u.ID, Method: "hwk", SecondFactor: true})
	if err != nil {
		t.Fatal(err)
	}
	p := &factored{w: w, email: "ann@example.com", token: in.Token}
	remove := func(id string) answer { return w.send("DELETE", w.in(passkeyList+"/"+id), "", bearer(p.token)) }
	stranded := p.enrolPasskey(t).text(t, "id")
	remove(stranded).want(t, 409, "last_credential") // its relying party may come back
	w.patchApp(`{"origins":["https://id.example.com"],"passkey_rp_id":"example.com","strand_passkeys":true}`).want(t, 200, "")
	remove(stranded).want(t, 409, "last_credential")
	p.from = "https://id.example.com"
	live := p.enrolPasskey(t).text(t, "id")
	remove(live).want(t, 409, "last_credential")
	remove(stranded).want(t, 204, "")
}

// An origin of the app whose host does not end in the relying party takes part in no ceremony.
func TestOriginsOfTheRelyingPartyAlone(t *testing.T) {
	t.Parallel()
	for from, status := range map[string]int{"https://shop.example.com": 200, "https://other.example.com": 401, "https://friend.example": 401, origin: 401} {
		w := localApp(t)
		w.patchApp(`{"origins":["https://id.example.com","https://shop.example.com","https://friend.example"],"passkey_rp_id":"example.com"}`).want(t, 200, "")
		p := w.member(t, "ann@example.com")
		p.from = "https://id.example.com"
		p.enrolPasskey(t)
		p.from = from
		p.device.Misbehave(authkittest.AnyOrigin) // no browser would go on
		if got := w.send("POST", w.in(passkeyFinish), "{"+p.shows(t, "")+"}"); got.Code != status {
			t.Errorf("%s: got %d %s, want %d", from, got.Code, got.Body, status)
		}
	}
}

func TestWhyThereAreNoPasskeys(t *testing.T) {
	t.Parallel()
	onAddress := func(c *authkit.Config) { c.BaseURL = "http://127.0.0.1:8080/id" }
	for name, c := range map[string]struct {
		change []func(*authkit.Config)
		want   string
	}{
		"the host has passed no verifier": {[]func(*authkit.Config){onAddress}, "Config.Passkeys"},
		"the base URL has no domain":      {[]func(*authkit.Config){onAddress, withPasskeys}, "the base URL has an IP address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, c.change...)
			got := w.send("POST", w.in("/auth/passkey/begin/{app_id}"), `{}`)
			got.want(t, 404, "not_found")
			if detail := got.text(t, "detail"); !strings.Contains(detail, c.want) {
				t.Errorf("detail: got %q, want %q in it", detail, c.want)
			}
		})
	}
}
