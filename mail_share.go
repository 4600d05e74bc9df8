package authkit

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
)

// mailShare decides whether a mail may be sent now, by the limits of its address, its app and its
// developer.
type mailShare struct {
	limits *limiter

	// perDay returns how many mails a day the apps of one developer may send; console: the
	// developer is of the console app. 0: no bound.
	perDay func(console bool) int
}

// charges are the charges of one mail.
type charges struct {
	limits *limiter
	made   []charge
}

type charge struct {
	app    uuid.UUID
	counts []count
}

// charge charges the limits in order. It returns the name of the exhausted one at which it
// stopped, which it did not charge; empty: all were charged.
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

// refund gives all charges back.
func (b *charges) refund(ctx context.Context) error {
	var all error
	for _, c := range b.made {
		all = errors.Join(all, b.limits.refund(ctx, App{ID: c.app}, c.counts...))
	}
	b.made = nil
	return all
}

// admit is [mailPolicy.admit].
func (m *mailShare) admit(ctx context.Context, app uuid.UUID, l *letter, h *mailHolder) (refund func(context.Context) error, ok bool, err error) {
	b := &charges{limits: m.limits}
	ok, err = m.charge(ctx, b, app, l, h)
	return b.refund, ok, err
}

// charge charges the limits of a mail that is about to be sent.
func (m *mailShare) charge(ctx context.Context, b *charges, app uuid.UUID, l *letter, h *mailHolder) (bool, error) {
	canonical, err := address.Parse(l.To)
	if err != nil {
		return true, nil //nolint:nilerr // it was an address when the mail was queued; the mailer reports the error
	}
	if ok, err := m.chargeNotice(ctx, b, app, canonical, l); err != nil || !ok {
		return false, err
	}
	if err := h.read(ctx, app, canonical); err != nil {
		return false, err
	}
	counts := m.ofDeveloper(h.app)
	if l.Proven = l.Proven || h.account != nil && h.account.verifiedByProof(); l.Proven {
		_, _, err := b.charge(ctx, Console, counts...)
		return err == nil, err
	}
	return true, m.chargeAddress(ctx, b, canonical, append(counts, m.ofAddress(app, canonical, l)...))
}

// chargeNotice charges the limit of notices. The first notice beyond the limit of an hour is
// replaced by a mail without its content. A notice with an undo link is counted by its kind, so
// that ten harmless changes by a thief do not keep it from the owner.
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
	*l = letter{To: l.To, App: l.App, Template: "more_notices", Language: l.Language, At: l.At, URL: l.URL}
	exhausted, _, err = b.charge(ctx, app, m.limits.countFor(limitMoreNotices, to))
	return exhausted == "", err
}

// ofDeveloper returns the count of the mails of all apps of the app's developer, if there is a
// bound. A mail to a verified address is counted and sent even if that is exhausted: otherwise
// strangers could ask for so many mails to made-up addresses that the app's own users get no mail.
func (m *mailShare) ofDeveloper(app App) []count {
	if app.ID == Console || m.perDay(true) == 0 { // then it is 0 for every developer
		return nil
	}
	_, console := consoleUser(app.Developer)
	most := m.perDay(console)
	if most == 0 {
		return nil
	}
	return []count{m.limits.countFor(limit{limitMailDeveloper, most, day}, app.Developer)}
}

// ofAddress returns the counts of a mail to an address that was not verified in its app; the last
// one is that of the app's first mail on a day.
func (m *mailShare) ofAddress(app uuid.UUID, to string, l *letter) []count {
	asker := l.Asker
	if asker == "" {
		asker = app.String()
	}
	return []count{
		m.limits.countFor(limitMailAsker, asker+" "+to), m.limits.countFor(limitMailAll, to),
		m.limits.countFor(limitMailFirst, app.String()+" "+to),
	}
}

// chargeAddress charges counts, the last of which is that of ofAddress, in one call. The users of
// an app get their mail whatever others send.
func (m *mailShare) chargeAddress(ctx context.Context, b *charges, to string, counts []count) error {
	exhausted, wait, err := b.charge(ctx, Console, counts...)
	if err == nil && exhausted == counts[len(counts)-1].name() {
		exhausted, wait, err = b.charge(ctx, Console, m.limits.countFor(limitMailAgain, to))
	}
	if exhausted != "" {
		return laterError{wait}
	}
	return err
}
