package sqlstore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const userCols = `app_id, user_id, email, email_typed, name, name_key, auth_method, verified, disabled, disabled_reason, version, epoch, last_login, created_at, external_id, roles, metadata, private_metadata, factors`

// of qualifies a list of columns with the alias of their table.
func of(alias, cols string) string {
	return alias + "." + strings.ReplaceAll(cols, ", ", ", "+alias+".")
}

func userDest(u *authkit.User) []any {
	return []any{&u.App, &u.ID, &u.Email, &u.EmailTyped, &u.Name, &u.NameKey, &u.AuthMethod, (*flag)(&u.Verified), (*flag)(&u.Disabled), &u.DisabledReason, &u.Version, &u.Epoch, (*micros)(&u.LastLogin), (*micros)(&u.CreatedAt), &u.ExternalID, (*strs)(&u.Roles), &u.Metadata, &u.PrivateMetadata, (*factors)(&u.Factors)}
}

// userPage reads a page of users. It reads each row into the same place, and has room for the page
// from the start.
func (s *Store) userPage(ctx context.Context, w where, limit int) ([]authkit.User, error) {
	u := new(authkit.User)
	dest := userDest(u)
	var out []authkit.User
	err := s.c.Rows(ctx, w.sql, func(r Row) error {
		if out == nil {
			out = make([]authkit.User, 0, max(0, min(limit, maxReserved)))
		}
		*u = authkit.User{}
		err := r.Scan(dest...)
		out = append(out, *u)
		return err
	}, w.args...)
	if err == nil && len(out) == 0 {
		err = first(ctx, s.c, isLiveApp, func(Row) error { return nil }, w.args[0])
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// maxReserved bounds the rows that a page reserves memory for.
const maxReserved = 512

// selectUsers is the head of every list of users.
var selectUsers = "select " + of("u", userCols) + " from "

// Users implements [authkit.UserStore].
func (s *Store) Users(ctx context.Context, app uuid.UUID, f authkit.UserQuery) ([]authkit.User, error) {
	if f == (authkit.UserQuery{Page: f.Page}) && f.Limit == usualPage {
		return s.userPage(ctx, where{usualUsers, append([]any{id(app)}, before(f.Page)...)}, f.Limit)
	}
	w := where{args: []any{id(app)}}
	from, at := "authkit_users u", "u"
	var search string
	ofRole := f.Role != "" && f.Email == "" && f.ExternalID == ""
	if f.EmailPrefix != "" || f.NamePrefix != "" {
		many, err := s.manyHits(ctx, app, f)
		switch {
		case err != nil:
			return nil, err
		case many:
			search = " and (" + strings.Join(w.hits(f), " or ") + ")"
		default: // SQLite reads a cross join from left to right
			from, search = "("+w.hitIDs(f)+") h cross join authkit_users u", " and u.user_id = h.user_id"
		}
		ofRole = false
	}
	if ofRole { // in the order of the index of the role's users
		from, at = "authkit_user_roles r cross join authkit_users u", "r"
		search = " and r.app_id = $1 and u.user_id = r.user_id" + w.with("r.role", "=", f.Role)
	}
	w.sql = selectUsers + from + " where u.app_id = $1" + search + liveApp
	if f.Email != "" {
		w.and("u.email", "=", f.Email)
	}
	if f.AuthMethod != "" {
		w.and("u.auth_method", "=", f.AuthMethod)
	}
	if f.ExternalID != "" {
		w.and("u.external_id", "=", f.ExternalID)
		w.sql += " and u.external_id <> ''" // as the index has it
	}
	if f.Role != "" && !ofRole {
		w.sql += " and exists (select 1 from authkit_user_roles r where r.app_id = $1 and r.user_id = u.user_id" + w.with("r.role", "=", f.Role) + ")"
	}
	w.page(f.Page, at+".created_at", at+".user_id")
	return s.userPage(ctx, w, f.Limit)
}

// usualPage is the number of rows of the page that most callers ask for: fifty users, and one that
// tells that there are more. Its statement is one text for every such page, the first one too, with
// its limit in it. Where the limit is an argument, Postgres plans the statement for each call,
// which takes longer than to run it. A plan that was made while the table was empty may sort the
// app's users until the next analyze, a minute at most.
const usualPage = 51

var usualUsers = selectUsers + "authkit_users u where u.app_id = $1" + liveApp +
	" and (u.created_at, u.user_id) < ($2, $3) order by u.created_at desc, u.user_id desc limit " + strconv.Itoa(usualPage)

// before returns the time and the id before which the rows of a page are.
func before(p authkit.Page) []any {
	if p.Time.IsZero() {
		return []any{int64(math.MaxInt64), id(uuid.Max)}
	}
	return []any{us(p.Time), id(p.ID)}
}

// fewHits is how many users are sorted for one page of a search. A search that finds more goes
// through the users by age instead, and soon meets some that match.
const fewHits = 2000

// manyHits decides which of the two ways a search takes. It is not left to the database, which
// chooses wrongly where its statistics are old or missing.
func (s *Store) manyHits(ctx context.Context, app uuid.UUID, f authkit.UserQuery) (many bool, err error) {
	w := where{args: []any{id(app)}}
	w.sql = "select count(*) from (" + w.hitIDs(f) + ") x"
	var n int64
	err = first(ctx, s.c, w.sql, func(r Row) error { return r.Scan(&n) }, w.args...)
	return n > fewHits, err
}

// hits are the conditions of a search; a user matches if any of them holds.
func (w *where) hits(f authkit.UserQuery) (any []string) {
	if f.EmailPrefix != "" {
		any = append(any, w.prefix("u.email", f.EmailPrefix))
	}
	if f.NamePrefix != "" {
		any = append(any, w.prefix("u.name_key", f.NamePrefix)+" and u.name_key <> ''") // as the index has it
	}
	return any
}

// hitIDs selects the users that a search finds; of more than fewHits, it selects more than that
// many.
func (w *where) hitIDs(f authkit.UserQuery) string {
	var selects []string
	for _, hit := range w.hits(f) {
		selects = append(selects, fmt.Sprintf("select h.user_id from (select u.user_id from authkit_users u where u.app_id = $1 and %s limit %d) h", hit, fewHits+1))
	}
	return strings.Join(selects, " union ")
}

// CreateUser implements [authkit.UserStore].
func (s *Store) CreateUser(ctx context.Context, c authkit.NewUser) (authkit.User, error) {
	u := c.User
	u.Roles = slices.Clone(u.Roles)
	u.Metadata, u.PrivateMetadata = append([]byte(nil), u.Metadata...), append([]byte(nil), u.PrivateMetadata...)
	u.Version, u.Epoch, u.CreatedAt, u.LastLogin = 1, 1, micro(u.CreatedAt), time.Time{}
	if c.Session != nil {
		u.LastLogin = micro(c.Now)
	}
	if kind, ok := creatingOf(c); ok && s.c.Dialect().Guards {
		if err := s.createOnce(ctx, c, u, kind); err != nil {
			return authkit.User{}, err
		}
		return u, nil
	}
	err := s.write(ctx, u.App, func(q Tx) error {
		q.Queue(ctx, nil, `insert into authkit_users (app_id, user_id, email, email_typed, name, name_key, auth_method, verified, disabled, disabled_reason, version, epoch, last_login, created_at, external_id, roles, metadata, private_metadata, factors)
values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,1,1,$11,$12,$13,$14,$15,$16,$17)`, id(u.App), id(u.ID), u.Email, u.EmailTyped, u.Name, u.NameKey, u.AuthMethod, bit(u.Verified), bit(u.Disabled), u.DisabledReason, us(u.LastLogin), us(u.CreatedAt),
			u.ExternalID, text(u.Roles), blob(u.Metadata), blob(u.PrivateMetadata), int64(u.Factors))
		addRoles(ctx, q, authkit.UserRef{App: u.App, ID: u.ID}, u.Roles)
		if c.Take != nil {
			s.spend(ctx, q, spending{app: u.App, take: *c.Take, now: c.Now, bound: unbound})
		}
		for _, cr := range c.Credentials {
			addCredential(ctx, q, authkit.UserRef{App: u.App, ID: u.ID}, cr, "")
		}
		if c.Session != nil {
			addSession(ctx, q, authkit.UserRef{App: u.App, ID: u.ID}, *c.Session)
		}
		s.riders(ctx, q, ride{u.App, u.ID, c.Riders})
		return nil
	})
	if err != nil {
		return authkit.User{}, err
	}
	return u, nil
}

// addRoles lists the user under each of the roles, for the list of a role's users.
func addRoles(ctx context.Context, q Tx, u authkit.UserRef, roles []string) {
	for _, role := range roles {
		q.Queue(ctx, nil, `insert into authkit_user_roles (app_id, user_id, role, created_at)
select u.app_id, u.user_id, $3, u.created_at from authkit_users u where u.app_id = $1 and u.user_id = $2 on conflict do nothing`, id(u.App), id(u.ID), role)
	}
}

// addCredential inserts a credential. If no row is written, the subject is another user's.
func addCredential(ctx context.Context, q Tx, u authkit.UserRef, c authkit.Credential, replace string) {
	q.Queue(ctx, authkit.ErrConflict, `insert into authkit_credentials (app_id, kind, subject, user_id, data, created_at) values ($1,$2,$3,$4,$5,$6)`+replace+` returning 1`,
		id(u.App), c.Kind, c.Subject, id(u.ID), blob(c.Data), us(c.CreatedAt))
}

// DeleteUser implements [authkit.UserStore].
func (s *Store) DeleteUser(ctx context.Context, r authkit.UserRemoval) error {
	return s.write(ctx, r.App, func(q Tx) error {
		// The lock comes first, so that no step changes the row between the checks that tell the
		// reasons to refuse apart.
		q.Queue(ctx, authkit.ErrNotFound, `select 1 from authkit_users where app_id = $1 and user_id = $2`+s.c.Dialect().Update, id(r.App), id(r.ID))
		if r.Owns != "" {
			q.Queue(ctx, authkit.ErrConflict, `select 1 where not exists (select 1 from authkit_app_names where developer = $1)`, r.Owns)
		}
		q.Queue(ctx, authkit.ErrStale, `delete from authkit_users where app_id = $1 and user_id = $2 and (version = $3 or $3 = 0) returning 1`, id(r.App), id(r.ID), r.Version)
		q.Queue(ctx, nil, `delete from authkit_tokens where app_id = $1 and user_id = $2 and user_id <> `+noUser, id(r.App), id(r.ID))
		s.riders(ctx, q, ride{app: r.App, of: r.Riders})
		return nil
	})
}
