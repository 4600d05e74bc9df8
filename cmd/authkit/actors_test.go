package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// refreshGrace is how long a refresh token answers its own successor again.
const refreshGrace = 10 * time.Second

func refreshing(token string) string { return `{"refresh_token":"` + token + `"}` }

func (p *process) refresh(app, token string) answer {
	p.t.Helper()
	return p.send("POST", "/auth/refresh/"+app, refreshing(token))
}

// turner rotates one refresh token again and again.
type turner struct {
	app, email  string
	before, now string // refresh tokens
	access      string
	turned      time.Time // at or a little before the rotation from before to now
}

func newTurner(t *testing.T, p *process, app, email string) *turner {
	t.Helper()
	a := &turner{app: app, email: email}
	a.begin(t, p, p.credentials(app, email, "sign_up").want(t, 201, ""))
	return a
}

// begin rotates the token of a sign-in once, so that there is a token before.
func (a *turner) begin(t *testing.T, p *process, in answer) {
	t.Helper()
	a.turn(in.string("refresh_token"), time.Now(), p.refresh(a.app, in.string("refresh_token")).want(t, 200, ""))
}

func (a *turner) turn(token string, asked time.Time, got answer) {
	a.before, a.now, a.access, a.turned = token, got.string("refresh_token"), got.string("token"), asked
}

func (a *turner) act(s *storm) bool {
	asked := time.Now()
	got, ok := s.ask(200, "POST", "/auth/refresh/"+a.app, refreshing(a.now))
	if ok {
		a.turn(a.now, asked, got)
	}
	return ok
}

// check repeats the request with the token that it has, as a client does that lost an answer.
func (a *turner) check(t *testing.T, p *process) {
	t.Helper()
	p.me(a.app, a.access).want(t, 200, "")
	before, now, again := p.refresh(a.app, a.before), p.refresh(a.app, a.now), p.refresh(a.app, a.now)
	if time.Since(a.turned) > refreshGrace { // the machine is slow, and the session has rightly ended
		a.begin(t, p, p.credentials(a.app, a.email, "sign_in").want(t, 200, ""))
		return
	}
	if got := before.want(t, 200, "").string("refresh_token"); got != a.now {
		t.Errorf("the token before: got a successor that is not the one that was acknowledged")
	}
	next := now.want(t, 200, "").string("refresh_token")
	if got := again.want(t, 200, "").string("refresh_token"); got != next || next == a.now {
		t.Errorf("the latest token, twice: got two successors or none, want one")
	}
	p.me(a.app, now.string("token")).want(t, 200, "")
	a.begin(t, p, now)
}

func (a *turner) checkAll(t *testing.T, p *process) { t.Helper(); a.check(t, p) }

// session is what a client knows of its session.
type session struct{ id, access, refresh string }

