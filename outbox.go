package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/mail"
)

const (
	mailBatch   = 64
	mailSenders = 4
	mailTimeout = 30 * time.Second
	partingWait = 3 * time.Second // for a mail that is being sent when Run has to stop
	settleWait  = 2 * time.Second // and to note what became of it
	maxBackOff  = 2 * time.Minute
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

	// Attempt is the id of a reset that is nobody's until this mail leaves.
	Attempt []byte `json:"attempt,omitempty"`

	// Decoy is never sent.
	Decoy bool `json:"decoy,omitempty"`
}

func mailAAD(app, id uuid.UUID) []byte { return seal.AAD("mail", app.String(), id.String()) }

// queue adds a letter to a step; [Engine.Run] sends it.
func (e *Engine) queue(also *Also, app uuid.UUID, l letter, now, expires time.Time) error {
	id, err := e.newID(now)
	if err != nil {
		return unavailable(err)
	}
	plain, err := json.Marshal(l)
	if err != nil {
		return &Error{Code: CodeInternal, Detail: "the mail cannot be kept", Err: err}
	}
	due := now
	if !e.cfg.Limits.InsecureOff {
		due = e.pace.due(app, now)
	}
	also.Mail = append(also.Mail, Mail{App: app, ID: id, Sealed: e.ring.Seal(plain, mailAAD(app, id)), DueAt: due, Expires: expires})
	return nil
}

// poke tells Run that there is mail. Without a Run, it says so once.
func (e *Engine) poke() {
	e.nudge()
	if e.running.Load() == 0 && e.lonely.CompareAndSwap(false, true) {
		e.log.Warn("mail is waiting and Engine.Run is not running in this process; start it in one")
	}
}

// nudge makes Run look at once.
func (e *Engine) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// deliver sends mail that is due, a few at a time, and begins none after mailTimeout: a
// next hop that hangs keeps nobody from the other work of Run for long.
func (e *Engine) deliver(ctx context.Context) error {
	begin, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	for begin.Err() == nil {
		due, err := e.store.DueMail(ctx, e.now(), uuid.Nil, mailBatch)
		if err != nil {
			return fmt.Errorf("look for due mail: %w", err)
		}
		e.sendAll(ctx, begin, due)
		if len(due) < mailBatch {
			return nil
		}
	}
	return nil
}

// sendAll waits for what it began.
func (e *Engine) sendAll(ctx, begin context.Context, due []MailRef) {
	var all sync.WaitGroup
	defer all.Wait()
	slots := make(chan struct{}, mailSenders)
	for _, ref := range due {
		slots <- struct{}{}
		if begin.Err() != nil {
			return
		}
		all.Go(func() {
			defer func() { <-slots }()
			if err := e.send(ctx, ref); err != nil {
				e.log.WarnContext(ctx, "mail", slog.String("app", ref.App.String()), slog.String("mail", ref.ID.String()), slog.Any("error", err))
			}
		})
	}
}

// send claims one mail, so that no other process sends it too, and settles it: sent,
// given up, or due again after a while that doubles.
func (e *Engine) send(ctx context.Context, ref MailRef) error {
	now := e.now()
	m, err := e.store.ClaimMail(ctx, ref.App, ref.ID, now, now.Add(2*mailTimeout))
	if errors.Is(err, ErrNotFound) {
		return nil // another was first
	}
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	own, arrived := outliving(ctx, partingWait)
	failure := e.post(own, m)
	arrived()
	done := failure == nil || errors.Is(failure, mail.ErrPermanent)
	wait := min(time.Second<<min(m.Attempts, 10), maxBackOff)
	if later, ok := errors.AsType[laterError](failure); ok {
		wait, failure = later.wait, nil
	}
	// A mail that left is noted even if Run has to stop just then: else it leaves again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWait)
	defer cancel()
	if err := e.store.SettleMail(ctx, ref.App, ref.ID, done, e.now().Add(wait)); err != nil && !errors.Is(err, ErrNotFound) {
		failure = errors.Join(failure, fmt.Errorf("settle: %w", err))
	}
	return failure
}

// outliving is ctx with a while more once it ends: a mail that is cut just before the
// server's word may have left, and would leave again.
func outliving(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(while, cancel) })
	return own, func() { stop(); cancel() }
}

func (e *Engine) post(ctx context.Context, m Mail) error {
	plain, err := e.ring.Open(m.Sealed, mailAAD(m.App, m.ID))
	if err != nil {
		return fmt.Errorf("open: %w: %w", mail.ErrPermanent, err)
	}
	var l letter
	if err := json.Unmarshal(plain, &l); err != nil {
		return fmt.Errorf("open: %w: %w", mail.ErrPermanent, err)
	}
	if wanted, err := e.wanted(ctx, m.App, &l); err != nil || !wanted {
		return err
	}
	counted, err := e.share(ctx, m.App, l.To)
	if err != nil {
		return err
	}
	message, err := e.cfg.MailTemplates.Render(l.Template, mail.Data{
		App: l.App, Link: l.Link, Code: l.Code, Minutes: l.Minutes, Email: l.To, Provider: l.Provider, Change: l.Change,
	}.Limited(l.Template))
	if err != nil {
		return fmt.Errorf("%w: %w", mail.ErrPermanent, err)
	}
	message.To, message.From, message.ID = address.Envelope(l.To), e.cfg.MailFrom, m.ID.String()+"@"+e.base.Hostname()
	sending, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	err = e.cfg.Mailer.Send(sending, message)
	if err != nil && !errors.Is(err, mail.ErrPermanent) {
		err = errors.Join(err, e.hit(ctx, Console, counted...))
	}
	return err
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
	if !a.Settings.SignupClosed && l.Template != forReset.template && !l.SignUp {
		return true, nil
	}
	return again(func() (bool, error) {
		account, err := e.account(ctx, app, AccountKey{Email: l.Address})
		if err == nil && l.SignUp {
			if account != nil {
				l.Template = "sign_up_taken"
			}
			return account != nil || !a.Settings.SignupClosed, nil
		}
		if account == nil || l.Attempt == nil {
			return account != nil, err
		}
		l.To = account.User.EmailTyped
		return e.bindReset(ctx, app, l, account)
	})
}
