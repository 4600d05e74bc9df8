package authkit

import (
	"context"
	"fmt"
)

// Reseal seals signing keys and client secrets again under the newest secret, in batches, and
// forgets each other secret that seals nothing alive. From its begin on no process seals them
// under another secret: a process whose newest secret is another gets [CodeUnavailable]. It may
// be interrupted and run again, and any number may run at once.
//
// To retire a secret: give every process the new secret as its last; then as its first; run
// Reseal; after the mails and links that wait have expired (72 hours at most), run it again,
// until it reports the old secret as forgotten; remove that one from Config.Secrets. A process
// that does not hold the new secret yet cannot open what was sealed again.
func (e *Engine) Reseal(ctx context.Context) (Resealed, error) {
	out, err := e.secrets.reseal(ctx)
	if err != nil {
		return out, fmt.Errorf("authkit: reseal: %w", err)
	}
	return out, nil
}
