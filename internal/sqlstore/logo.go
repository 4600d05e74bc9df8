package sqlstore

import (
	"context"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// logoHash is the argument for the hash that an app gets; nil: it stays.
func logoHash(l *authkit.Logo) any {
	if l == nil {
		return nil
	}
	return l.Hash
}

// changeLogo puts or removes the picture whose hash the app has got in this step.
func changeLogo(ctx context.Context, q Tx, app uuid.UUID, l authkit.Logo) {
	if l.Hash == "" {
		q.Queue(ctx, nil, `delete from authkit_logos where app_id = $1`, id(app))
		return
	}
	q.Queue(ctx, nil, `insert into authkit_logos (app_id, png) values ($1, $2)
on conflict (app_id) do update set png = excluded.png`, id(app), blob(l.PNG))
}

// Logo implements [authkit.BrandStore].
func (s *Store) Logo(ctx context.Context, app uuid.UUID) (authkit.Logo, error) {
	var l authkit.Logo
	err := first(ctx, s.c, `select a.logo, l.png from authkit_apps a join authkit_logos l on l.app_id = a.app_id
where a.app_id = $1 and a.deleted_at = 0`, func(r Row) error { return r.Scan(&l.Hash, &l.PNG) }, id(app))
	return l, err
}
