package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/naming"
)

type exportApp struct {
	configuration

	App     string `arg:"" help:"The app, by id or name."`
	Secrets bool   `help:"Add the client secrets of the providers, in the clear: who has the document can sign users in to the provider as this app." env:"-"`
}

// Run writes the document to stdout.
func (x *exportApp) Run(ctx context.Context) error {
	work, err := x.open(ctx, reads)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	found, err := work.app(ctx, x.App)
	if err != nil {
		return err
	}
	providers, err := x.providers(ctx, work, found, x.Secrets)
	if err != nil {
		return err
	}
	logo, err := work.logoOf(ctx, found)
	if err != nil {
		return err
	}
	return printJSON(os.Stdout, document{
		ID: &found.ID, Developer: found.owner.EmailTyped, Name: found.Name, Settings: settingsOf(found.Settings), Providers: &providers, Logo: logo,
	})
}

// documented are the flags and the argument of import and diff.
type documented struct {
	configuration

	File  string `arg:"" help:"The document, as export writes it; - for stdin."`
	App   string `help:"The app that the document is about; without it the app of its app_id, else the developer's app of its name." placeholder:"ID|NAME"`
	Owner string `help:"Who owns the app, if it is found by its name or is new; the document's developer if it is not set, else the only developer." placeholder:"EMAIL|ID"`
}

// target finds the app that a document is about, and the developer who gets it if it does not
// exist: then the app is nil.
func (x documented) target(ctx context.Context, work offline, d document) (*ownedApp, authkit.User, error) {
	if x.App != "" {
		found, err := work.app(ctx, x.App)
		return &found, found.owner, err
	}
	if d.ID != nil {
		found, err := work.appByID(ctx, *d.ID)
		if err == nil || !errors.Is(err, authkit.CodeAppNotFound) {
			return &found, found.owner, err
		}
	}
	owner, err := work.developer(ctx, cmp.Or(x.Owner, d.Developer))
	if err != nil {
		return nil, owner, err
	}
	if d.Name == "" {
		return nil, owner, fmt.Errorf("app_id %q: app_not_found: the store has no such app, and the document has no name to make it by: give --app, or a name", d.ID)
	}
	var same *ownedApp
	key := naming.Fold(d.Name)
	err = work.appsOf(ctx, owner, func(a ownedApp) error {
		if a.NameKey == key {
			same = &a
		}
		return nil
	})
	if err != nil || same == nil {
		return nil, owner, err
	}
	found, err := work.appByID(ctx, same.ID) // with its settings
	return &found, owner, err
}

// imported is what import and diff print as JSON.
type imported struct {
	ID      *uuid.UUID   `json:"app_id"` // null: diff found no app, which import would make
	Created bool         `json:"created"`
	Changes []difference `json:"changes"`
}

type importApp struct {
	documented

	StrandPasskeys bool `help:"Change passkey_rp_id although users have passkeys of another relying party, which work no more then." name:"strand-passkeys"`
}

// Run applies the document and prints what it changed. It may be broken off and run again.
func (i *importApp) Run(ctx context.Context) error {
	d, err := readDocument(i.File)
	if err != nil {
		return err
	}
	work, err := i.open(ctx, writes)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	found, owner, err := i.target(ctx, work, d)
	if err != nil {
		return err
	}
	p, err := i.plan(ctx, work, d, found)
	if err != nil {
		return err
	}
	if p.patch.PasskeyRPID != nil {
		if i.BaseURL == "" {
			return errors.New("settings.passkey_rp_id changes, and is judged by the base URL: give --base-url, as serve has it")
		}
		p.patch.StrandPasskeys = i.StrandPasskeys
	}
	if err := p.apply(ctx, work, owner); err != nil {
		return fmt.Errorf("import %s: %w; changes before this one are in effect: mend it, and import again", i.File, err)
	}
	if i.JSON {
		return printJSON(os.Stdout, imported{&p.app.ID, p.missing, p.changes})
	}
	if p.missing {
		fmt.Printf("created app %s, which has no API key: `authkit key rotate --app %s` makes one\n", p.app.ID, p.app.ID)
	}
	if len(p.changes) == 0 {
		_, err = fmt.Println("nothing to do")
		return err
	}
	return printDifferences(os.Stdout, p.changes)
}

type diffApp struct{ documented }

// errDiffers is the result of a diff that found a difference. It is no error to print.
var errDiffers = errors.New("the document and the app differ")

// troubleError is an error of diff, whose exit status tells it from a difference.
type troubleError struct{ error }

// Unwrap returns the error itself.
func (t troubleError) Unwrap() error { return t.error }

// Run prints what import would change.
func (x *diffApp) Run(ctx context.Context) error {
	err := x.compare(ctx)
	if err == nil || errors.Is(err, errDiffers) {
		return err
	}
	return troubleError{err}
}

func (x *diffApp) compare(ctx context.Context) error {
	d, err := readDocument(x.File)
	if err != nil {
		return err
	}
	work, err := x.open(ctx, reads)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	found, _, err := x.target(ctx, work, d)
	if err != nil {
		return err
	}
	p, err := x.plan(ctx, work, d, found)
	if err != nil {
		return err
	}
	out := imported{Created: p.missing, Changes: p.changes}
	if found != nil {
		out.ID = &found.ID
	}
	if x.JSON {
		err = printJSON(os.Stdout, out)
	} else {
		err = printDifferences(os.Stdout, p.changes)
	}
	if err == nil && len(p.changes) > 0 {
		err = errDiffers
	}
	return err
}
