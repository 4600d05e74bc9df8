package authkittest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/httpio"
)

// Person is somebody who is signed in to an app: the sign-in, and requests made with it.
type Person struct {
	authkit.SignIn

	cookies []*http.Cookie
}

// Bearer adds the access token to a request, in place of any Authorization it has, and
// returns the request. It works in every session mode.
func (p Person) Bearer(r *http.Request) *http.Request {
	r.Header.Set("Authorization", "Bearer "+p.Token)
	return r
}

// Cookies adds the session cookie that a browser would have after this sign-in, and returns
// the request. There is one where the app's session mode was cookie or either at the sign-in,
// which a new app's is not: see Settings above. The person has no refresh token then.
func (p Person) Cookies(r *http.Request) *http.Request {
	for _, c := range p.cookies {
		r.AddCookie(c)
	}
	return r
}

// SignIn starts a session as if by a link in a mail. An unknown address becomes a
// user, verified, whether or not sign-up is open; a known user is signed in as it is, in
// another session each time. A disabled user fails the test.
func (k *Kit) SignIn(tb testing.TB, app authkit.App, email string) Person {
	tb.Helper()
	return k.enter(tb, app, k.user(tb, app, authkit.UserRequest{Email: email, Verified: true}))
}

// SignInUnverified is [Kit.SignIn] for a user who has not proven the address. An address
// that the app's user has proven fails the test.
func (k *Kit) SignInUnverified(tb testing.TB, app authkit.App, email string) Person {
	tb.Helper()
	u := k.user(tb, app, authkit.UserRequest{Email: email})
	if u.Verified {
		tb.Fatalf("authkittest: %q is a verified user of app %q, want an unverified one", email, app.Name)
	}
	return k.enter(tb, app, u)
}

// user answers the user of an address, and makes one if there is none.
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

func (k *Kit) enter(tb testing.TB, app authkit.App, u authkit.User) Person {
	tb.Helper()
	in, err := k.Engine.StartSession(tb.Context(), authkit.HostSignIn{App: app.ID, User: u.ID, Method: "otp", Client: authkit.Client{UserAgent: "authkittest", Cookie: true}})
	if err != nil {
		tb.Fatalf("authkittest: sign %q in to app %q: %v", u.EmailTyped, app.Name, err)
	}
	return k.person(in)
}

// person gives a sign-in the cookie of the HTTP contract.
func (k *Kit) person(in authkit.SignIn) Person {
	if in.Cookie == "" {
		return Person{SignIn: in}
	}
	jar := httptest.NewRecorder()
	cookies := httpio.Cookies{Insecure: k.base.Scheme == "http" && httpio.Loopback(k.base.Hostname())}
	cookies.Set(jar, in.User.App.String(), in.Cookie, in.CookieAge)
	return Person{SignIn: in, cookies: (&http.Response{Header: jar.Header()}).Cookies()}
}
