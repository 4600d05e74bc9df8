package authkit_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

func (w *world) refresh(token string) answer {
	return w.send("POST", "/auth/refresh/"+w.app.ID.String(), `{"refresh_token":"`+token+`"}`)
}

// field returns a text member of the answer.
func (a answer) field(name string) string {
	text, _ := a.body[name].(string)
	return text
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	w := setup(t)
	me := "/auth/me/" + w.app.ID.String()
	t.Run("the next token answers, and the two before it for ten seconds their own successor", func(t *testing.T) {
		t0 := w.signUp("ann@example.com").field("refresh_token")
		got := w.refresh(t0)
		got.want(t, 200, "")
		t1 := got.field("refresh_token")
		if !strings.HasPrefix(t1, "rt_") || t1 == t0 || got.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("refresh: got %s", got.Body)
		}
		t2 := w.refresh(t1).field("refresh_token")
		if again := w.refresh(t0).field("refresh_token"); again != t1 {
			t.Errorf("t0 again: got %q, want %q", again, t1)
		}
		if again := w.refresh(t1).field("refresh_token"); again != t2 {
			t.Errorf("t1 again: got %q, want %q", again, t2)
		}
		in := w.refresh(t2)
		in.want(t, 200, "")
		w.send("GET", me, "", bearer(in.field("token"))).want(t, 200, "")
	})
	t.Run("used again after the grace it ends the session on the first try", func(t *testing.T) {
		t0 := w.signUp("bob@example.com").field("refresh_token")
		in := w.refresh(t0)
		w.clock.Advance(11 * time.Second)
		w.refresh(t0).want(t, 401, "invalid_token")
		w.refresh(in.field("refresh_token")).want(t, 401, "invalid_token")
		w.send("GET", me, "", bearer(in.field("token"))).want(t, 401, "invalid_token")
	})
	t.Run("it goes on for as long as it is used, and no longer than the absolute end", func(t *testing.T) {
		rt := w.signUp("carol@example.com").field("refresh_token")
		for range 6 {
			w.clock.Advance(13 * 24 * time.Hour)
			got := w.refresh(rt)
			got.want(t, 200, "")
			rt = got.field("refresh_token")
		}
		w.clock.Advance(13 * 24 * time.Hour)
		w.refresh(rt).want(t, 401, "invalid_token")
		idle := w.signUp("dave@example.com").field("refresh_token")
		w.clock.Advance(14 * 24 * time.Hour)
		w.refresh(idle).want(t, 401, "invalid_token")
	})
	t.Run("settings are those of now", func(t *testing.T) {
		rt := w.signUp("erin@example.com").field("refresh_token")
		w.token = w.signIn("console", "dev@example.com")
		w.send("PATCH", "/apps/"+w.app.ID.String(), `{"access_token_seconds":60}`, bearer(w.token)).want(t, 200, "")
		if got := w.refresh(rt).body["expires_in"]; got != 60.0 {
			t.Errorf("expires_in: got %v, want 60", got)
		}
	})
	t.Run("nonsense, another app's and another kind are refused, an unknown app is 404", func(t *testing.T) {
		rt := w.signUp("frank@example.com").field("refresh_token")
		for _, bad := range []string{"rt_x", rt + "A", w.token, w.key} {
			w.refresh(bad).want(t, 401, "invalid_token")
		}
		w.send("POST", "/auth/refresh/console", `{"refresh_token":"`+rt+`"}`).want(t, 401, "invalid_token")
		w.send("POST", "/auth/refresh/00000000-0000-7000-8000-000000000001", `{"refresh_token":"`+rt+`"}`).want(t, 404, "app_not_found")
		w.send("POST", "/auth/refresh/00000000-0000-7000-8000-000000000001", `nonsense`).want(t, 404, "app_not_found")
		w.send("POST", "/auth/refresh/"+w.app.ID.String(), `{}`).want(t, 400, "invalid_request")
		w.refresh(rt).want(t, 200, "")
	})
}

