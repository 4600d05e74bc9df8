package authkit

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// ownerError translates the error of a store step that gives a developer an app.
func ownerError(err error, most int) error {
	switch {
	case errors.Is(err, ErrConflict):
		return refuse(CodeAppNameTaken, "the developer has an app of that name")
	case errors.Is(err, ErrFull):
		return limitReached("apps", most)
	case errors.Is(err, ErrNotFound):
		return refuse(CodeUserNotFound, "there is no such developer, or the developer is disabled")
	}
	return unavailable(fmt.Errorf("give a developer an app: %w", err))
}

// MoveApp gives an app to another developer, who has to make a new API key: every key of the app
// is inactive from this step on. Both developers get a mail, if they are of the console app. A
// new developer of the console app has to exist, be enabled and have a verified address.
// [CodeAppNameTaken]; [CodeLimitReached]; [CodeUserNotFound]; [CodeEmailNotVerified].
func (e *Engine) MoveApp(ctx context.Context, ref AppRef, to string) error {
	app := ref.ID
	own, err := e.OwnApp(ctx, ref)
	if err != nil {
		return err
	}
	m := AppMove{Now: e.now(), App: app, From: own.Developer, To: e.cfg.developerOf(to), Most: e.cfg.liveApps(false)}
	if to == "" || m.From == m.To {
		return invalid("to", "invalid_value", "to is empty, or names the developer who owns the app")
	}
	if m.Owner = ownerRef(m.To); m.Owner.ID != uuid.Nil {
		u, err := e.User(ctx, UserRef{App: Console, ID: m.Owner.ID})
		if err != nil {
			return err
		}
		if !u.Verified {
			return refuse(CodeEmailNotVerified, "the new developer has to verify the address first")
		}
	}
	m.Riders.note(m.Now, Event{App: app, Type: EventAppMove, Actor: "host", Reason: m.To})
	if err := e.notifyOwner(ctx, &m.Riders, own, ownerNotice{change: "moved"}); err != nil {
		return err
	}
	own.Developer = m.To
	if err := e.notifyOwner(ctx, &m.Riders, own, ownerNotice{change: "received"}); err != nil {
		return err
	}
	if err := e.store.MoveApp(ctx, m); err != nil {
		return ownerError(err, m.Most)
	}
	e.live.apps.forget(app)
	return nil
}
