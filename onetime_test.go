package authkit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
)

// slow is a store on which something happens just after the first code was taken.
type slow struct {
	authkit.Store

	once sync.Once
	then func()
}

func (s *slow) TakeToken(ctx context.Context, app uuid.UUID, t authkit.Take, now time.Time) (authkit.Token, error) {
	got, err := s.Store.TakeToken(ctx, app, t, now)
	if err == nil && t.Kind == "code" {
		s.once.Do(s.then)
	}
	return got, err
}

func TestAOneTimeCodeHasAWinnerHoweverFastTheLosersAre(t *testing.T) {
	t.Parallel()
	store := &slow{Store: memory.New()}
	w := setup(t, func(c *authkit.Config) { c.Store = store })
	goal := "https://client.example/done"
	if _, err := w.engine.ChangeApp(t.Context(), w.devID, w.app.ID, authkit.AppPatch{RedirectURLs: &[]string{goal}}); err != nil {
		t.Fatal(err)
	}
	_, m := w.mailed("ann@example.com", `,"redirect_to":"`+goal+`"`)
	browser := []byte("a secret of thirty-two bytes, or")
	pressed, _, err := w.engine.PressLink(t.Context(), authkit.LinkPress{App: w.app.ID, Token: linkToken(m), Browser: browser})
	if err != nil {
		t.Fatal(err)
	}
	exchange := authkit.CodeExchange{App: w.app.ID, Code: pressed.Code, Browser: browser}
	store.then = func() {
		if _, err := w.engine.ExchangeCode(t.Context(), exchange); !errors.Is(err, authkit.CodeInvalidToken) {
			t.Errorf("loser: got %v, want %v", err, authkit.CodeInvalidToken)
		}
	}
	won, err := w.engine.ExchangeCode(t.Context(), exchange)
	if err != nil {
		t.Fatalf("winner: got %v, want a sign-in", err)
	}
	// The code was used twice, so somebody has it who should not (RFC 6749, section 4.1.2).
	w.send("GET", "/auth/me/"+w.app.ID.String(), "", bearer(won.Token)).want(t, 401, "invalid_token")
}
