package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

type userCommands struct {
	List    listUsers   `cmd:"" help:"List the users of an app, newest first."`
	Show    showUser    `cmd:"" help:"Show a user, with identities and sessions."`
	Disable disableUser `cmd:"" help:"Disable a user, which ends every session."`
	Enable  enableUser  `cmd:"" help:"Let a disabled user sign in again."`
	Delete  deleteUser  `cmd:"" help:"Delete a user, and all that belongs to the user, for good."`

	ResetMFA resetFactors `cmd:"" name:"reset-mfa" help:"Remove the second factors and passkeys of a user, which ends every session, and tell the user by mail."`
}

// usersOf are the flags of a command about the users of one app.
type usersOf struct {
	manage

	App string `help:"The app, by id or name; console for developers." placeholder:"ID|NAME|console" required:""`
}

// openApp opens the store and finds the app, which may be the console app.
func (o usersOf) openApp(ctx context.Context, to access) (offline, uuid.UUID, error) {
	if o.App == "console" || o.App == authkit.Console.String() {
		work, err := o.open(ctx, to)
		return work, authkit.Console, err
	}
	work, found, err := ofApp(o).openApp(ctx, to)
	return work, found.ID, err
}

// oneUser are the flags and the argument of a command about one user.
type oneUser struct {
	usersOf

	User string `arg:"" help:"The user, by address or id."`
}

// openUser opens the store and finds the user.
func (o oneUser) openUser(ctx context.Context, to access) (offline, authkit.User, error) {
	work, app, err := o.openApp(ctx, to)
	if err != nil {
		return offline{}, authkit.User{}, err
	}
	u, err := work.user(ctx, app, o.User, "user")
	if err != nil {
		_ = work.close()
		return offline{}, authkit.User{}, err
	}
	return work, u, nil
}

func refOf(u authkit.User) authkit.UserRef { return authkit.UserRef{App: u.App, ID: u.ID} }

// userRow is a user in JSON, as an API key sees it.
type userRow struct {
	ID         uuid.UUID  `json:"user_id"`
	Email      string     `json:"email"`
	Verified   bool       `json:"email_verified"`
	Name       *string    `json:"name"`
	AuthMethod string     `json:"auth_method"`
	LastLogin  *time.Time `json:"last_login"`
	CreatedAt  time.Time  `json:"created_at"`
	Disabled   bool       `json:"disabled"`
	Reason     *string    `json:"disabled_reason"`

	ExternalID *string         `json:"external_id"`
	Roles      []string        `json:"roles"`
	Metadata   json.RawMessage `json:"metadata"`
	Private    json.RawMessage `json:"private_metadata"`
}

func toUserRow(u authkit.User) userRow {
	return userRow{
		ID: u.ID, Email: u.EmailTyped, Verified: u.Verified, Name: textOrNull(u.Name), AuthMethod: u.AuthMethod,
		LastLogin: timeOrNull(u.LastLogin), CreatedAt: u.CreatedAt.UTC(), Disabled: u.Disabled, Reason: textOrNull(u.DisabledReason),
		ExternalID: textOrNull(u.ExternalID), Roles: append([]string{}, u.Roles...), Metadata: orObject(u.Metadata), Private: orObject(u.PrivateMetadata),
	}
}

// orObject returns metadata; nil stands for an empty object.
func orObject(b []byte) json.RawMessage {
	if b == nil {
		return json.RawMessage("{}")
	}
	return b
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// state says in one word what lets a user in, for a table.
func state(u authkit.User) string {
	switch {
	case u.Disabled:
		return "disabled"
	case u.Verified:
		return "verified"
	}
	return "unverified"
}

type listUsers struct {
	usersOf

	Email  string `help:"Only the user of this address." placeholder:"EMAIL"`
	Prefix string `help:"Only users whose address or name begins with this." placeholder:"TEXT"`
	Limit  int    `default:"50" help:"How many users at most; 0 for all."`
}

// Run prints one user a line. A line on stderr says that there are more.
func (l *listUsers) Run(ctx context.Context) error {
	if l.Limit < 0 {
		return fmt.Errorf("--limit is %d: give 1 or more, or 0 for all", l.Limit)
	}
	work, app, err := l.openApp(ctx, reads)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	rows, err := newList(l.JSON, "users", "USER", "EMAIL", "NAME", "STATE", "METHOD", "LAST LOGIN", "CREATED")
	if err != nil {
		return err
	}
	f := authkit.UserFilter{Email: l.Email, Prefix: l.Prefix, Page: authkit.Page{Limit: pageSize}}
	for left := l.Limit; ; {
		users, err := work.Users(ctx, app, f)
		if err != nil {
			return fmt.Errorf("list users: %w", err)
		}
		for _, u := range users {
			if left--; left == -1 && l.Limit > 0 {
				fmt.Fprintf(os.Stderr, "there are more than %d users: --limit 0 lists all\n", l.Limit)
				return rows.end()
			}
			if err := rows.add(toUserRow(u), u.ID.String(), u.EmailTyped, u.Name, state(u), u.AuthMethod, moment(u.LastLogin), moment(u.CreatedAt)); err != nil {
				return err
			}
		}
		if len(users) < pageSize {
			return rows.end()
		}
		last := users[len(users)-1]
		f.Time, f.ID = last.CreatedAt, last.ID
	}
}

type disableUser struct {
	oneUser

	Reason string `help:"Why, for the app's own server: at most 200 characters." placeholder:"TEXT"`
}

// Run prints the user.
func (d *disableUser) Run(ctx context.Context) error {
	return d.change(ctx, authkit.UserPatch{Disabled: new(true), DisabledReason: &d.Reason})
}

type enableUser struct{ oneUser }

// Run prints the user.
func (e *enableUser) Run(ctx context.Context) error {
	return e.change(ctx, authkit.UserPatch{Disabled: new(false)})
}

func (o oneUser) change(ctx context.Context, p authkit.UserPatch) error {
	work, u, err := o.openUser(ctx, writes)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	if u, err = work.ChangeUser(ctx, refOf(u), p); err != nil {
		return fmt.Errorf("change user %q: %w", o.User, err)
	}
	if o.JSON {
		return printJSON(os.Stdout, toUserRow(u))
	}
	_, err = fmt.Printf("%s: %s %s\n", state(u), u.ID, u.EmailTyped)
	return err
}

type resetFactors struct{ oneUser }

// Run prints whose second factors are removed.
func (r *resetFactors) Run(ctx context.Context) error {
	work, u, err := r.openUser(ctx, writes)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	if err := work.RemoveFactors(ctx, refOf(u)); err != nil {
		return fmt.Errorf("reset the second factors of user %q: %w", r.User, err)
	}
	if r.JSON {
		return printJSON(os.Stdout, map[string]any{"user_id": u.ID, "email": u.EmailTyped, "second_factors": []string{}})
	}
	_, err = fmt.Printf("without second factors: %s %s\n", u.ID, u.EmailTyped)
	return err
}

type deleteUser struct{ oneUser }

// Run prints which user is deleted.
func (d *deleteUser) Run(ctx context.Context) error {
	work, u, err := d.openUser(ctx, writes)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	if err := work.DeleteUser(ctx, refOf(u)); err != nil {
		return fmt.Errorf("delete user %q: %w", d.User, err)
	}
	if d.JSON {
		return printJSON(os.Stdout, map[string]any{"user_id": u.ID, "email": u.EmailTyped, "deleted": true})
	}
	_, err = fmt.Printf("deleted: %s %s\n", u.ID, u.EmailTyped)
	return err
}
