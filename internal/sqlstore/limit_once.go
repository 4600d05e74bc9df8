package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/authkit-dev/authkit"
)

// ErrUnsupported is the error of a [Conn] whose database cannot run such a statement.
var ErrUnsupported = errors.New("the database does not support this statement")

// once reports whether hits can be counted by one statement: none of them is sure not to fit or
// counts nothing, and no key stands among them twice, since one statement changes a row once.
func once(hits authkit.Hits) bool {
	for i, h := range hits.Each {
		if h.Limit <= 0 || never(h) {
			return false
		}
		for _, other := range hits.Each[:i] {
			if other.Key == h.Key && in(hits.App, other).App == in(hits.App, h).App {
				return false
			}
		}
	}
	return true
}

// hitOnce counts hits in one statement, in which each hit adds a row only if the one before it
// did. A database may refuse it where the hits name several apps, whose rows it keeps apart.
func (s *Store) hitOnce(ctx context.Context, hits authkit.Hits, now int64) (authkit.HitResult, error) {
	args := append(make([]any, 0, 3+6*len(hits.Each)), id(hits.App), now, hits.AppVersion)
	for _, h := range hits.Each {
		h = in(hits.App, h)
		each, cost := eachOf(h), costOf(h)
		args = append(args, id(h.App), h.Key, cost*each, now+cost*each, now+int64(h.Limit)*each+skew)
		if cost > 0 {
			args = append(args, now+int64(h.Limit)*each)
		}
	}
	var live, fit int64
	if _, err := s.c.Write(ctx, onceSQL(hits.Each), func(r Row) error { return r.Scan(&live, &fit) }, args...); err != nil {
		return authkit.HitResult{}, err
	}
	switch {
	case live == 0:
		return authkit.HitResult{}, notLive(hits.AppVersion)
	case int(fit) == len(hits.Each):
		return authkit.HitResult{Full: -1}, nil
	}
	wait, err := untilRoom(ctx, s.c, in(hits.App, hits.Each[fit]), now)
	if err != nil {
		return authkit.HitResult{}, err
	}
	return authkit.HitResult{Full: int(fit), RetryAfter: wait}, nil
}

// onces holds the text for each kind of hits: which of them can be refused.
var onces texts[string]

func onceSQL(hits []authkit.Hit) string {
	kinds := make([]byte, len(hits))
	for i, h := range hits {
		if kinds[i] = '+'; h.Cost < 0 {
			kinds[i] = '-'
		}
	}
	return onces.of(string(kinds), func() string { return onceText(kinds) })
}

// onceText builds the statement. Counts may be lost with the machine, as they may in [Store.count].
func onceText(kinds []byte) string {
	var sql strings.Builder
	sql.WriteString(`with live as (select 1 from authkit_apps where app_id = $1 and deleted_at = 0 and (version = $3 or $3 = 0))`)
	from, at := "live", 4
	fit := make([]string, 0, len(kinds)+1)
	for i, kind := range kinds {
		room := ""
		ahead := fmt.Sprintf(`case when l.tat < $2 or l.tat > $%d then $2 else l.tat end + $%d`, at+4, at+2)
		if kind == '+' {
			room = fmt.Sprintf(` where %s <= $%d`, ahead, at+5)
		}
		fmt.Fprintf(&sql, `,
hit%d as (insert into authkit_limits as l (app_id, limit_key, tat) select $%d, $%d, $%d from %s
on conflict (app_id, limit_key) do update set tat = %s%s returning 1)`, i, at, at+1, at+3, from, ahead, room)
		from = fmt.Sprintf("hit%d", i)
		fit = append(fit, `(select count(*) from `+from+`)`)
		if at += 5; kind == '+' {
			at++
		}
	}
	fit = append(fit, "0")
	sql.WriteString(`
select (select count(*) from live), ` + strings.Join(fit, " + ") + ` from set_config('synchronous_commit', 'off', true)`)
	return sql.String()
}
