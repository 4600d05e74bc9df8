package sqlstore

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const (
	scannedEvent = `e.event_id, e.app_id, e.user_id, e.at, e.type, e.actor, e.ip, e.result, e.reason, e.request_id, e.detail`
	chainCols    = `h.app_id, h.next_seq, h.hash, h.first_seq, h.first_hash, h.oldest_at, h.linked_at, h.seal`

	putPending = `insert into authkit_audit_pending (app_id, event_id) values ($1, $2)`
)

func scanEvent(r Row) (authkit.Event, error) {
	var e authkit.Event
	err := r.Scan(&e.ID, &e.App, &e.UserID, (*micros)(&e.Time), &e.Type, &e.Actor, &e.IP, &e.Result, &e.Reason, &e.RequestID, &e.Detail)
	return e, err
}

func chainDest(c *authkit.Chain) []any {
	return []any{&c.App, &c.Next, &c.Hash, &c.First, &c.Before, (*micros)(&c.Oldest), (*micros)(&c.LinkedAt), &c.Seal}
}

// Unchained implements [authkit.AuditStore]. Rows of a deleted app, and rows whose events are gone, stand for nothing.
func (s *Store) Unchained(ctx context.Context, after uuid.UUID, limit int) ([]authkit.Event, error) {
	var from eventKey // what was passed over
	for {
		args := []any{id(after), id(from.id), int64(limit)}
		events, err := collect(ctx, s.c, s.unchained(), scanEvent, args...)
		if err != nil || len(events) > 0 {
			return events, err
		}
		rows, err := collect(ctx, s.c, pendingRows, scanEventKey, args...)
		switch n := len(rows); {
		case err != nil || n == 0 && from == eventKey{}:
			return nil, err
		case n == 0:
			after, from = from.app, eventKey{}
		default:
			from = rows[n-1]
		}
	}
}

type eventKey struct{ app, id uuid.UUID }

func scanEventKey(r Row) (k eventKey, err error) {
	err = r.Scan(&k.app, &k.id)
	return k, err
}

// pendingRows are at most $3 rows of the next app after $1 that has any, from an event on.
const pendingRows = `select n.app_id, n.event_id from authkit_audit_pending n
where n.app_id = (select o.app_id from authkit_audit_pending o where o.app_id > $1 order by o.app_id limit 1) and n.event_id > $2
order by n.event_id limit $3`

// unchained is the statement that reads the events of pendingRows. It looks up one event for each of
// them, whatever a server believes about the sizes of both tables: a log is long, and few wait.
func (s *Store) unchained() string {
	event := `authkit_events e`
	if s.c.Dialect().Share != "" {
		event = `lateral (select app_id, ` + eventCols + ` from authkit_events o where o.app_id = p.app_id and o.event_id = p.event_id limit 1) e`
	}
	return `select ` + scannedEvent + ` from (` + pendingRows + `) p cross join ` + event + `
where e.app_id = p.app_id and e.event_id = p.event_id and (select a.deleted_at from authkit_apps a where a.app_id = p.app_id) = 0
order by p.event_id`
}

// ChangeChain implements [authkit.AuditStore]. The row of the chain is locked first.
func (s *Store) ChangeChain(ctx context.Context, c authkit.ChainChange) error {
	args := []any{id(c.App), c.Next.Next, c.Next.Hash, c.Next.First, c.Next.Before, us(c.Next.Oldest), us(c.Next.LinkedAt), c.Next.Seal}
	return s.write(ctx, c.App, func(q Tx) error {
		if c.Was == nil {
			q.Queue(ctx, authkit.ErrStale, `insert into authkit_audit_chains (app_id, next_seq, hash, first_seq, first_hash, oldest_at, linked_at, seal)
values ($1,$2,$3,$4,$5,$6,$7,$8) on conflict (app_id) do nothing returning 1`, args...)
		} else {
			q.Queue(ctx, authkit.ErrStale, `update authkit_audit_chains set next_seq = $2, hash = $3, first_seq = $4, first_hash = $5, oldest_at = $6, linked_at = $7, seal = $8
where app_id = $1 and seal = $9 returning 1`, append(args, c.Was)...)
		}
		if l := c.Append; l != nil {
			q.Queue(ctx, nil, `insert into authkit_audit_links (app_id, seq, entries, last_at, hash) values ($1,$2,$3,$4,$5)`, id(c.App), l.Seq, l.Entries, us(l.Last), l.Hash)
			s.chained(ctx, q, c.App, l.IDs())
		}
		if l := c.Cut; l != nil {
			q.Queue(ctx, nil, `delete from authkit_audit_links where app_id = $1 and seq = $2`, id(c.App), l.Seq)
			eachIDs(c.App, l.IDs(), func(in idList) {
				q.Queue(ctx, nil, `delete from authkit_events where `+in.which, in.args...)
			})
		}
		for _, d := range c.Deliveries {
			q.Queue(ctx, nil, putDelivery, append([]any{id(c.App)}, deliveryArgs(d)...)...)
		}
		s.underSecret(ctx, q, c.Secret)
		return nil
	})
}

