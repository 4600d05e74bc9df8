package authkit_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/authkit-dev/authkit/mail"
)

const newPassword = "another long passphrase"

// posted sends a request, lets the mail go out, and returns the mail to an address.
func (w *world) posted(path, body, to string, headers ...string) (answer, mail.Message) {
	w.t.Helper()
	got := w.send("POST", w.in(path), body, headers...)
	got.want(w.t, 202, "")
	return got, w.mailTo(to)
}

// mailTo lets mail go out and returns the last one to an address.
func (w *world) mailTo(to string) mail.Message {
	w.t.Helper()
	if err := w.engine.RunOnce(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	m, ok := w.outbox.Last(to)
	if !ok {
		w.t.Fatalf("mail to %s: got none", to)
	}
	return m
}

func (w *world) forgot(email string) (answer, mail.Message) {
	w.t.Helper()
	return w.posted("/auth/password/forgot/{app_id}", `{"email":"`+email+`"}`, email)
}

func byLink(m mail.Message, more string) string {
	return `{"token":"` + linkToken(m) + `"` + more + `}`
}

func byCode(email string, pending answer, m mail.Message, more string) string {
	return fmt.Sprintf(`{"email":%q,"code":%q,"binding":%q%s}`, email, mail.Code(m), pending.body["binding"], more)
}

// provenUser returns a user who signed in by link, and so has a proven address and no password.
func (w *world) provenUser(email string) answer {
	w.t.Helper()
	_, m := w.mailed(email, "")
	got := w.verify(byLink(m, ""))
	got.want(w.t, 200, "")
	return got
}

// moved changes the address of a new, proven user and returns the mail to the old one.
func (s *stage) moved() (undo mail.Message, old string) {
	s.t.Helper()
	old, next := s.email(), s.email()
	in := bearer(s.provenUser(old).text(s.t, "token"))
	_, m := s.posted("/auth/email/change/{app_id}", `{"new_email":"`+next+`"}`, next, in)
	s.send("POST", s.in("/auth/email/confirm/{app_id}"), byLink(m, ""), in).want(s.t, 200, "")
	return s.mailTo(old), old
}

// pressing opens a link's page and returns the request that its button makes.
func (s *stage) pressing(m mail.Message, path string, more url.Values, headers ...string) func() *http.Request {
	s.t.Helper()
	body, cookie := s.shown(m)
	if more != nil {
		body += "&" + more.Encode()
	}
	return s.again("POST", path, body, append([]string{form, "Cookie: " + cookie}, headers...)...)
}

func accountFlows() []flow {
	const (
		forgot, reset, change, set = "/auth/password/forgot/{app_id}", "/auth/password/reset/{app_id}", "/auth/password/change/{app_id}", "/auth/password/set/{app_id}"
		newOne                     = `,"password":"` + newPassword + `"`
	)
	user := func(s *stage) (email, token string) {
		email = s.email()
		return email, s.signUp(email).text(s.t, "token")
	}
	return []flow{
		{name: "forget a password", route: "POST " + forgot, status: 202, ready: func(s *stage) func() *http.Request {
			email, _ := user(s)
			return s.again("POST", forgot, `{"email":"`+email+`"}`)
		}},
		{name: "forget the password of an unknown address", route: "POST " + forgot, status: 202, ready: func(s *stage) func() *http.Request {
			return s.again("POST", forgot, `{"email":"`+s.email()+`"}`)
		}},
		{name: "look at the page of a reset", route: "GET " + reset, status: 200, ready: func(s *stage) func() *http.Request {
			email, _ := user(s)
			_, m := s.forgot(email)
			return s.again("GET", linkPath(m), "")
		}},
		{name: "reset a password by link", route: "POST " + reset, status: 200, ready: func(s *stage) func() *http.Request {
			email, _ := user(s)
			_, m := s.forgot(email)
			return s.again("POST", reset, byLink(m, newOne))
		}},
		{name: "reset a password by code", route: "POST " + reset, status: 200, ready: func(s *stage) func() *http.Request {
			email, _ := user(s)
			pending, m := s.forgot(email)
			return s.again("POST", reset, byCode(email, pending, m, newOne))
		}},
		{name: "reset a password on its page", route: "POST " + reset, status: 200, ready: func(s *stage) func() *http.Request {
			email, _ := user(s)
			_, m := s.forgot(email)
			return s.pressing(m, reset, url.Values{"password": {newPassword}})
		}},
		{name: "reset a password on its page and go on", route: "POST " + reset, status: 303, goes: true, ready: func(s *stage) func() *http.Request {
			email, _ := user(s)
			_, m := s.posted(forgot, `{"email":"`+email+`","redirect_to":"`+goal+`"}`, email)
			return s.pressing(m, reset, url.Values{"password": {newPassword}})
		}},
		{name: "change a password", route: "POST " + change, status: 204, ready: func(s *stage) func() *http.Request {
			_, token := user(s)
			return s.again("POST", change, `{"current_password":"`+password+`","new_password":"`+newPassword+`"}`, bearer(token))
		}},
		{name: "change a password without knowing it", route: "POST " + change, status: 401, code: "invalid_credentials", ready: func(s *stage) func() *http.Request {
			_, token := user(s)
			return s.again("POST", change, `{"current_password":"x","new_password":"`+newPassword+`"}`, bearer(token))
		}},
		{name: "set a password", route: "POST " + set, status: 204, ready: func(s *stage) func() *http.Request {
			return s.again("POST", set, `{"new_password":"`+newPassword+`"}`, bearer(s.provenUser(s.email()).text(s.t, "token")))
		}},
		{name: "set a password beside another", route: "POST " + set, status: 409, code: "password_set", ready: func(s *stage) func() *http.Request {
			_, token := user(s)
			return s.again("POST", set, `{"new_password":"`+newPassword+`"}`, bearer(token))
		}},
	}
}

func addressFlows() []flow {
	const (
		send, verify, change = "/auth/email/send/{app_id}", "/auth/email/verify/{app_id}", "/auth/email/change/{app_id}"
		confirm, undo        = "/auth/email/confirm/{app_id}", "/auth/email/undo/{app_id}"
	)
	sent := func(s *stage) (email string, pending answer, m mail.Message, token string) {
		email = s.email()
		token = s.signUp(email).text(s.t, "token")
		pending, m = s.posted(send, `{}`, email, bearer(token))
		return email, pending, m, token
	}
	changing := func(s *stage) (pending answer, m mail.Message, token string) {
		next := s.email()
		token = s.provenUser(s.email()).text(s.t, "token")
		pending, m = s.posted(change, `{"new_email":"`+next+`"}`, next, bearer(token))
		return pending, m, token
	}
	return []flow{
		{name: "have a proof mailed", route: "POST " + send, status: 202, ready: func(s *stage) func() *http.Request {
			return s.again("POST", send, `{}`, bearer(s.signUp(s.email()).text(s.t, "token")))
		}},
		{name: "look at the page of a proof", route: "GET " + verify, status: 200, ready: func(s *stage) func() *http.Request {
			_, _, m, _ := sent(s)
			return s.again("GET", linkPath(m), "")
		}},
		{name: "prove an address by binding", route: "POST " + verify, status: 200, ready: func(s *stage) func() *http.Request {
			_, pending, m, _ := sent(s)
			return s.again("POST", verify, byLink(m, `,"binding":"`+pending.text(s.t, "binding")+`"`))
		}},
		{name: "prove an address by code", route: "POST " + verify, status: 200, ready: func(s *stage) func() *http.Request {
			email, pending, m, _ := sent(s)
			return s.again("POST", verify, byCode(email, pending, m, ""))
		}},
		{name: "prove an address by session", route: "POST " + verify, status: 200, ready: func(s *stage) func() *http.Request {
			_, _, m, token := sent(s)
			return s.again("POST", verify, byLink(m, ""), bearer(token))
		}},
		{name: "prove an address without what the asker holds", route: "POST " + verify, status: 200, ready: func(s *stage) func() *http.Request {
			_, _, m, _ := sent(s)
			return s.again("POST", verify, byLink(m, ""))
		}},
		{name: "prove an address on the page, elsewhere", route: "POST " + verify, status: 200, ready: func(s *stage) func() *http.Request {
			_, _, m, _ := sent(s)
			return s.pressing(m, verify, nil)
		}},
		{name: "ask for another address", route: "POST " + change, status: 202, ready: func(s *stage) func() *http.Request {
			return s.again("POST", change, `{"new_email":"`+s.email()+`"}`, bearer(s.provenUser(s.email()).text(s.t, "token")))
		}},
		{name: "look at the page of a change", route: "GET " + confirm, status: 200, ready: func(s *stage) func() *http.Request {
			_, m, _ := changing(s)
			return s.again("GET", linkPath(m), "")
		}},
		{name: "confirm another address by link", route: "POST " + confirm, status: 200, ready: func(s *stage) func() *http.Request {
			_, m, token := changing(s)
			return s.again("POST", confirm, byLink(m, ""), bearer(token))
		}},
		{name: "confirm another address by code", route: "POST " + confirm, status: 200, ready: func(s *stage) func() *http.Request {
			pending, m, token := changing(s)
			return s.again("POST", confirm, fmt.Sprintf(`{"code":%q,"binding":%q}`, mail.Code(m), pending.body["binding"]), bearer(token))
		}},
		{name: "confirm another's address", route: "POST " + confirm, status: 401, code: "invalid_token", ready: func(s *stage) func() *http.Request {
			_, m, _ := changing(s)
			return s.again("POST", confirm, byLink(m, ""), bearer(s.signUp(s.email()).text(s.t, "token")))
		}},
		{name: "look at the page of an undo", route: "GET " + undo, status: 200, ready: func(s *stage) func() *http.Request {
			m, _ := s.moved()
			return s.again("GET", linkPath(m), "")
		}},
		{name: "take a change of address back", route: "POST " + undo, status: 204, ready: func(s *stage) func() *http.Request {
			m, _ := s.moved()
			return s.again("POST", undo, byLink(m, ""))
		}},
		{name: "take a change of address back on its page", route: "POST " + undo, status: 200, ready: func(s *stage) func() *http.Request {
			m, _ := s.moved()
			return s.pressing(m, undo, nil)
		}},
	}
}

// accountDoors lists the places of credentials on the routes for passwords and addresses.
func accountDoors() []door {
	const reset, verify, confirm, undo = "/auth/password/reset/{app_id}", "/auth/email/verify/{app_id}", "/auth/email/confirm/{app_id}", "/auth/email/undo/{app_id}"
	refused := []int{400, 401}
	out := []door{
		{"POST " + reset, "the token", member(reset, `{"token":"{x}","password":"`+newPassword+`"}`), map[string]int{resetJWT: 200}, refused},
		{"POST " + reset, "the header", header("Bearer", "POST", reset, `{"token":"x","password":"`+newPassword+`"}`), nil, nil},
		{"POST " + verify, "the token", member(verify, `{"token":"{x}"}`), map[string]int{verifyJWT: 200}, refused},
		{"POST " + verify, "the header", header("Bearer", "POST", verify, `{}`), map[string]int{userToken: 400, moverToken: 400, nothing: 400}, nil},
		{"POST " + confirm, "the token", func(s *stage, c wallet, x string) *http.Request {
			return s.request("POST", s.in(confirm), `{"token":"`+x+`"}`, bearer(c.of[moverToken]))
		}, map[string]int{changeJWT: 200}, refused},
		{"POST " + confirm, "the header", func(s *stage, c wallet, x string) *http.Request {
			return header("Bearer", "POST", confirm, `{"token":"`+c.of[changeJWT]+`"}`)(s, c, x)
		}, map[string]int{moverToken: 200}, nil},
		{"POST " + undo, "the token", member(undo, `{"token":"{x}"}`), map[string]int{undoJWT: 204}, refused},
		{"POST " + undo, "the header", header("Bearer", "POST", undo, `{"token":"x"}`), nil, nil},
		{"POST /auth/password/forgot/{app_id}", "the header", header("Bearer", "POST", "/auth/password/forgot/{app_id}", `{"email":"ann@example.com"}`), all(202), nil},
	}
	for path, kind := range map[string]string{reset: resetJWT, verify: verifyJWT, confirm: changeJWT, undo: undoJWT} { // pages
		out = append(out, door{"GET " + path, "the header", header("Bearer", "GET", path, ""), nil, nil})
		out = append(out, door{"GET " + path, "the query", func(s *stage, _ wallet, x string) *http.Request {
			return s.request("GET", s.in(path)+"?token="+url.QueryEscape(x), "", "Accept: application/json")
		}, map[string]int{kind: 200}, nil})
	}
	for path, c := range map[string]struct {
		body        string
		user, mover int
	}{
		"/auth/password/change/{app_id}": {`{"current_password":"x","new_password":"` + newPassword + `"}`, 401, 401},
		"/auth/password/set/{app_id}":    {`{"new_password":"` + newPassword + `"}`, 409, 204},
		"/auth/email/send/{app_id}":      {`{}`, 202, 202},
		"/auth/email/change/{app_id}":    {`{"new_email":"other@example.com"}`, 202, 202},
	} {
		out = append(out, door{"POST " + path, "the header", header("Bearer", "POST", path, c.body), map[string]int{userToken: c.user, moverToken: c.mover}, nil})
	}
	return out
}

// The kinds of credential for passwords and addresses.
const (
	resetJWT   = "the token of a reset"
	verifyJWT  = "the token of a proof"
	changeJWT  = "the token of a change"
	undoJWT    = "the token of an undo"
	moverToken = "an access token of the user who asked for the change"
)

func (s *stage) mintAccounts(c wallet) {
	s.t.Helper()
	email := s.email()
	s.signUp(email)
	_, m := s.forgot(email)
	c.of[resetJWT] = linkToken(m)
	email = s.email()
	_, m = s.posted("/auth/email/send/{app_id}", `{}`, email, bearer(s.signUp(email).text(s.t, "token")))
	c.of[verifyJWT] = linkToken(m)
	next := s.email()
	c.of[moverToken] = s.provenUser(s.email()).text(s.t, "token")
	_, m = s.posted("/auth/email/change/{app_id}", `{"new_email":"`+next+`"}`, next, bearer(c.of[moverToken]))
	c.of[changeJWT] = linkToken(m)
	m, _ = s.moved()
	c.of[undoJWT] = linkToken(m)
	for _, kind := range []string{resetJWT, verifyJWT, changeJWT, undoJWT} {
		if strings.Count(c.of[kind], ".") != 2 {
			s.t.Fatalf("%s: got %q, want a JWT", kind, c.of[kind])
		}
	}
}
