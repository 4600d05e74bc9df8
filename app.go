package authkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/naming"
)

// EnsureApp answers the host's app of that name, and creates it if there is none: for hosts
// that want theirs to be there on every start. The developer is a name of the host's choice,
// which no developer of [Config.Developers] shares, or the user id of a developer of the
// console app. Methods that take a developer take that name; [Engine.Apps] and the management
// routes do not show the app. An app made here has no API key; [Engine.RotateAPIKey] makes one.
//
// [CodeAppNameTaken]: Config.Developers is set, and a developer of that id has an app of that
// name, which an earlier version may have made here. Take that one by [Engine.App].
func (e *Engine) EnsureApp(ctx context.Context, developer, name string) (App, error) {
	owner := e.cfg.ensurerOf(developer)
	for range 3 {
		app, err := e.ensured(ctx, owner, developer, name)
		if err != nil || app.ID != uuid.Nil {
			return app, err
		}
		app, _, err = e.addApp(ctx, newApp{owner: owner, name: name})
		if !errors.Is(err, CodeAppNameTaken) {
			return app, err
		}
	}
	return App{}, unavailable(errAgain)
}

// ensured finds the app that EnsureApp is asked for. What it made before there was a source of
// the host's own is found where no developer could have made it.
func (e *Engine) ensured(ctx context.Context, owner, developer, name string) (App, error) {
	app, err := e.appNamed(ctx, owner, name)
	if err != nil || app.ID != uuid.Nil || !strings.HasPrefix(owner, ownSource) {
		return app, err
	}
	app, err = e.appNamed(ctx, hostSource+developer, name)
	if err == nil && app.ID != uuid.Nil && e.cfg.Developers != nil {
		return App{}, refuse(CodeAppNameTaken, "a developer of that id has an app of that name: take it by its id, or choose another name")
	}
	return app, err
}

func (e *Engine) appNamed(ctx context.Context, owner, name string) (App, error) {
	key := naming.Fold(name) // an app keeps a name that would no longer be taken
	page := Page{Limit: 500}
	for {
		apps, err := e.store.Apps(ctx, owner, page)
		if err != nil {
			return App{}, unavailable(fmt.Errorf("list apps: %w", err))
		}
		for _, app := range apps {
			if app.NameKey == key {
				return e.App(ctx, app.ID)
			}
		}
		if len(apps) < page.Limit {
			return App{}, nil
		}
		last := apps[len(apps)-1]
		page.Time, page.ID = last.CreatedAt, last.ID
	}
}

func appKey(name string) (string, error) {
	key, err := naming.App(name)
	switch {
	case errors.Is(err, naming.ErrAddress):
		return "", invalid("name", "invalid_name", `name reads as a web address, an email address or a telephone number; leave out "@", "/", "www.", words such as example.com, and seven digits or more in a row`)
	case err != nil:
		return "", invalid("name", "invalid_name", "name is not 1 to 64 printable characters")
	}
	return key, nil
}

// CreateApp makes an app with its signing key and first API key, which is shown only
// here. [CodeAppNameTaken]: the developer has an app of that name. [CodeLimitReached] and
// [CodeRateLimited]: the developer has, or made today, as many apps as Config.Limits says.
// [CodeUserNotFound]: the console app has no such developer, or the developer is disabled.
func (e *Engine) CreateApp(ctx context.Context, developer, name string) (app App, apiKey string, err error) {
	return e.addApp(ctx, newApp{owner: e.cfg.developerOf(developer), name: name, withKey: true})
}

// newApp says which app to make.
type newApp struct {
	owner    string // as App.Developer
	name     string
	withKey  bool
	overHTTP bool // by a developer's own request
}

