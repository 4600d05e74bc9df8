package authkit

import (
	"context"
	"fmt"
)

// Reseal seals signing keys and client secrets anew under the newest secret, in batches, and
// forgets each other secret that seals nothing alive. From its begin on no process seals them
// under another secret: one that has another as its newest gets [CodeUnavailable] for it. It
// may be broken off and run again, and run beside others.
//
// To retire a secret: give every process the new one as its last; then, as its first; run
// Reseal; after what waits in mails and links has ended (72 hours at most), run it again,
// until it reports the old secret as forgotten; take that out of Config.Secrets. A process
// that does not hold the new secret yet cannot open what was sealed anew.
func (e *Engine) Reseal(ctx context.Context) (Resealed, error) {
	out, err := e.secrets.reseal(ctx)
	if err != nil {
		return out, fmt.Errorf("authkit: reseal: %w", err)
	}
	return out, nil
}
