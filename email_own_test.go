package authkit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// A person who is signed in types the code alone: it is of the newest proof that this account asked
// for.
func TestACodeAloneProvesTheAddressOfTheSession(t *testing.T) {
	t.Parallel()
	const at = "/auth/email/verify/{app_id}"
	code := func(w *world, code string, headers ...string) answer {
		return w.send("POST", w.in(at), fmt.Sprintf(`{"code":%q}`, code), headers...)
	}
	// asked returns a signed-in user who has asked for a proof.
	asked := func(t *testing.T, change ...func(*authkit.Config)) (w *world, session, right string) {
		t.Helper()
		w = setup(t, change...)
		session = bearer(w.signUp("ann@example.com").text(t, "token"))
		w.runOnce() // the mail of the sign-up
		return w, session, mail.Code(w.mailsProof(askVerify, `{}`, session).m)
	}
	t.Run("by the access token", func(t *testing.T) {
		t.Parallel()
		w, session, right := asked(t)
		got := code(w, right, session)
		got.want(t, 200, "")
		if got.body["email_verified"] != true {
			t.Errorf("user: got %s, want the address verified", got.Body)
		}
		w.reasons(t, "spent", code(w, right, session))
		if passes := w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", password, "sign_in")); passes.Code != 200 {
			t.Errorf("the password: got %d, want it kept, since the asker proved the address", passes.Code)
		}
	})
	t.Run("by the session cookie", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		cookies := authkit.SessionCookie
		w.settings(authkit.AppPatch{SessionMode: &cookies})
		session := "Cookie: " + cookieOf(w.signUp("ann@example.com"))
		w.runOnce()
		right := mail.Code(w.mailsProof(askVerify, `{}`, session, "Sec-Fetch-Site: same-origin").m)
		code(w, right, session, "Sec-Fetch-Site: same-origin").want(t, 200, "")
	})
	t.Run("of the newest proof only", func(t *testing.T) {
		t.Parallel()
		w, session, old := asked(t, withoutLimits)
		right := mail.Code(w.mailsProof(askVerify, `{}`, session).m)
		for right == old {
			right = mail.Code(w.mailsProof(askVerify, `{}`, session).m)
		}
		w.reasons(t, "wrong_code 4", code(w, old, session))
		code(w, right, session).want(t, 200, "")
	})
	t.Run("with five tries, whose count is told", func(t *testing.T) {
		t.Parallel()
		w, session, right := asked(t)
		w.reasons(t,
			"malformed", code(w, "12345", session),
			"wrong_code 4", code(w, wrongCode(right), session), "wrong_code 3", code(w, wrongCode(right), session),
			"wrong_code 2", code(w, wrongCode(right), session), "wrong_code 1", code(w, wrongCode(right), session),
			"wrong_code 0", code(w, wrongCode(right), session), "wrong_code 0", code(w, right, session),
		)
	})
	t.Run("not after its time", func(t *testing.T) {
		t.Parallel()
		w, _, right := asked(t, withoutLimits)
		w.later(10 * time.Minute)
		w.reasons(t, "expired", code(w, right, bearer(w.signIn(w.app.ID.String(), "ann@example.com"))))
	})
	t.Run("not for another account, nor without a session", func(t *testing.T) {
		t.Parallel()
		w, session, right := asked(t)
		other := bearer(w.signUp("eve@example.com").text(t, "token"))
		w.reasons(t, "wrong_code 4", code(w, right, other)) // it is a try at the code of the other sign-up
		code(w, right).want(t, 400, "invalid_request")
		code(w, right, bearer("nonsense")).want(t, 401, "invalid_token")
		code(w, right, session).want(t, 200, "")
	})
	t.Run("not once all sessions of the account have ended", func(t *testing.T) {
		t.Parallel()
		w, session, right := asked(t)
		w.send("POST", w.in("/auth/sign-out/{app_id}"), `{"all":true}`, session).want(t, 204, "")
		w.reasons(t, "", code(w, right, bearer(w.signIn(w.app.ID.String(), "ann@example.com"))))
	})
}
