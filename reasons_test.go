package authkit_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// reasonOf returns the reason of a refusal, and the tries that are left, if it tells them.
func (a answer) reasonOf(t *testing.T) string {
	t.Helper()
	a.want(t, 401, "invalid_token")
	reason, _ := a.body["reason"].(string)
	if left, ok := a.body["tries_left"]; ok {
		reason += fmt.Sprintf(" %v", left)
	}
	return reason
}

// reasons fails unless each request is refused for the reason that stands before it; "" for none.
func (w *world) reasons(t *testing.T, all ...any) {
	t.Helper()
	for i := 0; i < len(all); i += 2 {
		if got := all[i+1].(answer).reasonOf(t); got != all[i] {
			t.Errorf("%d: got reason %q, want %q", i/2+1, got, all[i])
		}
	}
}

// later moves the clock, and lets the store forget what has expired.
func (w *world) later(by time.Duration) {
	w.t.Helper()
	w.clock.Advance(by)
	w.runOnce()
}

func tokenBody(raw string) string { return `{"token":"` + raw + `"}` }

func TestALinkIsRefusedForAReason(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	in := w.signUp("eve@example.com")
	pending, m := w.mailed("ann@example.com", "")
	other, _ := w.mailed("bob@example.com", "")
	raw := linkToken(m)
	with := func(binding string) answer {
		return w.verify(fmt.Sprintf(`{"token":%q,"binding":%q}`, raw, binding))
	}
	foreign := setup(t)
	_, theirs := foreign.mailed("ann@example.com", "")
	w.reasons(t,
		"wrong_browser", with(other.text(t, "binding")),
		"malformed", with("nonsense"),
		"wrong_kind", with(w.key),
		"malformed", w.verify(tokenBody("nonsense")),
		"malformed", w.verify(tokenBody(raw+"=")),
		"wrong_kind", w.verify(tokenBody(w.key)),
		"wrong_kind", w.verify(tokenBody(in.text(t, "token"))),
		"wrong_kind", w.verify(tokenBody(in.text(t, "refresh_token"))),
		"", w.verify(tokenBody(raw[:len(raw)-43]+strings.Repeat("A", 43))),
		"", w.verify(tokenBody(linkToken(theirs))),
	)
	with(pending.text(t, "binding")).want(t, 200, "")
	w.reasons(t, "spent", w.verify(tokenBody(raw)), "spent", with(pending.text(t, "binding")))
	_, m = w.mailed("ann@example.com", "")
	w.later(10 * time.Minute)
	w.reasons(t, "expired", w.verify(byLink(m, "")), "expired", w.verify(tokenBody(raw)))
}

func TestALinkThatIsOldNewsIsSpent(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	in := w.provenUser("ann@example.com")
	reset := func(m mail.Message) answer {
		return w.send("POST", w.in("/auth/password/reset/{app_id}"), byLink(m, `,"password":"`+newPassword+`"`))
	}
	_, replaced := w.forgot("ann@example.com")
	_, m := w.forgot("ann@example.com")
	w.send("POST", w.in("/auth/sign-out/{app_id}"), `{"all":true}`, bearer(in.text(t, "token"))).want(t, 204, "")
	w.reasons(t, "spent", reset(replaced), "spent", reset(m))
}

func TestALinkForTheAskerAloneSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	bound := authkit.MagicLinkBoundOnly
	w.settings(authkit.AppPatch{MagicLink: &bound})
	_, m := w.mailed("ann@example.com", "")
	stranger := cookieOf(w.send("POST", w.in("/auth/magic-link/{app_id}"), `{"email":"eve@example.com"}`))
	w.reasons(t,
		"binding_missing", w.verify(byLink(m, "")),
		"wrong_browser", w.send("POST", w.in("/auth/verify/{app_id}"), byLink(m, ""), "Cookie: "+stranger),
	)
}

// codeRoute is a route that takes a code, and what goes with it.
type codeRoute struct {
	ask, body string // how the mail is asked for
	at, more  string // where the code goes, and the rest of that body
	session   bool
	minutes   int // that the code lives
}

