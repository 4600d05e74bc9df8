package authkit_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// navigation is a step of a person that a browser may request twice.
type navigation struct {
	name string
	mode authkit.SessionMode

	// ready prepares the step and returns its request. It may be called any number of times.
	// The browser has the cookies in the jar.
	ready func(s *stage, kept map[string]string) func() *http.Request
	title string // of the page that answers, or of the page it leads to
	fails bool   // whether the answer is a refusal
}

// opens opens a link's page in a browser and returns its form.
func (s *stage) opens(m mail.Message, kept map[string]string) string {
	s.t.Helper()
	got := s.send("GET", linkPath(m), "", "Accept: text/html", jar(nil, kept))
	got.want(s.t, 200, "")
	jar(got.Header(), kept)
	return formOf(got)
}

// posts returns the request that posts a page's form, as a browser sends it.
func (s *stage) posts(path, body string, kept map[string]string) func() *http.Request {
	return func() *http.Request {
		return s.request("POST", s.in(path), body, form, "Accept: text/html,*/*;q=0.8", "Sec-Fetch-Mode: navigate", "Origin: "+origin, jar(nil, kept))
	}
}

// comes returns the request of a browser that comes back from the provider.
func (s *stage) comes(query, result string, kept map[string]string) func() *http.Request {
	s.t.Helper()
	state, cookie := s.redirected(query)
	name, value, _ := strings.Cut(cookie, "=")
	kept[name] = value
	return func() *http.Request {
		return s.request("GET", s.in("/auth/callback/corp/{app_id}")+"?state="+state+"&"+result, "", "Accept: text/html,*/*;q=0.8", "Sec-Fetch-Mode: navigate", jar(nil, kept))
	}
}

// person makes a user with a proven address, signed in by cookie.
func (s *stage) person(kept map[string]string) (email string) {
	s.t.Helper()
	email = s.email()
	_, m := s.mailed(email, "")
	got := s.send("POST", s.in("/auth/verify/{app_id}"), `{"token":"`+linkToken(m)+`"}`)
	got.want(s.t, 200, "")
	jar(got.Header(), kept)
	return email
}

