package authkit_test

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

const homeGoal = "https://app.example.com/welcome"

// invited makes a user by an API key and invites the user. It returns the id and the mail.
func (w *world) invited(email, more string) (id string, m mail.Message) {
	w.t.Helper()
	id = w.created(email, more).field("user_id")
	return id, w.invite(id, `{}`)
}

// invite invites a user, and returns the mail.
func (w *world) invite(id, body string) mail.Message {
	w.t.Helper()
	email := w.send("GET", w.in("/users/{app_id}/")+id, "", bearer(w.key)).text(w.t, "email")
	w.send("POST", w.in("/users/{app_id}/")+id+"/invite", body, bearer(w.key)).has(w.t, `{"success":true,"expires_in":604800}`)
	return w.mailTo(email)
}

// invitationForm opens an invitation, and returns the page and its form, which posts a password.
func (w *world) invitationForm(m mail.Message, pw string) (page answer, post func(change url.Values) answer) {
	w.t.Helper()
	page = w.send("GET", linkPath(m), "", "Accept: text/html", "Sec-Fetch-Mode: navigate")
	fields, cookies := url.Values{"password": {pw}}, jar(page.Header(), map[string]string{})
	for _, f := range hidden.FindAllStringSubmatch(page.Body.String(), -1) {
		fields.Set(f[1], f[2])
	}
	return page, func(change url.Values) answer {
		sent := maps.Clone(fields)
		maps.Copy(sent, change)
		return w.send("POST", w.in("/auth/invitation/{app_id}"), sent.Encode(), form, cookies, "Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: same-origin")
	}
}

// accept opens an invitation and posts its form.
func (w *world) accept(m mail.Message, pw string) (page, answer answer) {
	w.t.Helper()
	page, post := w.invitationForm(m, pw)
	return page, post(nil)
}

func TestAnInvitation(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	w.settings(authkit.AppPatch{SignupClosed: new(true), RedirectURLs: &[]string{homeGoal}})
	id := w.created("ann@example.com", `,"name":"Ann","roles":["admin"]`).field("user_id")
	m := w.invite(id, `{"redirect_to":"`+homeGoal+`"}`)
	if m.To != "ann@example.com" || mail.Code(m) != "" {
		t.Errorf("mail: got %+v, want one to Ann without a code", m)
	}

	// Reading the page has no effect, however often.
	for range 3 {
		w.send("GET", w.in("/auth/invitation/{app_id}?token=")+linkToken(m), "").want(t, 200, "")
	}
	page, got := w.accept(m, "short")
	page.want(t, 200, "")
	if got.Code != 422 || !strings.Contains(got.Body.String(), `name="password"`) {
		t.Errorf("a weak password: got %d, want the form again", got.Code)
	}
	_, got = w.accept(m, password)
	if got.Code != 200 || !strings.Contains(got.Body.String(), homeGoal) || strings.Contains(got.Body.String(), "code=") {
		t.Errorf("accepted: got %d %s, want the page that goes on, without a code", got.Code, got.Body)
	}
	for _, c := range got.Result().Cookies() {
		if strings.Contains(c.Name, w.app.ID.String()) {
			t.Errorf("cookie %s: got a session, want none", c.Name)
		}
	}
	w.send("GET", w.in("/users/{app_id}/")+id, "", bearer(w.key)).has(t, `{"email_verified":true,"name":"Ann","roles":["admin"],"last_login":null}`)
	w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", password, "sign_in")).want(t, 200, "")

	// It works once, and a proven address needs no other.
	if page, _ := w.accept(m, password); page.Code != 401 {
		t.Errorf("again: got %d, want 401", page.Code)
	}
	w.send("POST", w.in("/users/{app_id}/")+id+"/invite", `{}`, bearer(w.key)).want(t, 409, "email_taken")
}

func TestAnInvitationIsPressedTwice(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	_, m := w.invited("ann@example.com", "")
	_, post := w.invitationForm(m, password)
	post(nil).want(t, 200, "")
	post(nil).want(t, 200, "")
	post(url.Values{"password": {"another good passphrase"}}).want(t, 401, "invalid_token")
	w.clock.Advance(2 * time.Minute)
	post(nil).want(t, 401, "invalid_token")
	t.Run("but not by a form that this browser was not shown", func(t *testing.T) {
		_, m := w.invited("bob@example.com", "")
		_, post := w.invitationForm(m, password)
		for _, token := range []string{"", "x"} {
			if got := post(url.Values{"form_token": {token}}); got.Code != 403 && got.Code != 400 {
				t.Errorf("form token %q: got %d, want a refusal", token, got.Code)
			}
		}
		post(nil).want(t, 200, "")
	})
}

