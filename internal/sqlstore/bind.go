package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/authkit-dev/authkit"
)

// bindText binds a token to the user $6 at the Epoch $7. The app and the user are locked before the
// token: a concurrent step that deletes the app or raises the Epoch waits, or is seen.
func bindText(share string) string {
	return `with live as (select 1 from authkit_apps where app_id = $1 and deleted_at = 0` + share + `),
holder as (select 1 from authkit_users where app_id = $1 and user_id = $6 and epoch = $7 and exists (select 1 from live)` + share + `)
update authkit_tokens set user_id = $6, epoch = $7, proof = $8, data = $9` +
		unspent + unbound + ` and exists (select 1 from holder) returning 1`
}

// BindTokens implements [authkit.TokenStore]. Users have an order, since a database takes a second to
// detect a deadlock.
func (s *Store) BindTokens(ctx context.Context, tokens []authkit.Token, now time.Time) (bound []bool, err error) {
	if len(tokens) == 0 {
		return nil, nil
	}
	order := make([]int, len(tokens))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := tokens[i], tokens[j]
		return cmp.Or(bytes.Compare(a.App[:], b.App[:]), bytes.Compare(a.UserID[:], b.UserID[:]), bytes.Compare(a.Hash, b.Hash))
	})
	sql := bindText(s.c.Dialect().Share) // once a batch
	err = s.c.Tx(ctx, true, func(q Tx) error {
		bound = make([]bool, len(tokens))
		for _, i := range order {
			t := tokens[i]
			q.Ask(ctx, nil, func(Row) error { bound[i] = true; return nil }, sql,
				append(takeArgs(t.App, authkit.Take{Kind: t.Kind, Hash: t.Hash}, now), id(t.UserID), t.Epoch, blob(t.Proof), blob(t.Data))...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return bound, nil
}
