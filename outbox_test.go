package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

// postman is a Mailer that does what a test says and records each message and its time.
type postman struct {
	now  func() time.Time
	does func(ctx context.Context) error

	mu   sync.Mutex
	at   []time.Time
	took []mail.Message
}

func (p *postman) Send(ctx context.Context, m mail.Message) error {
	p.mu.Lock()
	p.at, p.took = append(p.at, p.now()), append(p.took, m)
	p.mu.Unlock()
	return p.does(ctx)
}

// letters returns the messages that it was given so far.
func (p *postman) letters() []mail.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.took)
}

// lettersTo returns those to one address.
func (p *postman) lettersTo(to string) []mail.Message {
	return slices.DeleteFunc(p.letters(), func(m mail.Message) bool { return m.To != to })
}

// hangs is a next hop that never answers.
func hangs(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// ask asks for a link and checks the usual answer.
func (w *world) ask(email string) {
	w.t.Helper()
	w.send("POST", w.in("/auth/magic-link/{app_id}"), `{"email":"`+email+`"}`).want(w.t, 202, "")
}

func (w *world) runOnce() {
	w.t.Helper()
	if err := w.engine.RunOnce(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// mails returns the mails that were sent, without the notices to the app's developer.
func (w *world) mails() []mail.Message {
	return slices.DeleteFunc(w.outbox.Messages(), func(m mail.Message) bool { return m.To == "dev@example.com" })
}

// inBubble sets up a world with the bubble's clock and runs its engine until the test ends.
func inBubble(t *testing.T, p *postman, change ...func(*authkit.Config)) (w *world, stop func()) {
	t.Helper()
	p.now = time.Now
	w = setup(t, append([]func(*authkit.Config){withoutLimits, func(c *authkit.Config) { c.Now, c.Mailer = time.Now, p }}, change...)...)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.engine.Run(ctx) }()
	return w, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: got %v, want nil", err)
		}
	}
}

func TestAMailerThatHangs(t *testing.T) {
	t.Parallel()
	t.Run("delays no request", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := &postman{does: hangs}
			w, stop := inBubble(t, p)
			for i := range 20 {
				w.ask(fmt.Sprintf("ann%d@example.com", i))
			}
			time.Sleep(time.Second) // of the bubble's clock
			synctest.Wait()         // Run is in Send now, in as many goroutines as it ever uses
			begun := time.Now()
			for i := range 20 {
				w.ask(fmt.Sprintf("cid%d@example.com", i))
				synctest.Wait()
			}
			token := w.signUp("bob@example.com").text(t, "token")
			w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(token)).want(t, 200, "")
			w.send("GET", "/readyz", "").want(t, 200, "")
			if n := len(p.letters()); n == 0 {
				t.Fatal("Send: got no call, want Run to hang in it")
			}
			if took := time.Since(begun); took != 0 {
				t.Errorf("requests: got %v, want no wait", took)
			}
			stop()
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("the end of Run: got %v, want five seconds at most", took)
			}
		})
	})
	t.Run("keeps no other work of Run waiting", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w, stop := inBubble(t, &postman{does: hangs})
			defer stop()
			for i := range 200 {
				w.ask(fmt.Sprintf("ann%d@example.com", i))
			}
			synctest.Wait()
			w.send("GET", w.in("/users/{app_id}"), "", bearer(w.key)).want(t, 200, "")
			time.Sleep(2 * time.Second) // of the bubble's clock
			synctest.Wait()
			keys, err := w.engine.APIKeys(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID})
			if err != nil || keys[0].LastUsedAt.IsZero() {
				t.Errorf("LastUsedAt: got %v, %v, want the use noted", keys[0].LastUsedAt, err)
			}
		})
	})
	t.Run("keeps no mail from another process", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, secret := memory.New(), func(c *authkit.Config) { c.Secrets = [][]byte{make([]byte, 32)} }
			w, stop := inBubble(t, &postman{does: hangs}, secret, func(c *authkit.Config) { c.Store = store })
			w.ask("ann@example.com")
			synctest.Wait()
			box := mail.NewOutbox()
			other, err := authkit.New(authkit.Config{Store: store, BaseURL: base, Mailer: box, Secrets: [][]byte{make([]byte, 32)}})
			if err != nil {
				t.Fatal(err)
			}
			stop() // in the middle of Send: the mail stays claimed
			for range 61 {
				time.Sleep(time.Second)
				if err := other.RunOnce(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if n := len(box.Messages()); n != 1 {
				t.Errorf("messages of the other: got %d, want the one", n)
			}
		})
	})
}

