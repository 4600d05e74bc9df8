package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// ride is the riders of a verb on an app.
type ride struct {
	app  uuid.UUID
	user uuid.UUID // that the verb is on, if it is; the tokens bound to this user take the user's Epoch
	of   authkit.Riders
}

// riders writes the riders of a verb in lock order: tokens, outbox, events. Slots have an order
// too, since a database takes a second to detect a deadlock.
func (s *Store) riders(ctx context.Context, q Tx, r ride) {
	tokens := r.of.Tokens
	if len(tokens) > 1 {
		tokens = slices.SortedStableFunc(slices.Values(tokens), bySlot)
	}
	for _, t := range tokens {
		s.addToken(ctx, q, r, t)
	}
	for _, m := range r.of.Mail {
		q.Queue(ctx, nil, putMail, append([]any{id(r.app)}, mailArgs(m)...)...)
	}
	for _, e := range r.of.Events {
		q.Queue(ctx, nil, putEvent, append([]any{id(r.app)}, eventArgs(e)...)...)
		q.Queue(ctx, nil, putPending, id(r.app), id(e.ID))
	}
	for _, d := range r.of.Deliveries {
		q.Queue(ctx, nil, putDelivery, append([]any{id(r.app)}, deliveryArgs(d)...)...)
	}
	if r.of.Secret != "" {
		s.underSecret(ctx, q, r.of.Secret)
	}
}

const (
	mailCols  = `mail_id, sealed, due_at, expires_at, attempts`
	eventCols = `event_id, user_id, at, type, actor, ip, result, reason, request_id, detail`

	putMail  = `insert into authkit_outbox (app_id, ` + mailCols + `) values ($1,$2,$3,$4,$5,$6)`
	putEvent = `insert into authkit_events (app_id, ` + eventCols + `) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)`
)

func mailArgs(m authkit.Mail) []any {
	return []any{id(m.ID), blob(m.Sealed), us(m.DueAt), us(m.Expires), int64(m.Attempts)}
}

func eventArgs(e authkit.Event) []any {
	return []any{id(e.ID), id(e.UserID), us(e.Time), e.Type, e.Actor, e.IP, e.Result, e.Reason, e.RequestID, blob(e.Detail)}
}

func bySlot(a, b authkit.Token) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Slot, b.Slot))
}

// where builds the conditions and the end of a select.
type where struct {
	sql  string
	args []any
}

func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) and(col, op string, v any) { w.sql += w.with(col, op, v) }

// with returns a condition that goes with the others.
func (w *where) with(col, op string, v any) string { return " and " + col + " " + op + " " + w.arg(v) }

// prefix returns the condition that a column begins with text. Texts are compared byte by byte,
// so that all that begin with it lie before the least text greater than them (after).
func (w *where) prefix(col, text string) string {
	cond := col + " >= " + w.arg(text)
	if end, ok := after(text); ok {
		cond += " and " + col + " < " + w.arg(end)
	}
	return "(" + cond + ")"
}

// after returns the least text greater than every text that begins with this one. ok is false
// if the text consists of the last code point alone.
func after(text string) (string, bool) {
	runes := []rune(text)
	for i := len(runes) - 1; i >= 0; i-- {
		switch runes[i] {
		case '\U0010FFFF':
			continue
		case '\uD7FF': // the next ones are surrogates, which are no text
			runes[i] = '\uE000'
		default:
			runes[i]++
		}
		return string(runes[:i+1]), true
	}
	return "", false
}

// page adds the order, newest first, and the page after the last row seen.
func (w *where) page(p authkit.Page, at, key string) {
	if !p.Time.IsZero() {
		w.sql += " and (" + at + ", " + key + ") < (" + w.arg(us(p.Time)) + ", " + w.arg(id(p.ID)) + ")"
	}
	w.sql += " order by " + at + " desc, " + key + " desc limit " + w.arg(int64(p.Limit))
}
