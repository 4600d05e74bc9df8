package authkit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// owner makes an account with a proven address and a password, days ago. It returns a session
// that a password began just now.
func (s *stage) owner(email string) (token string, id uuid.UUID) {
	s.t.Helper()
	s.provider() // while the developer's session is live
	up := s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(email, password, "sign_up"))
	up.want(s.t, 201, "")
	id = uuid.MustParse(up.body["user"].(map[string]any)["user_id"].(string))
	if _, err := s.engine.ChangeUser(s.t.Context(), authkit.UserRef{App: s.app.ID, ID: id}, authkit.UserPatch{Verified: new(true), Keep: true}); err != nil {
		s.t.Fatal(err)
	}
	s.runOnce()
	s.clock.Advance(100 * time.Hour)
	return s.signIn(s.app.ID.String(), email), id
}

// providers returns the names of the user's identities.
func (s *stage) providers(id uuid.UUID) string {
	s.t.Helper()
	all, err := s.engine.Identities(s.t.Context(), authkit.UserRef{App: s.app.ID, ID: id})
	if err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for _, one := range all {
		names = append(names, one.Provider)
	}
	return strings.Join(names, " ")
}

// resets chooses a new password by mail.
func (s *stage) resets(email string) answer {
	s.t.Helper()
	s.runOnce() // what waits is sent first
	s.send("POST", s.in("/auth/password/forgot/{app_id}"), `{"email":"`+email+`"}`).want(s.t, 202, "")
	s.runOnce()
	m, _ := s.outbox.Last(email)
	got := s.send("POST", s.in(reset), `{"token":"`+linkToken(m)+`","password":"a passphrase of the owner's"}`)
	got.want(s.t, 200, "")
	return got
}

func TestAResetRemovesWhatAThiefHasLinked(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		t := s.t
		token, id := s.owner("ann@example.com")
		s.link(token, nil) // by a thief who has the session
		got := s.resets("ann@example.com")
		removed, _ := got.body["removed"].([]any)
		if len(removed) != 1 || removed[0].(map[string]any)["type"] != "identity" || removed[0].(map[string]any)["name"] != "corp" {
			t.Errorf("removed: got %v, want the identity at corp", got.body["removed"])
		}
		if left := s.providers(id); left != "" {
			t.Errorf("identities: got %q, want none", left)
		}
		s.runOnce()
		if m, _ := s.outbox.Last("ann@example.com"); !strings.Contains(m.Text, "no longer be used to sign in: Corp") {
			t.Errorf("mail: got %q, want it to name what is gone", m.Text)
		}
		if again := s.resets("ann@example.com"); again.body["removed"] != nil {
			t.Errorf("a second reset removed %v, want nothing", again.body["removed"])
		}
	})
}

func TestAResetKeepsWhatIsTheOwners(t *testing.T) {
	t.Parallel()
	keeps := func(t *testing.T, s *stage, email string, id uuid.UUID) {
		t.Helper()
		if got := s.resets(email); got.body["removed"] != nil || s.providers(id) != "corp" {
			t.Errorf("got %v removed and the identities %q, want none and corp", got.body["removed"], s.providers(id))
		}
	}
	t.Run("what was linked more than 72 hours ago", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		token, id := s.owner("ann@example.com")
		s.link(token, nil)
		s.clock.Advance(72 * time.Hour)
		keeps(t, s, "ann@example.com", id)
	})
	t.Run("the identity that made the account", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		in := s.by(map[string]any{"sub": "one", "email": "ann@example.com", "email_verified": true})
		id := uuid.MustParse(in.body["user"].(map[string]any)["user_id"].(string))
		if _, err := s.engine.ChangeUser(t.Context(), authkit.UserRef{App: s.app.ID, ID: id}, authkit.UserPatch{Verified: new(true), Keep: true}); err != nil {
			t.Fatal(err)
		}
		keeps(t, s, "ann@example.com", id)
	})
	t.Run("what a session that a mail to the address began has linked, also after a sign-in with it", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		_, id := s.owner("ann@example.com")
		_, m := s.mailed("ann@example.com", "")
		in := s.verify(`{"token":"` + linkToken(m) + `"}`)
		in.want(t, 200, "")
		s.link(in.text(t, "token"), map[string]any{"sub": "one"})
		s.by(map[string]any{"sub": "one", "email": "other@example.com"})
		keeps(t, s, "ann@example.com", id)
	})
}

