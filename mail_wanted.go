package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// mailWanted decides, long after the answer, whether an unknown address gets mail and which mail
// a known one gets. So the asker cannot learn it from the time of the answer.
type mailWanted struct{ tokens *tokens }

// decide is [mailPolicy.wanted].
func (m *mailWanted) decide(ctx context.Context, app uuid.UUID, l *letter, h *mailHolder) (bool, error) {
	if l.Decoy || l.Address == "" {
		return !l.Decoy, nil
	}
	wanted, err := again(func() (bool, error) {
		h.forget()
		if err := h.read(ctx, app, l.Address); err != nil {
			return false, err
		}
		return m.byHolder(ctx, h.app, h.account, l)
	})
	if errors.Is(err, CodeAppNotFound) {
		return false, nil
	}
	return wanted, err
}

// byHolder decides by the account that has the address now.
func (m *mailWanted) byHolder(ctx context.Context, app App, account *Account, l *letter) (bool, error) {
	switch {
	case account == nil:
		return !app.Settings.SignupClosed && l.Template != forReset.template, nil
	case l.SignUp:
		l.Template = "sign_up_taken"
		return true, nil
	case l.Attempt == nil: // its challenge has a user, or is of a kind that does not wait for one
		return true, nil
	case l.Template == forReset.template:
		l.To = account.User.EmailTyped
		return m.tokens.bind(ctx, app.ID, forReset, l, account)
	}
	return m.tokens.bind(ctx, app.ID, forSignIn, l, account)
}
