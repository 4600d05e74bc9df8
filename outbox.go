package authkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/panics"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/thinlog"
	"github.com/authkit-dev/authkit/mail"
)

const (
	// mailBatch is how many mails are claimed at a time. It is small, since an app that queues
	// mail while a batch is sent waits for the rest of that batch.
	mailBatch   = 32
	mailSenders = 8
	mailTimeout = 30 * time.Second
	mailClaim   = 2 * mailTimeout // no mail is begun after half of it
	partingWait = 3 * time.Second // for a mail that is being sent when Run has to stop
	settleWait  = 2 * time.Second // to note the result of that mail
	maxBackOff  = 2 * time.Minute

	// mailFails is how many tries in a row fail until all mail is taken to fail. It is more than
	// the tries of one mail, which says nothing about others.
	mailFails = 32
)

// outbox keeps sealed letters in the store and sends them. It decides when, in which turn and how
// often. Its policy decides whether a letter is still wanted and may be sent now. It is safe for
// concurrent use.
type outbox struct {
	store  MailStore
	ring   *seal.Ring
	now    func() time.Time
	log    *thinlog.Logger
	sender sender
	policy mailPolicy

	queued atomic.Uint32 // counts the mails of this process

	wake   chan struct{} // holds a value when mail was queued
	fails  atomic.Int32  // tries in a row that failed at the Mailer
	inHand atomic.Int32  // mails that are claimed and not tried yet
	runs   atomic.Int32  // how many Runs this process has
	warned atomic.Bool   // that this process has no Run to send the mail

	// turn holds the app after which the next turn begins. The goroutine that has received it
	// delivers.
	turn chan uuid.UUID

	count func(err error, permanent bool) // counts a try of the Mailer
}

// mailPolicy decides about a letter that is due. Both funcs get the same holder, so that what one
// has read the other need not read. Either func may replace the letter. An error
// that wraps [mail.ErrPermanent] gives the mail up, a laterError postpones it, and any other
// error is a failed try.
type mailPolicy struct {
	records *mailRecords

	// ahead reads for several mails at once what the other funcs would read for each. It does
	// nothing for a mail for which it cannot do all.
	ahead func(ctx context.Context, all []*parcel)

	// wanted reports whether the letter is still to be sent.
	wanted func(ctx context.Context, app uuid.UUID, l *letter, h *mailHolder) (bool, error)

	// admit charges the letter to the limits of mail; false: it is never sent. refund gives back
	// what was charged, and is never nil.
	admit func(ctx context.Context, app uuid.UUID, l *letter, h *mailHolder) (refund func(context.Context) error, ok bool, err error)
}

func newOutbox(store MailStore, ring *seal.Ring, now func() time.Time, log *thinlog.Logger, s sender) *outbox {
	o := &outbox{store: store, ring: ring, now: now, log: log, sender: s, wake: make(chan struct{}, 1), turn: make(chan uuid.UUID, 1), count: func(error, bool) {}}
	o.turn <- uuid.Nil
	return o
}

// began counts a Run, which sends queued mail, until ended is called.
func (o *outbox) began() (ended func()) {
	o.runs.Add(1)
	return func() { o.runs.Add(-1) }
}

// wakeUp makes Run look for mail at once, since mail was queued. If this process has no Run, it
// logs that once.
func (o *outbox) wakeUp() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
	if o.runs.Load() == 0 && o.warned.CompareAndSwap(false, true) {
		o.log.Line(context.Background(), slog.LevelWarn, "no run", "mail is waiting and Engine.Run is not running in this process; start it in one")
	}
}

// news returns the channel that tells Run of new mail. It is nil while all mail fails: new mail
// then waits for the next look, which tries it in batches. By itself each would cost the store
// a claim and a step that notes the failure, in the midst of requests.
func (o *outbox) news() <-chan struct{} {
	if o.fails.Load() >= mailFails {
		return nil
	}
	return o.wake
}

// laterError postpones a mail. It is not a failure.
type laterError struct{ wait time.Duration }

func (l laterError) Error() string { return fmt.Sprintf("not yet: later, in %s", l.wait) }

// deliver sends the mail that is due, by turns of the apps. It returns once all mail that was due
// when it was called has been tried. It waits for another deliver of this process, which may be
// sending some of that mail. It begins no mail after mailTimeout, so that a claim outlasts each
// mail of its batch.
func (o *outbox) deliver(ctx context.Context) error {
	var after uuid.UUID
	select {
	case after = <-o.turn:
	case <-ctx.Done():
		return fmt.Errorf("deliver mail: %w", ctx.Err())
	}
	defer func() { o.turn <- after }()
	begin, stop := context.WithTimeout(ctx, mailTimeout)
	defer stop()
	results := settleInBackground(ctx, o.store, stop)
	var claim error
	for begin.Err() == nil && claim == nil {
		var due []Mail
		if due, claim = o.claim(ctx, after); len(due) == 0 && after == uuid.Nil {
			break
		}
		after = lastApp(due)
		o.inHand.Store(int32(len(due))) //nolint:gosec // at most mailBatch
		o.sendAll(ctx, begin, o.lookAhead(ctx, due), results)
		o.inHand.Store(0)
	}
	return errors.Join(claim, results.end())
}

