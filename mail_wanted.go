package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// mailWanted decides, long after the answer, whether an unknown address gets mail, and what a
// known one gets: the asker cannot tell from the time.
func (e *Engine) mailWanted(ctx context.Context, app uuid.UUID, l *letter) (bool, error) {
	if l.Decoy || l.Address == "" {
		return !l.Decoy, nil
	}
	a, err := e.App(ctx, app)
	if errors.Is(err, CodeAppNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return again(func() (bool, error) { return e.wantedBy(ctx, a, l) })
}

// wantedBy decides by who has the address now.
func (e *Engine) wantedBy(ctx context.Context, app App, l *letter) (bool, error) {
	account, err := e.account(ctx, app.ID, AccountKey{Email: l.Address})
	switch {
	case err != nil:
		return false, err
	case account == nil:
		return !app.Settings.SignupClosed && l.Template != forReset.template, nil
	case l.SignUp:
		l.Template = "sign_up_taken"
		return true, nil
	case l.Attempt == nil: // of no kind that waits, or from before links did
		return true, nil
	case l.Template == forReset.template:
		l.To = account.User.EmailTyped
		return e.tokens.bind(ctx, app.ID, forReset, l, account)
	}
	return e.tokens.bind(ctx, app.ID, forSignIn, l, account)
}
