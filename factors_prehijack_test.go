package authkit_test

import (
	"fmt"
	"testing"

	"github.com/authkit-dev/authkit"
)

// A thief signs up at the address and adds as many passkeys as a user may have, and a TOTP. The owner, who
// comes by a link, adds the first factor of an account that is empty by then.
func TestTheFactorsThatAResetTakesHinderNoNewOne(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	thief := &factored{w: w, email: "ann@example.com"}
	thief.token = w.signUp(thief.email).text(t, "token")
	for range 20 {
		thief.enrolPasskey(t)
	}
	w.settings(authkit.AppPatch{MFA: new(authkit.MFARequired)})
	_, m := w.mailed(thief.email, "")
	due := w.verify(byLink(m, ""))
	due.want(t, 401, "mfa_enrollment_required")
	owner := waitingIn(w, due)
	begun := w.send("POST", w.in(newPasskeyBegin), "{"+owner+"}")
	begun.want(t, 200, "")
	options := memberOf(t, begun, "options")
	if excluded := fmt.Sprint(begun.body["options"].(map[string]any)["excludeCredentials"]); excluded != "<nil>" && excluded != "[]" {
		t.Errorf("excluded: got %s, want none of the thief's", excluded)
	}
	credential, err := thief.device.Create(options, origin)
	if err != nil {
		t.Fatal(err)
	}
	ann := &factored{w: w, email: thief.email, device: thief.device}
	got := w.send("POST", w.in(newPasskeyEnd), fmt.Sprintf(`{%s,"state":%q,"credential":%s}`, owner, begun.text(t, "state"), credential))
	got.want(t, 201, "")
	ann.byPasskey(t).want(t, 200, "")
}
