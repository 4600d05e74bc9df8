package authkit

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
)

// mailRecords reads what decides about mail.
type mailRecords struct {
	known   func(ctx context.Context, id uuid.UUID) (app App, remembered bool, err error)
	app     func(ctx context.Context, id uuid.UUID) (App, error)
	account func(ctx context.Context, app uuid.UUID, by AccountKey) (*Account, error)

	accounts func(ctx context.Context, asked []AccountRef) ([]AccountAnswer, error)
}

// mailHolder is who holds the address of one mail: the app of the mail, and the account that has
// the address there, if any. Both are read at most once for a mail.
type mailHolder struct {
	records *mailRecords
	email   string // by which it was read; empty: not yet
	app     App
	account *Account

	bound bool // to the account: the challenge of the mail, ahead
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

// ahead reads the holders of several mails in one round trip. It leaves out a mail whose app has
// changed since it was remembered.
func (r *mailRecords) ahead(ctx context.Context, all []*parcel) {
	var asked []AccountRef
	var of []*mailHolder
	for _, p := range all {
		email := p.letter.holder()
		if p.broken != nil || email == "" {
			continue
		}
		known, remembered, err := r.known(ctx, p.App)
		if err != nil {
			continue
		}
		p.holder.app = known
		by := AccountKey{Email: email}
		if remembered {
			by.AppVersion = known.Version
		}
		asked, of = append(asked, AccountRef{App: p.App, AccountKey: by}), append(of, &p.holder)
	}
	if len(asked) == 0 {
		return
	}
	answers, err := r.accounts(ctx, asked)
	if err != nil {
		return
	}
	for i, a := range answers {
		switch {
		case a.Err == nil:
			of[i].email, of[i].account = asked[i].Email, &a.Account
		case errors.Is(a.Err, ErrNotFound):
			of[i].email, of[i].account = asked[i].Email, nil
		}
	}
}

// holder returns the address whose holder decides about the letter; empty: there is none.
func (l *letter) holder() string {
	if l.Decoy {
		return ""
	}
	if l.Address != "" {
		return l.Address
	}
	canonical, err := address.Parse(l.To)
	if err != nil {
		return ""
	}
	return canonical
}

// forget makes the next read ask the store, and the challenge be looked at again.
func (h *mailHolder) forget() { h.email, h.bound = "", false }
