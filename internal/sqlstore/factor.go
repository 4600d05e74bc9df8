package sqlstore

import (
	"context"

	"github.com/google/uuid"
)

// passkeysElsewhere reads two ranges of the key of the table: the subjects before all that begin with
// $2, and those from the least text greater than them ($3) on.
const passkeysElsewhere = `select case when exists (select 1 from authkit_credentials c where c.app_id = $1 and c.kind = 'passkey' and c.subject < $2)
or exists (select 1 from authkit_credentials c where c.app_id = $1 and c.kind = 'passkey' and c.subject >= $3) then 1 else 0 end
from authkit_apps where app_id = $1 and deleted_at = 0`

// PasskeysElsewhere implements [authkit.FactorStore].
func (s *Store) PasskeysElsewhere(ctx context.Context, app uuid.UUID, rpID string) (bool, error) {
	var found int64
	err := first(ctx, s.c, passkeysElsewhere, func(r Row) error { return r.Scan(&found) }, id(app), rpID+" ", rpID+"!") // "!" follows the space
	return found != 0, err
}
