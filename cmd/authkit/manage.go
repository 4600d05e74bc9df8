package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/naming"
)

// manage are the flags of the commands that manage what a store holds.
type manage struct {
	place

	JSON bool `help:"Print JSON instead of a table." name:"json"`
}

// open makes an engine over a store that exists, whose events have the actor [cliActor]. change
// completes the configuration. The secret files are read before the store is changed.
func (m manage) open(ctx context.Context, to access, change ...func(*authkit.Config)) (offline, error) {
	kind, at, err := m.locate()
	switch {
	case err != nil:
		return offline{}, err
	case kind == "memory":
		return offline{}, errors.New("--store is memory, which keeps nothing beyond this command: give sqlite:FILE or postgres://…")
	case kind == "sqlite":
		if _, err := os.Stat(at); errors.Is(err, fs.ErrNotExist) {
			return offline{}, fmt.Errorf("--store %q does not exist: give the store that `authkit serve` uses", m.Store)
		}
	}
	if err := m.readable(); err != nil {
		return offline{}, err
	}
	if to == reads {
		return m.look(ctx, kind, at, change...)
	}
	return m.openEngine(ctx, m.secrets, append(change, func(c *authkit.Config) { c.Store = byCLI{c.Store} })...)
}

// readable refuses a secret file that is missing or holds no secret. [place.secrets] would make
// one, but what the store holds was sealed under one that exists.
func (p place) readable() error {
	for _, file := range p.SecretFile {
		_, err := readSecret(file)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w; give the file that `authkit serve` uses", err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// developers calls do for every developer, newest first, until it returns false.
func (o offline) developers(ctx context.Context, do func(authkit.User) (bool, error)) error {
	f := authkit.UserFilter{Page: authkit.Page{Limit: pageSize}}
	for {
		users, err := o.Users(ctx, authkit.Console, f)
		if err != nil {
			return err
		}
		for _, u := range users {
			if more, err := do(u); err != nil || !more {
				return err
			}
		}
		if len(users) < pageSize {
			return nil
		}
		last := users[len(users)-1]
		f.Time, f.ID = last.CreatedAt, last.ID
	}
}

// pageSize is how many rows a command reads at once.
const pageSize = 500

// developer finds the developer that --owner names, by address or id. If the flag is not set, it
// is the only developer of the store. No error shows a text with a colon, which may be the
// EMAIL:PASSWORD of serve.
func (o offline) developer(ctx context.Context, text string) (authkit.User, error) {
	if strings.Contains(text, ":") {
		return authkit.User{}, errors.New("--owner holds a colon: give the address of a developer, or the id, without a password")
	}
	if text != "" {
		return o.user(ctx, authkit.Console, text, "--owner")
	}
	var found []authkit.User
	err := o.developers(ctx, func(u authkit.User) (bool, error) {
		found = append(found, u)
		return len(found) < 2, nil
	})
	switch {
	case err != nil:
		return authkit.User{}, err
	case len(found) == 0:
		return authkit.User{}, errors.New("the store has no developer: `authkit developer create EMAIL` makes one")
	case len(found) > 1:
		return authkit.User{}, errors.New("--owner is missing, and the store has several: give the address or id of one")
	}
	return found[0], nil
}

// user finds a user of an app by address or id. what names the argument in errors.
func (o offline) user(ctx context.Context, app uuid.UUID, text, what string) (authkit.User, error) {
	if id, err := uuid.Parse(text); err == nil {
		u, err := o.User(ctx, authkit.UserRef{App: app, ID: id})
		if err != nil {
			return authkit.User{}, fmt.Errorf("%s %q: %w", what, text, err)
		}
		return u, nil
	}
	users, err := o.Users(ctx, app, authkit.UserFilter{Email: text})
	switch {
	case err != nil:
		return authkit.User{}, fmt.Errorf("%s %q is no id, and no user has it as address: %w", what, text, err)
	case len(users) == 0:
		return authkit.User{}, fmt.Errorf("%s %q: user_not_found: there is no user of that address in the app", what, text)
	}
	return users[0], nil
}

// ownedApp is an app with its developer. The zero User: the host's own app, or of a developer of
// the host's.
type ownedApp struct {
	authkit.App

	owner authkit.User
}

// developerName is the developer's address, or the owner as the store has it.
func (a ownedApp) developerName() string { return cmp.Or(a.owner.EmailTyped, a.Developer) }

// apps calls do for every app of the developers, or of one.
func (o offline) apps(ctx context.Context, of *authkit.User, do func(ownedApp) error) error {
	if of != nil {
		return o.appsOf(ctx, *of, do)
	}
	return o.developers(ctx, func(u authkit.User) (bool, error) { return true, o.appsOf(ctx, u, do) })
}

func (o offline) appsOf(ctx context.Context, owner authkit.User, do func(ownedApp) error) error {
	page := authkit.Page{Limit: pageSize}
	for {
		apps, err := o.Apps(ctx, owner.ID.String(), page)
		if err != nil {
			return err
		}
		for _, app := range apps {
			if err := do(ownedApp{app, owner}); err != nil {
				return err
			}
		}
		if len(apps) < pageSize {
			return nil
		}
		last := apps[len(apps)-1]
		page.Time, page.ID = last.CreatedAt, last.ID
	}
}

// app finds an app by its id, or by a name that only one app of all developers has.
func (o offline) app(ctx context.Context, text string) (ownedApp, error) {
	if id, err := uuid.Parse(text); err == nil {
		return o.appByID(ctx, id)
	}
	var found []ownedApp
	key := naming.Fold(text)
	if err := o.apps(ctx, nil, func(a ownedApp) error {
		if a.NameKey == key {
			found = append(found, a)
		}
		return nil
	}); err != nil {
		return ownedApp{}, err
	}
	switch len(found) {
	case 0:
		return ownedApp{}, fmt.Errorf("app %q: app_not_found: no developer has an app of that id or name; `authkit app list` lists them", text)
	case 1:
		return o.appByID(ctx, found[0].ID)
	}
	var ids []string
	for _, a := range found {
		ids = append(ids, fmt.Sprintf("%s (%s)", a.ID, a.developerName()))
	}
	return ownedApp{}, fmt.Errorf("app %q: several developers have an app of that name: give one of the ids %s", text, strings.Join(ids, ", "))
}

// appByID reads an app and its developer.
func (o offline) appByID(ctx context.Context, id uuid.UUID) (ownedApp, error) {
	if id == authkit.Console {
		return ownedApp{}, errors.New("the console app takes no settings, providers or keys: give another app")
	}
	app, err := o.App(ctx, id)
	if err != nil {
		return ownedApp{}, fmt.Errorf("app %q: %w", id, err)
	}
	out := ownedApp{App: app}
	if owner, ok := strings.CutPrefix(app.Developer, "console:"); ok {
		if id, err := uuid.Parse(owner); err == nil {
			if out.owner, err = o.User(ctx, authkit.UserRef{App: authkit.Console, ID: id}); err != nil {
				return ownedApp{}, fmt.Errorf("developer of app %q: %w", app.ID, err)
			}
		}
	}
	return out, nil
}
