package authkit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/naming"
)

// EnsureApp returns the host's app of that name, and creates it if it does not exist: for a host
// that needs its app on every start. The developer is a name of the host's choice, which no
// developer of [Config.Developers] shares, or the user id of a developer of the console app.
// Methods that take a developer take that name; [Engine.Apps] and the management routes do not
// show the app. An app made here has no API key; [Engine.RotateAPIKey] makes one.
//
// [CodeAppNameTaken]: Config.Developers is set, and a developer of that id has an app of that
// name, which an earlier version may have made here. Use [Engine.App] for that one.
func (e *Engine) EnsureApp(ctx context.Context, developer, name string) (App, error) {
	return again(func() (App, error) {
		app, err := ensuredApp(ctx, e, developer, name)
		if err != nil || app.ID != uuid.Nil {
			return app, err
		}
		app, _, err = newApp{owner: e.cfg.ensuredOwner(developer), name: name}.add(ctx, e)
		if errors.Is(err, CodeAppNameTaken) { // made concurrently: it is found now
			err = errAgain
		}
		return app, err
	})
}

// ensuredApp finds the app that EnsureApp is called for; the zero App: it does not exist. Earlier
// versions of EnsureApp gave the app an owner with the source of Config.Developers; such an app
// is found only where no developer could have made it.
func ensuredApp(ctx context.Context, e *Engine, developer, name string) (App, error) {
	owner := e.cfg.ensuredOwner(developer)
	app, err := appNamed(ctx, e, owner, name)
	if err != nil || app.ID != uuid.Nil || !strings.HasPrefix(owner, ownSource) {
		return app, err
	}
	app, err = appNamed(ctx, e, hostSource+developer, name)
	if err == nil && app.ID != uuid.Nil && e.cfg.Developers != nil {
		return App{}, refuse(CodeAppNameTaken, "a developer of that id has an app of that name: take it by its id, or choose another name")
	}
	return app, err
}

func appNamed(ctx context.Context, e *Engine, owner, name string) (App, error) {
	key := naming.Fold(name) // an app keeps a name that is no longer allowed
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

// CreateApp makes an app with its signing key and first API key, whose text only this call
// returns. [CodeAppNameTaken]: the developer has an app of that name. [CodeLimitReached] and
// [CodeRateLimited]: the developer has, or made today, as many apps as Config.Limits allows.
// [CodeUserNotFound]: the console app has no such developer, or the developer is disabled.
func (e *Engine) CreateApp(ctx context.Context, developer, name string) (app App, apiKey string, err error) {
	return newApp{owner: e.cfg.developerOf(developer), name: name, withKey: true}.add(ctx, e)
}

// newApp describes an app to make.
type newApp struct {
	owner    string // as App.Developer
	name     string
	withKey  bool
	overHTTP bool   // by a request of a developer
	once     string // the idempotency key; may be empty
}

// madeApp is an app that was made, with the text of its first API key.
type madeApp struct {
	App App    `json:"app"` // without its signing keys
	Key string `json:"key"`
}

// add makes the app, and its first API key if withKey is set.
func (in newApp) add(ctx context.Context, e *Engine) (App, string, error) {
	if in.once == "" {
		return in.addAs(ctx, e, newID(e.now()), keepNothing[madeApp])
	}
	return in.addOnce(ctx, e)
}

// onceOn is the once of the idempotency key for an app that is made on a day.
func (in newApp) onceOn(day time.Time) (once, error) {
	return onceOf(idOfOnce(day, in.once, in.owner), in.once, in.name, "app", in.owner)
}

// addOnce is add with an idempotency key. What it makes is kept in the app itself, whose id follows
// from the key and the day: it is looked for under the ids of today and of yesterday.
func (in newApp) addOnce(ctx context.Context, e *Engine) (App, string, error) {
	today := e.now().Truncate(day)
	recall := func() (made madeApp, ok bool, err error) {
		for _, on := range []time.Time{today, today.Add(-day)} {
			o, err := in.onceOn(on)
			if err != nil {
				return madeApp{}, false, err
			}
			if made, ok, err = recallOnce[madeApp](ctx, e.tokens, o, Take{}); ok || err != nil {
				return made, ok, err
			}
		}
		return madeApp{}, false, nil
	}
	if made, ok, err := recall(); ok || err != nil {
		return made.App, made.Key, err
	}
	o, err := in.onceOn(today)
	if err != nil {
		return App{}, "", err
	}
	app, key, err := in.addAs(ctx, e, o.app, func(riders *Riders, made madeApp) { addOnce(e.tokens, riders, o, made) })
	if err == nil {
		return app, key, nil
	}
	if made, ok, failed := recall(); ok || failed != nil { // a concurrent one was first
		return made.App, made.Key, failed
	}
	if errors.Is(err, CodeAppNameTaken) { // or the id is, by an app of this key that was deleted
		return in.addAs(ctx, e, newID(e.now()), keepNothing[madeApp])
	}
	return App{}, "", err
}

// addAs makes the app with an id. keep may add to the riders of the step.
func (in newApp) addAs(ctx context.Context, e *Engine, id uuid.UUID, keep func(*Riders, madeApp)) (App, string, error) {
	step, text, err := in.step(ctx, e, id)
	if err != nil {
		return App{}, "", err
	}
	keep(&step.Riders, madeApp{step.App, text})
	var today []count
	if most := e.cfg.appsPerDay(in.overHTTP); most > 0 {
		today = append(today, e.limits.countFor(limit{limitAppsToday, most, day}, in.owner))
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

// step returns the step of the store that makes the app, and the text of its first API key.
func (in newApp) step(ctx context.Context, e *Engine, id uuid.UUID) (NewApp, string, error) {
	now := e.now()
	folded, err := appKey(in.name)
	if err != nil {
		return NewApp{}, "", err
	}
	if _, id, _ := strings.Cut(in.owner, ":"); id == "" {
		return NewApp{}, "", invalid("developer", "required", "the developer's id is empty")
	}
	if err := e.hooks.before(ctx, HookEvent{Kind: HookAppCreate, App: id, Developer: in.owner, Name: in.name}); err != nil {
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
	step.Riders.Secret = e.secrets.newest()
	step.Riders.note(now, Event{App: id, Type: EventAppCreate, Actor: in.owner})
	return step, text, nil
}
