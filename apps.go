package authkit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/naming"
)

// maxList bounds the lists among an app's settings.
const maxList = 100

// owner is a developer id with its source. Ids of console users and ids of the host's
// own developers never meet.
func (e *Engine) owner(developer string) string {
	if _, ok := httpio.CanonicalUUID(developer); ok && e.cfg.Developers == nil {
		return "console:" + developer
	}
	return "host:" + developer
}

// EnsureApp answers the developer's app of that name, and creates it if there is none:
// for hosts that want theirs to be there on every start. The developer is any id of the
// host's, or the user id of a developer of the console app. An app made here has no API
// key; [Engine.RotateAPIKey] makes one.
func (e *Engine) EnsureApp(ctx context.Context, developer, name string) (App, error) {
	for range 3 {
		app, err := e.appNamed(ctx, developer, name)
		if err != nil || app.ID != uuid.Nil {
			return app, err
		}
		app, _, err = e.addApp(ctx, developer, name, false)
		if !errors.Is(err, CodeAppNameTaken) {
			return app, err
		}
	}
	return App{}, unavailable(errAgain)
}

func (e *Engine) appNamed(ctx context.Context, developer, name string) (App, error) {
	key, err := appKey(name)
	if err != nil {
		return App{}, err
	}
	page := Page{Limit: 500}
	for {
		apps, err := e.store.Apps(ctx, e.owner(developer), page)
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
	if err != nil {
		return "", invalid("name", "invalid_name", `name is not 1 to 64 printable characters without "://" and "@"`)
	}
	return key, nil
}

// CreateApp makes an app with its signing key and first API key, which is shown only
// here. [CodeAppNameTaken]: the developer has an app of that name.
func (e *Engine) CreateApp(ctx context.Context, developer, name string) (app App, apiKey string, err error) {
	return e.addApp(ctx, developer, name, true)
}

func (e *Engine) addApp(ctx context.Context, developer, name string, withKey bool) (App, string, error) {
	folded, err := appKey(name)
	if err != nil {
		return App{}, "", err
	}
	if developer == "" {
		return App{}, "", invalid("developer", "required", "the developer's id is empty")
	}
	now := e.now()
	id, err := e.newID(now)
	if err != nil {
		return App{}, "", unavailable(err)
	}
	app := App{ID: id, Developer: e.owner(developer), Name: name, NameKey: folded, CreatedAt: now, Version: 1}
	signing, err := e.newSigningKey(id, "", 1, now)
	if err != nil {
		return App{}, "", unavailable(err)
	}
	var first *APIKey
	var text string
	if withKey {
		var key APIKey
		if key, text, err = e.newAPIKey(id, APIKeyRequest{Name: "first key"}, now); err != nil {
			return App{}, "", err
		}
		first = &key
	}
	also := Also{Secret: e.noted.newest()}
	if err := e.note(&also, now, Event{App: id, Type: EventAppCreate, Actor: app.Developer}); err != nil {
		return App{}, "", err
	}
	switch err := e.store.CreateApp(ctx, NewApp{App: app, First: signing, Key: first, Also: also}); {
	case errors.Is(err, ErrConflict):
		return App{}, "", refuse(CodeAppNameTaken, "you have an app of that name")
	case err != nil:
		return App{}, "", unavailable(fmt.Errorf("create an app: %w", err))
	}
	app.Keys = []SigningKey{signing}
	return app, text, nil
}

// Apps lists the developer's live apps, newest first, without their keys. A Limit of 0 is
// 50; a negative one is [CodeInvalidRequest]. The next page begins after the last row's
// CreatedAt and ID.
func (e *Engine) Apps(ctx context.Context, developer string, p Page) ([]App, error) {
	if err := p.fill(); err != nil {
		return nil, err
	}
	apps, err := e.store.Apps(ctx, e.owner(developer), p)
	if err != nil {
		return nil, unavailable(fmt.Errorf("list apps: %w", err))
	}
	return apps, nil
}

// OwnApp answers an app if it is the developer's: else, and if there is none, one and the
// same [CodeAppNotFound].
func (e *Engine) OwnApp(ctx context.Context, developer string, id uuid.UUID) (App, error) {
	app, err := e.App(ctx, id)
	if err != nil {
		return App{}, err
	}
	if id == Console || app.Developer != e.owner(developer) {
		return App{}, unknownApp("the app is another developer's")
	}
	return app, nil
}

// ChangeApp changes an app of the developer's; the next request to the handler of any
// process sees it, and [Engine.Require] within Config.Tokens.LiveWithin.
// [CodeAppNameTaken].
func (e *Engine) ChangeApp(ctx context.Context, developer string, id uuid.UUID, p AppPatch) (App, error) {
	return e.changeApp(ctx, developer, id, appEdit{AppPatch: p})
}

// appEdit is a patch with what the caller knows of it.
type appEdit struct {
	AppPatch

	bad []FieldError // what is wrong with it already

	// takeover is asked before a change of settings by which the app could be taken over; its
	// error refuses the change. Nil allows each.
	takeover func() error
}

func (e *Engine) changeApp(ctx context.Context, developer string, id uuid.UUID, p appEdit) (App, error) {
	app, err := e.OwnApp(ctx, developer, id)
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
			e.pokeFor(change.Also)
			return changed, nil
		case errors.Is(err, ErrStale): // changed beside us: decide again, by what it is now
			if app, err = e.readApp(ctx, id); err != nil {
				return App{}, err
			}
		case errors.Is(err, ErrConflict):
			return App{}, refuse(CodeAppNameTaken, "you have an app of that name")
		case errors.Is(err, ErrNotFound):
			return App{}, unknownApp("the app was deleted beside the request")
		default:
			return App{}, unavailable(fmt.Errorf("change app %s: %w", id, err))
		}
	}
	return App{}, unavailable(errAgain)
}

func (e *Engine) appChange(ctx context.Context, app App, p appEdit) (AppChange, error) {
	c := AppChange{App: app.ID, Version: app.Version, Name: p.Name}
	bad := p.bad
	if p.Name != nil {
		key, err := appKey(*p.Name)
		bad = append(bad, fieldsOf(err)...)
		c.NameKey = &key
	}
	settings, wrong := p.settings(app.Settings, e.limiter.all)
	takeover := e.limiter.all.takeover(app.Settings, settings)
	if takeover && p.takeover != nil {
		if err := p.takeover(); err != nil {
			return c, err
		}
	}
	if err := invalidFields(slices.Concat(bad, wrong)); err != nil {
		return c, err
	}
	c.Settings = &settings
	if takeover {
		if err := e.tellOwner(ctx, &c.Also, app, "its settings were changed ("+p.names()+")"); err != nil {
			return c, err
		}
	}
	return c, e.note(&c.Also, e.now(), Event{App: app.ID, Type: EventAppChange, Actor: app.Developer, Reason: p.names()})
}

// DeleteApp ends an app of the developer's and all that is in it at once; [Engine.Run]
// removes the rows. Its name is free again.
func (e *Engine) DeleteApp(ctx context.Context, developer string, id uuid.UUID) error {
	app, err := e.OwnApp(ctx, developer, id)
	if err != nil {
		return err
	}
	now := e.now()
	var also Also
	if err := e.note(&also, now, Event{App: id, Type: EventAppDelete, Actor: app.Developer}); err != nil {
		return err
	}
	err = e.store.DeleteApp(ctx, id, now, also)
	e.apps.drop(id)
	return e.ownError(err, id)
}
