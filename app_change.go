package authkit

import (
	"context"
	"errors"
	"slices"
)

// ChangeApp changes an app of the developer's; the next request to the handler of any
// process sees it, and [Engine.Require] within Config.Tokens.LiveWithin.
// [CodeAppNameTaken].
func (e *Engine) ChangeApp(ctx context.Context, ref AppRef, p AppPatch) (App, error) {
	return appEdit{AppPatch: p, mayChooseCookies: true}.change(ctx, e, ref)
}

// appEdit is a patch with what the caller knows of it.
type appEdit struct {
	AppPatch

	bad []FieldError // what is wrong with it already

	// enablesTakeovereover is asked before a change of settings by which the app could be taken over; its
	// error refuses the change. Nil allows each.
	checkTakeover func() error

	// mayChooseCookies says that the host itself, or a developer whom it lets, chooses cookies.
	mayChooseCookies bool
}

// change applies the patch, and decides again where the app is changed beside it.
func (p appEdit) change(ctx context.Context, e *Engine, ref AppRef) (App, error) {
	app, err := e.OwnApp(ctx, ref)
	if err != nil {
		return App{}, err
	}
	return again(func() (App, error) {
		change, err := p.step(ctx, e, app)
		if err != nil {
			return App{}, err
		}
		if change.idle(app) {
			return app, nil
		}
		changed, err := e.store.ChangeApp(ctx, change)
		switch {
		case err == nil:
			return changed, nil
		case errors.Is(err, ErrStale): // changed beside this: decide again, by what the app is now
			if app, err = e.live.apps.read(ctx, ref.ID); err != nil {
				return App{}, err
			}
			return App{}, errAgain
		case errors.Is(err, ErrConflict):
			return App{}, refuse(CodeAppNameTaken, "you have an app of that name")
		}
		return App{}, storeError(err, ref.ID)
	})
}

// step is the change of the app as it is now.
func (p appEdit) step(ctx context.Context, e *Engine, app App) (AppChange, error) {
	c := AppChange{App: app.ID, Version: app.Version}
	bad := p.bad
	if p.Name != nil && *p.Name != app.Name { // one that stands already stays
		key, err := appKey(*p.Name)
		bad = append(bad, fieldsOf(err)...)
		c.Name, c.NameKey = p.Name, &key
	}
	defaults := appDefaults{e.cfg.Tokens, e.limits.all}
	settings, wrong := p.settings(app.Settings, defaults)
	if !p.mayChooseCookies && settings.SessionMode != app.Settings.SessionMode && (App{Settings: settings}).takesCookies() {
		return c, refuse(CodeForbidden, "session cookies live on the host's own origin, and this host does not let developers choose them")
	}
	risky := enablesTakeover(app.Settings, settings, defaults)
	if risky && p.checkTakeover != nil {
		if err := p.checkTakeover(); err != nil {
			return c, err
		}
	}
	if err := invalidFields(slices.Concat(bad, wrong)); err != nil {
		return c, err
	}
	if c.Name != nil {
		if err := e.hooks.before(ctx, HookEvent{Kind: HookAppRename, App: app.ID, Developer: app.Developer, Name: *c.Name}); err != nil {
			return c, err
		}
	}
	c.Settings = &settings
	if risky {
		if err := e.notifyOwner(ctx, &c.Riders, app, "its settings were changed ("+p.memberNames()+")"); err != nil {
			return c, err
		}
	}
	c.Riders.note(e.now(), Event{App: app.ID, Type: EventAppChange, Actor: app.Developer, Reason: p.memberNames()})
	return c, nil
}