// chained removes the rows of events that are chained. Another step may have done so: [authkit.ErrStale].
func (s *Store) chained(ctx context.Context, q Tx, app uuid.UUID, ids []uuid.UUID) {
	eachIDs(app, ids, func(in idList) {
		rows := ` from authkit_audit_pending where ` + in.which
		if s.c.Dialect().Guards {
			q.Queue(ctx, authkit.ErrStale, `with gone as (delete`+rows+` returning 1)`+Then+`select 1 from (select count(*) as n from gone) g where g.n = `+in.next, append(in.args, in.n)...)
			return
		}
		q.Queue(ctx, authkit.ErrStale, `select 1 where (select count(*)`+rows+`) = `+in.next, append(in.args, in.n)...)
		q.Queue(ctx, nil, `delete`+rows, in.args...)
	})
}

// idSteps are how many ids one statement names: few of an app in which little happens, or many. There
// is one text for each.
var idSteps = [...]int{4, 100}

// idList names events of an app in a statement.
type idList struct {
	which string // the condition on the rows
	args  []any  // of the statement, which are the app and the ids
	next  string // the parameter after these
	n     int64  // how many different ids there are
}

// eachIDs calls do for each part of the ids. The last part repeats an id. The bounds keep a server
// without statistics from reading all events of the app.
func eachIDs(app uuid.UUID, ids []uuid.UUID, do func(in idList)) {
	ids = slices.SortedFunc(slices.Values(ids), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for part := range slices.Chunk(ids, idSteps[1]) {
		step := idSteps[0]
		if len(part) > step {
			step = idSteps[1]
		}
		in := idList{args: append(make([]any, 0, step+2), id(app)), n: int64(len(part)), next: "$" + strconv.Itoa(step+2)}
		for i := range step {
			in.args = append(in.args, id(part[min(i, len(part)-1)]))
		}
		in.which = `app_id = $1 and event_id in (` + params(2, step) + `) and event_id >= $2 and event_id <= $` + strconv.Itoa(step+1)
		do(in)
	}
}

// EventsByID implements [authkit.EventStore].
func (s *Store) EventsByID(ctx context.Context, app uuid.UUID, ids []uuid.UUID) ([]authkit.Event, error) {
	if len(ids) == 0 {
		return nil, first(ctx, s.c, isLiveApp, func(Row) error { return nil }, id(app))
	}
	var out []authkit.Event
	var err error
	eachIDs(app, ids, func(in idList) {
		if err != nil {
			return
		}
		var events []authkit.Event
		events, err = list(ctx, s, `select `+scannedEvent+` from authkit_events e where `+in.which+liveApp, scanEvent, in.args...)
		out = append(out, events...)
	})
	return out, err
}

// Chain implements [authkit.AuditStore].
func (s *Store) Chain(ctx context.Context, app uuid.UUID) (c authkit.Chain, err error) {
	err = first(ctx, s.c, `select `+chainCols+` from authkit_audit_chains h where h.app_id = $1`+liveApp, func(r Row) error { return r.Scan(chainDest(&c)...) }, id(app))
	return c, err
}

// Chains implements [authkit.AuditStore].
func (s *Store) Chains(ctx context.Context, after uuid.UUID, limit int) ([]authkit.Chain, error) {
	return collect(ctx, s.c, `select `+chainCols+`, a.settings from authkit_audit_chains h join authkit_apps a on a.app_id = h.app_id
where h.app_id > $1 and a.app_id > $1 and a.deleted_at = 0 order by h.app_id limit $2`, func(r Row) (c authkit.Chain, err error) {
		var text string
		if err = r.Scan(append(chainDest(&c), &text)...); err != nil {
			return c, err
		}
		var set authkit.Settings
		err = json.Unmarshal([]byte(text), &set)
		c.Days = set.AuditDays
		return c, err
	}, id(after), int64(limit))
}

// Links implements [authkit.AuditStore].
func (s *Store) Links(ctx context.Context, app uuid.UUID, from int64, limit int) ([]authkit.Link, error) {
	return list(ctx, s, `select l.seq, l.last_at, l.hash, l.entries from authkit_audit_links l where l.app_id = $1
and l.seq >= coalesce((select max(o.seq) from authkit_audit_links o where o.app_id = $1 and o.seq <= $2), 0)`+liveApp+`
order by l.seq limit $3`, func(r Row) (l authkit.Link, err error) {
		err = r.Scan(&l.Seq, (*micros)(&l.Last), &l.Hash, &l.Entries)
		return l, err
	}, id(app), from, int64(limit))
}

// CountAudit implements [authkit.AuditStore]. One statement sees one moment.
func (s *Store) CountAudit(ctx context.Context, app uuid.UUID) (n authkit.AuditCount, err error) {
	var c authkit.Chain
	dest := append([]any{&n.Events, &n.Unchained, &n.Gone}, orZero(chainDest(&c))...)
	err = first(ctx, s.c, `select (select count(*) from authkit_events e where e.app_id = $1),
(select count(*) from authkit_audit_pending p where p.app_id = $1),
(select count(*) from authkit_audit_pending p where p.app_id = $1
and not exists (select 1 from authkit_events o where o.app_id = $1 and o.event_id = p.event_id)), `+chainCols+`
from authkit_apps b left join authkit_audit_chains h on h.app_id = b.app_id where b.app_id = $1 and b.deleted_at = 0`,
		func(r Row) error { return r.Scan(dest...) }, id(app))
	n.Chain = c
	return n, err
}
