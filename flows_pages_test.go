package authkit_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// visitor returns a browser without cookies.
func (s *stage) visitor() *seat { return &seat{s, map[string]string{}} }

// opens navigates to a path, or to a URL of the handler.
func (b *seat) opens(path string) answer {
	b.s.t.Helper()
	return b.send("GET", strings.TrimPrefix(path, base), "", "Accept: text/html,*/*;q=0.8", "Sec-Fetch-Mode: navigate")
}

// filled returns the request that posts the form of a page: the fields that the person fills in, as
// "name=value", and the button do.
func (b *seat) filled(page answer, do string, typed ...string) func() *http.Request {
	b.s.t.Helper()
	to := action.FindStringSubmatch(page.Body.String())
	if to == nil {
		b.s.t.Fatalf("got %d, want a page with a form\n%s", page.Code, page.Body)
	}
	body, err := url.ParseQuery(formOf(page))
	if err != nil {
		b.s.t.Fatal(err)
	}
	if do != "" {
		body.Set("do", do)
	}
	for _, field := range typed {
		name, value, _ := strings.Cut(field, "=")
		body.Set(name, value)
	}
	return b.s.posts(strings.TrimPrefix(unescaped(to[1]), base), body.Encode(), b.kept)
}

// presses posts the form of a page.
func (b *seat) presses(page answer, do string, typed ...string) answer {
	b.s.t.Helper()
	got := b.s.do(b.filled(page, do, typed...)())
	jar(got.Header(), b.kept)
	return got
}

// awaits has a mail sent to an address from the sign-in page, and returns the page on which its code
// is typed.
func (b *seat) awaits(do, email, query string) (page answer, m mail.Message) {
	b.s.t.Helper()
	asked := b.presses(b.opens("/auth/sign-in/{app_id}"+query), do, "email="+email)
	asked.want(b.s.t, 303, "")
	page = b.opens(asked.leadsTo())
	page.want(b.s.t, 200, "")
	return page, b.s.mail(email)
}

// enters signs a new user in on the sign-in page, with a cookie.
func (b *seat) enters() (email string) {
	b.s.t.Helper()
	email = b.s.email()
	b.s.signUp(email)
	b.s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionEither)})
	b.presses(b.opens(signInPage+"?session=cookie"), "password", "email="+email, "password="+password).want(b.s.t, 303, "")
	return email
}

const (
	signInPage  = "/auth/sign-in/{app_id}"
	signUpPage  = "/auth/sign-up/{app_id}"
	signOutPage = "/auth/sign-out/{app_id}"
	ownPage     = "/auth/account/{app_id}"
	toGoal      = "?redirect_to=" + goal
)

// formAlone reports whether a route takes the form of its own page, and nothing else.
func formAlone(route string) bool {
	return slices.Contains([]string{"POST " + signInPage, "POST " + signUpPage, "POST " + ownPage, "POST /auth/invitation/{app_id}"}, route)
}

