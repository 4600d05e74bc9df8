package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

type keyCommands struct {
	List   listKeys  `cmd:"" help:"List the API keys of an app, newest first."`
	Rotate rotateKey `cmd:"" help:"Make an API key, which is shown only here, and retire every other."`
	Revoke revokeKey `cmd:"" help:"Make an API key inactive."`
}

// ofApp are the flags of a command about one app.
type ofApp struct {
	manage

	App string `help:"The app, by id or name." placeholder:"ID|NAME" required:""`
}

// openApp opens the store and finds the app.
func (o ofApp) openApp(ctx context.Context, to access) (offline, ownedApp, error) {
	work, err := o.open(ctx, to)
	if err != nil {
		return offline{}, ownedApp{}, err
	}
	found, err := work.app(ctx, o.App)
	if err != nil {
		_ = work.close()
		return offline{}, ownedApp{}, fmt.Errorf("--app: %w", err)
	}
	return work, found, nil
}

// keyRow is an API key in JSON, as the endpoints show it.
type keyRow struct {
	ID         uuid.UUID  `json:"id"`
	Name       string     `json:"name"`
	Hint       string     `json:"hint"`
	Scopes     []string   `json:"scopes"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	Active     bool       `json:"is_active"`
	Key        string     `json:"key,omitzero"`
}

func toKeyRow(k authkit.APIKey, now time.Time) keyRow {
	return keyRow{
		ID: k.ID, Name: k.Name, Hint: k.Hint, Scopes: k.Scopes, CreatedAt: k.CreatedAt.UTC(),
		LastUsedAt: timeOrNull(k.LastUsedAt), ExpiresAt: timeOrNull(k.ExpiresAt),
		Active: k.Active && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt)),
	}
}

type listKeys struct{ ofApp }

// Run prints one key a line, with the inactive ones.
func (l *listKeys) Run(ctx context.Context) error {
	work, found, err := l.openApp(ctx, reads)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	keys, err := work.APIKeys(ctx, found.Ref())
	if err != nil {
		return err
	}
	rows, err := newList(l.JSON, "api_keys", "KEY", "HINT", "NAME", "SCOPES", "ACTIVE", "CREATED", "LAST USED", "EXPIRES")
	if err != nil {
		return err
	}
	for _, k := range keys {
		row, active := toKeyRow(k, time.Now()), "no"
		if row.Active {
			active = "yes"
		}
		if err := rows.add(row, k.ID.String(), k.Hint, k.Name, strings.Join(k.Scopes, ","), active, moment(k.CreatedAt), moment(k.LastUsedAt), moment(k.ExpiresAt)); err != nil {
			return err
		}
	}
	return rows.end()
}

type rotateKey struct {
	ofApp

	Name      string        `help:"A name for the key." placeholder:"TEXT"`
	Scopes    []string      `help:"What the key may do: users:read, users:write, auth:forward; the first two if it is not set." placeholder:"SCOPE"`
	Overlap   time.Duration `default:"0s" help:"How long the older keys go on working; at most 168h."`
	ExpiresIn time.Duration `help:"How long the key works; for ever if it is not set." placeholder:"DURATION"`
}

const maxOverlap = 168 * time.Hour // of the Engine, which counts it in seconds

// Run prints the key.
func (r *rotateKey) Run(ctx context.Context) error {
	switch {
	case r.Overlap < 0 || r.Overlap > maxOverlap:
		return fmt.Errorf("--overlap is %v: give 0s to 168h", r.Overlap)
	case r.ExpiresIn < 0:
		return fmt.Errorf("--expires-in is %v: give a duration such as 720h, or leave it out for a key that does not expire", r.ExpiresIn)
	}
	work, found, err := r.openApp(ctx, writes)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	in := authkit.APIKeyRequest{Name: r.Name, Scopes: r.Scopes, Overlap: r.Overlap}
	if r.ExpiresIn != 0 {
		in.ExpiresAt = time.Now().Add(r.ExpiresIn)
	}
	made, text, err := work.RotateAPIKey(ctx, found.Ref(), in)
	if err != nil {
		return fmt.Errorf("rotate the key of app %q: %w", found.Name, err)
	}
	if !r.JSON {
		_, err = fmt.Println(text)
		return err
	}
	row := toKeyRow(made, time.Now())
	row.Key = text
	return printJSON(os.Stdout, row)
}

type revokeKey struct {
	ofApp

	Key string `arg:"" help:"The id of the key, or its hint, as list shows them."`
}

// Run prints which key is inactive now. One that was inactive before is no error.
func (r *revokeKey) Run(ctx context.Context) error {
	work, found, err := r.openApp(ctx, writes)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	keys, err := work.APIKeys(ctx, found.Ref())
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.ID.String() != r.Key && k.Hint != r.Key {
			continue
		}
		if err := work.RevokeAPIKey(ctx, found.Ref(), k.ID); err != nil {
			return fmt.Errorf("revoke key %q of app %q: %w", r.Key, found.Name, err)
		}
		k.Active = false
		if r.JSON {
			return printJSON(os.Stdout, toKeyRow(k, time.Now()))
		}
		_, err := fmt.Printf("inactive: %s %s\n", k.ID, k.Hint)
		return err
	}
	return fmt.Errorf("app %q has no key %q: give the id or hint of one that `authkit key list` shows", found.Name, r.Key)
}
