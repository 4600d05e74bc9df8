package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

type appCommands struct {
	List   listApps  `cmd:"" help:"List the apps of every developer, or of one."`
	Create createApp `cmd:"" help:"Create an app, and print its API key, which is shown only here."`
	Export exportApp `cmd:"" help:"Write the name, settings and providers of an app as JSON."`
	Import importApp `cmd:"" help:"Make an app be as a JSON document says; create it if it does not exist."`
	Diff   diffApp   `cmd:"" help:"Print what import would change; exit status 1 if anything, 2 for an error."`
}

// appRow is an app in JSON, with its developer.
type appRow struct {
	ID        uuid.UUID `json:"app_id"`
	Name      string    `json:"name"`
	Developer string    `json:"developer"`
	CreatedAt time.Time `json:"created_at"`
	APIKey    string    `json:"api_key,omitzero"`
}

func toAppRow(a ownedApp, key string) appRow {
	return appRow{ID: a.ID, Name: a.Name, Developer: a.developerName(), CreatedAt: a.CreatedAt.UTC(), APIKey: key}
}

type listApps struct {
	manage

	Owner string `help:"Only the apps of one developer." placeholder:"EMAIL|ID"`
}

// Run prints one app a line.
func (l *listApps) Run(ctx context.Context) error {
	work, err := l.open(ctx, reads)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	var of *authkit.User
	if l.Owner != "" {
		u, err := work.developer(ctx, l.Owner)
		if err != nil {
			return err
		}
		of = &u
	}
	rows, err := newList(l.JSON, "apps", "APP", "NAME", "DEVELOPER", "CREATED")
	if err != nil {
		return err
	}
	if err := work.apps(ctx, of, func(a ownedApp) error {
		return rows.add(toAppRow(a, ""), a.ID.String(), a.Name, a.developerName(), moment(a.CreatedAt))
	}); err != nil {
		return err
	}
	return rows.end()
}

type createApp struct {
	manage

	Name  string `arg:"" help:"The name of the app, which users see in mails."`
	Owner string `help:"Who owns the app; the only developer if it is not set." placeholder:"EMAIL|ID"`
}

// Run prints the app with its first API key.
func (c *createApp) Run(ctx context.Context) error {
	work, err := c.open(ctx, writes)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	owner, err := work.developer(ctx, c.Owner)
	if err != nil {
		return err
	}
	made, key, err := work.CreateApp(ctx, owner.ID.String(), c.Name)
	if err != nil {
		return fmt.Errorf("create app %q of %s: %w", c.Name, owner.Email, err)
	}
	if c.JSON {
		return printJSON(os.Stdout, toAppRow(ownedApp{made, owner}, key))
	}
	_, err = fmt.Printf("app_id   %s\napi_key  %s\n", made.ID, key)
	return err
}
