package authkit_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

const (
	sendProof  = "/auth/email/send/{app_id}"
	proveEmail = "/auth/email/verify/{app_id}"
	moveEmail  = "/auth/email/change/{app_id}"
	moveNow    = "/auth/email/confirm/{app_id}"
	firstOne   = "/auth/password/set/{app_id}"
)

// press opens a link's page in this browser and presses its button.
func (b *seat) press(m mail.Message, path string) answer {
	b.s.t.Helper()
	page := b.send("GET", linkPath(m), "")
	page.want(b.s.t, 200, "")
	fields := url.Values{}
	for _, f := range hidden.FindAllStringSubmatch(page.Body.String(), -1) {
		fields.Set(f[1], f[2])
	}
	return b.send("POST", path, fields.Encode(), form)
}

// The form of a page is sent with the browser's cookies. The session of the account counts
// there as it does with JSON.
func TestAnAddressIsProvenOnThePage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		phone  string // the user whose session the second browser has
		passes int    // the status of a sign-in with the password that was chosen at sign-up
	}{
		"in another browser of the account, which keeps everything":            {"ann@example.com", 200},
		"in a browser of another account, as by a stranger who found the mail": {"bob@example.com", 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := seated(t)
			desk := s.seat("ann@example.com")
			s.signUp("bob@example.com")
			phone := &seat{s, map[string]string{}}
			phone.send("POST", "/auth/credentials/{app_id}", signInBody(c.phone, password, "sign_in")).want(t, 200, "")
			desk.send("POST", sendProof, "{}").want(t, 202, "")
			phone.press(s.mailTo("ann@example.com"), proveEmail).want(t, 200, "")
			s.equal("the password", s.passes("ann@example.com", password), c.passes)
			s.equal("the session that asked", desk.send("GET", "/auth/me/{app_id}", "").Code, c.passes)
			got := phone.send("GET", "/auth/me/{app_id}", "")
			s.equal("who is signed in where it was pressed", got.user("email"), "ann@example.com")
			s.equal("email_verified", got.user("email_verified"), true)
		})
	}
}

// A first password ends the mailed links and codes of before, as every later change of the
// password does.
func TestAFirstPasswordEndsWhatWasAskedForBefore(t *testing.T) {
	t.Parallel()
	const first, third = `{"new_password":"` + newPassword + `"}`, "a third long passphrase"
	for name, script := range map[string]func(s *stage, token string){
		"a reset": func(s *stage, token string) {
			pending, m := s.forgot("ann@example.com")
			s.send("POST", s.in(firstOne), first, bearer(token)).want(s.t, 204, "")
			s.send("POST", s.in(reset), byLink(m, `,"password":"`+third+`"`)).want(s.t, 401, "invalid_token")
			s.send("POST", s.in(reset), byCode("ann@example.com", pending, m, `,"password":"`+third+`"`)).want(s.t, 401, "invalid_token")
			s.equal("the first password", s.passes("ann@example.com", newPassword), 200)
		},
		"a change of address": func(s *stage, token string) {
			_, m := s.posted(moveEmail, `{"new_email":"eve@example.com"}`, "eve@example.com", bearer(token))
			s.send("POST", s.in(firstOne), first, bearer(token)).want(s.t, 204, "")
			s.send("POST", s.in(moveNow), byLink(m, ""), bearer(token)).want(s.t, 401, "invalid_token")
			s.equal("the first password", s.passes("ann@example.com", newPassword), 200)
		},
		"the reset after an undo": func(s *stage, token string) {
			_, m := s.posted(moveEmail, `{"new_email":"eve@example.com"}`, "eve@example.com", bearer(token))
			s.send("POST", s.in(moveNow), byLink(m, ""), bearer(token)).want(s.t, 200, "")
			s.send("POST", s.in("/auth/email/undo/{app_id}"), byLink(s.mailTo("ann@example.com"), "")).want(s.t, 204, "")
			m = s.mailTo("ann@example.com")
			s.send("POST", s.in(firstOne), first, bearer(s.provenUser("ann@example.com").text(s.t, "token"))).want(s.t, 204, "")
			s.send("POST", s.in(reset), byLink(m, `,"password":"`+third+`"`)).want(s.t, 401, "invalid_token")
		},
		"nothing that is asked for after it": func(s *stage, token string) {
			s.send("POST", s.in(firstOne), first, bearer(token)).want(s.t, 204, "")
			_, m := s.posted(moveEmail, `{"new_email":"eve@example.com"}`, "eve@example.com", bearer(token))
			s.send("POST", s.in(moveNow), byLink(m, ""), bearer(token)).want(s.t, 200, "")
			_, m = s.forgot("eve@example.com")
			s.send("POST", s.in(reset), byLink(m, `,"password":"`+third+`"`)).want(s.t, 200, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			script(s, s.provenUser("ann@example.com").text(t, "token"))
		})
	}
}

// What a process remembers about sessions is not used after its clock was set back: it may be
// older than it looks.
func TestAClockThatIsSetBackKeepsNoSessionAlive(t *testing.T) {
	t.Parallel()
	for name, guard := range map[string]func(*authkit.Engine, authkit.AppFor) func(http.Handler) http.Handler{
		"Require":     (*authkit.Engine).Require,
		"RequireLive": (*authkit.Engine).RequireLive,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, secret := memory.New(), [][]byte{bytes.Repeat([]byte("s"), 32)}
			w := setup(t, func(c *authkit.Config) { c.Store, c.Secrets = store, secret })
			other, err := authkit.New(authkit.Config{Store: store, Secrets: secret, BaseURL: base, Mailer: mail.NewOutbox(), Now: w.clock.Now})
			if err != nil {
				t.Fatal(err)
			}
			in := w.signUp("ann@example.com")
			mw := guard(w.engine, authkit.ForApp(w.app.ID))
			if got := behind(t, mw, in.field("token")); got != http.StatusTeapot {
				t.Fatalf("before: got %d, want 418", got)
			}
			w.clock.Advance(-30 * time.Second)
			if err := other.EndSessions(t.Context(), authkit.UserRef{App: w.app.ID, ID: userID(in)}); err != nil {
				t.Fatal(err)
			}
			if got := behind(t, mw, in.field("token")); got != http.StatusUnauthorized {
				t.Errorf("ended by another process: got %d, want 401", got)
			}
		})
	}
}