func sessionOf(t *testing.T, in answer) session {
	t.Helper()
	var claims struct {
		SID string `json:"sid"`
	}
	parts := strings.Split(in.string("token"), ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
	if err == nil {
		err = json.Unmarshal(raw, &claims)
	}
	if err != nil || claims.SID == "" {
		t.Errorf("access token: got %v, want one with a sid", err)
	}
	return session{claims.SID, in.string("token"), in.string("refresh_token")}
}

// leaver signs in, and signs out in each possible way.
type leaver struct {
	app, email string
	rnd        *rand.Rand
	live, dead []session
	leaving    []session // whose end was not acknowledged
	checked    int       // of dead
}

func newLeaver(t *testing.T, p *process, app, email string, rnd *rand.Rand) *leaver {
	t.Helper()
	in := p.credentials(app, email, "sign_up").want(t, 201, "")
	return &leaver{app: app, email: email, rnd: rnd, live: []session{sessionOf(t, in)}}
}

func (a *leaver) act(s *storm) bool {
	if len(a.live) < 2 {
		body := `{"email":"` + a.email + `","password":"` + password + `","intent":"sign_in"}`
		got, ok := s.ask(200, "POST", "/auth/credentials/"+a.app, body)
		if ok {
			a.live = append(a.live, sessionOf(s.t, got))
		}
		return ok
	}
	ok := a.leave(s)
	if ok {
		a.dead, a.leaving = append(a.dead, a.leaving...), nil
	}
	return ok
}

// leave ends the older session, or both.
func (a *leaver) leave(s *storm) bool {
	own, other := a.live[0], a.live[1]
	method, path, body, with := "POST", "/auth/sign-out/"+a.app, "{}", []string{bearer(own.access)}
	a.leaving, a.live = []session{own}, []session{other}
	switch a.rnd.IntN(4) {
	case 0:
		body, with = refreshing(own.refresh), nil
	case 1:
		method, path, body, with = "DELETE", "/auth/sessions/"+a.app+"/"+own.id, "", []string{bearer(other.access)}
	case 2:
		body = `{"all":true}`
		a.leaving, a.live = []session{own, other}, nil
	}
	_, ok := s.ask(204, method, path, body, with...)
	return ok
}

func (a *leaver) check(t *testing.T, p *process) {
	t.Helper()
	a.checkLeaving(t, p)
	for _, s := range a.dead[a.checked:] {
		p.me(a.app, s.access).want(t, 401, "invalid_token")
		p.refresh(a.app, s.refresh).want(t, 401, "invalid_token")
	}
	a.checked = len(a.dead)
	for i, s := range a.live {
		p.me(a.app, s.access).want(t, 200, "")
		a.live[i] = sessionOf(t, p.refresh(a.app, s.refresh).want(t, 200, ""))
	}
}

// checkLeaving finds out whether a sign-out whose answer was lost took effect. It did or did
// not for both tokens alike, and for every session that was to end.
func (a *leaver) checkLeaving(t *testing.T, p *process) {
	t.Helper()
	statuses := map[int]bool{}
	for _, s := range a.leaving {
		refresh := p.refresh(a.app, s.refresh)
		statuses[refresh.status], statuses[p.me(a.app, s.access).status] = true, true
		if refresh.status == 200 {
			a.live = append(a.live, sessionOf(t, refresh))
		} else {
			refresh.want(t, 401, "invalid_token")
			a.dead = append(a.dead, s)
		}
	}
	if len(statuses) > 1 {
		t.Errorf("an end in doubt: got statuses %v, want one", statuses)
	}
	a.leaving = nil
}

func (a *leaver) checkAll(t *testing.T, p *process) { t.Helper(); a.checked = 0; a.check(t, p) }

// member is a user who signed up.
type member struct{ email, id, access, refresh string }

// joiner signs people up.
type joiner struct {
	app     string
	n       int
	asked   string // the address of a sign-up that is not acknowledged
	joined  []member
	checked int
}

func (a *joiner) act(s *storm) bool {
	a.n++
	a.asked = fmt.Sprintf("joiner%d@example.com", a.n)
	got, ok := s.ask(201, "POST", "/auth/credentials/"+a.app, `{"email":"`+a.asked+`","password":"`+password+`","intent":"sign_up"}`)
	if ok {
		a.join(a.asked, got)
	}
	return ok
}

func (a *joiner) join(email string, in answer) {
	user, _ := in.body["user"].(map[string]any)
	id, _ := user["user_id"].(string)
	a.joined, a.asked = append(a.joined, member{email, id, in.string("token"), in.string("refresh_token")}), ""
}

func (a *joiner) check(t *testing.T, p *process) {
	t.Helper()
	for i, m := range a.joined[a.checked:] {
		if got := p.me(a.app, m.access).want(t, 200, ""); got.string("user_id") != m.id || got.string("email") != m.email {
			t.Errorf("me: got %s, want %s of %s", got.text, m.id, m.email)
		}
		got := p.refresh(a.app, m.refresh).want(t, 200, "")
		a.joined[a.checked+i].access, a.joined[a.checked+i].refresh = got.string("token"), got.string("refresh_token")
	}
	a.checked = len(a.joined)
	if a.asked != "" { // the whole sign-up took effect, or no part of it
		if got := p.credentials(a.app, a.asked, "sign_up"); got.status == 201 {
			a.join(a.asked, got)
		} else {
			got.want(t, 409, "email_taken")
			a.join(a.asked, p.credentials(a.app, a.asked, "sign_in").want(t, 200, ""))
		}
	}
}

func (a *joiner) checkAll(t *testing.T, p *process) {
	t.Helper()
	a.checked = 0
	a.check(t, p)
	for _, m := range a.joined { // one try each, since a hash is slow
		p.credentials(a.app, m.email, "sign_in").want(t, 200, "")
	}
}

// keptKeys is how many inactive API keys of an app are kept.
const keptKeys = 50

// keyTurner rotates the API key of an app.
type keyTurner struct {
	app, developer string
	key            string // the latest that was acknowledged
	retired        []string
	doubt          bool
	checked        int // of retired
}

func (a *keyTurner) act(s *storm) bool {
	a.doubt = true
	got, ok := s.ask(201, "POST", "/apps/"+a.app+"/api-keys", `{}`, bearer(a.developer))
	if ok {
		a.turn(got)
	}
	return ok
}

func (a *keyTurner) turn(got answer) {
	a.retired, a.key, a.doubt = append(a.retired, a.key), got.string("key"), false
}

func (a *keyTurner) check(t *testing.T, p *process) {
	t.Helper()
	latest := p.users(a.app, a.key)
	if a.doubt && latest.status != 200 {
		latest.want(t, 401, "invalid_api_key")
	} else {
		latest.want(t, 200, "")
	}
	keys, _ := p.send("GET", "/apps/"+a.app+"/api-keys", "", bearer(a.developer)).want(t, 200, "").body["api_keys"].([]any)
	active := 0
	for _, key := range keys {
		if key.(map[string]any)["is_active"] == true {
			active++
		}
	}
	kept := min(len(a.retired), keptKeys)
	if active != 1 || len(keys) <= kept {
		t.Errorf("API keys: got %d, %d of them active, want more than %d and one active", len(keys), active, kept)
	}
	for _, key := range a.retired[a.checked:] {
		p.users(a.app, key).want(t, 401, "invalid_api_key")
	}
	a.checked = len(a.retired)
	if latest.status != 200 { // the answer with the key that works was lost
		a.turn(p.send("POST", "/apps/"+a.app+"/api-keys", `{}`, bearer(a.developer)).want(t, 201, ""))
	}
	a.doubt = false
}

func (p *process) users(app, key string) answer {
	p.t.Helper()
	return p.send("GET", "/users/"+app+"?limit=1", "", bearer(key))
}

func (a *keyTurner) checkAll(t *testing.T, p *process) { t.Helper(); a.checked = 0; a.check(t, p) }

// signer rotates the signing keys of an app of its own, and sometimes revokes the old ones.
type signer struct {
	developer, app string
	rnd            *rand.Rand
	kids, revoked  []string // ids of keys that must be published, and that must not be
	refresh        string
	access, dead   []string // tokens that must be accepted, and that must not be
	checked        int      // of dead
	revoking       bool     // the answer to a revocation was lost
}

func newSigner(t *testing.T, p *process, developer string, rnd *rand.Rand) *signer {
	t.Helper()
	got := p.send("POST", "/apps/", `{"name":"Signer"}`, bearer(developer)).want(t, 201, "")
	a := &signer{developer: developer, app: got.string("app_id"), rnd: rnd}
	a.refresh = p.credentials(a.app, "ann@example.com", "sign_up").want(t, 201, "").string("refresh_token")
	a.check(t, p)
	return a
}

func (a *signer) act(s *storm) bool {
	a.revoking = a.rnd.IntN(4) == 0
	got, ok := s.ask(201, "POST", "/apps/"+a.app+"/signing-keys/rotate", fmt.Sprintf(`{"revoke_old":%t}`, a.revoking), bearer(a.developer))
	if ok {
		if a.revoking {
			a.revoke()
		}
		a.kids, a.revoking = append(a.kids, got.string("kid")), false
	}
	return ok
}

func (a *signer) revoke() {
	a.revoked, a.kids = append(a.revoked, a.kids...), nil
	a.dead, a.access = append(a.dead, a.access...), nil
}

func (a *signer) check(t *testing.T, p *process) {
	t.Helper()
	published := p.kids(t, a.app)
	if a.revoking && !slices.Contains(published, a.kids[0]) {
		a.revoke()
	}
	for _, kid := range a.kids {
		if !slices.Contains(published, kid) {
			t.Errorf("JWKS: got %q, want %q among them", published, kid)
		}
	}
	for _, kid := range a.revoked {
		if slices.Contains(published, kid) {
			t.Errorf("JWKS: got %q, want %q gone", published, kid)
		}
	}
	for _, token := range a.access {
		p.me(a.app, token).want(t, 200, "")
	}
	for _, token := range a.dead[a.checked:] {
		p.me(a.app, token).want(t, 401, "invalid_token")
	}
	a.checked = len(a.dead)
	got := p.refresh(a.app, a.refresh).want(t, 200, "")
	a.refresh, a.access = got.string("refresh_token"), append(a.access, got.string("token"))
	a.kids, a.revoking = published, false // a key whose answer was lost may be among them
}

// kids returns the ids of the keys that an app publishes.
func (p *process) kids(t *testing.T, app string) (kids []string) {
	t.Helper()
	keys, _ := p.send("GET", "/apps/"+app+"/.well-known/jwks.json", "").want(t, 200, "").body["keys"].([]any)
	for _, key := range keys {
		kid, _ := key.(map[string]any)["kid"].(string)
		kids = append(kids, kid)
	}
	return kids
}

func (a *signer) checkAll(t *testing.T, p *process) { t.Helper(); a.checked = 0; a.check(t, p) }
