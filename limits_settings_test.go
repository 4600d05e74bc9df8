package authkit_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func TestLimitsOfTheEngine(t *testing.T) {
	t.Parallel()
	t.Run("what is wrong with each is told at once", func(t *testing.T) {
		t.Parallel()
		_, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: base, Mailer: mail.NewOutbox(), Limits: authkit.LimitConfig{
			Credentials: "20 a minute", SignUp: "20/h/email", Mail: "0/h/ip", OAuth: "60/w/ip",
		}})
		if err == nil {
			t.Fatal("got none, want an error")
		}
		for _, want := range []string{
			`field Config.Limits.Credentials is "20 a minute": "20 a minute" is no rate: write N/unit/key, such as 20/m/ip, separated by commas`,
			`field Config.Limits.SignUp is "20/h/email": "20/h/email" has the key "email": write ip`,
			`field Config.Limits.Mail is "0/h/ip": "0/h/ip" begins with "0": write a whole number from 1 to 1000000`,
			`field Config.Limits.OAuth is "60/w/ip": "60/w/ip" has the unit "w": write s, m, h or d`,
		} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
	t.Run("they count, and a key that is left out does not", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.Limits.Credentials = "3/h/ip" })
		id := w.app.ID.String()
		if through, wait := flood(t, func(i int) answer { return w.from("198.51.100.9:1").wrong(id, w.nth(i)) }); through != 3 || wait != 1200 {
			t.Errorf("got %d through and then %d s to wait, want 3 and 1200", through, wait)
		}
		for i := range 30 {
			w.from(fmt.Sprintf("198.51.100.%d:1", 10+i)).wrong(id, "ann@example.com").want(t, 401, "invalid_credentials")
		}
	})
}

