package sqlstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/authkit-dev/authkit"
)

// putting is a kind of a Put that one statement does: at most one token, then mail, then events.
type putting struct {
	token        bool
	chosen       chosen // of the token
	mail, events int
}

// mostPut is how many rows one statement puts. It bounds the number of texts.
const mostPut = 6

// puttingOf returns the kind of a Put, and whether one statement does it.
func puttingOf(r authkit.Riders) (putting, bool) {
	p := putting{token: len(r.Tokens) == 1, mail: len(r.Mail), events: len(r.Events)}
	if p.token {
		p.chosen = chosen{most: max(r.Tokens[0].Most, 1), class: max(r.Tokens[0].Class, 0)}
	}
	return p, r.Secret == "" && len(r.Tokens) <= 1 && len(r.Deliveries) == 0 && p.mail+p.events < mostPut
}

// putOnce is Put in one statement, in which each row is put only if the one before it was. It fails
// with errRaced if another token took the place that its token had chosen.
func (s *Store) putOnce(ctx context.Context, put authkit.Put, p putting) error {
	args := []any{id(put.App), put.AppVersion}
	for _, t := range put.Riders.Tokens {
		args = append(args, string(t.Kind), t.Slot, t.Hash, blob(t.Binding), blob(t.Proof), id(t.UserID), t.Epoch, blob(t.Data), us(t.ExpiresAt))
	}
	for _, m := range put.Riders.Mail {
		args = append(args, mailArgs(m)...)
	}
	for _, e := range put.Riders.Events {
		args = append(args, eventArgs(e)...)
	}
	var live, last int64
	_, err := s.c.Write(ctx, p.sql(s.c.Dialect().Share), func(r Row) error { return r.Scan(&live, &last) }, args...)
	switch {
	case err != nil:
		return err
	case live == 0:
		return notLive(put.AppVersion)
	case last == 0:
		return errRaced
	}
	return nil
}

// putTexts holds the text of each kind of putting.
var putTexts texts[putting]

func (p putting) sql(share string) string {
	return putTexts.of(p, func() string { return p.text(share) })
}

func (p putting) text(share string) string {
	c := newChain(share)
	if p.token {
		c.part("token", p.chosen.from("live"), 9)
	}
	for range p.mail {
		c.put("authkit_outbox", mailCols, 5)
	}
	for range p.events {
		c.event()
	}
	return c.end()
}

// from returns the put of a token if another statement has found a row. The token's kind and what
// follows are the parameters from $3 on.
func (c chosen) from(other string) string {
	into := intoTokens + `select $1, ` + params(3, 9)
	if c.most == 1 {
		return into + `, ` + strconv.Itoa(c.class) + ` from ` + other + overPlace + ` returning 1`
	}
	shifted := strings.NewReplacer("$2", "$3", "$3", "$4", "$4", "$5")
	return into + `, p.place from ` + other + `, (select p.place from ` + shifted.Replace(c.places()) + `) p` + overPlace + shifted.Replace(asChosen)
}

// params returns n parameters, the first of which is given.
func params(first, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(list, ",")
}