func codeRoutes() map[string]codeRoute {
	const ann = `{"email":"ann@example.com"}`
	return map[string]codeRoute{
		"a magic link's":    {askLink, ann, redeemAt, `,"email":"ann@example.com"`, false, 10},
		"a reset's":         {askReset, ann, resetAt, `,"email":"ann@example.com","password":"` + newPassword + `"`, false, 30},
		"an address's":      {askVerify, `{}`, proveAt, `,"email":"ann@example.com"`, true, 10},
		"another address's": {"/auth/email/change/{app_id}", `{"new_email":"new@example.com"}`, "/auth/email/confirm/{app_id}", "", true, 10},
	}
}

func TestACodeIsRefusedForAReason(t *testing.T) {
	t.Parallel()
	for name, r := range codeRoutes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, withoutLimits)
			session := w.signUp("ann@example.com").text(t, "token")
			headers := func() []string {
				if r.session {
					return []string{bearer(session)}
				}
				return nil
			}
			ask := func() inHand { return w.mailsProof(r.ask, r.body, headers()...) }
			try := func(code, binding string) answer {
				return w.send("POST", w.in(r.at), fmt.Sprintf(`{"code":%q,"binding":%q%s}`, code, binding, r.more), headers()...)
			}
			own := ask()
			code := mail.Code(own.m)
			stranger := w.mailsProof(askLink, `{"email":"bob@example.com"}`)
			w.reasons(t,
				"", try(code, own.binding[:95]+string('A'+(own.binding[95]-'A'+1)%26)),
				"", try(code, base64.RawURLEncoding.EncodeToString(make([]byte, 72))),
				"", try(code, stranger.binding),
				"malformed", try(code, own.binding[1:]),
				"malformed", try(code, "nonsense"),
				"malformed", try("12345", own.binding),
				"malformed", try("12345x", own.binding),
				"wrong_kind", try(w.key, own.binding),
				"wrong_code 4", try(wrongCode(code), own.binding),
				"wrong_code 3", try(wrongCode(code), own.binding),
				"wrong_code 2", try(wrongCode(code), own.binding),
				"wrong_code 1", try(wrongCode(code), own.binding),
				"wrong_code 0", try(wrongCode(code), own.binding),
				"wrong_code 0", try(wrongCode(code), own.binding),
				"wrong_code 0", try(code, own.binding), // the right one, too late
			)
			own = ask()
			code = mail.Code(own.m)
			w.later(time.Duration(r.minutes)*time.Minute - time.Second)
			if r.session {
				session = w.signIn(w.app.ID.String(), "ann@example.com")
			}
			w.reasons(t, "wrong_code 4", try(wrongCode(code), own.binding))
			w.later(time.Second)
			w.reasons(t, "expired", try(code, own.binding), "expired", try(wrongCode(code), own.binding))

			own = ask()
			code = mail.Code(own.m)
			if got := try(code, own.binding); got.Code != 200 {
				t.Fatalf("got %d %s, want the code to be right", got.Code, got.Body)
			}
			w.reasons(t,
				"spent", try(code, own.binding),
				"wrong_code 2", try(wrongCode(code), own.binding), // the two before count
			)
		})
	}
	t.Run("without a binding", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		_, m := w.mailed("ann@example.com", "")
		w.reasons(t, "binding_missing", w.verify(`{"email":"ann@example.com","code":"`+mail.Code(m)+`"}`))
	})
	t.Run("of another address", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		pending, m := w.mailed("ann@example.com", "")
		w.reasons(t, "", w.verify(byCode("bob@example.com", pending, m, "")))
	})
	t.Run("once the address has no tries left that day", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		for range 4 {
			a := w.mailsProof(askLink, `{"email":"ann@example.com"}`)
			for range 5 {
				w.byCodeOf(redeemAt, a, wrongCode(mail.Code(a.m)), "").reasonOf(t)
			}
		}
		last := w.mailsProof(askLink, `{"email":"ann@example.com"}`)
		w.reasons(t, "", w.byCodeOf(redeemAt, last, mail.Code(last.m), ""), "", w.byCodeOf(redeemAt, last, wrongCode(mail.Code(last.m)), ""))
	})
	t.Run("in Go", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		pending, m := w.mailed("ann@example.com", "")
		_, err := w.engine.RedeemMagicLink(t.Context(), authkit.MagicLinkProof{
			App: w.app.ID, Email: "ann@example.com", Code: wrongCode(mail.Code(m)), Binding: pending.text(t, "binding"),
		})
		refusal, ok := errors.AsType[*authkit.Error](err)
		if !ok || refusal.Reason != authkit.ReasonWrongCode || refusal.TriesLeft != 4 {
			t.Errorf("got %+v, want reason wrong_code with 4 tries left", err)
		}
	})
}

