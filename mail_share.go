package authkit

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/oauth"
)

// The limits of mail that leaves, beside those of what is asked for. They keep an app, or all
// apps together, from being a mail cannon.
var (
	// limitMailAll is how much mail one address gets from all apps together, but from those
	// in which it was proven. The apps take turns: half of it is for mails that are an app's
	// first of the day, so that many apps leave room for another app's first. One asker gets
	// a third of it, so that one network leaves room for another's.
	limitMailAll   = limit{"mail/all", 60, day}
	limitMailAgain = limit{"mail/again", 30, day} // of those, mails of apps that had their first
	limitMailFirst = limit{"mail/first", 1, day}  // of one app
	limitMailAsker = limit{"mail/asker", 20, day} // of one network that asks

	// limitNotices is how many notices of one app an address gets, wherever it was proven.
	// In place of one more comes a mail that says so, and then none.
	limitNotices     = limit{"mail/notices", 10, time.Hour}
	limitMoreNotices = limit{"mail/more", 1, time.Hour}
)

// limitMailDeveloper is the name of the limit on mails of all apps of one developer.
const limitMailDeveloper = "mail/developer"

// defaultDeveloperMail is how many those are a day, for developers of the console app.
const defaultDeveloperMail = 5000

// bill is what was counted for one mail. It is given back for a mail that did not leave: else
// one mail's tries at a server that is away are the share of its address.
type bill struct {
	e    *Engine
	paid []charge
}

type charge struct {
	app    uuid.UUID
	counts []count
}

// pay counts, and names the limit that is full: what stands before it is counted, it is not.
func (b *bill) pay(ctx context.Context, app uuid.UUID, counts ...count) (full string, wait time.Duration, err error) {
	err = b.e.limits.hit(ctx, App{ID: app}, counts...)
	if limited, ok := errors.AsType[*Error](err); ok && limited.Code == CodeRateLimited {
		full, wait, err = limited.exhausted.name, limited.RetryAfter, nil
		counts = counts[:max(0, slices.IndexFunc(counts, func(c count) bool { return c.name() == full }))]
	}
	if err == nil && len(counts) > 0 {
		b.paid = append(b.paid, charge{app, counts})
	}
	return full, wait, err
}

func (b *bill) refund(ctx context.Context) error {
	var all error
	for _, c := range b.paid {
		all = errors.Join(all, b.e.limits.refund(ctx, App{ID: c.app}, c.counts...))
	}
	b.paid = nil
	return all
}

// admit counts a mail that is about to leave. A laterError puts it off; false: it never leaves.
func (e *Engine) admit(ctx context.Context, b *bill, app uuid.UUID, l *letter) (bool, error) {
	canonical, err := address.Parse(l.To)
	if err != nil {
		return true, nil //nolint:nilerr // it was one when the mail was queued; the mailer will tell
	}
	if ok, err := e.admitNotice(ctx, b, app, canonical, l); err != nil || !ok {
		return false, err
	}
	account, err := e.account(ctx, app, AccountKey{Email: canonical})
	if err != nil {
		return false, err
	}
	proven := l.Proven || account != nil && account.provenHere()
	if err := e.admitDeveloper(ctx, b, app, proven); err != nil || proven {
		return err == nil, err
	}
	return true, e.admitAddress(ctx, b, app, canonical, l)
}

// admitNotice counts a notice. In place of the first one too many of an hour another mail
// leaves, without what it told. One that holds a way back is counted by its kind: else a
// thief's ten harmless changes would keep it from the owner.
func (e *Engine) admitNotice(ctx context.Context, b *bill, app uuid.UUID, to string, l *letter) (bool, error) {
	if !l.notice() {
		return true, nil
	}
	kind := ""
	if l.Link != "" {
		kind = l.Template
	}
	full, _, err := b.pay(ctx, app, e.limits.by(limitNotices, kind+" "+to))
	if err != nil || full == "" {
		return err == nil, err
	}
	*l = letter{To: l.To, App: l.App, Template: "more_notices"}
	full, _, err = b.pay(ctx, app, e.limits.by(limitMoreNotices, to))
	return full == "", err
}

// admitDeveloper counts the mails of all apps of one developer. One to a person who has proven
// the address is counted and leaves all the same: strangers could else ask for mails to made-up
// addresses until an app's own people get none.
func (e *Engine) admitDeveloper(ctx context.Context, b *bill, id uuid.UUID, proven bool) error {
	set := e.cfg.Limits.DeveloperMail
	if set < 0 || e.limits.off || id == Console {
		return nil
	}
	app, err := e.App(ctx, id)
	if err != nil {
		return err
	}
	_, console := consoleUser(app.Developer)
	most := e.cfg.bound(set, defaultDeveloperMail, console)
	if most == 0 {
		return nil
	}
	full, wait, err := b.pay(ctx, Console, e.limits.by(limit{limitMailDeveloper, most, day}, app.Developer))
	if full != "" && !proven {
		return laterError{wait}
	}
	return err
}

// admitAddress counts a mail to an address that was not proven in its app. An app's own people
// get theirs whatever others send.
func (e *Engine) admitAddress(ctx context.Context, b *bill, app uuid.UUID, to string, l *letter) error {
	asker := l.Asker
	if asker == "" {
		asker = app.String()
	}
	first := e.limits.by(limitMailFirst, app.String()+" "+to)
	full, wait, err := b.pay(ctx, Console, e.limits.by(limitMailAsker, asker+" "+to), e.limits.by(limitMailAll, to), first)
	if err == nil && full == first.name() {
		full, wait, err = b.pay(ctx, Console, e.limits.by(limitMailAgain, to))
	}
	if full != "" {
		return laterError{wait}
	}
	return err
}

// vouchedKind is a credential, and no way to sign in: the address of the account counts as
// proven, by the word of the app's developer or of an issuer of the developer's alone. A proof
// that was mailed drops it.
const vouchedKind = "vouched"

func vouching(app, user uuid.UUID, subject string, now time.Time) Credential {
	return Credential{App: app, UserID: user, Kind: vouchedKind, Subject: subject, CreatedAt: now}
}

// provenAt are the credentials of an identity that proves an address. An issuer of the
// developer's own vouches for whatever the developer wants.
func provenAt(p oauth.Profile, provider string, identity Credential) []Credential {
	if !p.EmailVerified || oauth.Known(provider) {
		return []Credential{identity}
	}
	return []Credential{identity, vouching(identity.App, identity.UserID, identity.Subject, identity.CreatedAt)}
}

// vouchings are what a proof of the address drops.
func (a *Account) vouchings() (all []Credential) {
	for _, c := range a.Credentials {
		if c.Kind == vouchedKind {
			all = append(all, c)
		}
	}
	return all
}

// provenHere reports whether the address was proven to this server, by a mail or a provider
// that is built in, and not to its developer.
func (a *Account) provenHere() bool {
	return a.User.Verified && len(a.vouchings()) == 0
}
