package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/mail"
)

func TestTheBrowserClientAndSecondFactors(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.change(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	t.Run("with tokens at another site", func(t *testing.T) { enrolsAndSignsIn(t, f, f.away+"/memory", "ann@example.com") })
	t.Run("with a cookie", func(t *testing.T) { enrolsAndSignsIn(t, f, f.sibling+"/cookie", "bob@example.com") })
}

// waits keeps what the refusal of a first factor holds, and returns its code and methods.
func waits(promise string) string {
	return promise + ".then(who, (e) => { window.due = { mfa_token: e.problem.mfa_token, binding: e.binding }; return e.code + ' ' + e.problem.methods; })"
}

// enrolsAndSignsIn goes through all that README.md of the client says of second factors.
func enrolsAndSignsIn(t *testing.T, f *front, page, email string) {
	in := f.profile(t)
	wantStarted(t, in, page, "no one")
	wantJS(t, in, waits(fmt.Sprintf("auth.signUp({ email: %q, password: %q })", email, password)), "mfa_enrollment_required email_code")
	second := waits(fmt.Sprintf("auth.signInAt('/auth/mfa/{app_id}', { ...due, code: %q })", mail.Code(f.mailed(t, email))))
	wantJS(t, in, second, "mfa_enrollment_required totp")
	seed, ok := totp.ParseSecret(js[string](t, in, "auth.request('POST', '/auth/totp/begin/{app_id}', due).then((begun) => { due.state = begun.state; return begun.secret; })"))
	if !ok {
		t.Fatal("secret: got no base32")
	}
	code := func() string { return totp.Code(seed, totp.StepOf(f.clock.Now())) }
	finish := fmt.Sprintf("auth.signInAt('/auth/totp/finish/{app_id}', { ...due, code: %q })", code())
	wantJS(t, in, finish+".then(({ user, created, recovery_codes }) => [user.email, created, recovery_codes.length].join())", email+",true,10")
	wantJS(t, in, "who()", email)
	wantJS(t, in, "get('/mine')", http.StatusNoContent)

	wantJS(t, in, "told(auth.signOut())", "no one")
	wantJS(t, in, waits(fmt.Sprintf("auth.signIn({ email: %q, password: %q })", email, password)), "mfa_required totp,recovery_code")
	wantJS(t, in, "who()", "no one")
	wantJS(t, in, "told(auth.signInAt('/auth/mfa/{app_id}', { ...due, code: '000000' }))", "refused: invalid_token")
	f.clock.Advance(30 * time.Second)
	wantJS(t, in, fmt.Sprintf("told(auth.signInAt('/auth/mfa/{app_id}', { ...due, code: %q }))", code()), email)
	wantJS(t, in, "get('/mine')", http.StatusNoContent)
	wantJS(t, in, "events.join()", "signed_in,signed_out,signed_in")

	f.clock.Advance(11 * time.Minute)
	const remove = "told(auth.request('DELETE', '/auth/totp/{app_id}'))"
	wantJS(t, in, remove, "refused: reauthentication_required")
	wantJS(t, in, fmt.Sprintf("told(auth.request('POST', '/auth/step-up/{app_id}', { code: %q }))", code()), email)
	wantJS(t, in, remove, email)
}
