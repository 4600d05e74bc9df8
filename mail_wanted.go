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
		if err := h.read(ctx, app, l.Address); err != nil {
			return false, err
		}
		return m.byHolder(ctx, h, l)
	})
	if errors.Is(err, CodeAppNotFound) {
		return false, nil
	}
	return wanted, err
}

// byHolder decides by the account that has the address now.
func (m *mailWanted) byHolder(ctx context.Context, h *mailHolder, l *letter) (bool, error) {
	switch {
	case h.account == nil:
		return !h.app.Settings.SignupClosed && l.Template != forReset.template && l.Template != forInvite.template, nil
	case l.SignUp:
		l.Template = "sign_up_taken"
		return true, nil
	case l.Attempt == nil: // its challenge has a user, or is of a kind that does not wait for one
		return true, nil
	}
	p := l.waiting()
	if p.kind == forReset.kind {
		l.To = h.account.User.EmailTyped
	}
	if h.bound {
		return true, nil
	}
	alive, err := m.tokens.bind(ctx, h.app.ID, p, l, h.account)
	if errors.Is(err, errAgain) {
		h.forget()
	}
	return alive, err
}

// waiting returns the purpose of a challenge that waits for its user.
func (l *letter) waiting() purpose {
	if l.Template == forReset.template {
		return forReset
	}
	return forSignIn
}

// ahead is [mailPolicy.ahead]: it reads the holders, and binds in one step the challenges of those
// that are there. A challenge that was not bound is looked at with its mail.
func (m *mailWanted) ahead(ctx context.Context, r *mailRecords, all []*parcel) {
	r.ahead(ctx, all)
	var tokens []Token
	var of []*parcel
	for _, p := range all {
		l, account := &p.letter, p.holder.account
		if account == nil || l.Attempt == nil || l.Asked == nil || l.SignUp {
			continue
		}
		tokens, of = append(tokens, m.tokens.boundTo(account, p.App, l.waiting(), l, *l.Asked)), append(of, p)
	}
	if len(tokens) == 0 {
		return
	}
	bound, err := m.tokens.store.BindTokens(ctx, tokens, m.tokens.now())
	for i, p := range of {
		if p.holder.bound = err == nil && bound[i]; !p.holder.bound {
			p.holder.forget()
		}
	}
}
