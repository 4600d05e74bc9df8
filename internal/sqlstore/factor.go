package sqlstore

import (
	"context"

	"github.com/google/uuid"
)

// passkeysElsewhere reads the first and the last subject of the app's passkeys. All that begin with $2
// lie before $3, the least text greater than them. A search for one beyond these would be planned as
// a scan of the table, since subjects of other kinds lie there; least and greatest without statistics
// as one of all passkeys.
const (
	passkeysElsewhere = `select case when (` + passkeySubject + ` limit 1) < $2 or (` + passkeySubject + ` desc limit 1) >= $3 then 1 else 0 end
from authkit_apps where app_id = $1 and deleted_at = 0`

	passkeySubject = `select c.subject from authkit_credentials c where c.app_id = $1 and c.kind = 'passkey' order by c.subject`
)

// PasskeysElsewhere implements [authkit.FactorStore].
func (s *Store) PasskeysElsewhere(ctx context.Context, app uuid.UUID, rpID string) (bool, error) {
	var found int64
	err := first(ctx, s.c, passkeysElsewhere, func(r Row) error { return r.Scan(&found) }, id(app), rpID+" ", rpID+"!") // "!" follows the space
	return found != 0, err
}