// What a person who only has the binding is answered tells of that person's own tries alone: not
// whether the address has a user, nor whether it got the mail, nor what became of the proof since.
func TestAWrongCodeTellsOfTheAskersTriesAlone(t *testing.T) {
	t.Parallel()
	id := regexp.MustCompile(`"request_id":"[^"]*"`)
	for what, r := range map[string]codeRoute{"a link": codeRoutes()["a magic link's"], "a reset": codeRoutes()["a reset's"]} {
		// trace returns the answers to six wrong codes; between the second and the third something
		// happens.
		trace := func(t *testing.T, before, between func(w *world)) string {
			t.Helper()
			w := setup(t)
			before(w)
			var all strings.Builder
			asked := w.from("198.51.100.1:1").send("POST", w.in(r.ask), r.body)
			asked.want(t, 202, "")
			for i := range 6 {
				if i == 2 {
					between(w)
				}
				w.tries++
				wrong := "000000"
				for _, m := range w.outbox.Messages() {
					if mail.Code(m) == wrong {
						wrong = "000001"
					}
				}
				body := fmt.Sprintf(`{"code":%q,"binding":%q%s}`, wrong, asked.text(t, "binding"), r.more)
				got := w.from(fmt.Sprintf("198.51.100.%d:1", w.tries)).send("POST", w.in(r.at), body)
				fmt.Fprintln(&all, got.Code, got.Header().Get("WWW-Authenticate"), id.ReplaceAllString(got.Body.String(), ""))
			}
			return all.String()
		}
		nothing := func(*world) {}
		known := func(w *world) { w.provenUser("ann@example.com") }
		usedUp := func(of func(*world)) func(*world) {
			return func(w *world) {
				of(w)
				for i := range 5 {
					w.from(fmt.Sprintf("203.0.113.%d:1", i+1)).send("POST", w.in(r.ask), r.body).want(t, 202, "")
				}
			}
		}
		for name, c := range map[string]struct{ before, between func(w *world) }{
			"a user":                        {known, nothing},
			"a user, and the mail goes out": {known, func(w *world) { w.runOnce() }},
			"no user, and the mail is due":  {nothing, func(w *world) { w.runOnce() }},
			"a decoy":                       {usedUp(nothing), nothing},
			"a decoy to a user":             {usedUp(known), func(w *world) { w.runOnce() }},
			"a user who signs out everywhere": {known, func(w *world) {
				w.runOnce()
				if err := w.engine.EndSessions(t.Context(), authkit.UserRef{App: w.app.ID, ID: w.userOf("ann@example.com").ID}); err != nil {
					t.Fatal(err)
				}
			}},
			"a user who uses the mail": {known, func(w *world) {
				m := w.mailTo("ann@example.com")
				w.send("POST", w.in(r.at), byLink(m, strings.Replace(r.more, `,"email":"ann@example.com"`, "", 1))).want(t, 200, "")
			}},
		} {
			t.Run(what+": "+name, func(t *testing.T) {
				t.Parallel()
				want := trace(t, nothing, nothing)
				if got := trace(t, c.before, c.between); got != want {
					t.Errorf("got\n%s\nwant what an unknown address gets\n%s", got, want)
				}
				for i, left := range []string{"4", "3", "2", "1", "0", "0"} {
					if line := strings.Split(want, "\n")[2*i]; !strings.Contains(line, `"reason":"wrong_code","tries_left":`+left) {
						t.Errorf("try %d: got %s, want %s left", i+1, line, left)
					}
				}
			})
		}
	}
}

