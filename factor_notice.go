package authkit

import (
	"context"
	"slices"
	"time"
)

// addTo adds to the step of a sign-in that its second factor was used, and tells the user of a recovery
// code and of a new factor.
func (f *factors) addTo(ctx context.Context, c *signInChange, app App, account *Account, step signInStep) error {
	if use := step.second; use != nil {
		c.Put = append(slices.Clip(c.Put), use.put...)
		if use.method == methodRecovery {
			if err := f.mailUser(ctx, &c.UserChange, app, account.User, f.noteRecovery(&c.UserChange, use.left, step.client)); err != nil {
				return err
			}
		}
	}
	if c.added = step.added; step.added != nil {
		if err := f.tellOfAdded(ctx, &c.UserChange, app, account, *step.added); err != nil {
			return err
		}
	}
	f.noteFactors(&c.UserChange, account)
	return nil
}

// tellOfAdded adds the event of a new factor to its step, and a mail to the user. If the user has
// proven the address, the mail has a link that undoes it, if the undo would remove it.
func (f *factors) tellOfAdded(ctx context.Context, c *UserChange, app App, account *Account, added newFactor) error {
	by := added.client
	c.Riders.note(c.Now, Event{App: app.ID, UserID: c.ID, Type: EventFactorAdd, IP: by.IP, Reason: added.kind})
	l := letter{Template: "factor_added", Change: added.kind, Provider: mailedPasskey(added.passkey.Name)}
	if account.User.Verified && !added.stays {
		l.Link, l.Minutes = f.tokens.addUndo(c, account), int(forUndo.ttl/time.Minute)
	}
	return f.mailUser(ctx, c, app, account.User, f.outbox.causedBy(by.Languages, by.UserAgent, l))
}

// tellOfRemoved adds the event of a factor that is removed to its step, and a mail to the user.
func (f *factors) tellOfRemoved(ctx context.Context, c *factorStep, removed FactorChange) error {
	removed.Removed, c.told = true, &removed
	c.Riders.note(c.Now, Event{App: c.App, UserID: c.ID, Type: EventFactorRemove, IP: c.by.IP, Reason: removed.Kind})
	return f.tell(ctx, c, letter{Template: "factor_removed", Change: removed.Kind, Provider: mailedPasskey(removed.Name)})
}

// tell adds a mail to a step on the factors of its user.
func (f *factors) tell(ctx context.Context, c *factorStep, l letter) error {
	return f.mailUser(ctx, &c.UserChange, c.app, c.account.User, f.outbox.causedBy(c.by.Languages, c.by.UserAgent, l))
}

// noteRecovery adds the event of a used recovery code to its step, and returns the letter that tells how many
// are left.
func (f *factors) noteRecovery(c *UserChange, left int, by Client) letter {
	c.Riders.note(c.Now, Event{App: c.App, UserID: c.ID, Type: EventRecoveryUse, IP: by.IP})
	return f.outbox.causedBy(by.Languages, by.UserAgent, letter{Template: "recovery_used", Count: left})
}

// mailUser adds a mail to a step, unless the limit of an unproven address is exhausted.
func (f *factors) mailUser(ctx context.Context, c *UserChange, app App, u User, l letter) error {
	to, err := noticeTo(ctx, f.limits, app, u)
	if err != nil || to == "" {
		return err
	}
	l.To, l.App = to, app.Name
	f.outbox.queue(&c.Riders, app.ID, l, c.Now, noticeTTL)
	return nil
}

// undo completes the step that undoes what was added from a time on. A TOTP that was added beside a second
// factor from before that time stays, with its recovery codes, since a mailbox alone must not take a
// second factor away. One that was added beside another from after that time does not: a thief may have
// added both.
func (f *factors) undo(c *UserChange, account *Account, from time.Time) error {
	keepsTOTP := account.factors().totp != nil
	if keepsTOTP {
		data, err := f.openTOTP(*account.factors().totp)
		if err != nil {
			return err
		}
		dropped := slices.ContainsFunc(c.Drop, func(one Credential) bool { return one.Kind == totpKind })
		keepsTOTP = !dropped || data.stays(from)
	}
	c.Drop = slices.DeleteFunc(c.Drop, func(one Credential) bool { return one.Kind == totpKind || one.Kind == recoveryKind })
	if held := account.factors(); !keepsTOTP {
		for _, one := range []*Credential{held.totp, held.recovery} {
			if one != nil {
				c.Drop = append(c.Drop, *one)
			}
		}
	}
	f.noteFactors(c, account)
	return nil
}
