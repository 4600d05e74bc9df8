package authkit

import (
	"context"
	"errors"
	"slices"
)

// ChangeApp changes an app of the developer. The next request to the handler of any process sees
// the change, and [Engine.Require] within Config.Tokens.LiveWithin. [CodeAppNameTaken];
// [CodePasskeysRemain].
func (e *Engine) ChangeApp(ctx context.Context, ref AppRef, p AppPatch) (App, error) {
	return appEdit{AppPatch: p, mayChooseCookies: true}.change(ctx, e, ref)
}

// appEdit is a patch, with what its caller knows about it.
type appEdit struct {
	AppPatch

	bad []FieldError // errors that were found before

	// checkTakeover is called before a change of settings by which the app could be taken over;
	// its error refuses the change. Nil allows every change.
	checkTakeover func() error

	// mayChooseCookies is true for the host itself and for a developer whom the host lets choose
	// cookies.
	mayChooseCookies bool
}

// change applies the patch.
func (p appEdit) change(ctx context.Context, e *Engine, ref AppRef) (App, error) {
	return changeOwnApp(ctx, e, ref, func(app App) (AppChange, error) { return p.step(ctx, e, app) })
}

// changeOwnApp changes an app of the developer as decide says. If the app is changed concurrently,
// it decides again.
func changeOwnApp(ctx context.Context, e *Engine, ref AppRef, decide func(App) (AppChange, error)) (App, error) {
	app, err := e.OwnApp(ctx, ref)
	if err != nil {
		return App{}, err
	}
	return again(func() (App, error) {
		change, err := decide(app)
		if err != nil {
			return App{}, err
		}
		if change.changesNothing(app) {
			return app, nil
		}
		changed, err := e.store.ChangeApp(ctx, change)
		switch {
		case err == nil:
			return changed, nil
		case errors.Is(err, ErrStale): // changed concurrently: decide again by the new record
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

// step returns the change of the app as the record is now.
func (p appEdit) step(ctx context.Context, e *Engine, app App) (AppChange, error) {
	c := AppChange{App: app.ID, Version: app.Version}
	bad := p.bad
	if p.Name != nil && *p.Name != app.Name { // a name that the app already has is not checked
		key, err := appKey(*p.Name)
		bad = append(bad, fieldsOf(err)...)
		c.Name, c.NameKey = p.Name, &key
	}
	defaults := appDefaults{e.cfg.Tokens, e.limits.all}
	settings, wrong := p.settings(app.Settings, defaults)
	wrong = append(wrong, e.factors.faultsOfRelyingParty(&p.AppPatch, settings)...)
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
	if err := p.checkPasskeys(ctx, e, app, settings); err != nil {
		return c, err
	}
	if c.Name != nil {
		if err := e.hooks.before(ctx, HookEvent{Kind: HookAppRename, App: app.ID, Developer: app.Developer, Name: *c.Name}); err != nil {
			return c, err
		}
	}
	c.Settings = &settings
	if risky {
		if err := e.notifyOwner(ctx, &c.Riders, app, ownerNotice{"settings", p.memberNames()}); err != nil {
			return c, err
		}
	}
	c.Riders.note(e.now(), Event{App: app.ID, Type: EventAppChange, Actor: app.Developer, Reason: p.memberNames()})
	return c, nil
}

// checkPasskeys refuses a change of the relying party while there are passkeys of another one, which
// would work no more: [CodePasskeysRemain].
func (p appEdit) checkPasskeys(ctx context.Context, e *Engine, app App, is Settings) error {
	next := e.factors.relyingParty(App{Settings: is})
	if p.StrandPasskeys || next == e.factors.relyingParty(app) {
		return nil
	}
	remain, err := e.store.PasskeysElsewhere(ctx, app.ID, next)
	switch {
	case err != nil:
		return storeError(err, app.ID)
	case remain:
		return refuse(CodePasskeysRemain, "users of the app have passkeys of another relying party, which would work no more: with strand_passkeys true they are given up")
	}
	return nil
}