func TestAPasswordIsTakenFromThePageAsTyped(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.signUp("ann@example.com")
	_, m := s.forgot("ann@example.com")
	s.do(s.pressing(m, reset, url.Values{"password": {"with a tab\tand a bell\a"}})()).want(t, 200, "")
	const typed = `{"email":"ann@example.com","password":"with a tab\tand a bell\u0007"}`
	s.send("POST", s.in("/auth/credentials/{app_id}"), typed).want(t, 200, "")
	s.mailTo("ann@example.com") // the notice
	_, m = s.forgot("ann@example.com")
	s.do(s.pressing(m, reset, url.Values{"password": {newPassword}, "more": {"\a"}})()).want(t, 400, "invalid_request")
}

// A thief who moved an account to another address must not keep the owner out by signing up
// with the address that became free.
func TestAnUndoIsNotKeptOutByASignUp(t *testing.T) {
	t.Parallel()
	const undo = "/auth/email/undo/{app_id}"
	t.Run("of a person who never proved the address", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		back, old := s.moved()
		squatter := s.signUp(old).text(t, "token")
		s.send("POST", s.in(undo), byLink(back, "")).want(t, 204, "")
		s.equal("the squatter's session", s.lives(squatter), 401)
		s.equal("the squatter's password", s.passes(old, password), 401)
		s.mailTo(old) // of the reset
		s.equal("created", s.provenUser(old).body["created"], false)
	})
	t.Run("but by that of who proved it", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		back, old := s.moved()
		owner := s.provenUser(old).text(t, "token")
		s.send("POST", s.in(undo), byLink(back, "")).want(t, 409, "email_taken")
		s.equal("the session", s.lives(owner), 200)
	})
}

// The asker of a reset may spell the address in a way that leads to another mailbox. The notice
// to the account goes to the spelling that was proven.
func TestTheNoticeOfAResetGoesToTheAccountsOwnSpelling(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.signUp("ann@example.com")
	_, m := s.posted("/auth/password/forgot/{app_id}", `{"email":"ANN@example.com"}`, "ann@example.com")
	s.send("POST", s.in(reset), byLink(m, `,"password":"`+newPassword+`"`)).want(t, 200, "")
	if m := s.mailTo("ann@example.com"); !strings.Contains(m.Subject, "was changed") {
		t.Errorf("the last mail to the account's spelling: got %q, want the notice", m.Subject)
	}
	if m, ok := s.outbox.Last("ANN@example.com"); ok {
		t.Errorf("mail to the asker's spelling: got %q, want none", m.Subject)
	}
}

// between calls meanwhile just before it deletes a user.
type between struct {
	authkit.Store

	meanwhile func() // called once
}

func (z *between) DeleteUser(ctx context.Context, r authkit.UserRemoval) error {
	if f := z.meanwhile; f != nil {
		z.meanwhile = nil
		f()
	}
	return z.Store.DeleteUser(ctx, r)
}

// If a user proves the address while an undo makes room for its owner, that user's account
// counts and stays.
func TestAnUndoSeesAProofBesideIt(t *testing.T) {
	t.Parallel()
	const undo = "/auth/email/undo/{app_id}"
	setUp := func(t *testing.T) (z *between, s *stage, back mail.Message, old string) {
		t.Helper()
		z = &between{Store: memory.New()}
		s = newStageOn(t, z, withoutLimits)
		back, old = s.moved()
		s.signUp(old)
		return z, s, back, old
	}
	t.Run("and keeps out of the account", func(t *testing.T) {
		t.Parallel()
		z, s, back, old := setUp(t)
		var owner string
		z.meanwhile = func() { owner = s.provenUser(old).text(t, "token") }
		s.send("POST", s.in(undo), byLink(back, "")).want(t, 409, "email_taken")
		s.equal("the owner's session", s.lives(owner), 200)
	})
	t.Run("but not a change that proves nothing", func(t *testing.T) {
		t.Parallel()
		z, s, back, old := setUp(t)
		squatter := s.userOf(old)
		z.meanwhile = func() {
			if _, err := s.engine.ChangeUser(t.Context(), authkit.UserRef{App: s.app.ID, ID: squatter.ID}, authkit.UserPatch{Name: new("Eve")}); err != nil {
				t.Error(err)
			}
		}
		s.send("POST", s.in(undo), byLink(back, "")).want(t, 204, "")
		s.equal("the squatter's password", s.passes(old, password), 401)
	})
	t.Run("nor one who deletes the account", func(t *testing.T) {
		t.Parallel()
		z, s, back, old := setUp(t)
		squatter := s.userOf(old)
		z.meanwhile = func() {
			if err := s.engine.DeleteUser(t.Context(), authkit.UserRef{App: s.app.ID, ID: squatter.ID}); err != nil {
				t.Error(err)
			}
		}
		s.send("POST", s.in(undo), byLink(back, "")).want(t, 204, "")
	})
}
