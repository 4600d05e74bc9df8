package authkit_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// uses are the requests that take a passkey. due is the refusal of a first factor.
var uses = map[string]func(p *factored, due answer, shown string) answer{
	"a sign-in": func(p *factored, _ answer, shown string) answer {
		return p.w.send("POST", p.w.in(passkeyFinish), "{"+shown+"}")
	},
	"a second factor": func(p *factored, due answer, shown string) answer {
		return p.w.send("POST", p.w.in(secondFactor), fmt.Sprintf(`{"mfa_token":%q,%s}`, due.text(p.w.t, "mfa_token"), shown))
	},
	"a step-up": func(p *factored, _ answer, shown string) answer {
		return p.post("/auth/step-up/{app_id}", "{"+shown+"}")
	},
}

// showsTwice begins one ceremony, and answers it twice.
func (p *factored) showsTwice(t *testing.T, binding string) (shown, anew string) {
	t.Helper()
	begun := p.w.send("POST", p.w.in(passkeyBegin), fmt.Sprintf(`{"binding":%q}`, binding))
	begun.want(t, 200, "")
	return p.answers(t, begun), p.answers(t, begun)
}

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
				due := p.first()
				shown, anew := p.showsTwice(t, due.text(t, "binding"))
				use(p, due, shown).want(t, 200, "")
				later := p.first()
				for _, repeated := range []string{shown, anew} {
					if got := again(p, later, repeated); got.Code != http.StatusUnauthorized {
						t.Errorf("got %d %s, want 401", got.Code, got.Body)
					}
				}
				again(p, later, p.answers(t, w.send("POST", w.in(passkeyBegin), fmt.Sprintf(`{"binding":%q}`, later.text(t, "binding"))))).want(t, 200, "")
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
	shown, anew := p.showsTwice(t, "")
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 64 {
		in, body := []*world{w, &other}[i%2], []string{shown, anew}[i/2%2]
		all.Go(func() {
			if got := in.serve(in.request("POST", in.in(passkeyFinish), "{"+body+"}")); got.Code == http.StatusOK {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("winners: got %d, want 1", won.Load())
	}
}

func TestAStateOfAPasskeyIsRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *world, begun answer) (state, binding string){
		"in another browser": func(w *world, begun answer) (string, string) {
			return begun.text(w.t, "state"), w.send("POST", w.in(passkeyBegin), `{}`).text(w.t, "binding")
		},
		"without its binding": func(w *world, begun answer) (string, string) { return begun.text(w.t, "state"), "" },
		"of another app": func(w *world, _ answer) (string, string) {
			there := *w
			there.app, _, _ = w.engine.CreateApp(w.t.Context(), w.devID, "Other")
			begun := there.send("POST", there.in(passkeyBegin), `{}`)
			return begun.text(w.t, "state"), begun.text(w.t, "binding")
		},
		"after five minutes": func(w *world, begun answer) (string, string) {
			w.clock.Advance(5 * time.Minute)
			return begun.text(w.t, "state"), begun.text(w.t, "binding")
		},
		"with a bit changed": func(w *world, begun answer) (string, string) {
			state := []byte(begun.text(w.t, "state"))
			state[60] ^= 1
			return string(state), begun.text(w.t, "binding")
		},
		"that is no state": func(w *world, begun answer) (string, string) { return "nonsense", begun.text(w.t, "binding") },
		"that is too long": func(w *world, begun answer) (string, string) {
			return begun.text(w.t, "state") + strings.Repeat("A", 5000), begun.text(w.t, "binding")
		},
		"of another relying party": func(w *world, begun answer) (string, string) {
			w.patchApp(`{"passkey_rp_id":"example.com","strand_passkeys":true}`).want(w.t, 200, "")
			return begun.text(w.t, "state"), begun.text(w.t, "binding")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := localApp(t)
			w.t = t
			p := w.member(t, "ann@example.com")
			p.enrolPasskey(t)
			begun := w.send("POST", w.in(passkeyBegin), `{}`)
			credential, err := p.device.Get(memberOf(t, begun, "options"), origin)
			if err != nil {
				t.Fatal(err)
			}
			state, binding := spoil(w, begun)
			body := func(state, binding string) string {
				return fmt.Sprintf(`{"state":%q,"binding":%q,"credential":%s}`, state, binding, credential)
			}
			w.send("POST", w.in(passkeyFinish), body(state, binding)).want(t, 401, "invalid_credentials")
		})
	}
}