func TestFiftyUsesOfOneRefreshTokenMakeOneBranch(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rt := w.signUp("ann@example.com").field("refresh_token")
	var wg sync.WaitGroup
	var mu sync.Mutex
	next := map[string]int{}
	for range 50 {
		wg.Go(func() {
			got := w.refresh(rt)
			mu.Lock()
			defer mu.Unlock()
			next[fmt.Sprint(got.Code, got.field("refresh_token"))]++
		})
	}
	wg.Wait()
	for key, n := range next {
		if len(next) != 1 || n != 50 || !strings.HasPrefix(key, "200rt_") {
			t.Fatalf("answers: got %v, want one successor fifty times", next)
		}
		w.refresh(strings.TrimPrefix(key, "200")).want(t, 200, "")
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Limits.InsecureOff = true })
	id := w.app.ID.String()
	path, me := "/auth/sign-out/"+id, "/auth/me/"+id
	in := func(t *testing.T) answer {
		t.Helper()
		w.clock.Advance(time.Millisecond) // so that the newest has a later time
		got := w.send("POST", "/auth/credentials/"+id, `{"email":"ann@example.com","password":"`+password+`"}`)
		if got.Code >= 300 {
			t.Fatalf("sign-in: got %d %s", got.Code, got.Body)
		}
		return got
	}
	t.Run("by access token it ends this session only", func(t *testing.T) {
		one, two := in(t), in(t)
		w.send("POST", path, `{}`, bearer(one.field("token"))).want(t, 204, "")
		w.send("GET", me, "", bearer(one.field("token"))).want(t, 401, "invalid_token")
		w.refresh(one.field("refresh_token")).want(t, 401, "invalid_token")
		w.send("GET", me, "", bearer(two.field("token"))).want(t, 200, "")
	})
	t.Run("by refresh token, without a body it is asked for a credential", func(t *testing.T) {
		one := in(t)
		w.send("POST", path, "", "Content-Type: application/json").want(t, 401, "unauthenticated")
		w.send("POST", path, `{"refresh_token":"`+one.field("refresh_token")+`"}`).want(t, 204, "")
		w.send("GET", me, "", bearer(one.field("token"))).want(t, 401, "invalid_token")
		w.send("POST", path, `{"refresh_token":"`+one.field("refresh_token")+`"}`).want(t, 401, "invalid_token")
	})
	t.Run("a cookie is no credential where the app takes none", func(t *testing.T) {
		one := in(t)
		cookie := "Cookie: authkit-" + id + "=" + one.field("token")
		w.send("POST", path, `{}`, cookie).want(t, 401, "unauthenticated")
		w.send("GET", me, "", bearer(one.field("token"))).want(t, 200, "")
	})
	t.Run("all needs an access token or the live refresh token", func(t *testing.T) {
		one, two := in(t), in(t)
		live := w.refresh(one.field("refresh_token")).field("refresh_token")
		w.send("POST", path, `{"refresh_token":"`+one.field("refresh_token")+`","all":true}`).want(t, 401, "invalid_token")
		w.send("GET", me, "", bearer(two.field("token"))).want(t, 200, "")
		w.send("POST", path, `{"refresh_token":"`+live+`","all":true}`).want(t, 204, "")
		w.send("GET", me, "", bearer(two.field("token"))).want(t, 401, "invalid_token")
		three, four := in(t), in(t)
		w.send("POST", path, `{"all":true}`, bearer(three.field("token"))).want(t, 204, "")
		w.refresh(four.field("refresh_token")).want(t, 401, "invalid_token")
	})
	t.Run("sessions are listed and ended one by one, another user's is not found", func(t *testing.T) {
		one, two := in(t), in(t)
		eve := w.signUp("eve@example.com").field("token")
		got := w.send("GET", "/auth/sessions/"+id, "", bearer(two.field("token")))
		got.want(t, 200, "")
		list := got.body["sessions"].([]any)
		if len(list) != 2 || list[0].(map[string]any)["current"] != true || list[1].(map[string]any)["current"] != false {
			t.Fatalf("sessions: got %s", got.Body)
		}
		other := "/auth/sessions/" + id + "/" + list[1].(map[string]any)["id"].(string)
		w.send("DELETE", other, "", bearer(eve)).want(t, 404, "session_not_found")
		w.send("DELETE", other, "", bearer(two.field("token"))).want(t, 204, "")
		w.send("DELETE", other, "", bearer(two.field("token"))).want(t, 204, "")
		w.send("GET", me, "", bearer(one.field("token"))).want(t, 401, "invalid_token")
	})
	t.Run("a hundred and one sessions are one too many", func(t *testing.T) {
		first := in(t)
		for range 100 {
			in(t)
		}
		w.refresh(first.field("refresh_token")).want(t, 401, "invalid_token")
	})
}

func TestMeChanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.app.ID.String()
	me, in := "/auth/me/"+id, w.signUp("ann@example.com").field("token")
	if got := w.send("PATCH", me, `{"name":"Ann"}`, bearer(in)); got.field("name") != "Ann" {
		t.Errorf("name: got %s", got.Body)
	}
	got := w.send("PATCH", me, `{"name":null}`, bearer(in))
	got.want(t, 200, "")
	if got.body["name"] != nil {
		t.Errorf("name: got %s, want null", got.Body)
	}
	w.send("PATCH", me, `{"email_verified":true}`, bearer(in)).want(t, 400, "invalid_request")
	w.clock.Advance(11 * time.Minute)
	w.send("DELETE", me, "", bearer(in)).want(t, 403, "reauthentication_required")
	in = w.signIn(id, "ann@example.com")
	w.send("DELETE", me, "", bearer(in)).want(t, 204, "")
	w.send("GET", me, "", bearer(in)).want(t, 401, "invalid_token")
	w.signUp("ann@example.com")
}

func TestManagedUsers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.app.ID.String()
	users, key := "/users/"+id, bearer(w.key)
	made := w.send("POST", users, `{"email":"Ann@example.com","name":"Ann","email_verified":true}`, key)
	made.want(t, 201, "")
	w.send("POST", users, `{"email":"ann@example.com"}`, key).want(t, 409, "email_taken")
	ann := users + "/" + made.field("user_id")
	got := w.send("GET", ann, "", key)
	got.want(t, 200, "")
	if got.body["disabled"] != false || got.body["disabled_reason"] != nil || got.body["email_verified"] != true || got.body["last_login"] != nil {
		t.Errorf("user: got %s", got.Body)
	}
	w.send("GET", users+"/"+authkit.Console.String(), "", key).want(t, 404, "user_not_found")
	w.send("GET", users+"/nonsense", "", key).want(t, 404, "user_not_found")

	bob := w.signUp("bob@example.com")
	path := users + "/" + bob.body["user"].(map[string]any)["user_id"].(string)
	got = w.send("PATCH", path, `{"disabled":true,"disabled_reason":"abuse"}`, key)
	got.want(t, 200, "")
	if got.body["disabled"] != true || got.field("disabled_reason") != "abuse" {
		t.Errorf("user: got %s", got.Body)
	}
	w.refresh(bob.field("refresh_token")).want(t, 401, "invalid_token")
	w.send("GET", "/auth/me/"+id, "", bearer(bob.field("token"))).want(t, 401, "invalid_token")
	w.send("POST", "/auth/credentials/"+id, `{"email":"bob@example.com","password":"`+password+`"}`).want(t, 403, "user_disabled")
	w.send("POST", "/auth/credentials/"+id, `{"email":"bob@example.com","password":"another passphrase"}`).want(t, 401, "invalid_credentials")
	got = w.send("PATCH", path, `{"disabled":false}`, key)
	if got.body["disabled"] != false || got.body["disabled_reason"] != nil {
		t.Errorf("user: got %s", got.Body)
	}
	w.refresh(bob.field("refresh_token")).want(t, 401, "invalid_token") // a revocation never un-happens
	w.signIn(id, "bob@example.com")
	w.send("DELETE", path, "", key).want(t, 204, "")
	w.send("DELETE", path, "", key).want(t, 404, "user_not_found")

	other, err := w.engine.EnsureApp(t.Context(), w.devID, "Other")
	if err != nil {
		t.Fatal(err)
	}
	w.send("GET", "/users/"+other.ID.String()+"/"+made.field("user_id"), "", key).want(t, 404, "app_not_found")
}

