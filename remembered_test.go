package authkit_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

// elsewhere is a world whose store another process uses as well. The process under test remembers
// the app; the other changes it.
type elsewhere struct {
	*world

	store *storetest.Faulty
	other *authkit.Engine
	seen  atomic.Int64 // refusals that the observer was told of
}

func newElsewhere(t *testing.T) *elsewhere {
	t.Helper()
	e := &elsewhere{store: storetest.NewFaulty(memory.New())}
	var shared authkit.Config
	e.world = setup(t, func(c *authkit.Config) {
		c.Store, c.Secrets, c.DeveloperCookies = e.store, [][]byte{make([]byte, 32)}, true
		shared = *c
		c.Limits.InsecureOff = true // so that a limit does not prove the app
		c.Observer = func(ev authkit.Event) {
			if ev.Result == "refused" {
				e.seen.Add(1)
			}
		}
	})
	shared.Mailer, shared.Now = mail.NewOutbox(), e.clock.Now
	var err error
	if e.other, err = authkit.New(shared); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *elsewhere) change(p authkit.AppPatch) {
	e.t.Helper()
	if _, err := e.other.ChangeApp(e.t.Context(), authkit.AppRef{Developer: e.devID, ID: e.app.ID}, p); err != nil {
		e.t.Fatal(err)
	}
}

func TestAChangeOfAnAppByAnotherProcessHoldsForTheNextRequest(t *testing.T) {
	t.Parallel()
	const page = "https://page.example"
	credentials := func(e *elsewhere, email, intent string, headers ...string) answer {
		return e.send("POST", e.in("/auth/credentials/{app_id}"), signInBody(email, password, intent), headers...)
	}
	for name, check := range map[string]func(t *testing.T, e *elsewhere){
		"sign-up closes": func(t *testing.T, e *elsewhere) {
			credentials(e, "ann@example.com", "sign_up").want(t, 201, "")
			e.change(authkit.AppPatch{SignupClosed: new(true)})
			credentials(e, "bob@example.com", "sign_up").want(t, 403, "signup_disabled")
		},
		"sign-up opens, which a refusal would not have shown": func(t *testing.T, e *elsewhere) {
			e.change(authkit.AppPatch{SignupClosed: new(true)})
			credentials(e, "ann@example.com", "sign_up").want(t, 403, "signup_disabled")
			e.change(authkit.AppPatch{SignupClosed: new(false)})
			credentials(e, "ann@example.com", "sign_up").want(t, 201, "")
		},
		"an origin is added": func(t *testing.T, e *elsewhere) {
			credentials(e, "ann@example.com", "sign_up", "Origin: "+page, "Sec-Fetch-Site: cross-site").want(t, 403, "forbidden")
			e.change(authkit.AppPatch{Origins: &[]string{page}})
			got := credentials(e, "ann@example.com", "sign_up", "Origin: "+page, "Sec-Fetch-Site: cross-site")
			got.want(t, 201, "")
			for _, header := range []string{"Access-Control-Allow-Origin", "Vary"} {
				if values := got.Header().Values(header); len(values) != 1 {
					t.Errorf("%s: got %q, want one, although the request was decided twice", header, values)
				}
			}
		},
		"an origin is taken away, at a sign-out": func(t *testing.T, e *elsewhere) {
			e.change(authkit.AppPatch{Origins: &[]string{page}})
			refresh := credentials(e, "ann@example.com", "sign_up", "Origin: "+page).text(t, "refresh_token")
			e.change(authkit.AppPatch{Origins: &[]string{}})
			e.send("POST", e.in("/auth/sign-out/{app_id}"), `{"refresh_token":"`+refresh+`"}`, "Origin: "+page, "Sec-Fetch-Site: cross-site").want(t, 403, "forbidden")
		},
		"an origin is taken away": func(t *testing.T, e *elsewhere) {
			e.change(authkit.AppPatch{Origins: &[]string{page}})
			credentials(e, "ann@example.com", "sign_up", "Origin: "+page).want(t, 201, "")
			e.change(authkit.AppPatch{Origins: &[]string{}})
			got := credentials(e, "bob@example.com", "sign_up", "Origin: "+page, "Sec-Fetch-Site: cross-site")
			got.want(t, 403, "forbidden")
			if allowed := got.Header().Get("Access-Control-Allow-Origin"); allowed != "" {
				t.Errorf("Access-Control-Allow-Origin: got %q, want none", allowed)
			}
		},
		"the app takes cookies no longer": func(t *testing.T, e *elsewhere) {
			e.change(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
			cookie := e.cookieOf(credentials(e, "ann@example.com", "sign_up"))
			e.send("GET", e.in("/auth/me/{app_id}"), "", cookie).want(t, 200, "")
			e.change(authkit.AppPatch{SessionMode: new(authkit.SessionBearer)})
			e.send("GET", e.in("/auth/me/{app_id}"), "", cookie).want(t, 401, "unauthenticated")
		},
		"a session ends": func(t *testing.T, e *elsewhere) {
			in := credentials(e, "ann@example.com", "sign_up")
			e.send("GET", e.in("/auth/me/{app_id}"), "", bearer(in.text(t, "token"))).want(t, 200, "")
			if err := e.other.EndSessions(t.Context(), authkit.UserRef{App: e.app.ID, ID: uuid.MustParse(in.user("user_id").(string))}); err != nil {
				t.Fatal(err)
			}
			e.send("GET", e.in("/auth/me/{app_id}"), "", bearer(in.text(t, "token"))).want(t, 401, "invalid_token")
		},
		"a signing key is revoked": func(t *testing.T, e *elsewhere) {
			token := credentials(e, "ann@example.com", "sign_up").text(t, "token")
			e.send("GET", e.in("/auth/me/{app_id}"), "", bearer(token)).want(t, 200, "")
			if _, err := e.other.RotateSigningKey(t.Context(), authkit.AppRef{Developer: e.devID, ID: e.app.ID}, authkit.SigningKeyRotation{RevokeOld: true}); err != nil {
				t.Fatal(err)
			}
			e.send("GET", e.in("/auth/me/{app_id}"), "", bearer(token)).want(t, 401, "invalid_token")
			token = credentials(e, "ann@example.com", "sign_in").text(t, "token")
			e.send("GET", e.in("/auth/me/{app_id}"), "", bearer(token)).want(t, 200, "")
		},
		"the app is deleted": func(t *testing.T, e *elsewhere) {
			token := credentials(e, "ann@example.com", "sign_up").text(t, "token")
			if err := e.other.DeleteApp(t.Context(), authkit.AppRef{Developer: e.devID, ID: e.app.ID}); err != nil {
				t.Fatal(err)
			}
			e.send("GET", e.in("/auth/me/{app_id}"), "", bearer(token)).want(t, 404, "app_not_found")
			credentials(e, "bob@example.com", "sign_up").want(t, 404, "app_not_found")
			e.send("POST", e.in("/auth/magic-link/{app_id}"), `{"email":"bob@example.com"}`).want(t, 404, "app_not_found")
		},
		"a redirect URL is added": func(t *testing.T, e *elsewhere) {
			body := `{"email":"ann@example.com","redirect_to":"https://page.example/in","code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}`
			e.send("POST", e.in("/auth/magic-link/{app_id}"), body).want(t, 400, "invalid_request")
			e.change(authkit.AppPatch{RedirectURLs: &[]string{"https://page.example/in"}})
			e.send("POST", e.in("/auth/magic-link/{app_id}"), body).want(t, 202, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, newElsewhere(t))
		})
	}
}

