package authkit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// oldSystem is the system that users come from. Each has the password movedPassword.
type oldSystem struct {
	mu       sync.Mutex
	verified map[string]bool // of its users, by address
	down     bool
	asked    []authkit.LegacyAsk
}

func (o *oldSystem) answer(ctx context.Context, ask authkit.LegacyAsk) (authkit.LegacyAnswer, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, ask)
	if until, ok := ctx.Deadline(); !ok || time.Until(until) > 10*time.Second {
		return authkit.LegacyAnswer{}, errors.New("got a question without an end")
	}
	if o.down {
		return authkit.LegacyAnswer{}, errors.New("out of order")
	}
	verified, known := o.verified[ask.Email]
	return authkit.LegacyAnswer{OK: known && ask.Password == movedPassword, Known: known, Verified: verified, Name: "Old Name"}, nil
}

// takeAsked returns how often the old system was asked since the last call.
func (o *oldSystem) takeAsked() int {
	n := len(o.asked)
	o.asked = nil
	return n
}

// moving is a world beside an old system with two users.
func moving(t *testing.T, change ...func(*authkit.Config)) (*world, *oldSystem) {
	t.Helper()
	old := &oldSystem{verified: map[string]bool{"ann@example.com": true, "bob@example.com": false}}
	w := setup(t, append(change, withoutLimits, func(c *authkit.Config) { c.LegacyPassword = old.answer })...)
	return w, old
}

func (w *world) tryOld(email, pw, intent string) answer {
	w.t.Helper()
	return w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"`+email+`","password":"`+pw+`","intent":"`+intent+`"}`)
}

func TestTheOldSystemIsAskedOnce(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]func(w *world){
		"for an account without a password": func(w *world) {
			w.send("POST", w.in("/users/{app_id}"), `{"email":"ann@example.com","email_verified":true}`, bearer(w.key)).want(t, 201, "")
		},
		"for an address without an account": func(*world) {},
		"where sign-up is closed":           func(w *world) { w.settings(authkit.AppPatch{SignupClosed: new(true)}) },
		"where addresses have to be proven": func(w *world) { w.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, old := moving(t)
			first(w)
			w.tryOld("ann@example.com", "a wrong passphrase", "sign_in").want(t, 401, "invalid_credentials")
			for _, intent := range []string{"sign_in", "sign_in", ""} {
				got := w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"ann@example.com","password":"`+movedPassword+`"}`)
				if intent != "" {
					got = w.tryOld("ann@example.com", movedPassword, intent)
				}
				got.want(t, 200, "")
			}
			w.tryOld("ann@example.com", "a wrong passphrase", "sign_in").want(t, 401, "invalid_credentials")
			if n := old.takeAsked(); n != 2 {
				t.Errorf("questions: got %d, want one for each try until the password was right", n)
			}
			users, err := w.engine.Users(t.Context(), w.app.ID, authkit.UserFilter{})
			if err != nil || len(users) != 1 || !users[0].Verified {
				t.Errorf("users: got %+v, %v, want one who is verified", users, err)
			}
		})
	}
}

func TestAnAddressOfTheOldSystemIsNotSignedUpByAWrongPassword(t *testing.T) {
	t.Parallel()
	w, old := moving(t)
	w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"ann@example.com","password":"`+password+`"}`).want(t, 401, "invalid_credentials")
	if users, err := w.engine.Users(t.Context(), w.app.ID, authkit.UserFilter{}); err != nil || len(users) > 0 {
		t.Errorf("users: got %+v, %v, want none", users, err)
	}
	w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"new@example.com","password":"`+password+`"}`).want(t, 201, "")
	if n := old.takeAsked(); n != 2 {
		t.Errorf("questions: got %d, want 2", n)
	}
}

func TestTheOldSystemIsNotAskedAboutAccountsThatAreInUse(t *testing.T) {
	t.Parallel()
	w, old := moving(t)
	w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"eve@example.com","password":"`+password+`","intent":"sign_up"}`).want(t, 201, "")
	w.tryOld("eve@example.com", movedPassword, "sign_in").want(t, 401, "invalid_credentials")
	_, m := w.mailed("ann@example.com", "")
	w.verify(`{"token":"`+linkToken(m)+`"}`).want(t, 200, "")
	w.tryOld("ann@example.com", movedPassword, "sign_in").want(t, 401, "invalid_credentials")
	w.tryOld("console@example.com", movedPassword, "sign_up").want(t, 201, "")
	w.send("POST", "/auth/credentials/console", `{"email":"ann@example.com","password":"`+movedPassword+`"}`).want(t, 401, "invalid_credentials")
	if n := old.takeAsked(); n != 0 {
		t.Errorf("questions: got %d, want none", n)
	}
}

func TestAnUnprovenUserOfTheOldSystem(t *testing.T) {
	t.Parallel()
	t.Run("has no way into an account whose address is proven", func(t *testing.T) {
		t.Parallel()
		w, _ := moving(t)
		w.send("POST", w.in("/users/{app_id}"), `{"email":"bob@example.com","email_verified":true}`, bearer(w.key)).want(t, 201, "")
		w.tryOld("bob@example.com", movedPassword, "sign_in").want(t, 401, "invalid_credentials")
	})
	t.Run("proves the address where the app wants that", func(t *testing.T) {
		t.Parallel()
		w, _ := moving(t)
		w.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)})
		w.tryOld("bob@example.com", movedPassword, "sign_in").want(t, 403, "email_not_verified")
		users, err := w.engine.Users(t.Context(), w.app.ID, authkit.UserFilter{})
		if err != nil || len(users) != 1 || users[0].Verified || users[0].Name != "Old Name" {
			t.Errorf("users: got %+v, %v, want one who is not verified, with the name", users, err)
		}
	})
	t.Run("is refused here when disabled here", func(t *testing.T) {
		t.Parallel()
		w, _ := moving(t)
		u, err := w.engine.CreateUser(t.Context(), w.app.ID, authkit.UserRequest{Email: "bob@example.com"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.engine.ChangeUser(t.Context(), authkit.UserRef{App: w.app.ID, ID: u.ID}, authkit.UserPatch{Disabled: new(true)}); err != nil {
			t.Fatal(err)
		}
		w.tryOld("bob@example.com", movedPassword, "sign_in").want(t, 403, "user_disabled")
	})
}

func TestAnOldSystemThatIsDownRefusesWhatItWouldBeAskedAbout(t *testing.T) {
	t.Parallel()
	w, old := moving(t)
	w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"eve@example.com","password":"`+password+`","intent":"sign_up"}`).want(t, 201, "")
	old.down = true
	w.tryOld("ann@example.com", movedPassword, "sign_in").want(t, 503, "unavailable")
	w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"new@example.com","password":"`+password+`"}`).want(t, 503, "unavailable")
	w.tryOld("eve@example.com", password, "sign_in").want(t, 200, "")
	if users, err := w.engine.Users(t.Context(), w.app.ID, authkit.UserFilter{}); err != nil || len(users) != 1 {
		t.Errorf("users: got %+v, %v, want the one who was there", users, err)
	}
	old.down = false
	w.tryOld("ann@example.com", movedPassword, "sign_in").want(t, 200, "")
}
