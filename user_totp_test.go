package authkit_test

import (
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/totp"
)

const movedSecret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

// moved imports a user with a password and the TOTP of another system.
func moved(t *testing.T, w *world, line string) *factored {
	t.Helper()
	u, err := authkit.ParseUserImport([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.engine.ImportUsers(t.Context(), w.app.ID, []authkit.UserImport{u}, authkit.ImportOptions{})
	if err != nil || got[0].Err != nil {
		t.Fatal(err, got)
	}
	seed, _ := totp.ParseSecret(movedSecret)
	return &factored{w: w, email: u.Email, seed: seed}
}

func TestATOTPMovesIn(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	from := w.member(t, "ann@example.com")
	rows, err := w.engine.ExportUsers(t.Context(), w.app.ID, authkit.Page{})
	if err != nil {
		t.Fatal(err)
	}
	rows[0].TOTPSecret = strings.ToLower(movedSecret[:16] + " " + movedSecret[16:]) // as people copy it
	to := setup(t, withoutLimits)
	p := moved(t, to, string(rows[0].AppendJSON(nil)))
	t.Run("and is asked for at the first sign-in", func(t *testing.T) {
		p.second(t, p.first(), "000000", "").want(t, 401, "invalid_token")
		got := p.second(t, p.first(), p.code(), "")
		got.want(t, 200, "")
		p.token = got.text(t, "token")
	})
	t.Run("without recovery codes, until the user makes some", func(t *testing.T) {
		got := to.send("GET", to.in(secondFactor), "", bearer(p.token))
		if got.want(t, 200, ""); got.body["recovery_codes_left"] != 0.0 {
			t.Errorf("got %s, want no recovery codes", got.Body)
		}
		p.post(recoveryCodes, `{}`).want(t, 201, "")
	})
	t.Run("and moves out", func(t *testing.T) {
		rows, err := to.engine.ExportUsers(t.Context(), to.app.ID, authkit.Page{})
		if err != nil || len(rows) != 1 || rows[0].TOTPSecret != movedSecret {
			t.Fatalf("got %v, %v, want the secret %s", rows, err, movedSecret)
		}
		if line := string(rows[0].AppendJSON(nil)); !strings.Contains(line, `"totp_secret":"`+movedSecret+`"`) {
			t.Errorf("got %s, want the secret in it", line)
		}
	})
	t.Run("and a user without one has none", func(t *testing.T) {
		rows, err := w.engine.ExportUsers(t.Context(), w.app.ID, authkit.Page{})
		if err != nil || len(rows) != 1 || rows[0].Email != from.email || strings.Contains(string(rows[0].AppendJSON(nil)), "totp") {
			t.Errorf("got %v, %v, want no secret", rows, err)
		}
	})
}

func TestTOTPSecretsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for name, secret := range map[string]string{
		"no base32": "not base32!", "too short": "JBSWY3DP", "too long": strings.Repeat("JBSWY3DP", 20), "hexadecimal": "3132333435363738393031323334353637383930",
	} {
		got, err := w.engine.ImportUsers(t.Context(), w.app.ID, []authkit.UserImport{{UserRequest: authkit.UserRequest{Email: "bob@example.com"}, TOTPSecret: secret}}, authkit.ImportOptions{DryRun: true})
		if err != nil || got[0].Err == nil || !strings.Contains(got[0].Err.Error(), "totp_secret") {
			t.Errorf("%s: got %v, %v, want it refused", name, got, err)
		}
	}
}