func TestARefusalByARememberedAppNeedsTheStore(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	ask := func() answer {
		return e.send("POST", e.in("/auth/magic-link/{app_id}"), `{"email":"ann@example.com","redirect_to":"https://page.example/in"}`)
	}
	ask().want(t, 400, "invalid_request")
	e.store.FailAt(1)
	defer e.store.FailAt(0)
	ask().want(t, 503, "unavailable")
	e.store.FailAt(1)
	got := e.send("POST", e.in("/auth/magic-link/{app_id}"), `{"email":"ann@example.com"}`)
	got.want(t, 503, "unavailable")
	if cookies := got.Header().Values("Set-Cookie"); len(cookies) > 0 {
		t.Errorf("Set-Cookie: got %q, want none from a request that the store did not see", cookies)
	}
}

func TestAnAttemptThatIsDecidedAgainIsObservedOnce(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	e.change(authkit.AppPatch{SignupClosed: new(true)})
	signUp := func() answer {
		return e.send("POST", e.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", password, "sign_up"))
	}
	signUp().want(t, 403, "signup_disabled")
	e.seen.Store(0)
	e.change(authkit.AppPatch{SignupClosed: new(false)})
	signUp().want(t, 201, "")
	e.change(authkit.AppPatch{Name: new("Renamed")})
	e.send("POST", e.in("/auth/token/{app_id}"), `{"code":"nonsense"}`).want(t, 401, "invalid_token")
	if n := e.seen.Load(); n != 1 {
		t.Errorf("got %d refusals observed, want that of the code alone, once", n)
	}
}

// Where the process remembers the app, a request costs only the calls of its flow.
func TestARememberedAppCostsNoCallOfTheStore(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	in := e.send("POST", e.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", password, "sign_up"))
	token := bearer(in.text(t, "token"))
	for _, c := range []struct {
		name, method, path, body string
		calls                    int
	}{
		{"me", "GET", "/auth/me/{app_id}", "", 1},
		{"the sessions", "GET", "/auth/sessions/{app_id}", "", 2},
		{"a sign-in: account, step", "POST", "/auth/credentials/{app_id}", signInBody("ann@example.com", password, "sign_in"), 2},
		{"a link", "POST", "/auth/magic-link/{app_id}", `{"email":"ann@example.com"}`, 1},
	} {
		before := e.store.Calls()
		got := e.send(c.method, e.in(c.path), c.body, token)
		if calls := e.store.Calls() - before; got.Code >= http.StatusBadRequest || calls != c.calls {
			t.Errorf("%s: got %d and %d calls of the store, want a success and %d", c.name, got.Code, calls, c.calls)
		}
	}
}
