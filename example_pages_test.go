package authkit_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/authkit-dev/authkit"
)

// cookieDemo is demo with an app that takes session cookies.
func cookieDemo() (*authkit.Engine, authkit.App) {
	engine, app, _ := demo()
	app, err := engine.ChangeApp(context.Background(), app.Ref(), authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	if err != nil {
		panic(err)
	}
	return engine, app
}

// post posts a form as a browser does, from a page of an origin.
func post(h http.Handler, path string, form url.Values, origin string, cookies []*http.Cookie) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "http://localhost:8080"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", origin)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	got := httptest.NewRecorder()
	h.ServeHTTP(got, r)
	return got
}

// A form of the host signs people in. net/http refuses a form that another site posts.
func ExampleEngine_SetSessionCookies() {
	engine, app := cookieDemo()
	signUp(engine, app)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sign-in", func(w http.ResponseWriter, r *http.Request) {
		in, err := engine.SignInWithPassword(r.Context(), authkit.PasswordSignIn{
			App: app.ID, Intent: "sign_in", Email: r.PostFormValue("email"), Password: r.PostFormValue("password"),
			Browser: engine.Browser(w, r), Device: engine.Device(r, app.ID), Client: engine.Client(r, app.ID),
		})
		if err == nil {
			err = engine.SetSessionCookies(w, r, in)
		}
		if err != nil {
			http.Error(w, "This did not work.", http.StatusUnauthorized)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	site := http.NewCrossOriginProtection().Handler(mux)

	form := url.Values{"email": {"ann@example.com"}, "password": {"correct horse battery"}}
	for _, origin := range []string{"http://localhost:8080", "https://elsewhere.example"} {
		got := post(site, "/sign-in", form, origin, nil)
		fmt.Println(got.Code, len(got.Header().Values("Set-Cookie")) > 0)
	}
	// Output:
	// 303 true
	// 403 false
}

func ExampleEngine_ClearSessionCookies() {
	engine, app := cookieDemo()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sign-up", func(w http.ResponseWriter, r *http.Request) {
		if err := engine.SetSessionCookies(w, r, signUp(engine, app)); err != nil {
			panic(err)
		}
	})
	mux.HandleFunc("POST /sign-out", func(w http.ResponseWriter, r *http.Request) {
		if err := engine.ClearSessionCookies(w, r, app.ID); err != nil {
			http.Error(w, "Try again in a moment.", http.StatusServiceUnavailable)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.Handle("POST /notes", engine.RequireLive(authkit.ForApp(app.ID))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	site := http.NewCrossOriginProtection().Handler(mux)

	const origin = "http://localhost:8080"
	cookies := post(site, "/sign-up", nil, origin, nil).Result().Cookies()
	for _, path := range []string{"/notes", "/sign-out", "/notes"} {
		fmt.Println(path, post(site, path, nil, origin, cookies).Code)
	}
	// Output:
	// /notes 200
	// /sign-out 303
	// /notes 401
}

// A mail that was asked for in a browser belongs to that browser.
func ExampleEngine_Browser() {
	engine, app := cookieDemo()
	ask := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pending, err := engine.RequestMagicLink(r.Context(), authkit.MagicLinkRequest{
			App: app.ID, Email: r.PostFormValue("email"), Browser: engine.Browser(w, r), Device: engine.Device(r, app.ID), Client: engine.Client(r, app.ID),
		})
		if err != nil {
			panic(err)
		}
		fmt.Println("the code is good for", pending.ExpiresIn) // the page asks for it, with pending.Binding in a hidden field
	})
	got := post(ask, "/link", url.Values{"email": {"ann@example.com"}}, "http://localhost:8080", nil)
	for _, c := range got.Result().Cookies() {
		fmt.Println(c.Name, c.HttpOnly, c.SameSite == http.SameSiteLaxMode)
	}
	// Output:
	// the code is good for 10m0s
	// authkit-b true true
}

// A person who opens a page signs in and comes back; a program is refused as by Require.
func ExampleEngine_RequirePage() {
	engine, app := cookieDemo()
	signedIn, err := engine.RequirePage(context.Background(), app.ID)
	if err != nil {
		panic(err)
	}
	notes := signedIn(http.NotFoundHandler())
	for _, accept := range []string{"text/html", "application/json"} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/notes?page=2", nil)
		r.Header.Set("Accept", accept)
		got := httptest.NewRecorder()
		notes.ServeHTTP(got, r)
		fmt.Println(got.Code, strings.Replace(got.Header().Get("Location"), app.ID.String(), "{app_id}", 1))
	}
	// Output:
	// 303 http://localhost:8080/id/auth/sign-in/{app_id}?redirect_to=%2Fnotes%3Fpage%3D2
	// 401
}
