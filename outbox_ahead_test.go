package authkit_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
)

// asking notes which verbs decide about mail.
type asking struct {
	authkit.Store

	mu    sync.Mutex
	verbs []string
}

func (a *asking) note(verb string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.verbs = append(a.verbs, verb)
}

func (a *asking) Account(ctx context.Context, app uuid.UUID, by authkit.AccountKey) (authkit.Account, error) {
	a.note("Account")
	return a.Store.Account(ctx, app, by)
}

func (a *asking) Accounts(ctx context.Context, asked []authkit.AccountRef) ([]authkit.AccountAnswer, error) {
	a.note("Accounts")
	return a.Store.Accounts(ctx, asked)
}

func (a *asking) Token(ctx context.Context, app uuid.UUID, t authkit.Take, now time.Time) (authkit.Token, authkit.Account, error) {
	a.note("Token")
	return a.Store.Token(ctx, app, t, now)
}

func (a *asking) BindTokens(ctx context.Context, tokens []authkit.Token, now time.Time) ([]bool, error) {
	a.note(fmt.Sprint("BindTokens of ", len(tokens)))
	return a.Store.BindTokens(ctx, tokens, now)
}

func TestABatchOfMailIsDecidedByTwoCalls(t *testing.T) {
	t.Parallel()
	store := &asking{Store: memory.New()}
	w := setup(t, withoutLimits, func(c *authkit.Config) { c.Store = store })
	w.mailsNoProof()
	for i := range 20 {
		if i < 10 {
			w.signUp(w.nth(i))
		}
		w.ask(w.nth(i))
	}
	store.verbs = nil
	w.runOnce()
	if want := []string{"Accounts", "BindTokens of 10"}; !slices.Equal(store.verbs, want) {
		t.Errorf("calls: got %q, want %q", store.verbs, want)
	}
	if n := len(w.mails()); n != 20 {
		t.Errorf("mails: got %d, want 20", n)
	}
}

// The last mail of a batch waits while those before it are sent. It is decided anew then.
func TestAMailThatWaitsInItsBatchIsDecidedAnew(t *testing.T) {
	t.Parallel()
	const last = 8 // as many are sent at once
	for name, c := range map[string]struct {
		meanwhile func(w *world)
		want      int // mails to the last address, of the two that were asked for
	}{
		"nothing has happened": {func(*world) {}, 1},
		"a newer reset has replaced it": {func(w *world) {
			w.send("POST", w.in("/auth/password/forgot/{app_id}"), `{"email":"`+w.nth(last)+`"}`).want(w.t, 202, "")
		}, 1},
		"its user is gone": {func(w *world) {
			users, err := w.engine.Users(w.t.Context(), w.app.ID, authkit.UserFilter{Email: w.nth(last)})
			if err == nil {
				err = w.engine.DeleteUser(w.t.Context(), authkit.UserRef{App: w.app.ID, ID: users[0].ID})
			}
			if err != nil {
				w.t.Error(err)
			}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &postman{now: time.Now, does: func(context.Context) error { return nil }}
			w := setup(t, withoutLimits, func(c *authkit.Config) { c.Mailer = p })
			w.mailsNoProof()
			for i := range last + 1 {
				w.signUp(w.nth(i))
				w.send("POST", w.in("/auth/password/forgot/{app_id}"), `{"email":"`+w.nth(i)+`"}`).want(t, 202, "")
				w.clock.Advance(time.Millisecond)
			}
			var once sync.Once
			p.does = func(context.Context) error {
				once.Do(func() { w.clock.Advance(2 * time.Second); c.meanwhile(w) })
				return nil
			}
			w.runOnce()
			to := p.lettersTo(w.nth(last))
			if len(to) != c.want {
				t.Errorf("mails to the last address: got %d, want %d", len(to), c.want)
			}
		})
	}
}