func TestAppSettingsAndEnd(t *testing.T) {
	t.Parallel()
	w := setup(t)
	app, dev := "/apps/"+w.app.ID.String(), bearer(w.token)
	settings := func() map[string]any { return w.send("GET", app, "", dev).body["settings"].(map[string]any) }
	for name, want := range map[string]any{
		"signup": "open", "access_token_seconds": 900.0, "session_idle_seconds": 1209600.0, "session_absolute_seconds": 7776000.0,
		"session_mode": "bearer", "signing_alg": "ES256",
	} {
		if got := settings()[name]; got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	for _, bad := range []string{
		`{"access_token_seconds":59}`, `{"access_token_seconds":3601}`, `{"access_token_seconds":0}`, `{"session_idle_seconds":299}`,
		`{"session_idle_seconds":7776001}`, `{"session_absolute_seconds":31536001}`, `{"session_absolute_seconds":-1}`, `{"session_absolute_seconds":0}`,
		`{"session_idle_seconds":9223372036854775807}`, `{"session_mode":"x"}`, `{"session_mode":""}`, `{"signing_alg":"none"}`, `{"signing_alg":""}`,
	} {
		w.send("PATCH", app, bad, dev).want(t, 400, "invalid_request")
	}
	in := w.signUp("ann@example.com")
	w.clock.Advance(10*time.Minute + time.Second)
	w.send("DELETE", app, "", dev).want(t, 403, "reauthentication_required")
	dev = bearer(w.signIn("console", "dev@example.com"))
	w.send("DELETE", app, "", dev).want(t, 204, "")
	w.send("DELETE", app, "", dev).want(t, 204, "")
	w.send("GET", "/auth/me/"+w.app.ID.String(), "", bearer(in.field("token"))).want(t, 404, "app_not_found")
	w.refresh(in.field("refresh_token")).want(t, 404, "app_not_found")
	w.send("GET", "/users/"+w.app.ID.String(), "", bearer(w.key)).want(t, 401, "invalid_api_key")
	w.send("POST", "/apps", `{"name":"Demo"}`, dev).want(t, 201, "")
}

func TestSigningKeysRotate(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.Limits.InsecureOff = true })
	id := w.app.ID.String()
	me := "/auth/me/" + id
	kids := func() int {
		return len(w.send("GET", "/apps/"+id+"/.well-known/jwks.json", "").body["keys"].([]any))
	}
	dev := func() string { return bearer(w.signIn("console", "dev@example.com")) }
	w.signUp("ann@example.com")
	old := w.signIn(id, "ann@example.com")
	w.send("POST", "/apps/"+id+"/signing-keys/rotate", `{}`, dev()).want(t, 201, "")
	if kids() != 2 {
		t.Errorf("published: got %d keys, want 2", kids())
	}
	kid := func(token string) string { head, _, _ := strings.Cut(token, "."); return head }
	if before := w.signIn(id, "ann@example.com"); kid(before) != kid(old) {
		t.Error("the next key signs before every verifier has it")
	}
	w.clock.Advance(15 * time.Minute)
	next := w.signIn(id, "ann@example.com")
	if kid(next) == kid(old) {
		t.Error("the old key still signs")
	}
	w.send("GET", me, "", bearer(old)).want(t, 200, "") // within its leeway
	w.clock.Advance(63 * time.Minute)
	if kids() != 1 {
		t.Errorf("published: got %d keys, want the new one alone", kids())
	}
	t.Run("revoke_old leaves nothing signed before", func(t *testing.T) {
		in := w.signIn(id, "ann@example.com")
		w.send("POST", "/apps/"+id+"/signing-keys/rotate", `{"revoke_old":true}`, dev()).want(t, 201, "")
		w.send("GET", me, "", bearer(in)).want(t, 401, "invalid_token")
		w.send("GET", me, "", bearer(w.signIn(id, "ann@example.com"))).want(t, 200, "")
	})
	t.Run("revoke_old waits for no key that is yet to sign", func(t *testing.T) {
		in := w.signIn(id, "ann@example.com")
		w.send("POST", "/apps/"+id+"/signing-keys/rotate", `{}`, dev()).want(t, 201, "")
		got := w.send("POST", "/apps/"+id+"/signing-keys/rotate", `{"revoke_old":true}`, dev())
		got.want(t, 201, "")
		w.send("GET", me, "", bearer(in)).want(t, 401, "invalid_token")
		for range 2 { // now, and when the pending key would have begun to sign
			keys := w.send("GET", "/apps/"+id+"/.well-known/jwks.json", "").body["keys"].([]any)
			if len(keys) != 1 || keys[0].(map[string]any)["kid"] != got.field("kid") {
				t.Errorf("published: got %v, want %s alone", keys, got.field("kid"))
			}
			w.send("GET", me, "", bearer(w.signIn(id, "ann@example.com"))).want(t, 200, "")
			w.clock.Advance(15 * time.Minute)
		}
	})
	t.Run("another algorithm comes by itself", func(t *testing.T) {
		for _, alg := range []string{"EdDSA", "RS256"} {
			w.send("PATCH", "/apps/"+id, `{"signing_alg":"`+alg+`"}`, dev()).want(t, 200, "")
			w.signIn(id, "ann@example.com")
			if err := w.engine.RunOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.clock.Advance(15 * time.Minute)
			in := w.signIn(id, "ann@example.com")
			w.send("GET", me, "", bearer(in)).want(t, 200, "")
			got := w.send("GET", "/apps/"+id+"/.well-known/openid-configuration", "").body["id_token_signing_alg_values_supported"]
			if !strings.Contains(fmt.Sprint(got), alg) {
				t.Errorf("algorithms: got %v, want %s among them", got, alg)
			}
		}
	})
	t.Run("and so does a new key after ninety days", func(t *testing.T) {
		before := kids()
		w.clock.Advance(91 * 24 * time.Hour)
		w.signIn(id, "ann@example.com")
		if err := w.engine.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := kids(); got > before || got != 2 {
			t.Errorf("published: got %d keys, want the current and the next", got)
		}
	})
}