// mail sends what waits and returns the latest mail to an address.
func (s *stage) mail(to string) mail.Message {
	s.t.Helper()
	if err := s.engine.RunOnce(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	m, ok := s.outbox.Last(to)
	if !ok {
		s.t.Fatalf("mail to %s: got none", to)
	}
	return m
}

// changing makes a person who has asked for another address.
func (s *stage) changing(kept map[string]string) (from, to string) {
	s.t.Helper()
	from, to = s.person(kept), s.fresh("new")+"@example.com"
	s.send("POST", s.in("/auth/email/change/{app_id}"), `{"new_email":"`+to+`"}`, jar(nil, kept)).want(s.t, 202, "")
	return from, to
}

// accountPage is in the URL to which a browser goes whose session began where the flow has no goal.
const accountPage = base + "/auth/account/"

func navigations() []navigation {
	const bearerMode, cookieMode = authkit.SessionBearer, authkit.SessionCookie
	link := func(extra string) func(s *stage, kept map[string]string) func() *http.Request {
		return func(s *stage, kept map[string]string) func() *http.Request {
			_, m := s.mailed(s.email(), extra)
			return s.posts("/auth/verify/{app_id}", s.opens(m, kept), kept)
		}
	}
	reset := func(extra string) func(s *stage, kept map[string]string) func() *http.Request {
		return func(s *stage, kept map[string]string) func() *http.Request {
			email := s.person(map[string]string{})
			s.send("POST", s.in("/auth/password/forgot/{app_id}"), `{"email":"`+email+`"`+extra+`}`).want(s.t, 202, "")
			body := s.opens(s.mail(email), kept) + "&password=another+long+passphrase"
			return s.posts("/auth/password/reset/{app_id}", body, kept)
		}
	}
	proof := func(own bool) func(s *stage, kept map[string]string) func() *http.Request {
		return func(s *stage, kept map[string]string) func() *http.Request {
			email, asker := s.email(), map[string]string{}
			jar(s.signUp(email).Header(), asker)
			s.send("POST", s.in("/auth/email/send/{app_id}"), `{}`, jar(nil, asker)).want(s.t, 202, "")
			if own {
				maps.Copy(kept, asker)
			}
			return s.posts("/auth/email/verify/{app_id}", s.opens(s.mail(email), kept), kept)
		}
	}
	return []navigation{
		{name: "a link that goes on", mode: bearerMode, title: goal + "?code=", ready: link(`,"redirect_to":"` + goal + `"`)},
		{name: "a link that goes on, with cookies", mode: cookieMode, title: goal + " ", ready: link(`,"redirect_to":"` + goal + `"`)},
		{name: "a link that signs in here", mode: cookieMode, title: accountPage, ready: link("")},
		{name: "a new password", mode: bearerMode, title: "Saved", ready: reset("")},
		{name: "a new password that signs in here", mode: cookieMode, title: accountPage, ready: reset("")},
		{name: "a new password that goes on", mode: bearerMode, title: goal + "?code=", ready: reset(`,"redirect_to":"` + goal + `"`)},
		{name: "a proof of an address by its asker", mode: cookieMode, title: "Confirmed", ready: proof(true)},
		{name: "a proof of an address in another browser", mode: cookieMode, title: accountPage, ready: proof(false)},
		{name: "a new address", mode: cookieMode, title: "Confirmed", ready: func(s *stage, kept map[string]string) func() *http.Request {
			_, to := s.changing(kept)
			return s.posts("/auth/email/confirm/{app_id}", s.opens(s.mail(to), kept), kept)
		}},
		{name: "an address taken back", mode: cookieMode, title: "Change undone", ready: func(s *stage, kept map[string]string) func() *http.Request {
			thief := map[string]string{}
			from, to := s.changing(thief)
			s.do(s.posts("/auth/email/confirm/{app_id}", s.opens(s.mail(to), thief), thief)()).want(s.t, 200, "")
			return s.posts("/auth/email/undo/{app_id}", s.opens(s.mail(from), kept), kept)
		}},
		{name: "a return from a provider", mode: bearerMode, title: "Signed in", ready: func(s *stage, kept map[string]string) func() *http.Request {
			return s.comes("", "code=good", kept)
		}},
		{name: "a return that signs in here", mode: cookieMode, title: accountPage, ready: func(s *stage, kept map[string]string) func() *http.Request {
			return s.comes("", "code=good", kept)
		}},
		{name: "a return that goes on", mode: bearerMode, title: goal + "?code=", ready: func(s *stage, kept map[string]string) func() *http.Request {
			return s.comes("?redirect_to="+goal, "code=good", kept)
		}},
		{name: "a return that the provider refused", mode: bearerMode, fails: true, ready: func(s *stage, kept map[string]string) func() *http.Request {
			return s.comes("", "error=access_denied", kept)
		}},
		{name: "a return that the provider refused, which goes on", mode: bearerMode, fails: true, title: "error=provider_refused", ready: func(s *stage, kept map[string]string) func() *http.Request {
			return s.comes("?redirect_to="+goal, "error=access_denied", kept)
		}},
		{name: "a return by way of a posted form", mode: cookieMode, title: accountPage, ready: func(s *stage, kept map[string]string) func() *http.Request {
			state, cookie := s.redirected("")
			name, value, _ := strings.Cut(cookie, "=")
			kept[name] = value
			to := s.bounced(state)
			return func() *http.Request {
				return s.request("GET", to, "", "Accept: text/html", "Sec-Fetch-Mode: navigate", jar(nil, kept))
			}
		}},
		{name: "a return that links", mode: cookieMode, title: accountPage, ready: func(s *stage, kept map[string]string) func() *http.Request {
			s.person(kept)
			p := s.provider()
			got := s.send("POST", s.in("/auth/identities/{app_id}"), `{"provider":"corp"}`, jar(nil, kept))
			got.want(s.t, 200, "")
			jar(got.Header(), kept)
			p.says(nonceOf(s.t, got.text(s.t, "redirect_url")), map[string]any{"sub": s.fresh("sub")})
			state := got.text(s.t, "state")
			return func() *http.Request {
				return s.request("GET", s.in("/auth/callback/corp/{app_id}")+"?code=good&state="+state, "", "Accept: text/html", "Sec-Fetch-Mode: navigate", jar(nil, kept))
			}
		}},
	}
}

// nonceOf returns the nonce in the URL of a provider.
func nonceOf(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("nonce")
}