func pageFlows() []flow {
	opens := func(path string) func(s *stage) func() *http.Request {
		return func(s *stage) func() *http.Request { return s.again("GET", path, "") }
	}
	signedIn := func(path string) func(s *stage) func() *http.Request {
		return func(s *stage) func() *http.Request {
			b := s.visitor()
			b.enters()
			return s.again("GET", path, "", jar(nil, b.kept))
		}
	}
	return []flow{
		{name: "open the sign-in page", route: "GET " + signInPage, status: 200, ready: opens(signInPage + toGoal)},
		{name: "open the sign-in page once more", route: "GET " + signInPage, status: 200, ready: signedIn(signInPage + "?session=cookie")},
		{name: "sign in on the page", route: "POST " + signInPage, status: 303, goes: true, ready: func(s *stage) func() *http.Request {
			b, email := s.visitor(), s.email()
			s.signUp(email)
			return b.filled(b.opens(signInPage+toGoal), "password", "email="+email, "password="+password)
		}},
		{name: "sign in on the page and go to another origin", route: "POST " + signInPage, status: 200, goes: true, ready: func(s *stage) func() *http.Request {
			b, email := s.visitor(), s.email()
			s.signUp(email)
			return b.filled(b.opens(signInPage+"?redirect_to="+abroad+"&code_challenge="+challenge), "password", "email="+email, "password="+password)
		}},
		{name: "sign in on the page with a cookie", route: "POST " + signInPage, status: 303, ready: func(s *stage) func() *http.Request {
			b, email := s.visitor(), s.email()
			s.signUp(email)
			s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionEither)})
			return b.filled(b.opens(signInPage+"?session=cookie"), "password", "email="+email, "password="+password)
		}},
		{name: "ask for a link on the page", route: "POST " + signInPage, status: 303, ready: func(s *stage) func() *http.Request {
			b := s.visitor()
			return b.filled(b.opens(signInPage+toGoal), "link", "email="+s.email())
		}},
		{name: "type a code on the page", route: "POST " + signInPage, status: 303, goes: true, ready: func(s *stage) func() *http.Request {
			b := s.visitor()
			page, m := b.awaits("link", s.email(), toGoal)
			return b.filled(page, "code", "code="+mail.Code(m))
		}},
		{name: "choose a password on the page", route: "POST " + signInPage, status: 303, goes: true, ready: func(s *stage) func() *http.Request {
			b, email := s.visitor(), s.email()
			s.signUp(email)
			page, m := b.awaits("forgot", email, toGoal)
			return b.filled(page, "reset", "code="+mail.Code(m), "password="+newPassword)
		}},
		{name: "open the sign-up page", route: "GET " + signUpPage, status: 200, ready: opens(signUpPage)},
		{name: "sign up on the page", route: "POST " + signUpPage, status: 303, goes: true, ready: func(s *stage) func() *http.Request {
			b := s.visitor()
			return b.filled(b.opens(signUpPage+toGoal), "password", "email="+s.email(), "password="+password, "name=Ann")
		}},
		{name: "open the account page", route: "GET " + ownPage, status: 200, ready: signedIn(ownPage)},
		{name: "save a name on the account page", route: "POST " + ownPage, status: 303, forgives: 1, ready: func(s *stage) func() *http.Request {
			b := s.visitor()
			b.enters()
			return b.filled(b.opens(ownPage), "name", "name=Ann")
		}},
		{name: "open the sign-out page", route: "GET " + signOutPage, status: 200, ready: signedIn(signOutPage)},
		{name: "sign out on the page", route: "POST " + signOutPage, status: 303, ready: func(s *stage) func() *http.Request {
			b := s.visitor()
			b.enters()
			return b.filled(b.opens(signOutPage), "")
		}},
	}
}

func pageDoors() []door {
	// shown posts the form of a page with x as its token, from a browser that was shown another page.
	shown := func(path string) func(*stage, wallet, string) *http.Request {
		return func(s *stage, c wallet, x string) *http.Request {
			body := url.Values{"do": {"password"}, "email": {"ann@example.com"}, "password": {password}, "form_token": {x}}
			return s.request("POST", s.in(path), body.Encode(), form, "Cookie: "+c.cookie[formToken])
		}
	}
	return []door{
		{"GET " + signInPage, "the header", header("Bearer", "GET", signInPage, ""), all(200), nil},
		{"GET " + signInPage, "the step", func(s *stage, c wallet, x string) *http.Request {
			return s.request("GET", s.in(signInPage)+"?flow="+url.QueryEscape(x), "", "Cookie: "+c.cookie[formToken])
		}, all(200), nil}, // the first step is shown: see TestAStepIsOfOneBrowser
		{"GET " + signUpPage, "the header", header("Bearer", "GET", signUpPage, ""), all(200), nil},
		{"GET " + signOutPage, "the header", header("Bearer", "GET", signOutPage, ""), map[string]int{userToken: 200, nothing: 200}, nil},
		{"GET " + ownPage, "the header", header("Bearer", "GET", ownPage, ""), map[string]int{userToken: 404, nothing: 404}, nil}, // the app takes no cookies
		{"POST " + signInPage, "the form's token", shown(signInPage), nil, []int{403}},
		{"POST " + signUpPage, "the form's token", shown(signUpPage), nil, []int{403}},
		{"POST " + signOutPage, "the form's token", shown(signOutPage), nil, []int{403}},
		{"POST " + ownPage, "the header", func(s *stage, c wallet, x string) *http.Request {
			r := shown(ownPage)(s, c, c.of[formToken])
			r.Header.Set("Authorization", "Bearer "+x)
			return r
		}, map[string]int{userToken: 404}, []int{400, 401}},
	}
}
