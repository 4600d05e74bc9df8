package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// importRows is how many rows or keys one statement of an import has. What is left over takes a
// statement each.
const importRows = 50

// CreateUsers implements [authkit.ImportStore]. It reads which keys are taken and writes the others.
// A key that another step takes meanwhile undoes the step, which then runs again and reads it.
func (s *Store) CreateUsers(ctx context.Context, b authkit.UserBatch) (taken []authkit.Taken, err error) {
	for range mostRaces {
		err = s.write(ctx, b.App, func(q Tx) error {
			held, err := heldKeys(ctx, q, b)
			if err != nil {
				return err
			}
			taken = held.judge(b.Users)
			addUsers(ctx, q, b, taken)
			s.riders(ctx, q, ride{app: b.App, of: b.Riders})
			return nil
		})
		if !errors.Is(err, authkit.ErrConflict) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return taken, nil
}

// keySet holds the keys that are taken, by what they are.
type keySet map[authkit.Taken]map[string]bool

func (k keySet) add(kind authkit.Taken, key string) { k[kind][key] = true }

func subjectKey(c authkit.Credential) string { return c.Kind + "\x00" + c.Subject }

// of is the first key of a user that is taken.
func (k keySet) of(a authkit.Account) authkit.Taken {
	switch u := a.User; {
	case k[authkit.TakenID][u.ID.String()]:
		return authkit.TakenID
	case k[authkit.TakenEmail][u.Email]:
		return authkit.TakenEmail
	case u.ExternalID != "" && k[authkit.TakenExternalID][u.ExternalID]:
		return authkit.TakenExternalID
	}
	seen := map[string]bool{}
	for _, c := range a.Credentials {
		key := subjectKey(c)
		if seen[key] || k[authkit.TakenSubject][key] {
			return authkit.TakenSubject
		}
		seen[key] = true
	}
	return authkit.TakenNothing
}

// judge says of each user what is taken, and adds the keys of those who have nothing taken.
func (k keySet) judge(users []authkit.Account) []authkit.Taken {
	out := make([]authkit.Taken, len(users))
	for i, a := range users {
		if out[i] = k.of(a); out[i] != authkit.TakenNothing {
			continue
		}
		k.add(authkit.TakenID, a.User.ID.String())
		k.add(authkit.TakenEmail, a.User.Email)
		k.add(authkit.TakenExternalID, a.User.ExternalID)
		for _, c := range a.Credentials {
			k.add(authkit.TakenSubject, subjectKey(c))
		}
	}
	return out
}

// heldKeys reads which keys of a batch the app's users have.
func heldKeys(ctx context.Context, q Tx, b authkit.UserBatch) (keySet, error) {
	held := keySet{}
	for _, kind := range []authkit.Taken{authkit.TakenID, authkit.TakenEmail, authkit.TakenExternalID, authkit.TakenSubject} {
		held[kind] = map[string]bool{}
	}
	var ids, emails, external []any
	subjects := map[string][]any{}
	for _, a := range b.Users {
		ids, emails = append(ids, id(a.User.ID)), append(emails, a.User.Email)
		if a.User.ExternalID != "" {
			external = append(external, a.User.ExternalID)
		}
		for _, c := range a.Credentials {
			subjects[c.Kind] = append(subjects[c.Kind], c.Subject)
		}
	}
	askKeys(ctx, q, b.App, keyQuery{`select user_id from authkit_users where app_id = $1 and user_id`, nil, ids}, func(r Row) error {
		var u uuid.UUID
		err := r.Scan(&u)
		held.add(authkit.TakenID, u.String())
		return err
	})
	text := func(kind authkit.Taken, before string) func(Row) error {
		return func(r Row) error {
			var key string
			err := r.Scan(&key)
			held.add(kind, before+key)
			return err
		}
	}
	askKeys(ctx, q, b.App, keyQuery{`select email from authkit_users where app_id = $1 and email`, nil, emails}, text(authkit.TakenEmail, ""))
	askKeys(ctx, q, b.App, keyQuery{`select external_id from authkit_users where app_id = $1 and external_id <> '' and external_id`, nil, external}, text(authkit.TakenExternalID, ""))
	for kind, list := range subjects {
		askKeys(ctx, q, b.App, keyQuery{`select subject from authkit_credentials where app_id = $1 and kind = $2 and subject`, []any{kind}, list}, text(authkit.TakenSubject, kind+"\x00"))
	}
	// The answers are in once another statement has been answered.
	_, err := q.Exec(ctx, isLiveApp, id(b.App))
	return held, err
}

// keyQuery looks for keys: its text goes on with a list of them, and its parameters come first.
type keyQuery struct {
	sql        string
	with, keys []any
}

func askKeys(ctx context.Context, q Tx, app uuid.UUID, look keyQuery, row func(Row) error) {
	for keys := look.keys; len(keys) > 0; {
		n := min(len(keys), importRows)
		part := keys[:n]
		if n > 1 { // one text for every list
			part = append(make([]any, 0, importRows), part...)
			for len(part) < importRows {
				part = append(part, part[0])
			}
		}
		args := append(append([]any{id(app)}, look.with...), part...)
		q.Ask(ctx, nil, row, look.sql+` in (`+params(len(look.with)+2, len(part))+`)`, args...)
		keys = keys[n:]
	}
}

// addUsers writes the users of whom nothing is taken: their rows, their roles and their credentials, in
// the order of their addresses. Two steps with the same users then wait for each other once; in
// different orders each could hold what the other needs, which a database takes a second to detect.
func addUsers(ctx context.Context, q Tx, b authkit.UserBatch, taken []authkit.Taken) {
	users, roles, credentials := rows{head: `insert into authkit_users (` + userCols + `) values `}, rows{head: `insert into authkit_user_roles (app_id, user_id, role, created_at) values `},
		rows{head: `insert into authkit_credentials (app_id, user_id, kind, subject, data, created_at) values `}
	var fresh []authkit.Account
	for i, a := range b.Users {
		if taken[i] == authkit.TakenNothing {
			fresh = append(fresh, a)
		}
	}
	slices.SortFunc(fresh, func(a, b authkit.Account) int { return cmp.Compare(a.User.Email, b.User.Email) })
	for _, a := range fresh {
		u := a.User
		users.add(id(b.App), id(u.ID), u.Email, u.EmailTyped, u.Name, u.NameKey, u.AuthMethod, bit(u.Verified), bit(u.Disabled), u.DisabledReason,
			int64(1), int64(1), int64(0), us(u.CreatedAt), u.ExternalID, text(u.Roles), blob(u.Metadata), blob(u.PrivateMetadata), int64(u.Factors))
		for _, role := range u.Roles {
			roles.add(id(b.App), id(u.ID), role, us(u.CreatedAt))
		}
		for _, c := range a.Credentials {
			credentials.add(id(b.App), id(u.ID), c.Kind, c.Subject, blob(c.Data), us(c.CreatedAt))
		}
	}
	for _, r := range []rows{users, roles, credentials} {
		r.queue(ctx, q)
	}
}

// rows are the rows of an insert.
type rows struct {
	head string
	all  [][]any
}

func (r *rows) add(row ...any) { r.all = append(r.all, row) }

// queue writes the rows, importRows of them by one statement.
func (r *rows) queue(ctx context.Context, q Tx) {
	for all := r.all; len(all) > 0; {
		n := importRows
		if len(all) < n {
			n = 1
		}
		var args []any
		lists := make([]string, n)
		for i, row := range all[:n] {
			lists[i] = `(` + params(len(args)+1, len(row)) + `)`
			args = append(args, row...)
		}
		q.Queue(ctx, nil, r.head+strings.Join(lists, ","), args...)
		all = all[n:]
	}
}
