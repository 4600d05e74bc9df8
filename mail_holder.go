package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// mailRecords reads what decides about mail.
type mailRecords struct {
	known   func(ctx context.Context, id uuid.UUID) (app App, remembered bool, err error)
	app     func(ctx context.Context, id uuid.UUID) (App, error)
	account func(ctx context.Context, app uuid.UUID, by AccountKey) (*Account, error)
}

// mailHolder is who holds the address of one mail: the app of the mail, and the account that has
// the address there, if any. Both are read at most once for a mail.
type mailHolder struct {
	records *mailRecords
	email   string // by which it was read; empty: not yet
	app     App
	account *Account
}

// read reads the app and the account, unless they were read by that address. The app is taken as
// this process last read it, and proved by the look for the account. [CodeAppNotFound];
// [CodeUnavailable].
func (h *mailHolder) read(ctx context.Context, app uuid.UUID, email string) error {
	if h.email == email {
		return nil
	}
	known, remembered, err := h.records.known(ctx, app)
	if err != nil {
		return err
	}
	h.app = known
	by := AccountKey{Email: email}
	if remembered {
		by.AppVersion = h.app.Version
	}
	h.account, err = h.records.account(ctx, app, by)
	if errors.Is(err, ErrAppChanged) {
		if h.app, err = h.records.app(ctx, app); err != nil {
			return err
		}
		h.account, err = h.records.account(ctx, app, AccountKey{Email: email})
	}
	if err == nil {
		h.email = email
	}
	return err
}

// forget makes the next read ask the store.
func (h *mailHolder) forget() { h.email = "" }