func (e *Engine) addApp(ctx context.Context, in newApp) (App, string, error) {
	now := e.now()
	step, text, err := e.making(ctx, in, now)
	if err != nil {
		return App{}, "", err
	}
	var today []count
	if most := e.cfg.appsPerDay(in.overHTTP); most > 0 {
		today = append(today, e.limits.by(limit{limitAppsToday, most, day}, in.owner))
	}
	if err := e.limits.hit(ctx, App{ID: Console}, today...); err != nil {
		return App{}, "", err
	}
	err = e.store.CreateApp(ctx, step)
	if err == nil {
		step.App.Keys = []SigningKey{step.First}
		return step.App, text, nil
	}
	if err := e.limits.refund(ctx, App{ID: Console}, today...); err != nil { // no app was made
		return App{}, "", err
	}
	return App{}, "", ownerError(err, step.Most)
}

// making is the step by which an app comes to be.
func (e *Engine) making(ctx context.Context, in newApp, now time.Time) (NewApp, string, error) {
	folded, err := appKey(in.name)
	if err != nil {
		return NewApp{}, "", err
	}
	if _, id, _ := strings.Cut(in.owner, ":"); id == "" {
		return NewApp{}, "", invalid("developer", "required", "the developer's id is empty")
	}
	id := newID(now)
	if err := e.hooks.before(ctx, Moment{Kind: MomentAppCreate, App: id, Developer: in.owner, Name: in.name}); err != nil {
		return NewApp{}, "", err
	}
	step := NewApp{
		App:   App{ID: id, Developer: in.owner, Name: in.name, NameKey: folded, CreatedAt: now, Version: 1},
		Owner: ownerRef(in.owner), Most: e.cfg.liveApps(in.overHTTP),
	}
	if step.First, err = e.signing.newKey(ctx, id, "", 1, now); err != nil {
		return NewApp{}, "", unavailable(err)
	}
	text := ""
	if in.withKey {
		var key APIKey
		if key, text, err = newAPIKey(id, APIKeyRequest{Name: "first key"}, now); err != nil {
			return NewApp{}, "", err
		}
		step.Key = &key
	}
	step.Also.Secret = e.secrets.newest()
	step.Also.note(now, Event{App: id, Type: EventAppCreate, Actor: in.owner})
	return step, text, nil
}

// Apps lists the developer's live apps, newest first, without their keys. A Limit of 0 is
// 50; a negative one is [CodeInvalidRequest]. The next page begins after the last row's
// CreatedAt and ID.
func (e *Engine) Apps(ctx context.Context, developer string, p Page) ([]App, error) {
	if err := p.fill(); err != nil {
		return nil, err
	}
	apps, err := e.store.Apps(ctx, e.cfg.developerOf(developer), p)
	if err != nil {
		return nil, unavailable(fmt.Errorf("list apps: %w", err))
	}
	return apps, nil
}

// OwnApp answers an app if it is the developer's: else, and if there is none, one and the
// same [CodeAppNotFound].
func (e *Engine) OwnApp(ctx context.Context, ref AppRef) (App, error) {
	app, err := e.refApp(ctx, ref)
	if err != nil {
		return App{}, err
	}
	if ref.ID == Console || (app.Developer != e.cfg.developerOf(ref.Developer) && app.Developer != e.cfg.ensurerOf(ref.Developer)) {
		return App{}, unknownApp("the app is another developer's")
	}
	return app, nil
}

func (e *Engine) refApp(ctx context.Context, ref AppRef) (App, error) {
	if ref.read != nil && ref.read.ID == ref.ID {
		return *ref.read, nil
	}
	return e.App(ctx, ref.ID)
}

// ChangeApp changes an app of the developer's; the next request to the handler of any
// process sees it, and [Engine.Require] within Config.Tokens.LiveWithin.
// [CodeAppNameTaken].
func (e *Engine) ChangeApp(ctx context.Context, ref AppRef, p AppPatch) (App, error) {
	return e.changeApp(ctx, ref, appEdit{AppPatch: p, granted: true})
}

// appEdit is a patch with what the caller knows of it.
type appEdit struct {
	AppPatch

	bad []FieldError // what is wrong with it already

	// takeover is asked before a change of settings by which the app could be taken over; its
	// error refuses the change. Nil allows each.
	takeover func() error

	// granted says that the host itself, or a developer whom it lets, chooses cookies.
	granted bool
}