func TestTheNoticeOfANewIdentityTakesItBack(t *testing.T) {
	t.Parallel()
	// undo follows the link in the notice.
	undo := func(s *stage, m mail.Message) answer {
		return s.send("POST", s.in("/auth/email/undo/{app_id}"), `{"token":"`+linkToken(m)+`"}`)
	}
	notice := func(s *stage) mail.Message {
		s.t.Helper()
		s.runOnce()
		m, _ := s.outbox.Last("ann@example.com")
		if !strings.Contains(m.Text, "/auth/email/undo/") {
			s.t.Fatalf("mail: got %q, want a notice with a link", m.Text)
		}
		return m
	}
	t.Run("with every session and the password", func(t *testing.T) {
		t.Parallel()
		overStores(t, func(s *stage) {
			t := s.t
			token, id := s.owner("ann@example.com")
			s.link(token, nil)
			m := notice(s)
			s.clock.Advance(71 * time.Hour)
			undo(s, m).want(t, 204, "")
			if left := s.providers(id); left != "" {
				t.Errorf("identities: got %q, want none", left)
			}
			s.send("GET", s.in("/auth/me/{app_id}"), "", bearer(token)).want(t, 401, "invalid_token")
			s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", password, "sign_in")).want(t, 401, "invalid_credentials")
			undo(s, m).want(t, 401, "invalid_token")
			s.runOnce()
			m, _ = s.outbox.Last("ann@example.com")
			s.send("POST", s.in(reset), `{"token":"`+linkToken(m)+`","password":"a passphrase of the owner's"}`).want(t, 200, "")
		})
	})
	t.Run("for 72 hours", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		token, _ := s.owner("ann@example.com")
		s.link(token, nil)
		m := notice(s)
		s.clock.Advance(72 * time.Hour)
		undo(s, m).want(t, 401, "invalid_token")
	})
	t.Run("also after the thief has moved the account to another address", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		token, id := s.owner("ann@example.com")
		s.link(token, nil)
		m := notice(s)
		s.send("POST", s.in("/auth/email/change/{app_id}"), `{"new_email":"thief@example.com"}`, bearer(token)).want(t, 202, "")
		s.runOnce()
		proof, _ := s.outbox.Last("thief@example.com")
		s.send("POST", s.in("/auth/email/confirm/{app_id}"), `{"token":"`+linkToken(proof)+`"}`, bearer(token)).want(t, 200, "")
		s.link(token, nil) // its notice goes to the thief and has no link
		s.runOnce()
		if m, _ := s.outbox.Last("thief@example.com"); strings.Contains(m.Text, "/auth/email/undo/") {
			t.Errorf("mail to the thief: got %q, want no link", m.Text)
		}
		undo(s, m).want(t, 204, "")
		u, err := s.engine.User(t.Context(), authkit.UserRef{App: s.app.ID, ID: id})
		if err != nil || u.Email != "ann@example.com" || s.providers(id) != "" {
			t.Errorf("got %s with the identities %q, %v, want ann@example.com with none", u.Email, s.providers(id), err)
		}
	})
	t.Run("of each that a thief links, however many there are", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		token, id := s.owner("ann@example.com")
		for range 9 {
			s.runOnce()
			s.link(token, nil)
			s.clock.Advance(time.Second)
		}
		undo(s, notice(s)).want(t, 204, "")
		if left := s.providers(id); left != "" {
			t.Errorf("identities: got %q, want none", left)
		}
	})
}