// TestWhatEndsAnInvitation does each thing after which the link is dead.
func TestWhatEndsAnInvitation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		does  func(w *world, id string)
		alive bool
	}{
		"nothing":              {func(*world, string) {}, true},
		"six days and more":    {func(w *world, _ string) { w.clock.Advance(7*24*time.Hour - time.Second) }, true},
		"seven days":           {func(w *world, _ string) { w.clock.Advance(7 * 24 * time.Hour) }, false},
		"a change of the name": {func(w *world, id string) { w.patched(id, `{"name":"Anna"}`).want(w.t, 200, "") }, true},
		"another invitation":   {func(w *world, id string) { w.invite(id, `{}`) }, false},
		"the word of the app":  {func(w *world, id string) { w.patched(id, `{"email_verified":true}`).want(w.t, 200, "") }, false},
		"disabling":            {func(w *world, id string) { w.patched(id, `{"disabled":true}`).want(w.t, 200, "") }, false},
		"disabling for a while": {func(w *world, id string) {
			w.patched(id, `{"disabled":true}`).want(w.t, 200, "")
			w.patched(id, `{"disabled":false}`).want(w.t, 200, "")
		}, false},
		"the end of all sessions": {func(w *world, id string) {
			w.send("DELETE", w.in("/users/{app_id}/")+id+"/sessions", "", bearer(w.key)).want(w.t, 204, "")
		}, false},
		"a magic link": {func(w *world, _ string) {
			_, m := w.mailed("ann@example.com", "")
			w.verify(`{"token":"`+linkToken(m)+`"}`).want(w.t, 200, "")
		}, false},
		"a session of the host": {func(w *world, id string) {
			u, err := w.engine.Users(w.t.Context(), w.app.ID, authkit.UserFilter{Email: "ann@example.com"})
			if err != nil {
				w.t.Fatal(err)
			}
			if _, err := w.engine.StartSession(w.t.Context(), authkit.HostSignIn{App: w.app.ID, User: u[0].ID, Method: "sso"}); err != nil {
				w.t.Fatal(err)
			}
		}, false},
		"the end of the user": {func(w *world, id string) {
			w.send("DELETE", w.in("/users/{app_id}/")+id, "", bearer(w.key)).want(w.t, 204, "")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, withoutLimits)
			id, m := w.invited("ann@example.com", "")
			c.does(w, id)
			page, got := w.accept(m, password)
			if alive := page.Code == 200 && got.Code == 200; alive != c.alive {
				t.Errorf("got %d and %d, want the link alive: %v", page.Code, got.Code, c.alive)
			}
			if !c.alive && page.Code != 401 {
				t.Errorf("the page: got %d, want 401", page.Code)
			}
		})
	}
}

