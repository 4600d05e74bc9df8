package authkit

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
)

// unbreached refuses a new password that is on a list of breached ones (OWASP ASVS 5.0,
// 6.2.12; NIST SP 800-63B-4, section 3.1.1.2). A list that does not answer refuses nobody.
func (e *Engine) unbreached(ctx context.Context, app uuid.UUID, pw string) error {
	if e.hasher.breached == nil {
		return nil
	}
	has, err := e.hasher.breached.Has(ctx, pw)
	if err != nil {
		e.cfg.Logger.WarnContext(ctx, "a new password was not looked up among breached ones", slog.Any("error", err))
		return e.noteAlone(ctx, Event{App: app, Type: EventPasswordUnchecked})
	}
	if has {
		return refuse(CodeWeakPassword, "the password is too weak: it is known from a data breach")
	}
	return nil
}

// newPassword is the hash of a password that a user may have: [CodeWeakPassword].
func (e *Engine) newPassword(ctx context.Context, app App, u User, pw string, by Client) (phc string, err error) {
	if err := e.hasher.check(pw, app.Name, u.Name, u.Email); err != nil {
		return "", err
	}
	if err := e.unbreached(ctx, app.ID, pw); err != nil {
		return "", err
	}
	return e.hasher.hash(ctx, hashFor(app.ID, by), pw)
}

// noteAlone writes an event that goes with no step.
func (e *Engine) noteAlone(ctx context.Context, ev Event) error {
	var also Also
	also.note(e.now(), ev)
	return storeError(e.store.Put(ctx, ev.App, also), ev.App)
}
