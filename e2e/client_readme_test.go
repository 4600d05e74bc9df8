package e2e_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
)

// readme are the pieces of code about second factors and passkeys in the README of the client. That of an
// enrolment has a person type in its middle; TestTheBrowserClientAndSecondFactors goes through it.
type readme struct{ second, byPasskey, alone, add, stepUp string }

func readReadme(t *testing.T) readme {
	t.Helper()
	_, section, _ := strings.Cut(source(t, "../clients/js/README.md"), "\n## Second factors and passkeys\n")
	section, _, _ = strings.Cut(section, "\n## ")
	all := regexp.MustCompile("(?ms)^```js\n(.*?)^```$").FindAllStringSubmatch(section, -1)
	if len(all) != 6 {
		t.Fatalf("clients/js/README.md: got %d pieces about second factors, want 6", len(all))
	}
	return readme{all[0][1], all[1][1], all[2][1], all[3][1], all[5][1]}
}

// runs runs a piece of code in the page, and checks that Ann is signed in afterwards.
func (h holder) runs(piece string) {
	h.t.Helper()
	wantJS(h.t, h.window, "(async () => {\n"+piece+"\n})().then(() => auth.user?.email, String)", ann)
}

// gives has the page hold a variable of the README.
func (h holder) gives(name, value string) {
	h.t.Helper()
	wantJS(h.t, h.window, fmt.Sprintf("window[%q] = %q", name, value), value)
}

// TestTheFactorsOfTheClientsReadme runs each piece of code in the README, in a browser with an authenticator.
func TestTheFactorsOfTheClientsReadme(t *testing.T) {
	t.Parallel()
	pieces, h := readReadme(t), holds(t, launch(t))
	h.sets(authkit.AppPatch{SessionMode: new(authkit.SessionBearer)})
	h.has(ann)
	h.goesTo(h.host + "/page")
	wantJS(t, h.window, fmt.Sprintf("import(%q).then((m) => { window.auth = m.createClient({ app: %q }); return ''; })", h.base+"/authkit.js", h.app.ID), "")
	h.gives("email", ann)
	h.gives("password", password)
	const signIn, signOut = "auth.signIn({ email, password })", "await auth.signOut();"

	app := h.kit.SignIn(t, h.app, ann).EnableTOTP(t)
	h.gives("code", app.Code())
	h.runs(pieces.second + pieces.add)
	h.runs(signOut + pieces.alone)
	h.runs(signOut + "await " + signIn + ".catch((e) => Object.assign(window, e.problem))\n" + pieces.byPasskey)
	h.kit.Clock.Advance(11 * time.Minute)
	h.gives("code", app.Code())
	h.runs(pieces.stepUp)
	h.runs("await auth.request('DELETE', '/auth/totp/{app_id}')")
}
