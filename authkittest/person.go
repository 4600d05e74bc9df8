package authkittest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/httpio"
)

// Person is a user who is signed in to an app. It adds the sign-in to requests.
type Person struct {
	authkit.SignIn

	kit     *Kit
	cookies []*http.Cookie
}

// Bearer adds the access token to a request, in place of any Authorization header, and returns
// the request. It works in every session mode.
func (p Person) Bearer(r *http.Request) *http.Request {
	r.Header.Set("Authorization", "Bearer "+p.Token)
	return r
}

// Cookies adds the session cookie that a browser would have after this sign-in, and returns
// the request. There is a cookie if the app's session mode was cookie or either at the sign-in,
// which is not the default: see Settings in the package comment. Then the person has no refresh
// token.
func (p Person) Cookies(r *http.Request) *http.Request {
	for _, c := range p.cookies {
		r.AddCookie(c)
	}
	return r
}

// SignIn starts a session, as a magic link does. An unknown address becomes a verified user,
// also with sign-up closed. A known user is signed in unchanged, in a new session each time. It
// fails the test if the user is disabled. The session of a user who has a TOTP, or of an app that requires
// a second factor, has shown one.
func (k *Kit) SignIn(tb testing.TB, app authkit.App, email string) Person {
	tb.Helper()
	return k.startSession(tb, app, k.user(tb, app, authkit.UserRequest{Email: email, Verified: true}))
}

// SignInUnverified is [Kit.SignIn] for a user who has not proven the address. It fails the test
// if the user has proven it.
func (k *Kit) SignInUnverified(tb testing.TB, app authkit.App, email string) Person {
	tb.Helper()
	u := k.user(tb, app, authkit.UserRequest{Email: email})
	if u.Verified {
		tb.Fatalf("authkittest: %q is a verified user of app %q, want an unverified one", email, app.Name)
	}
	return k.startSession(tb, app, u)
}

// SignInWithRoles is [Kit.SignIn] for a user who has these roles and no others from then on.
func (k *Kit) SignInWithRoles(tb testing.TB, app authkit.App, email string, roles ...string) Person {
	tb.Helper()
	u := k.user(tb, app, authkit.UserRequest{Email: email, Verified: true})
	u, err := k.Engine.ChangeUser(tb.Context(), authkit.UserRef{App: app.ID, ID: u.ID}, authkit.UserPatch{Roles: &roles})
	if err != nil {
		tb.Fatalf("authkittest: give %q of app %q the roles %q: %v", email, app.Name, roles, err)
	}
	return k.startSession(tb, app, u)
}

// user returns the user of an address, who is created if unknown.
func (k *Kit) user(tb testing.TB, app authkit.App, in authkit.UserRequest) authkit.User {
	tb.Helper()
	u, err := k.Engine.CreateUser(tb.Context(), app.ID, in)
	if err == nil {
		return u
	}
	if !errors.Is(err, authkit.CodeEmailTaken) {
		tb.Fatalf("authkittest: make user %q of app %q: %v", in.Email, app.Name, err)
	}
	filter := authkit.UserFilter{Email: in.Email, Page: authkit.Page{Limit: 1}}
	users, err := k.Engine.Users(tb.Context(), app.ID, filter)
	if err != nil || len(users) != 1 {
		tb.Fatalf("authkittest: find user %q of app %q: got %d users, %v", in.Email, app.Name, len(users), err)
	}
	return users[0]
}

func (k *Kit) startSession(tb testing.TB, app authkit.App, u authkit.User) Person {
	tb.Helper()
	in, err := k.Engine.StartSession(tb.Context(), authkit.HostSignIn{
		App: app.ID, User: u.ID, Method: "otp", SecondFactor: k.wantsFactor(tb, app, u), Client: authkit.Client{UserAgent: "authkittest", Cookie: true},
	})
	if err != nil {
		tb.Fatalf("authkittest: sign %q in to app %q: %v", u.EmailTyped, app.Name, err)
	}
	return k.person(in)
}

// wantsFactor reports whether a sign-in of the user waits for a second factor.
func (k *Kit) wantsFactor(tb testing.TB, app authkit.App, u authkit.User) bool {
	tb.Helper()
	got, err := k.Engine.SecondFactors(tb.Context(), authkit.UserRef{App: app.ID, ID: u.ID})
	if err != nil {
		tb.Fatalf("authkittest: read the second factors of %q: %v", u.EmailTyped, err)
	}
	return got.Required || slices.Contains(got.Methods, "totp")
}

// person makes the Person of a sign-in, with the cookie that the handler would set.
func (k *Kit) person(in authkit.SignIn) Person {
	if in.Cookie == "" {
		return Person{SignIn: in, kit: k}
	}
	jar := httptest.NewRecorder()
	cookies := httpio.Cookies{Insecure: k.base.Scheme == "http" && httpio.Loopback(k.base.Hostname())}
	cookies.Set(jar, in.User.App.String(), in.Cookie, in.CookieAge)
	return Person{SignIn: in, kit: k, cookies: (&http.Response{Header: jar.Header()}).Cookies()}
}
