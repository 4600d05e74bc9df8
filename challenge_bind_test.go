package authkit_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// Once the owner has changed the password or signed out everywhere, an earlier link must not
// let in a person who read the mail.
func TestALinkDiesWithWhatTheOwnerChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(s *stage, id uuid.UUID, token string)
	}{
		{"the password", func(s *stage, _ uuid.UUID, token string) {
			s.send("POST", s.in("/auth/password/change/{app_id}"), `{"current_password":"`+password+`","new_password":"another long passphrase"}`, bearer(token)).want(s.t, 204, "")
		}},
		{"all sessions", func(s *stage, _ uuid.UUID, token string) {
			s.send("POST", s.in("/auth/sign-out/{app_id}"), `{"all":true}`, bearer(token)).want(s.t, 204, "")
		}},
		{"the address", func(s *stage, id uuid.UUID, _ string) {
			u, err := s.engine.User(s.t.Context(), authkit.UserRef{App: s.app.ID, ID: id})
			if err == nil {
				_, err = s.inner.ChangeUser(s.t.Context(), authkit.UserChange{Now: s.clock.Now(), App: s.app.ID, ID: id, Version: u.Version, Email: new("moved@example.com"), EmailTyped: new("moved@example.com")})
			}
			if err != nil {
				s.t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			overStores(t, func(s *stage) {
				up := s.signUp("ann@example.com")
				id := uuid.MustParse(up.body["user"].(map[string]any)["user_id"].(string))
				binding, m := s.mailed("ann@example.com", "")
				byCode, code := s.mailed("ann@example.com", "")
				c.change(s, id, up.text(s.t, "token"))
				s.verify(`{"token":"`+linkToken(m)+`"}`).want(s.t, 401, "invalid_token")
				s.verify(`{"token":"`+linkToken(m)+`","binding":"`+binding.text(s.t, "binding")+`"}`).want(s.t, 401, "invalid_token")
				s.verify(`{"email":"ann@example.com","code":"`+mail.Code(code)+`","binding":"`+byCode.text(s.t, "binding")+`"}`).want(s.t, 401, "invalid_token")
				users, err := s.engine.Users(s.t.Context(), s.app.ID, authkit.UserFilter{})
				if err != nil || len(users) != 1 {
					s.t.Errorf("users: got %d, %v, want the one", len(users), err)
				}
			})
		})
	}
	t.Run("the first password", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, withoutLimits)
		_, m := s.mailed("ann@example.com", "")
		in := s.verify(`{"token":"` + linkToken(m) + `"}`)
		in.want(t, 200, "")
		_, m = s.mailed("ann@example.com", "")
		s.send("POST", s.in("/auth/password/set/{app_id}"), `{"new_password":"`+password+`"}`, bearer(in.text(t, "token"))).want(t, 204, "")
		s.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 401, "invalid_token")
	})
}

func TestALinkOfAnAddressWorksUntilSomethingChanges(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		t := s.t
		s.signUp("ann@example.com")
		var links []string
		for range 5 { // a new mail does not spend the earlier ones
			_, m := s.mailed("ann@example.com", "")
			links = append(links, linkToken(m))
		}
		s.verify(`{"token":"`+links[0]+`"}`).want(t, 200, "")
		s.verify(`{"token":"`+links[1]+`"}`).want(t, 401, "invalid_token") // redeeming one drops the others

		_, m := s.mailed("new@example.com", "")
		s.signUp("new@example.com") // after the mail was sent: the link belonged to no user
		s.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 200, "")
	})
}

// The asker of a link may write the address in an insulting spelling, which is not the owner's.
func TestAResetShowsTheAddressAsItsOwnerWroteIt(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	shown := func(got answer) string {
		t.Helper()
		got.want(t, 200, "")
		return got.body["user"].(map[string]any)["email"].(string)
	}
	for _, c := range []struct {
		name, want string
		redeem     func(email, binding, link, code string) answer
	}{
		{"a link without a sign of who asked", "plain", func(_, _, link, _ string) answer { return s.verify(`{"token":"` + link + `"}`) }},
		{"a link by who asked", "asked", func(_, binding, link, _ string) answer {
			return s.verify(`{"token":"` + link + `","binding":"` + binding + `"}`)
		}},
		{"a code", "typed", func(email, binding, _, code string) answer {
			return s.verify(`{"email":"` + email + `","binding":"` + binding + `","code":"` + code + `"}`)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := s.fresh("victim")
			plain, asked, typed := name+"@example.com", strings.ToUpper(name[:1])+name[1:]+"@example.com", name+"@Example.com"
			s.signUp(strings.ToUpper(name) + "@example.com") // the attacker's account
			binding, m := s.mailed(asked, "")
			want := map[string]string{"plain": plain, "asked": asked, "typed": typed}[c.want]
			if got := shown(c.redeem(typed, binding.text(t, "binding"), linkToken(m), mail.Code(m))); got != want {
				t.Errorf("email: got %s, want %s", got, want)
			}
		})
	}
}

func TestAProofByAPIKeyResetsTheAccount(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		t := s.t
		patch := func(id, body string) answer { return s.send("PATCH", s.in("/users/{app_id}/"+id), body, bearer(s.key)) }
		hijack := func(email string) (id, token string) {
			t.Helper()
			up := s.send("POST", s.in("/auth/credentials/{app_id}"), `{"email":"`+email+`","password":"`+password+`","name":"Mallory"}`)
			up.want(t, 201, "")
			return up.body["user"].(map[string]any)["user_id"].(string), up.text(t, "token")
		}
		id, token := hijack("victim@example.com")
		got := patch(id, `{"email_verified":true}`)
		got.want(t, 200, "")
		if got.body["email_verified"] != true || got.body["name"] != nil {
			t.Errorf("user: got %s, want it verified and without a name", got.Body)
		}
		s.send("GET", s.in("/auth/me/{app_id}"), "", bearer(token)).want(t, 401, "invalid_token")
		s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody("victim@example.com", password, "sign_in")).want(t, 401, "invalid_credentials")

		id, token = hijack("known@example.com")
		patch(id, `{"email_verified":true,"keep":true}`).want(t, 200, "")
		s.send("GET", s.in("/auth/me/{app_id}"), "", bearer(token)).want(t, 200, "")
		s.signIn(s.app.ID.String(), "known@example.com")
		patch(id, `{"email_verified":true}`).want(t, 200, "") // the address is proven, so there is nothing to reset
		s.send("GET", s.in("/auth/me/{app_id}"), "", bearer(token)).want(t, 200, "")

		id, _ = hijack("named@example.com")
		if got := patch(id, `{"email_verified":true,"name":"Ann"}`); got.body["name"] != "Ann" {
			t.Errorf("name: got %v, want the one that was given", got.body["name"])
		}
		for _, body := range []string{`{"keep":true}`, `{"keep":true,"email_verified":false}`} {
			if got := patch(id, body); got.Code != 400 || got.fields() != "keep" {
				t.Errorf("%s: got %d %s, want 400 and keep", body, got.Code, got.fields())
			}
		}
	})
}
