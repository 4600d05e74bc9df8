package authkit_test

import (
	"cmp"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	hashes "github.com/authkit-dev/authkit/internal/password"
	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/passkey"
)

// withPasskeys lets apps have passkeys.
func withPasskeys(c *authkit.Config) { c.Passkeys = passkey.New() }

// factored is a user with second factors.
type factored struct {
	w        *world
	email    string
	token    string // the access token of a session that has shown a second factor
	refresh  string
	seed     []byte
	recovery []string
	device   *authkittest.Authenticator

	madePasskey string // the id of the last passkey
	from        string // the origin of the page; empty: that of the base URL
}

// member returns a new user with a proven address and a password, who has just signed in.
func (w *world) member(t *testing.T, email string) *factored {
	t.Helper()
	hash := hashes.Hash(password, hashes.Salt(), hashes.Params{MemoryKiB: 8, Time: 1, Threads: 1})
	if _, err := w.engine.CreateUser(t.Context(), w.app.ID, authkit.UserRequest{Email: email, Verified: true, PasswordHash: hash}); err != nil {
		t.Fatal(err)
	}
	p := &factored{w: w, email: email}
	got := p.first()
	got.want(t, 200, "")
	p.token, p.refresh = got.text(t, "token"), got.text(t, "refresh_token")
	return p
}

// first shows the password.
func (p *factored) first(headers ...string) answer {
	p.w.t.Helper()
	return p.w.send("POST", "/auth/credentials/"+p.w.app.ID.String(), `{"email":"`+p.email+`","password":"`+password+`","intent":"sign_in"}`, headers...)
}

// enrolTOTP gives the user a TOTP.
func (p *factored) enrolTOTP(t *testing.T) {
	t.Helper()
	begun := p.post("/auth/totp/begin/{app_id}", `{}`)
	begun.want(t, 200, "")
	p.seed = seedOf(t, begun)
	got := p.post("/auth/totp/finish/{app_id}", fmt.Sprintf(`{"state":%q,"binding":%q,"code":%q}`, begun.text(t, "state"), begun.text(t, "binding"), p.code()))
	got.want(t, 201, "")
	p.recovery = nil
	for _, c := range got.body["recovery_codes"].([]any) {
		p.recovery = append(p.recovery, c.(string))
	}
	p.w.clock.Advance(30e9) // the code that confirmed is spent
}

// seedOf reads the seed of a TOTP from the beginning of its enrolment.
func seedOf(t *testing.T, begun answer) []byte {
	t.Helper()
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(begun.text(t, "secret"))
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

// enrolPasskey gives the user a passkey of a new authenticator.
func (p *factored) enrolPasskey(t *testing.T, o ...authkittest.AuthenticatorOptions) answer {
	t.Helper()
	return p.enrolNamed(t, "", o...)
}

// enrolNamed is enrolPasskey with a name; empty: that of the authenticator.
func (p *factored) enrolNamed(t *testing.T, name string, o ...authkittest.AuthenticatorOptions) answer {
	t.Helper()
	p.device = authkittest.NewAuthenticator(append(o, authkittest.AuthenticatorOptions{})[0])
	begun := p.post("/auth/passkeys/begin/{app_id}", `{}`)
	begun.want(t, 200, "")
	credential, err := p.device.Create(memberOf(t, begun, "options"), cmp.Or(p.from, origin))
	if err != nil {
		t.Fatal(err)
	}
	got := p.post("/auth/passkeys/finish/{app_id}", fmt.Sprintf(`{"state":%q,"binding":%q,"credential":%s,"name":%q}`, begun.text(t, "state"), begun.text(t, "binding"), credential, name))
	got.want(t, 201, "")
	return got
}

// memberOf returns a member of an answer as JSON.
func memberOf(t *testing.T, a answer, name string) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(a.body[name])
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// code is the code of the user's TOTP now.
func (p *factored) code() string { return totp.Code(p.seed, totp.StepOf(p.w.clock.Now())) }

// post sends a request with the user's token.
func (p *factored) post(path, body string, headers ...string) answer {
	p.w.t.Helper()
	return p.w.send("POST", p.w.in(path), body, append(headers, bearer(p.token))...)
}

// second shows a second factor for a refused first one.
func (p *factored) second(t *testing.T, due answer, code, more string, headers ...string) answer {
	t.Helper()
	due.want(t, 401, "mfa_required")
	body := fmt.Sprintf(`{"mfa_token":%q,"binding":%q,"code":%q%s}`, due.text(t, "mfa_token"), due.text(t, "binding"), code, more)
	return p.w.send("POST", p.w.in("/auth/mfa/{app_id}"), body, headers...)
}

// answers answers a ceremony with the user's authenticator: the members state, binding and credential.
func (p *factored) answers(t *testing.T, begun answer) string {
	t.Helper()
	credential, err := p.device.Get(memberOf(t, begun, "options"), cmp.Or(p.from, origin))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`"state":%q,"binding":%q,"credential":%s`, begun.text(t, "state"), begun.text(t, "binding"), credential)
}

// shows begins a ceremony and answers it with the user's authenticator. The body has the members state
// and credential, and binding unless one is given.
func (p *factored) shows(t *testing.T, binding string) string {
	t.Helper()
	begin := `{}`
	if binding != "" {
		begin = fmt.Sprintf(`{"binding":%q}`, binding)
	}
	begun := p.w.send("POST", p.w.in("/auth/passkey/begin/{app_id}"), begin)
	begun.want(t, 200, "")
	return p.answers(t, begun)
}

// amr are the methods of an access token.
func amr(t *testing.T, token string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	list, _ := claims["amr"].([]any)
	var out []string
	for _, m := range list {
		out = append(out, m.(string))
	}
	return strings.Join(out, " ") + " " + fmt.Sprint(claims["acr"])
}
