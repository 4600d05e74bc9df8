package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/password"
)

// maxImportTime is how long a hash of another system may take here, unless the host says otherwise.
const maxImportTime = 250 * time.Millisecond

// foreign reads a hash that another system made. [CodeInvalidRequest]: it has no form that is taken,
// orders more than [password.Import] allows or, unless slow hashes are allowed, takes more than
// maxImportTime on this machine.
func (h *hasher) foreign(ctx context.Context, app uuid.UUID, text string, slow bool) (password.Stored, error) {
	hash, err := foreignHash(text)
	if err != nil || slow {
		return hash, err
	}
	if hash.Work() <= maxImportTime/2 { // it is slow here only while the machine is busy
		return hash, nil
	}
	took, err := h.least(ctx, app, hash)
	if err == nil && took > maxImportTime {
		return hash, invalid("password_hash", "slow_hash",
			fmt.Sprintf("password_hash: it takes %v to verify here, and more than %v is taken by authkit users import --allow-slow alone", took.Round(time.Millisecond), maxImportTime))
	}
	return hash, err
}

// foreignHash reads a hash that another system made. [CodeInvalidRequest]: it has no form that is taken,
// or orders more than [password.Import] allows.
func foreignHash(text string) (password.Stored, error) {
	hash, err := password.Import(text)
	if refused, ok := errors.AsType[*password.Refused](err); ok {
		return hash, invalid("password_hash", "invalid_hash", "password_hash: "+refused.Detail)
	}
	return hash, err
}

// tries is how often a hash that is too slow is measured, since the machine may have been busy.
const tries = 3

// least is the least time that a hash of this kind has taken. A kind of which nothing is known is
// verified first. [CodeUnavailable]: the gate has no room.
func (h *hasher) least(ctx context.Context, app uuid.UUID, hash password.Stored) (time.Duration, error) {
	blank := hash.Blank()
	for range tries {
		if took, known := h.pace.least(blank.String()); known && took <= maxImportTime {
			return took, nil
		}
		if err := h.gate.DoLoad(ctx, gateAsker(app, Client{}), h.load(hash), func() { h.pace.run(blank, "") }); err != nil {
			return 0, unavailable(err)
		}
	}
	took, _ := h.pace.least(blank.String())
	return took, nil
}
