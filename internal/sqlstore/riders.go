package sqlstore

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// riders writes what comes with a verb: tokens, outbox, events, in lock order.
func riders(ctx context.Context, q Querier, app uuid.UUID, a authkit.Also) error {
	for _, t := range a.Tokens {
		_, err := q.Exec(ctx, `insert into authkit_tokens (app_id, kind, slot, grp, hash, binding, proof, user_id, epoch, data, expires_at) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)
on conflict (app_id, kind, slot) do update set grp = excluded.grp, hash = excluded.hash, binding = excluded.binding, proof = excluded.proof,
user_id = excluded.user_id, epoch = excluded.epoch, data = excluded.data, expires_at = excluded.expires_at, attempts = 0, spent_at = 0`,
			id(app), string(t.Kind), t.Slot, t.Group, t.Hash, blob(t.Binding), blob(t.Proof), id(t.UserID), t.Epoch, blob(t.Data), us(t.ExpiresAt))
		if err != nil {
			return err
		}
	}
	for _, m := range a.Mail {
		_, err := q.Exec(ctx, `insert into authkit_outbox (app_id, mail_id, sealed, due_at, expires_at, attempts) values ($1,$2,$3,$4,$5,$6)`,
			id(app), id(m.ID), blob(m.Sealed), us(m.DueAt), us(m.Expires), int64(m.Attempts))
		if err != nil {
			return err
		}
	}
	for _, e := range a.Events {
		_, err := q.Exec(ctx, `insert into authkit_events (app_id, event_id, user_id, at, type, actor, ip, result, reason, request_id, detail) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)`,
			id(app), id(e.ID), id(e.UserID), us(e.Time), e.Type, e.Actor, e.IP, e.Result, e.Reason, e.RequestID, blob(e.Detail))
		if err != nil {
			return err
		}
	}
	return nil
}

// where builds the tail of a select.
type where struct {
	sql  string
	args []any
}

func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) and(col, op string, v any) { w.sql += " and " + col + " " + op + " " + w.arg(v) }

// page goes on after the last row seen, newest first.
func (w *where) page(p authkit.Page, at, key string) {
	if !p.Time.IsZero() {
		t := w.arg(us(p.Time))
		w.sql += " and (" + at + " < " + t + " or (" + at + " = " + t + " and " + key + " < " + w.arg(id(p.ID)) + "))"
	}
	w.sql += " order by " + at + " desc, " + key + " desc limit " + w.arg(int64(p.Limit))
}