// attempts runs the engine every second for eleven minutes. It returns the seconds at which the
// mailer was called.
func attempts(t *testing.T, failure error) []int {
	t.Helper()
	store := memory.New()
	p := &postman{does: func(context.Context) error { return failure }}
	w := setup(t, func(c *authkit.Config) { c.Store, c.Mailer = store, p })
	p.now = w.clock.Now
	w.ask("ann@example.com")
	begun := w.clock.Now()
	for range 660 {
		w.runOnce()
		w.clock.Advance(time.Second)
	}
	var after []int
	for i, at := range p.at {
		after = append(after, int(at.Sub(begun)/time.Second))
		if p.took[i].ID != p.took[0].ID || p.took[i].To != "ann@example.com" {
			t.Errorf("attempt %d: got %q to %q, want the same message", i, p.took[i].ID, p.took[i].To)
		}
	}
	if due, err := store.ClaimMail(t.Context(), authkit.MailClaim{Now: begun, Until: begun, Max: 10}); err != nil || len(due) != 0 {
		t.Errorf("the outbox: got %v, %v, want it empty", due, err)
	}
	return after
}

func TestMailIsSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failure error
		after   []int
	}{
		"once if it was taken":                           {nil, []int{0}},
		"once if it was refused for good":                {fmt.Errorf("550 no such user: %w", mail.ErrPermanent), []int{0}},
		"again and again, more rarely, until it is late": {errors.New("451 try again"), []int{0, 2, 6, 14, 30, 62, 126, 246, 366, 486}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := attempts(t, c.failure); !slices.Equal(got, c.after) {
				t.Errorf("attempts: got %v seconds after the request, want %v", got, c.after)
			}
		})
	}
}

func TestMailIsErased(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"once sent": nil, "once refused for good": mail.ErrPermanent} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := memory.New()
			w := setup(t, func(c *authkit.Config) {
				c.Store = store
				c.Mailer = &postman{now: c.Now, does: func(context.Context) error { return failure }}
			})
			waiting := func() int {
				// Late enough for a claim to be over, and early enough for the mail.
				due, err := store.ClaimMail(t.Context(), authkit.MailClaim{Now: w.clock.Now().Add(9 * time.Minute), Until: w.clock.Now(), Max: 10})
				if err != nil {
					t.Fatal(err)
				}
				return len(due)
			}
			w.ask("ann@example.com")
			if got := waiting(); got != 1 {
				t.Fatalf("before: got %d mails, want 1", got)
			}
			w.runOnce()
			if got := waiting(); got != 0 {
				t.Errorf("after: got %d mails, want none", got)
			}
		})
	}
}

// This test makes each call of a run of the background work fail.
func TestFaultsOfDelivery(t *testing.T) {
	t.Parallel()
	ready := func(t *testing.T) (*world, *storetest.Faulty) {
		t.Helper()
		faulty := storetest.NewFaulty(memory.New())
		w := setup(t, func(c *authkit.Config) { c.Store = faulty })
		w.settings(authkit.AppPatch{SignupClosed: new(true)}) // the store is asked whether to send, too
		w.runOnce()                                           // the notice to the developer
		if _, err := w.engine.CreateDeveloper(t.Context(), "ann@example.com", password); err != nil {
			t.Fatal(err)
		}
		w.send("POST", "/auth/magic-link/console", `{"email":"ann@example.com"}`).want(t, 202, "")
		w.send("GET", w.in("/users/{app_id}"), "", bearer(w.key)).want(t, 200, "")
		return w, faulty
	}
	w, faulty := ready(t)
	before := faulty.Calls()
	w.runOnce()
	calls := faulty.Calls() - before
	if calls < 6 {
		t.Fatalf("calls of the store: got %d, want all of the work", calls)
	}
	for n := 1; n <= calls; n++ {
		t.Run(fmt.Sprintf("call %d of %d fails", n, calls), func(t *testing.T) {
			t.Parallel()
			w, faulty := ready(t)
			faulty.FailAt(n)
			_ = w.engine.RunOnce(t.Context()) // a mail that was not sent is reported in the log only
			faulty.FailAt(0)
			w.clock.Advance(61 * time.Second)
			w.runOnce()
			// A mail that could not be settled goes out twice, with the same Message-ID.
			got := w.mails()
			if len(got) == 0 || len(got) > 2 || got[0].ID != got[len(got)-1].ID {
				t.Fatalf("messages: got %d, want one, or the same twice", len(got))
			}
			body := `{"token":"` + linkToken(got[0]) + `"}`
			w.send("POST", "/auth/verify/console", body).want(t, 200, "")
			w.clock.Advance(time.Hour)
			w.runOnce()
			if again := w.mails(); len(again) != len(got) {
				t.Errorf("messages an hour later: got %d, want %d", len(again), len(got))
			}
			w.send("GET", w.in("/users/{app_id}"), "", bearer(w.key)).want(t, 200, "")
			w.runOnce()
			keys, err := w.engine.APIKeys(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID})
			if err != nil || keys[0].LastUsedAt.IsZero() {
				t.Errorf("LastUsedAt: got %v, %v, want the use noted", keys[0].LastUsedAt, err)
			}
		})
	}
}

// A mail server need not support SMTPUTF8.
func TestMailGoesToAnASCIIAddress(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ask("Ann.Lee@Bücher.example")
	w.runOnce()
	if got := w.outbox.Messages(); len(got) != 1 || got[0].To != "Ann.Lee@xn--bcher-kva.example" {
		t.Errorf("messages: got %+v, want one to Ann.Lee@xn--bcher-kva.example", got)
	}
}