func TestRequireAndRevocation(t *testing.T) {
	t.Parallel()
	faulty := storetest.NewFaulty(memory.New())
	w := setup(t, func(c *authkit.Config) { c.Store = faulty })
	in := w.signUp("ann@example.com")
	serve := func(mw func(http.Handler) http.Handler) int {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+in.field("token"))
		got := httptest.NewRecorder()
		mw(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if id, ok := authkit.IdentityFrom(r.Context()); !ok || id.User.String() != in.body["user"].(map[string]any)["user_id"] {
				t.Errorf("identity: got %+v", id)
			}
			w.WriteHeader(http.StatusTeapot)
		})).ServeHTTP(got, r)
		return got.Code
	}
	require, live := w.engine.Require(authkit.ForApp(w.app.ID)), w.engine.RequireLive(authkit.ForApp(w.app.ID))
	step := func(name string, mw func(http.Handler) http.Handler, want int) {
		t.Helper()
		if got := serve(mw); got != want {
			t.Fatalf("%s: got %d, want %d", name, got, want)
		}
	}
	step("a live session", require, http.StatusTeapot)
	calls := faulty.Calls()
	step("a live session again", require, http.StatusTeapot)
	if got := faulty.Calls(); got != calls {
		t.Errorf("store calls: got %d, want none", got-calls)
	}
	faulty.FailAlways(true)
	step("the store is silent, its last word fresh", require, http.StatusTeapot)
	step("asked each time", live, http.StatusServiceUnavailable)
	w.clock.Advance(5 * time.Second)
	step("the last word is too old", require, http.StatusServiceUnavailable)
	faulty.FailAlways(false)
	step("the store is back", require, http.StatusTeapot)
	w.send("POST", "/auth/sign-out/"+w.app.ID.String(), `{"all":true}`, bearer(in.field("token"))).want(t, 204, "")
	step("revoked, asked each time", live, http.StatusUnauthorized)
	w.clock.Advance(5 * time.Second)
	step("revoked", require, http.StatusUnauthorized)
}

// What a host's hook needs may be unavailable for a while. A refresh is then refused and
// succeeds later, and a stolen token is still detected.
func TestARefreshThatAHookFailedCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		hook := &script{}
		away, err := authkit.New(authkit.Config{
			Store: authkittest.Timed(s.inner, s.clock.Now), Secrets: [][]byte{make([]byte, 32)}, BaseURL: base, Mailer: s.outbox, Now: s.clock.Now, Hooks: hook.hooks(),
		})
		if err != nil {
			s.t.Fatal(err)
		}
		t0 := s.signUp(s.email()).field("refresh_token")
		hook.set(authkit.HookToken, errors.New("the host's database is away"), nil)
		for range 3 {
			_, err := away.Refresh(s.t.Context(), authkit.RefreshRequest{App: s.app.ID, Token: t0})
			if !errors.Is(err, authkit.CodeForbidden) {
				s.t.Errorf("while it is away: got %v, want forbidden", err)
			}
			s.clock.Advance(time.Minute) // longer than any grace
		}
		got := s.refresh(t0)
		got.want(s.t, 200, "")
		s.clock.Advance(time.Minute)
		s.refresh(got.field("refresh_token")).want(s.t, 200, "")
		s.refresh(t0).want(s.t, 401, "invalid_token")
		s.equal("the session", s.lives(got.field("token")), 401)
	})
}

// If the answer says to try again later, a second try must succeed, whatever was done before
// the store failed.
func TestASignOutThatFailedCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more  string
		other int // the status of the user's other session
	}{
		"of one session": {"", 200},
		"of all":         {`,"all":true`, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overStores(t, func(s *stage) {
				for n := 1; ; n++ {
					email := s.email()
					in := s.signUp(email)
					other := s.signIn(s.app.ID.String(), email)
					body := `{"refresh_token":"` + in.field("refresh_token") + `"` + c.more + `}`
					s.faulty.FailAt(n)
					got := s.send("POST", s.in("/auth/sign-out/{app_id}"), body)
					s.faulty.FailAt(0)
					if got.Code == http.StatusNoContent {
						if n < 3 {
							s.t.Errorf("calls of the store: got %d, want what rotates and what ends", n-1)
						}
						return
					}
					got.want(s.t, 503, "unavailable")
					s.clock.Advance(time.Minute) // longer than any grace
					s.send("POST", s.in("/auth/sign-out/{app_id}"), body).want(s.t, 204, "")
					s.equal("the session", s.lives(in.field("token")), 401)
					s.equal("the other", s.lives(other), c.other)
				}
			})
		})
	}
}