func (e *Engine) changeApp(ctx context.Context, ref AppRef, p appEdit) (App, error) {
	app, err := e.OwnApp(ctx, ref)
	if err != nil {
		return App{}, err
	}
	for range 5 {
		change, err := e.appChange(ctx, app, p)
		if err != nil {
			return App{}, err
		}
		if change.idle(app) {
			return app, nil
		}
		changed, err := e.store.ChangeApp(ctx, change)
		switch {
		case err == nil:
			e.outbox.wakeFor(change.Also)
			return changed, nil
		case errors.Is(err, ErrStale): // changed beside us: decide again, by what it is now
			if app, err = e.live.apps.read(ctx, ref.ID); err != nil {
				return App{}, err
			}
		case errors.Is(err, ErrConflict):
			return App{}, refuse(CodeAppNameTaken, "you have an app of that name")
		case errors.Is(err, ErrNotFound):
			return App{}, unknownApp("the app was deleted beside the request")
		default:
			return App{}, unavailable(fmt.Errorf("change app %s: %w", ref.ID, err))
		}
	}
	return App{}, unavailable(errAgain)
}

func (e *Engine) appChange(ctx context.Context, app App, p appEdit) (AppChange, error) {
	c := AppChange{App: app.ID, Version: app.Version}
	bad := p.bad
	if p.Name != nil && *p.Name != app.Name { // one that stands already stays
		key, err := appKey(*p.Name)
		bad = append(bad, fieldsOf(err)...)
		c.Name, c.NameKey = p.Name, &key
	}
	defaults := appDefaults{e.cfg.Tokens, e.limits.all}
	settings, wrong := p.settings(app.Settings, defaults)
	if !p.granted && settings.SessionMode != app.Settings.SessionMode && (App{Settings: settings}).takesCookies() {
		return c, refuse(CodeForbidden, "session cookies live on the host's own origin, and this host does not let developers choose them")
	}
	risky := takeover(app.Settings, settings, defaults)
	if risky && p.takeover != nil {
		if err := p.takeover(); err != nil {
			return c, err
		}
	}
	if err := invalidFields(slices.Concat(bad, wrong)); err != nil {
		return c, err
	}
	if c.Name != nil {
		if err := e.hooks.before(ctx, Moment{Kind: MomentAppRename, App: app.ID, Developer: app.Developer, Name: *c.Name}); err != nil {
			return c, err
		}
	}
	c.Settings = &settings
	if risky {
		if err := e.tellOwner(ctx, &c.Also, app, "its settings were changed ("+p.names()+")"); err != nil {
			return c, err
		}
	}
	c.Also.note(e.now(), Event{App: app.ID, Type: EventAppChange, Actor: app.Developer, Reason: p.names()})
	return c, nil
}

// DeleteApp ends an app of the developer's and all that is in it at once; [Engine.Run]
// removes the rows. Its name is free again. For an hour the same developer can delete the app
// again: that commits a write and succeeds.
func (e *Engine) DeleteApp(ctx context.Context, ref AppRef) error {
	app, err := e.OwnApp(ctx, ref)
	if err == nil {
		err = e.endApp(ctx, app)
	}
	if !errors.Is(err, CodeAppNotFound) {
		return err
	}
	if deleted, failed := e.deletedBefore(ctx, ref.ID, e.cfg.developerOf(ref.Developer), e.cfg.ensurerOf(ref.Developer)); deleted || failed != nil {
		return failed
	}
	return err
}

// deletedBefore reports whether one of these owners has deleted the app in the last hour.
func (e *Engine) deletedBefore(ctx context.Context, app uuid.UUID, owners ...string) (bool, error) {
	return revocations{e.store, e.now()}.deleted(ctx, app, owners...)
}

func (e *Engine) endApp(ctx context.Context, app App) error {
	now := e.now()
	var also Also
	also.note(now, Event{App: app.ID, Type: EventAppDelete, Actor: app.Developer})
	if err := (revocations{e.store, now}).announce(ctx, app); err != nil {
		return err
	}
	err := e.store.DeleteApp(ctx, app.ID, now, also)
	e.live.apps.forget(app.ID)
	return storeError(err, app.ID)
}