func TestAOneTimeCodeIsRefusedForAReason(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	at := func(code, more string, headers ...string) answer {
		return s.send("POST", s.in("/auth/token/{app_id}"), `{"code":"`+code+`"`+more+`}`, headers...)
	}
	code, cookie := s.handedOver()
	_, another := s.handedOver()
	s.reasons(t,
		"malformed", at("nonsense!", ""),
		"wrong_kind", at(s.key, ""),
		"", at(code[1:]+"A", ""),
		"binding_missing", at(code, ""),
		"wrong_browser", at(code, "", "Cookie: "+another),
		"", at(code, `,"code_verifier":"`+strings.Repeat("v", 43)+`"`),
	)
	at(code, "", "Cookie: "+cookie).want(t, 200, "")
	s.clock.Advance(time.Minute)
	s.reasons(t, "spent", at(code, "", "Cookie: "+cookie))
	code, cookie = s.handedOver()
	s.clock.Advance(time.Minute)
	s.reasons(t, "expired", at(code, "", "Cookie: "+cookie))
	s.clock.Advance(10 * time.Minute)
	s.reasons(t, "expired", at(code, "", "Cookie: "+cookie))
}

func TestASessionsTokensAreRefusedForAReason(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	in := w.signUp("ann@example.com")
	first, access := in.text(t, "refresh_token"), in.text(t, "token")
	refresh := func(raw string) answer {
		return w.send("POST", w.in("/auth/refresh/{app_id}"), `{"refresh_token":"`+raw+`"}`)
	}
	me := func(raw string) answer { return w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(raw)) }
	w.reasons(t,
		"malformed", refresh("nonsense"),
		"wrong_kind", refresh(access),
		"wrong_kind", refresh(w.key),
		"", refresh("rt_"+base64.RawURLEncoding.EncodeToString(make([]byte, 48))),
		"malformed", me("nonsense"),
		"wrong_kind", me(first),
		"wrong_kind", me(w.key),
		"", me(w.token), // of the console app
	)
	next := refresh(first)
	next.want(t, 200, "")
	w.clock.Advance(2 * time.Minute)
	w.reasons(t, "spent", refresh(first), "", refresh(next.text(t, "refresh_token")))
	in = w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"ann@example.com","password":"`+password+`"}`)
	w.clock.Advance(20 * time.Minute)
	w.reasons(t, "expired", me(in.text(t, "token")))
}

func TestACallbackIsRefusedForAReason(t *testing.T) {
	t.Parallel()
	w, p := withProvider(t, true)
	back := func(state, binding, more string) answer {
		return w.send("POST", w.in("/auth/callback/corp/{app_id}"), fmt.Sprintf(`{"code":"good","state":%q,"binding":%q%s}`, state, binding, more))
	}
	said := map[string]any{"sub": "s1"}
	state, binding := w.begin(t, p, said)
	_, other := w.begin(t, p, said)
	unknown := base64.RawURLEncoding.EncodeToString(make([]byte, 16))
	w.reasons(t,
		"malformed", back("nonsense", binding, ""),
		"wrong_kind", back(w.key, binding, ""),
		"wrong_browser", back(state, other, ""),
		"", back(unknown, binding, ""),
		"binding_missing", w.send("GET", w.in("/auth/callback/corp/{app_id}?code=good&state="+state), "", "Accept: application/json"),
		"wrong_issuer", back(state, binding, `,"iss":"https://evil.example"`),
		"spent", back(state, binding, ""),
		"wrong_browser", back(state, other, ""),
	)
	state, binding = w.begin(t, p, said)
	w.clock.Advance(10 * time.Minute)
	w.reasons(t, "expired", back(state, binding, ""))
	got := w.send("GET", w.in("/auth/corp/{app_id}"), "")
	u, err := url.Parse(got.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	path := w.in("/auth/callback/corp/{app_id}?code=good&state=") + u.Query().Get("state")
	elsewhere := cookieOf(w.send("GET", w.in("/auth/corp/{app_id}"), ""))
	w.reasons(t, "wrong_browser", w.send("GET", path, "", "Accept: application/json", "Cookie: "+elsewhere))
}

func TestAnUndoIsRefusedForAReason(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, _ := s.moved()
	undo := func(body string) answer { return s.send("POST", s.in("/auth/email/undo/{app_id}"), body) }
	s.reasons(t, "malformed", undo(tokenBody("nonsense")), "wrong_kind", undo(tokenBody(s.key)))
	undo(byLink(m, "")).want(t, 204, "")
	s.reasons(t, "spent", undo(byLink(m, "")))
	m, _ = s.moved()
	s.clock.Advance(72 * time.Hour)
	s.reasons(t, "expired", undo(byLink(m, "")))
}
