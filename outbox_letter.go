package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/internal/panics"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/mail"
)

// letter is what the outbox keeps of a mail, sealed: a template and its data.
type letter struct {
	To       string `json:"to"`
	Template string `json:"template"`
	App      string `json:"app"`
	Link     string `json:"link,omitempty"`
	Code     string `json:"code,omitempty"`
	Minutes  int    `json:"minutes,omitempty"`
	Provider string `json:"provider,omitempty"`
	Change   string `json:"change,omitempty"` // what a notice tells of

	// Address is set for mail that an unknown address gets only where sign-up is open, or,
	// if it is a reset, not at all.
	Address string `json:"address,omitempty"`

	// SignUp says that a user of the address gets a notice in its place.
	SignUp bool `json:"sign_up,omitempty"`

	// Attempt is the id of a proof that belongs to no user until this mail leaves.
	Attempt []byte `json:"attempt,omitempty"`

	// Asker is a keyed hash of the network that asked for a proof; empty: the app stands for it.
	Asker string `json:"asker,omitempty"`

	// Proven says that the address was proven to this server when the letter was queued, whatever
	// account the app has for it: that of a developer, or one that an account has just lost.
	Proven bool `json:"proven,omitempty"`

	// Decoy is never sent.
	Decoy bool `json:"decoy,omitempty"`
}

// notice reports whether the letter tells of something; a proof has a code.
func (l *letter) notice() bool { return l.Code == "" }

func mailAAD(app, id uuid.UUID) []byte { return seal.AAD("mail", app.String(), id.String()) }

// queue adds a letter to a step; [Engine.Run] sends it.
func (e *Engine) queue(also *Also, app uuid.UUID, l letter, now, expires time.Time) error {
	id := newID(now)
	plain, err := json.Marshal(l)
	if err != nil {
		return &Error{Code: CodeInternal, Detail: "the mail cannot be kept", Err: err}
	}
	also.Mail = append(also.Mail, Mail{App: app, ID: id, Sealed: e.ring.Seal(plain, mailAAD(app, id)), DueAt: now, Expires: expires})
	return nil
}

// poke tells Run that there is mail. Without a Run, it says so once.
func (e *Engine) poke() {
	e.outbox.nudge()
	if e.running.Load() == 0 && e.lonely.CompareAndSwap(false, true) {
		e.log.Warn("mail is waiting and Engine.Run is not running in this process; start it in one")
	}
}

// post sends what a mail of the outbox says, if it is still wanted and may leave now.
func (e *Engine) post(ctx context.Context, m Mail) error {
	l, err := e.openLetter(m)
	if err != nil {
		return err
	}
	if wanted, err := e.wanted(ctx, m.App, &l); err != nil || !wanted {
		return err
	}
	b := &bill{e: e}
	ok, err := e.admit(ctx, b, m.App, &l)
	if err == nil && ok {
		err = e.hand(ctx, m, l)
	}
	if err != nil && !errors.Is(err, mail.ErrPermanent) {
		err = errors.Join(err, b.refund(ctx))
	}
	return err
}

func (e *Engine) openLetter(m Mail) (l letter, err error) {
	plain, err := e.ring.Open(m.Sealed, mailAAD(m.App, m.ID))
	if err == nil {
		err = json.Unmarshal(plain, &l)
	}
	if err != nil {
		return l, fmt.Errorf("open: %w: %w", mail.ErrPermanent, err)
	}
	return l, nil
}

// hand renders a letter and gives it to the Mailer. Both may be the host's code: a panic is an
// error, and the mail is tried again.
func (e *Engine) hand(ctx context.Context, m Mail, l letter) error {
	var message mail.Message
	err := panics.Catch(func() (err error) {
		message, err = e.cfg.MailTemplates.Render(l.Template, mail.Data{
			Product: e.cfg.ProductName, App: l.App, Link: l.Link, Code: l.Code, Minutes: l.Minutes,
			Email: l.To, Provider: l.Provider, Change: l.Change,
		}.Limited(l.Template))
		if err != nil {
			return fmt.Errorf("%w: %w", mail.ErrPermanent, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	message.To, message.From, message.ID = address.Envelope(l.To), e.cfg.MailFrom, m.ID.String()+"@"+e.base.Hostname()
	sending, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	return panics.Catch(func() error { return e.cfg.Mailer.Send(sending, message) })
}

// wanted decides, long after the answer, whether an unknown address gets mail, and what a
// known one gets: the asker cannot tell from the time.
func (e *Engine) wanted(ctx context.Context, app uuid.UUID, l *letter) (bool, error) {
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
		return e.bind(ctx, app.ID, forReset, l, account)
	}
	return e.bind(ctx, app.ID, forSignIn, l, account)
}
