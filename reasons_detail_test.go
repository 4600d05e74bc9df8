package authkit_test

import (
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/mail"
)

func TestTheDetailFollowsTheReason(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	pending, m := w.mailed("ann@example.com", "")
	for reason, c := range map[string]struct{ body, want string }{
		"wrong_code":      {`{"email":"ann@example.com","code":"` + wrongCode(mail.Code(m)) + `","binding":"` + pending.text(t, "binding") + `"}`, "the code is wrong"},
		"binding_missing": {`{"email":"ann@example.com","code":"123456"}`, "send that of the answer"},
		"malformed":       {tokenBody("x"), "has not the form of one"},
		"wrong_kind":      {tokenBody(w.key), "of another kind"},
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			got := w.verify(c.body)
			got.want(t, 401, "invalid_token")
			if got.body["reason"] != reason || !strings.Contains(got.text(t, "detail"), c.want) {
				t.Errorf("got %s, want %q in its detail", got.Body, c.want)
			}
		})
	}
}
