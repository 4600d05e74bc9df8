package authkit_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// uses are the requests that take a passkey. due is the refusal of a first factor. The binding cookie goes
// with all of them, so that a state and an mfa_token of different beginnings are of one browser.
var uses = map[string]func(p *factored, cookie string, due answer, shown string) answer{
	"a sign-in": func(p *factored, cookie string, _ answer, shown string) answer {
		return p.w.send("POST", p.w.in(passkeyFinish), "{"+shown+"}", cookie)
	},
	"a second factor": func(p *factored, cookie string, due answer, shown string) answer {
		return p.w.send("POST", p.w.in(secondFactor), fmt.Sprintf(`{"mfa_token":%q,%s}`, due.text(p.w.t, "mfa_token"), shown), cookie)
	},
	"a step-up": func(p *factored, cookie string, _ answer, shown string) answer {
		return p.post(stepUp, "{"+shown+"}", cookie)
	},
}

// unbound are the members of a shown passkey without its binding, for which the cookie stands.
var unbound = regexp.MustCompile(`"binding":"[^"]*",`)

// A state whose answer is sent once more, to whichever request takes one, is refused: so is a new answer to
// the same options.
func TestTheStateOfAPasskeyWorksOnce(t *testing.T) {
	t.Parallel()
	for first, use := range uses {
		for second, again := range uses {
			t.Run(first+" and then "+second, func(t *testing.T) {
				t.Parallel()
				w := setup(t, withoutLimits, withPasskeys)
				p := w.member(t, "ann@example.com")
				p.enrolTOTP(t)
				p.enrolPasskey(t)
				kept, _ := bindingOf(w.send("POST", w.in(passkeyBegin), `{}`))
				cookie := "Cookie: " + kept.Name + "=" + kept.Value
				begin := func() answer { return w.send("POST", w.in(passkeyBegin), `{}`, cookie) }
				answers := func(begun answer) string { return unbound.ReplaceAllString(p.answers(t, begun), "") }
				begun := begin()
				shown, anew := answers(begun), answers(begun)
				use(p, cookie, p.first(cookie), shown).want(t, 200, "")
				later := p.first(cookie)
				for _, repeated := range []string{shown, anew} {
					if got := again(p, cookie, later, repeated); got.Code != http.StatusUnauthorized {
						t.Errorf("got %d %s, want 401", got.Code, got.Body)
					}
				}
				again(p, cookie, later, answers(begin())).want(t, 200, "")
			})
		}
	}
}

// Each of two processes has callers with an answer of their own to the same options.
func TestTheStateOfAPasskeyHasOneWinner(t *testing.T) {
	t.Parallel()
	store := memory.New()
	w := setup(t, withoutLimits, withPasskeys, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })
	p := w.member(t, "ann@example.com")
	p.enrolPasskey(t)
	other := *w
	other.server = http.StripPrefix("/id", w.process(store, mail.NewOutbox(), withPasskeys).Handler())
	begun := w.send("POST", w.in(passkeyBegin), `{}`)
	shown, anew := p.answers(t, begun), p.answers(t, begun)
	var requests []func() answer
	for i := range 64 {
		in, body := []*world{w, &other}[i%2], []string{shown, anew}[i/2%2]
		requests = append(requests, func() answer { return in.send("POST", in.in(passkeyFinish), "{"+body+"}") })
	}
	wantOneWinner(t, requests)
}

func TestAStateOfAPasskeyIsRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *world, p *factored, begun answer) (shown string){
		"in another browser": func(w *world, p *factored, begun answer) string {
			other := w.send("POST", w.in(passkeyBegin), `{}`).text(w.t, "binding")
			return strings.Replace(p.answers(w.t, begun), begun.text(w.t, "binding"), other, 1)
		},
		"without its binding": func(w *world, p *factored, begun answer) string {
			return unbound.ReplaceAllString(p.answers(w.t, begun), "")
		},
		"of another app": func(w *world, p *factored, _ answer) string {
			there := *w
			there.app, _, _ = w.engine.CreateApp(w.t.Context(), w.devID, "Other")
			return p.answers(w.t, there.send("POST", there.in(passkeyBegin), `{}`))
		},
		"after five minutes": func(w *world, p *factored, begun answer) string {
			w.clock.Advance(5 * time.Minute)
			return p.answers(w.t, begun)
		},
		"that is no state": func(w *world, p *factored, begun answer) string {
			return strings.Replace(p.answers(w.t, begun), begun.text(w.t, "state"), "nonsense", 1)
		},
		"that is too long": func(w *world, p *factored, begun answer) string {
			state := begun.text(w.t, "state")
			return strings.Replace(p.answers(w.t, begun), state, state+strings.Repeat("A", 5000), 1)
		},
		"of another relying party": func(w *world, p *factored, begun answer) string {
			w.patchApp(`{"passkey_rp_id":"example.com","strand_passkeys":true}`).want(w.t, 200, "")
			return p.answers(w.t, begun)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := localApp(t)
			p := w.member(t, "ann@example.com")
			p.enrolPasskey(t)
			shown := spoil(w, p, w.send("POST", w.in(passkeyBegin), `{}`))
			w.send("POST", w.in(passkeyFinish), "{"+shown+"}").want(t, 401, "invalid_credentials")
		})
	}
}
