package authkit_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// Config.ConsoleMFA is for developers what the setting mfa is for the users of an app.
func TestSecondFactorsOfDevelopers(t *testing.T) {
	t.Parallel()
	const email = "dev@example.com"
	signsIn := func(w *world) answer {
		return w.send("POST", "/auth/credentials/console", signInBody(email, password, "sign_in"))
	}
	t.Run("off", func(t *testing.T) {
		t.Parallel()
		w := setup(t, withoutLimits, withPasskeys, func(c *authkit.Config) { c.ConsoleMFA = authkit.MFAOff })
		w.send("POST", "/auth/totp/begin/console", `{}`, bearer(w.token)).want(t, 403, "forbidden")
		w.send("POST", "/auth/passkeys/begin/console", `{}`, bearer(w.token)).want(t, 403, "forbidden")
	})
	t.Run("by default a passkey guards what a fresh sign-in does", func(t *testing.T) {
		t.Parallel()
		w := setup(t, withoutLimits, withPasskeys)
		console := *w
		console.app.ID = authkit.Console
		p := &factored{w: &console, email: email, token: w.token}
		p.enrolPasskey(t)
		w.patchApp(`{"mfa":"required"}`).want(t, 200, "")
		w.token = w.signIn("console", p.email)
		w.patchApp(`{"mfa":"off"}`).want(t, 403, "reauthentication_required")
	})
	t.Run("required", func(t *testing.T) {
		t.Parallel()
		store := memory.New()
		s := setup(t, withoutLimits, withPasskeys, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })
		restarted := s.process(store, s.outbox, withPasskeys, func(c *authkit.Config) { c.ConsoleMFA = authkit.MFARequired })
		s.server = http.StripPrefix("/id", restarted.Handler())
		due := signsIn(s)
		due.want(t, 401, "mfa_enrollment_required")
		shown := fmt.Sprintf(`"mfa_token":%q,"binding":%q`, due.text(t, "mfa_token"), due.text(t, "binding"))
		next := s.send("POST", "/auth/mfa/console", fmt.Sprintf(`{%s,"code":%q}`, shown, mail.Code(s.mailTo(email))))
		next.want(t, 401, "mfa_enrollment_required")
		shown = fmt.Sprintf(`"mfa_token":%q,"binding":%q`, next.text(t, "mfa_token"), next.text(t, "binding"))
		begun := s.send("POST", "/auth/totp/begin/console", "{"+shown+"}")
		begun.want(t, 200, "")
		code := totp.Code(seedOf(t, begun), totp.StepOf(s.clock.Now()))
		done := s.send("POST", "/auth/totp/finish/console", fmt.Sprintf(`{%s,"state":%q,"code":%q}`, shown, begun.text(t, "state"), code))
		done.want(t, 201, "")
		in, _ := done.body["sign_in"].(map[string]any)
		token, _ := in["token"].(string)
		s.send("POST", "/apps/", `{"name":"Second"}`, bearer(token)).want(t, 201, "")
		signsIn(s).want(t, 401, "mfa_required")
	})
}
