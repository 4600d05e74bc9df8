package authkit_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// onceIn matches what is new in each answer of a page: the tokens of its forms, the state in its
// address, and the cookies.
var onceIn = regexp.MustCompile(`(name="form_token" value="|flow=|__?[A-Za-z-]*authkit[^=]*=)[A-Za-z0-9_%-]+`)

// masksOnce returns a text with the lengths of what is new in each answer in the place of its values.
func masksOnce(text string) string {
	return onceIn.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("x", len(s)) })
}

// The forms of the pages answer a known address as they do an unknown one, and ask the store for the
// same, so that their time tells nothing either.
func TestNoPageTellsWhetherAnAddressIsKnown(t *testing.T) {
	t.Parallel()
	const signUpPage = "/auth/sign-up/{app_id}"
	required := authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)}
	for name, form := range map[string]struct {
		settings authkit.AppPatch
		page, do string
	}{
		"a wrong password":                    {authkit.AppPatch{}, signInPage, "password"},
		"a wrong password, addresses proven":  {required, signInPage, "password"},
		"a link":                              {authkit.AppPatch{}, signInPage, "link"},
		"a link, sign-up closed":              {authkit.AppPatch{SignupClosed: new(true)}, signInPage, "link"},
		"a forgotten password":                {authkit.AppPatch{}, signInPage, "forgot"},
		"a sign-up, addresses proven":         {required, signUpPage, "password"},
		"a link of the sign-up page":          {authkit.AppPatch{}, signUpPage, "link"},
		"a sign-up with a password of a list": {required, signUpPage, "password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trace := func(t *testing.T, of standing) (seen, asks string) {
				t.Helper()
				w := newOnlooker(t, of, form.settings)
				b := (&stage{world: w.world}).visitor()
				page := b.opens(form.page)
				page.want(t, 200, "")
				w.knowsApp()
				w.store.seen = nil
				got := b.presses(page, form.do, "email="+loggedRequest, "password=another long passphrase")
				if got.Code == http.StatusNotFound || got.Code >= http.StatusInternalServerError {
					t.Fatalf("got %d %s, want an answer of the form", got.Code, got.Body)
				}
				next := ""
				if to := got.leadsTo(); to != "" {
					next = told(b.opens(to))
				}
				seen = masksOnce(told(got) + strings.Join(got.Header().Values("Set-Cookie"), "\n") + next)
				return strings.ReplaceAll(seen, w.app.ID.String(), "app"), strings.Join(w.store.seen, "\n")
			}
			seen, asks := trace(t, nil)
			for kind, of := range standings() {
				gotSeen, gotAsks := trace(t, of)
				if gotSeen != seen {
					t.Errorf("%s: got\n%s\nwant what an unknown address gets\n%s", kind, gotSeen, seen)
				}
				if gotAsks != asks {
					t.Errorf("%s: the store is asked\n%s\nwant what an unknown address asks for\n%s", kind, gotAsks, asks)
				}
			}
		})
	}
}

// A code that is typed into many forms of a browser at once is spent by one of them, and the others
// are answered as that one, or refused.
func TestOneFormSpendsACode(t *testing.T) {
	t.Parallel()
	for do, more := range map[string]string{"link": "", "forgot": "password=" + newPassword} {
		t.Run(do, func(t *testing.T) {
			t.Parallel()
			overStores(t, func(s *stage) {
				s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
				s.provenUser("ann@example.com")
				b := s.visitor()
				asked := b.presses(b.opens(signInPage), do, "email=ann@example.com")
				m := s.mail("ann@example.com")
				step := map[string]string{"link": "code", "forgot": "reset"}[do]
				var requests []*http.Request
				for range 16 {
					fields := []string{"code=" + mail.Code(m)}
					if more != "" {
						fields = append(fields, more)
					}
					requests = append(requests, b.filled(b.opens(asked.leadsTo()), step, fields...)())
				}
				_, before := s.counts()
				if do == "forgot" {
					before = 0 // a new password ends every other session
				}
				var wg sync.WaitGroup
				answers := make([]string, len(requests))
				for i, r := range requests {
					wg.Go(func() {
						if got := s.do(r); got.Code < 400 {
							answers[i] = told(got)
						}
					})
				}
				wg.Wait()
				slices.Sort(answers)
				answers = slices.DeleteFunc(slices.Compact(answers), func(a string) bool { return a == "" })
				s.equal("answers to those that were not refused", len(answers), 1)
				_, after := s.counts()
				s.equal("sessions that began", after-before, 1)
			})
		})
	}
}

// The return from a provider that another person began to connect on the account page connects
// nothing, in whatever browser it arrives (session fixation by a link).
func TestTheAccountPageConnectsNoIdentityOfAnotherPerson(t *testing.T) {
	t.Parallel()
	s := seated(t)
	eve, ann := s.visitor(), s.visitor()
	eve.enters()
	ann.enters()
	begun := eve.presses(eve.opens(ownPage), "connect", "provider=corp")
	to, err := url.Parse(begun.leadsTo())
	if err != nil || to.Query().Get("state") == "" {
		t.Fatalf("got %q, %v, want the URL of the provider", begun.leadsTo(), err)
	}
	s.idp.says(to.Query().Get("nonce"), jwt.MapClaims{"sub": s.fresh("sub")})
	stolen := url.Values{"state": {to.Query().Get("state")}, "code": {"x"}}.Encode()
	for name, browser := range map[string]*seat{"another person's": ann, "one without a session": s.visitor()} {
		if got := browser.back(stolen); got.Code < 400 {
			t.Errorf("%s: got %d, want a refusal", name, got.Code)
		}
	}
	ann.want(0)
	eve.want(0)
}