// claim claims the next batch, of the apps after one.
func (o *outbox) claim(ctx context.Context, after uuid.UUID) (due []Mail, err error) {
	now := o.now()
	err = panics.Catch(func() (err error) {
		due, err = o.store.ClaimMail(ctx, MailClaim{Now: now, Until: now.Add(mailClaim), After: after, Max: mailBatch})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim mail: %w", err)
	}
	return due, nil
}

// lastApp returns the app after which the next turn begins. It is the nil UUID, for the start, if
// there were fewer apps than may have a turn at once.
func lastApp(due []Mail) (last uuid.UUID) {
	apps := map[uuid.UUID]struct{}{}
	for _, m := range due {
		if _, again := apps[m.App]; again {
			break // the next round
		}
		apps[m.App], last = struct{}{}, m.App
	}
	if len(apps) < mailBatch {
		return uuid.Nil
	}
	return last
}

// lookAhead opens claimed mails, and lets the policy read for all of them what it decides by.
func (o *outbox) lookAhead(ctx context.Context, due []Mail) []*parcel {
	all, now := o.unpack(due), o.now()
	_ = panics.Catch(func() error { o.policy.ahead(ctx, all); return nil }) // it is done again for each mail alone
	for _, p := range all {
		p.read = now
	}
	return all
}

// sendAll sends claimed mails concurrently, but those to one address one after the other, and waits
// for all that it began. Those that it may not begin are due again at once, untried.
func (o *outbox) sendAll(ctx, begin context.Context, due []*parcel, results *settling) {
	var all sync.WaitGroup
	last := map[recipient]chan struct{}{} // is closed once the latest mail to the address was tried
	slots := make(chan struct{}, mailSenders)
	for _, m := range due {
		slots <- struct{}{}
		if begin.Err() != nil {
			<-slots
			results.add(m.untried(o.now()))
			continue
		}
		before, tried := last[m.recipient()], make(chan struct{})
		last[m.recipient()] = tried
		all.Go(func() {
			defer func() { close(tried); <-slots }()
			if before != nil {
				<-before // it has a slot, or had one
			}
			if begin.Err() != nil {
				results.add(m.untried(o.now()))
				return
			}
			results.add(o.send(ctx, m))
		})
	}
	all.Wait()
}

// send tries one claimed mail and returns what became of it: sent, given up, or due again after a
// wait that doubles.
func (o *outbox) send(ctx context.Context, m *parcel) Settled {
	own, arrived := outliving(ctx, partingWait)
	failure := panics.Catch(func() error { return o.post(own, m) })
	arrived()
	done := failure == nil || errors.Is(failure, mail.ErrPermanent)
	wait := min(time.Second<<min(m.Attempts+1, 10), maxBackOff)
	if later, ok := errors.AsType[laterError](failure); ok {
		wait, failure = later.wait, nil
	}
	if failure != nil {
		o.log.Line(ctx, slog.LevelWarn, "mail", "mail", slog.String("app", m.App.String()), slog.String("mail", m.ID.String()), slog.Any("error", failure))
	}
	return Settled{App: m.App, ID: m.ID, Until: m.DueAt, Done: done, DueAt: o.now().Add(wait), Attempts: m.Attempts + 1}
}

// post sends a mail, if it is still wanted and may be sent now. If it was not sent, its charge is
// given back: otherwise the tries of one mail at a server that is down would use up the share of
// its address.
func (o *outbox) post(ctx context.Context, m *parcel) error {
	if m.broken != nil {
		return m.broken
	}
	l, h := &m.letter, &m.holder
	if o.now().Sub(m.read) > aheadFor {
		h.forget()
	}
	if wanted, err := o.policy.wanted(ctx, m.App, l, h); err != nil || !wanted {
		return err
	}
	refund, ok, err := o.policy.admit(ctx, m.App, l, h)
	if err == nil && ok {
		err = o.sender.send(ctx, m.ID, *l, h.app)
		o.noteTry(err)
	}
	if err != nil && !errors.Is(err, mail.ErrPermanent) {
		err = errors.Join(err, refund(ctx))
	}
	return err
}

// noteTry counts tries in a row that failed. A mail that is refused for good shows that the
// Mailer works.
func (o *outbox) noteTry(err error) {
	o.count(err, errors.Is(err, mail.ErrPermanent))
	if err != nil && !errors.Is(err, mail.ErrPermanent) {
		o.fails.Add(1)
		return
	}
	o.fails.Store(0)
}

// outliving returns a context that ends a while after ctx. A mail that is cut off just before the
// answer of the server may have been sent, and would be sent again.
func outliving(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(while, cancel) })
	return own, func() { stop(); cancel() }
}
