package authkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/password"
)

const (
	// maxImportTime is how long a hash of another system may take here, unless the host says otherwise.
	maxImportTime = 250 * time.Millisecond

	// maxImportWork is that of a hash that is too slow on any machine. None is tried to find out.
	maxImportWork = 4 * maxImportTime

	tries    = 3           // how often a hash that is too slow is measured, since the machine may have been busy
	triedFor = time.Minute // how long it is not measured again

	// maxTrials is how many kinds of hashes are measured for one caller. Who made up as many as there
	// are numbers would have each measured.
	maxTrials = 16
)

// allowance says which hashes of other systems are taken.
type allowance struct {
	slow   bool // those that take more than maxImportTime, too
	trials int  // how many kinds may be measured yet
}

// foreign reads a hash that another system or authkit made. One of the current parameters is taken
// whatever it costs, since each new password costs as much. [CodeInvalidRequest]: the hash has no form that
// is taken, orders more than [password.Import] allows or, unless slow hashes are allowed, takes more than
// maxImportTime on this machine.
func (h *hasher) foreign(ctx context.Context, app uuid.UUID, text string, a *allowance) (password.Stored, error) {
	if own, err := password.Parse(text); err == nil && h.params.Same(text) {
		return own, nil
	}
	hash, err := foreignHash(text)
	if err != nil || a.slow {
		return hash, err
	}
	if hash.Work() <= maxImportTime/2 { // it is slow here only while the machine is busy
		return hash, nil
	}
	if hash.Work() > maxImportWork {
		return hash, tooSlow("about " + hash.Work().Round(time.Second/10).String())
	}
	took, err := h.least(ctx, app, hash, a)
	if err == nil && took > maxImportTime {
		err = tooSlow(took.Round(time.Millisecond).String())
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

// checkHash refuses a hash that [hasher.foreign] takes nowhere, whatever the current parameters are.
func checkHash(text string) error {
	if _, err := password.Parse(text); err == nil {
		return nil
	}
	_, err := foreignHash(text)
	return err
}

func tooSlow(takes string) *Error {
	return invalid("password_hash", "slow_hash",
		fmt.Sprintf("password_hash: it takes %s to verify here, and more than %v is taken by authkit users import --allow-slow alone", takes, maxImportTime))
}

// least is the least time that a hash of this kind has taken. A kind of which nothing is known is
// verified first, and one that was too slow once more if that was a while ago. [CodeUnavailable]: the
// gate has no room. [CodeInvalidRequest]: no more kinds may be measured.
func (h *hasher) least(ctx context.Context, app uuid.UUID, hash password.Stored, a *allowance) (time.Duration, error) {
	blank := hash.Blank()
	for try := range tries {
		known := h.pace.known(blank.String())
		if known.runs > 0 && known.least <= maxImportTime || known.runs >= tries && time.Since(known.at) < triedFor {
			return known.least, nil
		}
		if try == 0 {
			if a.trials <= 0 {
				return 0, invalid("password_hash", "slow_hash", fmt.Sprintf("password_hash: it may be slow here, and so may hashes of %d other kinds that were measured before it: import it by itself", maxTrials))
			}
			a.trials--
		}
		if err := h.gate.DoLoad(ctx, gateAsker(app, Client{}), h.load(hash), func() { h.pace.run(blank, "") }); err != nil {
			return 0, unavailable(err)
		}
	}
	return h.pace.known(blank.String()).least, nil
}
