package authkit

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
)

// mailShare decides whether a mail may leave now, by the limits of its address, its app and its
// developer.
type mailShare struct {
	limits  *limiter
	app     func(ctx context.Context, id uuid.UUID) (App, error)
	account func(ctx context.Context, app uuid.UUID, by AccountKey) (*Account, error)

	// perDay is how many mails a day one developer's apps send, of the console app or not; 0: no bound.
	perDay func(console bool) int
}

// charges are what one mail was charged.
type charges struct {
	limits *limiter
	made   []charge
}

type charge struct {
	app    uuid.UUID
	counts []count
}

// charge charges the limits in order and names the exhausted one that it stopped at, which it
// did not charge; empty: all are charged.
func (b *charges) charge(ctx context.Context, app uuid.UUID, counts ...count) (exhausted string, wait time.Duration, err error) {
	err = b.limits.hit(ctx, App{ID: app}, counts...)
	if limited, ok := errors.AsType[*Error](err); ok && limited.Code == CodeRateLimited {
		exhausted, wait, err = limited.exhausted.name, limited.RetryAfter, nil
		counts = counts[:max(0, slices.IndexFunc(counts, func(c count) bool { return c.name() == exhausted }))]
	}
	if err == nil && len(counts) > 0 {
		b.made = append(b.made, charge{app, counts})
	}
	return exhausted, wait, err
}

// refund gives all of it back.
func (b *charges) refund(ctx context.Context) error {
	var all error
	for _, c := range b.made {
		all = errors.Join(all, b.limits.refund(ctx, App{ID: c.app}, c.counts...))
	}
	b.made = nil
	return all
}

// admit is [mailPolicy.admit].
func (m *mailShare) admit(ctx context.Context, app uuid.UUID, l *letter) (refund func(context.Context) error, ok bool, err error) {
	b := &charges{limits: m.limits}
	ok, err = m.charge(ctx, b, app, l)
	return b.refund, ok, err
}

// charge counts a mail that is about to leave.
func (m *mailShare) charge(ctx context.Context, b *charges, app uuid.UUID, l *letter) (bool, error) {
	canonical, err := address.Parse(l.To)
	if err != nil {
		return true, nil //nolint:nilerr // it was one when the mail was queued; the mailer will tell
	}
	if ok, err := m.chargeNotice(ctx, b, app, canonical, l); err != nil || !ok {
		return false, err
	}
	account, err := m.account(ctx, app, AccountKey{Email: canonical})
	if err != nil {
		return false, err
	}
	proven := l.Proven || account != nil && account.verifiedByProof()
	if err := m.chargeDeveloper(ctx, b, app, proven); err != nil || proven {
		return err == nil, err
	}
	return true, m.chargeAddress(ctx, b, app, canonical, l)
}

// chargeNotice counts a notice. The first one too many of an hour is replaced by a mail without
// what it told. A notice with a way back is counted by its kind, so that ten harmless changes of
// a thief do not keep it from the owner.
func (m *mailShare) chargeNotice(ctx context.Context, b *charges, app uuid.UUID, to string, l *letter) (bool, error) {
	if !l.notice() {
		return true, nil
	}
	kind := ""
	if l.Link != "" {
		kind = l.Template
	}
	exhausted, _, err := b.charge(ctx, app, m.limits.countFor(limitNotices, kind+" "+to))
	if err != nil || exhausted == "" {
		return err == nil, err
	}
	*l = letter{To: l.To, App: l.App, Template: "more_notices"}
	exhausted, _, err = b.charge(ctx, app, m.limits.countFor(limitMoreNotices, to))
	return exhausted == "", err
}

// chargeDeveloper counts the mails of all apps of one developer. One to a person who has proven
// the address is counted and leaves all the same: strangers could otherwise ask for so many
// mails to made-up addresses that an app's own people get no mail.
func (m *mailShare) chargeDeveloper(ctx context.Context, b *charges, id uuid.UUID, proven bool) error {
	if id == Console || m.perDay(true) == 0 { // then it is 0 of every developer
		return nil
	}
	app, err := m.app(ctx, id)
	if err != nil {
		return err
	}
	_, console := consoleUser(app.Developer)
	most := m.perDay(console)
	if most == 0 {
		return nil
	}
	exhausted, wait, err := b.charge(ctx, Console, m.limits.countFor(limit{limitMailDeveloper, most, day}, app.Developer))
	if exhausted != "" && !proven {
		return laterError{wait}
	}
	return err
}

// chargeAddress counts a mail to an address that was not proven in its app. An app's own people
// get theirs whatever others send.
func (m *mailShare) chargeAddress(ctx context.Context, b *charges, app uuid.UUID, to string, l *letter) error {
	asker := l.Asker
	if asker == "" {
		asker = app.String()
	}
	first := m.limits.countFor(limitMailFirst, app.String()+" "+to)
	exhausted, wait, err := b.charge(ctx, Console, m.limits.countFor(limitMailAsker, asker+" "+to), m.limits.countFor(limitMailAll, to), first)
	if err == nil && exhausted == first.name() {
		exhausted, wait, err = b.charge(ctx, Console, m.limits.countFor(limitMailAgain, to))
	}
	if exhausted != "" {
		return laterError{wait}
	}
	return err
}
