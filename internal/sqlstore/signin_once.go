package sqlstore

import (
	"context"

	"github.com/authkit-dev/authkit"
)

// signing is a kind of a ChangeUser whose part after the users row one statement does: a session of a
// user, whose credentials and other sessions stay as they are.
type signing struct {
	token, capped bool
	mail, events  int
}

// signingOf returns the kind of a ChangeUser, and whether one statement does that part.
func signingOf(c authkit.UserChange) (signing, bool) {
	k := signing{c.Take != nil, c.MaxSessions > 0, len(c.Riders.Mail), len(c.Riders.Events)}
	plain := !c.End && !c.DropMFA && c.Prove == nil && !c.DropCredentials && len(c.Drop)+len(c.Put) == 0 && c.Owns == ""
	return k, c.Session != nil && plain && c.Riders.Secret == "" && len(c.Riders.Tokens)+len(c.Riders.Deliveries) == 0 && k.mail+k.events < mostPut
}

// signIn spends the token of a sign-in and adds its session and riders. The users row is locked by a
// statement before it, so that it sees the sessions of every step before this one.
func signIn(ctx context.Context, q Tx, c authkit.UserChange, k signing) {
	args := append(make([]any, 0, 48), id(c.App), id(c.ID))
	if c.Take != nil {
		args = append(append(args, takeArgs(c.App, *c.Take, c.Now)[1:]...), id(c.ID), bit(c.End))
	}
	args = append(args, sessionArgs(*c.Session)...)
	if k.capped {
		args = append(args, id(c.Session.ID), us(c.Now), int64(c.MaxSessions-1))
	}
	for _, m := range c.Riders.Mail {
		args = append(args, mailArgs(m)...)
	}
	for _, e := range c.Riders.Events {
		args = append(args, eventArgs(e)...)
	}
	q.Queue(ctx, authkit.ErrNotFound, k.sql(), args...)
}

// signTexts holds the text of each kind of signing.
var signTexts texts[signing]

func (k signing) sql() string { return signTexts.of(k, k.text) }

func (k signing) text() string {
	c := &chain{last: "own", next: 3}
	c.sql.WriteString(`with own as (select epoch from authkit_users where app_id = $1 and user_id = $2)`)
	if k.token {
		c.sql.WriteString(`,
spent as (` + shift(spendRows+boundToUser, 2, 3) + `)) returning hash)`)
		c.part("taken", `select own.epoch from own, spent where spent.hash = $4`, 6)
	}
	c.part("session", `insert into authkit_sessions (app_id, user_id, epoch, `+sessionOwn+`) select $1, $2, epoch, `+params(c.next, 13)+` from `+c.last+` returning 1`, 13)
	if k.capped {
		c.sql.WriteString(`,
over as (` + shift(endOldest, 3, c.next) + ` returning 1)`)
		c.next += 3
	}
	for range k.mail {
		c.put("authkit_outbox", mailCols, 5)
	}
	for range k.events {
		c.event()
	}
	c.sql.WriteString(Then + `select 1 from ` + c.last)
	return c.sql.String()
}
