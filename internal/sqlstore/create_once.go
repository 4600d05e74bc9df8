package sqlstore

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/authkit-dev/authkit"
)

// ErrGuard is the error of a [Conn] for a statement that divides by zero, which undoes it.
var ErrGuard = errors.New("a guard of the statement found no row")

// creating is a kind of a CreateUser that one statement does.
type creating struct {
	token, session            bool
	credentials, mail, events int
}

// creatingOf returns the kind of a CreateUser, and whether one statement does it.
func creatingOf(c authkit.NewUser) (creating, bool) {
	k := creating{c.Take != nil, c.Session != nil, len(c.Credentials), len(c.Riders.Mail), len(c.Riders.Events)}
	return k, len(c.User.Roles) == 0 && c.Riders.Secret == "" && len(c.Riders.Tokens)+len(c.Riders.Deliveries) == 0 && k.credentials+k.mail+k.events < mostPut
}

// createOnce is CreateUser in one statement. Each part runs only if the one before it has found a
// row, in the order of the locks: the app, the user, the token. A token that cannot be spent undoes
// all of it.
func (s *Store) createOnce(ctx context.Context, c authkit.NewUser, u authkit.User, k creating) error {
	args := append(make([]any, 0, 64), id(u.App), int64(0), id(u.ID), u.Email, u.EmailTyped, u.Name, u.NameKey, u.AuthMethod,
		bit(u.Verified), bit(u.Disabled), u.DisabledReason, us(u.LastLogin), us(u.CreatedAt), u.ExternalID, text(u.Roles), blob(u.Metadata), blob(u.PrivateMetadata), int64(u.Factors))
	if t := c.Take; t != nil {
		args = append(args, takeArgs(u.App, *t, c.Now)[1:]...)
	}
	for _, cr := range c.Credentials {
		args = append(args, cr.Kind, cr.Subject, blob(cr.Data), us(cr.CreatedAt))
	}
	if x := c.Session; x != nil {
		args = append(args, sessionArgs(*x)...)
	}
	for _, m := range c.Riders.Mail {
		args = append(args, mailArgs(m)...)
	}
	for _, e := range c.Riders.Events {
		args = append(args, eventArgs(e)...)
	}
	var live, done int64
	_, err := s.c.Write(ctx, k.sql(s.c.Dialect().Share), func(r Row) error { return r.Scan(&live, &done) }, args...)
	switch {
	case errors.Is(err, ErrGuard):
		return authkit.ErrNotFound
	case err == nil && live == 0:
		return authkit.ErrNotFound
	}
	return err
}

// createTexts holds the text of each kind of creating.
var createTexts texts[creating]

func (k creating) sql(share string) string {
	return createTexts.of(k, func() string { return k.text(share) })
}

func (k creating) text(share string) string {
	c := newChain(share)
	c.part("made", `insert into authkit_users (`+userCols+`) select $1, `+params(c.next, 9)+`, 1, 1, `+params(c.next+9, 7)+` from live returning 1`, 16)
	if k.token {
		spend := shift(spendUnboundSlot, 2, c.next)
		c.sql.WriteString(`,
spent as (` + spend + ` and exists (select 1 from made) returning hash)`)
		c.part("taken", `select 1 from spent where hash = $`+strconv.Itoa(c.next+1)+` having case when exists (select 1 from made) then 1 / count(*) >= 0 else false end`, 4)
	}
	for range k.credentials {
		n := c.next
		c.part("credential"+strconv.Itoa(n), `insert into authkit_credentials (app_id, user_id, kind, subject, data, created_at) select $1, $3, `+params(n, 4)+` from `+c.last+` returning 1`, 4)
	}
	if k.session {
		c.part("session", `insert into authkit_sessions (app_id, user_id, epoch, `+sessionOwn+`) select $1, $3, 1, `+params(c.next, 13)+` from `+c.last+` returning 1`, 13)
	}
	for range k.mail {
		c.put("authkit_outbox", mailCols, 5)
	}
	for range k.events {
		c.event()
	}
	return c.end()
}

// chain builds one statement of several parts. Each part reads the last one, and so does nothing
// unless that has found a row; the first part is the live app $1 at the Version $2.
type chain struct {
	sql  strings.Builder
	last string // the last part
	next int    // the next parameter
}

func newChain(share string) *chain {
	c := &chain{last: "live", next: 3}
	c.sql.WriteString(`with live as (` + isLiveAppAt + share + `)`)
	return c
}

// part adds a part that takes the next n parameters.
func (c *chain) part(name, sql string, n int) {
	c.sql.WriteString(`,
` + name + ` as (` + sql + `)`)
	c.last, c.next = name, c.next+n
}

// put adds a row of the next n parameters.
func (c *chain) put(table, cols string, n int) {
	c.part("put"+strconv.Itoa(c.next), `insert into `+table+` (app_id, `+cols+`) select $1, `+params(c.next, n)+` from `+c.last+` returning 1`, n)
}

// event adds an event of the next parameters, and the row that names it as unchained.
func (c *chain) event() {
	id := params(c.next, 1)
	c.put("authkit_events", eventCols, 10)
	c.part("pending"+strconv.Itoa(c.next), `insert into authkit_audit_pending (app_id, event_id) select $1, `+id+` from `+c.last+` returning 1`, 0)
}

// end counts the live app and the rows of the last part.
func (c *chain) end() string {
	c.sql.WriteString(`
select (select count(*) from live), (select count(*) from ` + c.last + `)`)
	return c.sql.String()
}

// shift renumbers the parameters of a text from one on, to begin at another.
func shift(sql string, from, to int) string {
	var out strings.Builder
	for i, part := range strings.Split(sql, "$") {
		digits := len(part) - len(strings.TrimLeft(part, "0123456789"))
		if i > 0 {
			n, _ := strconv.Atoi(part[:digits])
			if n >= from {
				n += to - from
			}
			out.WriteString("$" + strconv.Itoa(n))
			part = part[digits:]
		}
		out.WriteString(part)
	}
	return out.String()
}
