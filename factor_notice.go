package authkit

import (
	"context"
	"errors"
	"slices"
	"time"
)

// errUnchanged says that a step has nothing to change.
var errUnchanged = errors.New("nothing to change")

// tellOfAdded adds the event of a new factor to its step, and a mail to the user. If the user has
// proven the address, the mail has a link that undoes it.
func (f *factors) tellOfAdded(ctx context.Context, c *UserChange, app App, account *Account, added newFactor, by Client) error {
	c.Riders.note(c.Now, Event{App: app.ID, UserID: c.ID, Type: EventFactorAdd, IP: by.IP, Reason: added.kind})
	l := letter{Template: "factor_added", Change: added.kind, Provider: added.passkey.Name}
	if account.User.Verified {
		l.Link, l.Minutes = f.tokens.addUndo(c, account), int(forUndo.ttl/time.Minute)
	}
	return f.mailUser(ctx, c, app, account.User, l, by)
}

// tellOfRemoved adds the event of a factor that is removed to its step, and a mail to the user.
func (f *factors) tellOfRemoved(ctx context.Context, c *factorStep, app App, account *Account, removed FactorChange, by Client) error {
	removed.Removed, c.told = true, &removed
	c.Riders.note(c.Now, Event{App: app.ID, UserID: c.ID, Type: EventFactorRemove, IP: by.IP, Reason: removed.Kind})
	return f.mailUser(ctx, &c.UserChange, app, account.User, letter{Template: "factor_removed", Change: removed.Kind, Provider: removed.Name}, by)
}

// tellOfRecovery adds the event of a used recovery code, and a mail that says how many are left.
func (f *factors) tellOfRecovery(c *UserChange, app App, u User, left int, by Client) {
	c.Riders.note(c.Now, Event{App: app.ID, UserID: u.ID, Type: EventRecoveryUse, IP: by.IP})
	l := f.outbox.causedBy(by.Languages, by.UserAgent, letter{To: u.EmailTyped, Template: "recovery_used", App: app.Name, Count: left})
	f.outbox.queue(&c.Riders, app.ID, l, c.Now, noticeTTL)
}

// mailUser adds a mail to a step, unless the limit of an unproven address is exhausted.
func (f *factors) mailUser(ctx context.Context, c *UserChange, app App, u User, l letter, by Client) error {
	to, err := noticeTo(ctx, f.limits, app, u)
	if err != nil || to == "" {
		return err
	}
	l.To, l.App = to, app.Name
	f.outbox.queue(&c.Riders, app.ID, f.outbox.causedBy(by.Languages, by.UserAgent, l), c.Now, noticeTTL)
	return nil
}

// undo completes the step that undoes a change: a TOTP that was added beside an older second factor stays,
// with its recovery codes, since a mailbox alone must not take a second factor away.
func (f *factors) undo(c *UserChange, account *Account) error {
	keepsTOTP := account.factors().totp != nil
	if keepsTOTP {
		data, err := f.openTOTP(*account.factors().totp)
		if err != nil {
			return err
		}
		dropped := slices.ContainsFunc(c.Drop, func(one Credential) bool { return one.Kind == totpKind })
		keepsTOTP = !dropped || data.Beside
	}
	c.Drop = slices.DeleteFunc(c.Drop, func(one Credential) bool { return one.Kind == totpKind || one.Kind == recoveryKind })
	if held := account.factors(); !keepsTOTP {
		for _, one := range []*Credential{held.totp, held.recovery} {
			if one != nil {
				c.Drop = append(c.Drop, *one)
			}
		}
	}
	noteFactors(c, account)
	return nil
}