func TestLimitsOfAnApp(t *testing.T) {
	t.Parallel()
	patch := func(w *world, body string) answer {
		return w.send("PATCH", w.in("/apps/{app_id}"), body, bearer(w.token))
	}
	inEffect := func(t *testing.T, w *world, want string) {
		t.Helper()
		settings, _ := w.send("GET", w.in("/apps/{app_id}"), "", bearer(w.token)).body["settings"].(map[string]any)
		if got := fmt.Sprint(settings["limits"]); got != want {
			t.Errorf("limits: got %s, want %s", got, want)
		}
	}
	const engines = "map[credentials:20/m/ip, 10/m/email mail:5/h/email, 30/h/ip oauth:60/m/ip sign_up:20/h/ip]"
	t.Run("they tighten the engine's, part by part", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		patch(w, `{"limits":{"credentials":"3/m/ip","sign_up":"2/d/ip"}}`).want(t, 200, "")
		inEffect(t, w, "map[credentials:3/m/ip, 10/m/email mail:5/h/email, 30/h/ip oauth:60/m/ip sign_up:2/d/ip]")
		peer := w.from("198.51.100.9:1")
		if through, wait := flood(t, func(i int) answer { return peer.wrong(w.app.ID.String(), w.nth(i)) }); through != 3 || wait != 20 {
			t.Errorf("got %d through and then %d s to wait, want 3 and 20", through, wait)
		}
		peer.wrong("console", "ann@example.com").want(t, 401, "invalid_credentials")
		patch(w, `{"limits":{"mail":"1/h/email"}}`).want(t, 200, "")
		inEffect(t, w, "map[credentials:20/m/ip, 10/m/email mail:1/h/email, 30/h/ip oauth:60/m/ip sign_up:20/h/ip]")
		w.ask("bob@example.com")
		w.ask("bob@example.com")
		w.runOnce()
		if got := len(w.mails()); got != 1 {
			t.Errorf("mails: got %d, want 1", got)
		}
	})
	t.Run("a Go caller is held to them", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.settings(authkit.AppPatch{Limits: &authkit.AppLimits{Credentials: "2/m/email"}})
		for i, want := range []authkit.Code{authkit.CodeInvalidCredentials, authkit.CodeInvalidCredentials, authkit.CodeRateLimited} {
			_, err := w.engine.SignInWithPassword(t.Context(), authkit.PasswordSignIn{App: w.app.ID, Email: "ann@example.com", Password: password, Intent: "sign_in"})
			if got := codeOf(err); got != want {
				t.Errorf("try %d: got %v, want %s", i+1, err, want)
			}
		}
	})
	t.Run("null goes back to the engine's", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		const own = `{"limits":{"credentials":"3/m/ip","oauth":"1/s/ip"}}`
		for _, c := range [][2]string{
			{`{"limits":null}`, engines},
			{`{"limits":{}}`, engines},
			{`{"limits":{"credentials":null,"oauth":"1/m/ip"}}`, strings.Replace(engines, "60/m", "1/m", 1)},
			{`{"name":"Demo 2"}`, strings.NewReplacer("20/m/ip, 10/m", "3/m/ip, 10/m", "60/m", "1/s").Replace(engines)},
		} {
			patch(w, own).want(t, 200, "")
			patch(w, c[0]).want(t, 200, "")
			inEffect(t, w, c[1])
		}
	})
	t.Run("what is wrong with them is told, and changes nothing", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		for body, want := range map[string][3]string{
			`{"limits":{"credentials":"21/m/ip"}}`:  {"limits.credentials", "too_wide", "limits.credentials lets 21/m/ip through, and an app may only tighten the engine's own 20/m/ip: write at most 20, and no more in the long run"},
			`{"limits":{"credentials":"1/s/ip"}}`:   {"limits.credentials", "too_wide", "limits.credentials lets 1/s/ip through, and an app may only tighten the engine's own 20/m/ip: write at most 20, and no more in the long run"},
			`{"limits":{"mail":"6/d/email"}}`:       {"limits.mail", "too_wide", "limits.mail lets 6/d/email through, and an app may only tighten the engine's own 5/h/email: write at most 5, and no more in the long run"},
			`{"limits":{"sign_up":"1/h/email"}}`:    {"limits.sign_up", "invalid_limit", `limits.sign_up: "1/h/email" has the key "email": write ip`},
			`{"limits":{"oauth":"many"}}`:           {"limits.oauth", "invalid_limit", `limits.oauth: "many" is no rate: write N/unit/key, such as 20/m/ip, separated by commas`},
			`{"limits":{"oauth":""}}`:               {"limits.oauth", "invalid_limit", `limits.oauth is empty: write a limit such as "10/m/ip", or null for the engine's own`},
			`{"limits":{"oauth":5}}`:                {"limits.oauth", "wrong_type", "is not a string"},
			`{"limits":"20/m/ip"}`:                  {"limits", "wrong_type", "is not an object"},
			`{"limits":{"oAuth":"1/m/ip"}}`:         {"limits.oAuth", "unknown", "is not a member of this request; did you mean oauth?"},
			`{"limits":{"given":true}}`:             {"limits.given", "unknown", "is not a member of this request"},
			`{"limits":{"mail":null,"mail":null}}`:  {"limits.mail", "duplicate", "stands more than once"},
			`{"limits":{"mail":"1/h/\u0000email"}}`: {"limits.mail", "control_character", "holds a control character"},
		} {
			got := patch(w, body)
			got.want(t, 400, "invalid_request")
			if fields := fmt.Sprint(got.body["errors"]); fields != fmt.Sprintf("[map[code:%s detail:%s field:%s]]", want[1], want[2], want[0]) {
				t.Errorf("%s: got %s, want %q", body, fields, want)
			}
		}
		both := patch(w, `{"limits":{"mail":"","oauth":"y"},"signing_alg":"z"}`)
		if got, want := both.fields(), "limits.mail signing_alg limits.oauth"; got != want {
			t.Errorf("three faults: got %s, want %s", got, want)
		}
		inEffect(t, w, engines)
	})
	t.Run("an engine that has come to be tighter is not widened", func(t *testing.T) {
		t.Parallel()
		store, secrets := memory.New(), [][]byte{[]byte("the same secret in both of them.")}
		w := setup(t, func(c *authkit.Config) { c.Store, c.Secrets = store, secrets })
		w.settings(authkit.AppPatch{Limits: &authkit.AppLimits{Credentials: "10/m/ip, 4/m/email"}})
		later := *w
		engine, err := authkit.New(authkit.Config{
			Store: store, BaseURL: base, Mailer: w.outbox, Now: w.clock.Now, Secrets: secrets,
			Limits: authkit.LimitConfig{Credentials: "5/m/ip, 10/m/email"},
		})
		if err != nil {
			t.Fatal(err)
		}
		later.engine, later.server = engine, http.StripPrefix("/id", engine.Handler())
		inEffect(t, &later, "map[credentials:5/m/ip, 4/m/email mail:5/h/email, 30/h/ip oauth:60/m/ip sign_up:20/h/ip]")
	})
}

func codeOf(err error) authkit.Code {
	code, _ := errors.AsType[authkit.Code](err)
	return code
}