// TestAnInvitationAgainstAThief is the proof rule: someone signed up with the address first.
func TestAnInvitationAgainstAThief(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	up := w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"ann@example.com","password":"`+password+`","name":"Thief"}`)
	id := up.body["user"].(map[string]any)["user_id"].(string)
	m := w.invite(id, `{}`)
	_, got := w.accept(m, "another good passphrase")
	got.want(t, 200, "")
	w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(up.text(t, "token"))).want(t, 401, "invalid_token")
	w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", password, "sign_in")).want(t, 401, "invalid_credentials")
	in := w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", "another good passphrase", "sign_in"))
	in.want(t, 200, "")
	if name := in.body["user"].(map[string]any)["name"]; name != nil {
		t.Errorf("name: got %v, want that of the thief gone", name)
	}
}

// In the system that a user comes from, a person who did not have the address may have signed up with it.
func TestAnInvitationAgainstAThiefWhoWasImported(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		s.provider()
		for i, line := range []string{
			`{"email":"ann@example.com","name":"Eve","identities":[{"provider":"corp","subject":"eve"}]}`,
			`{"email":"bob@example.com","name":"Eve","identities":[{"provider":"github","subject":"1"},{"provider":"corp","subject":"eve2"}]}`,
		} {
			s.imported(line)
			email, subject := []string{"ann@example.com", "bob@example.com"}[i], []string{"eve", "eve2"}[i]
			id := s.userOf(email).ID
			page, got := s.accept(s.invite(id.String(), `{}`), password)
			got.want(s.t, 200, "")
			if !strings.Contains(page.Body.String(), "perhaps by another person") {
				s.t.Errorf("the page: got %s, want it to say what goes", page.Body)
			}
			in := s.by(jwt.MapClaims{"sub": subject, "email": subject + "@evil.example"})
			in.want(s.t, 200, "")
			if _, user := s.session(in.text(s.t, "token")); user == id {
				s.t.Errorf("the identity of %s: got it signed in to the account, want it gone", email)
			}
			s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(email, password, "sign_in")).has(s.t, `{"created":false}`)
		}
	})
}

func TestAnInvitationIsOfNoOtherUse(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	_, m := w.invited("ann@example.com", "")
	raw := linkToken(m)
	for route, body := range map[string]string{
		"/auth/verify/{app_id}": `{"token":"` + raw + `"}`, "/auth/email/verify/{app_id}": `{"token":"` + raw + `"}`,
		"/auth/password/reset/{app_id}": `{"token":"` + raw + `","password":"` + password + `"}`, "/auth/email/undo/{app_id}": `{"token":"` + raw + `"}`,
	} {
		w.send("POST", w.in(route), body).want(t, 401, "invalid_token")
	}
	_, link := w.mailed("ann@example.com", "")
	w.send("GET", w.in("/auth/invitation/{app_id}?token=")+linkToken(link), "").want(t, 401, "invalid_token")
	other, _, err := w.engine.CreateApp(t.Context(), w.devID, "Other")
	if err != nil {
		t.Fatal(err)
	}
	w.send("GET", "/auth/invitation/"+other.ID.String()+"?token="+raw, "").want(t, 401, "invalid_token")
	w.send("POST", w.in("/auth/invitation/{app_id}"), `{"token":"`+raw+`","password":"`+password+`"}`).want(t, 415, "unsupported_media_type")
	if page, _ := w.accept(m, password); page.Code != http.StatusOK {
		t.Errorf("after all of it: got %d, want the invitation alive", page.Code)
	}
}

func TestWhoIsNotInvited(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.created("ann@example.com", "").field("user_id")
	path := w.in("/users/{app_id}/") + id + "/invite"
	w.send("POST", path, `{"redirect_to":"https://evil.example/"}`, bearer(w.key)).want(t, 400, "invalid_request")
	w.send("POST", path, `{"email":"eve@evil.example"}`, bearer(w.key)).want(t, 400, "invalid_request")
	w.send("POST", w.in("/users/{app_id}/nobody/invite"), `{}`, bearer(w.key)).want(t, 404, "user_not_found")
	gone := w.created("bob@example.com", "").field("user_id")
	w.patched(gone, `{"disabled":true}`).want(t, 200, "")
	w.send("POST", w.in("/users/{app_id}/")+gone+"/invite", `{}`, bearer(w.key)).want(t, 403, "user_disabled")

	// Five a day an address.
	for range 5 {
		w.send("POST", path, `{}`, bearer(w.key)).want(t, 202, "")
	}
	got := w.send("POST", path, `{}`, bearer(w.key))
	got.want(t, 429, "rate_limited")
	if got.Header().Get("Retry-After") == "" {
		t.Error("got no Retry-After")
	}
	w.clock.Advance(24 * time.Hour / 5)
	w.send("POST", path, `{}`, bearer(w.key)).want(t, 202, "")
}

func TestADeveloperInvites500ADay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	second, _, err := w.engine.CreateApp(t.Context(), w.devID, "Second")
	if err != nil {
		t.Fatal(err)
	}
	invite := func(app authkit.App, email string) error {
		u, err := w.engine.CreateUser(t.Context(), app.ID, authkit.UserRequest{Email: email})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.engine.Invite(t.Context(), authkit.InviteRequest{App: app.ID, User: u.ID})
		return err
	}
	for i := range 500 {
		app := []authkit.App{w.app, second}[i%2]
		if err := invite(app, "u"+strings.Repeat("x", i%50)+string(rune('a'+i/50))+"@example.com"); err != nil {
			t.Fatalf("invitation %d: got %v", i, err)
		}
	}
	for _, app := range []authkit.App{w.app, second} {
		if err := invite(app, "late@example.com"); !errors.Is(err, authkit.CodeRateLimited) {
			t.Errorf("one more: got %v, want %v", err, authkit.CodeRateLimited)
		}
	}
}
