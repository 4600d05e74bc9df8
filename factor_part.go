package authkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/internal/totp"
)

// factors opens, makes and checks the second factors of users. It reads no store and starts no
// session: its results are parts of the step that a flow writes. It is safe for concurrent use.
type factors struct {
	ring   *seal.Ring
	secret string // the id of the secret that seals
	hasher *hasher
	limits *limiter
	tokens *tokens
	outbox *outbox
	now    func() time.Time

	passkeys PasskeyVerifier // nil: passkeys are off
	rpID     string          // the host of BaseURL; empty if that is an IP address
	origin   string          // of BaseURL
}

// openTOTP opens the data of a TOTP. [CodeInternal]: it was sealed by a secret that is not configured.
func (f *factors) openTOTP(c Credential) (data totpData, err error) {
	plain, err := f.ring.Open(c.Data, totpAAD(c.App, c.UserID))
	if err == nil {
		err = json.Unmarshal(plain, &data)
	}
	if err != nil {
		return totpData{}, &Error{Code: CodeInternal, Detail: "the second factor cannot be opened", Err: fmt.Errorf("TOTP of user %s: %w", c.UserID, err)}
	}
	return data, nil
}

// totpCredential seals the data of a user's TOTP.
func (f *factors) totpCredential(app, user uuid.UUID, data totpData) Credential {
	return Credential{
		App: app, UserID: user, Kind: totpKind, Subject: user.String(), CreatedAt: data.Since,
		Data: f.ring.Seal(plainJSON(data), totpAAD(app, user)),
	}
}

// shown returns the factors of an account that can be shown: a passkey of a relying party that the app has
// given up cannot, nor any where the host has switched passkeys off.
func (f *factors) shown(app App, account *Account) heldFactors {
	held := account.factors()
	held.passkeys = slices.DeleteFunc(held.passkeys, func(p heldPasskey) bool { return !f.passkeysOn(app) || p.RPID != f.relyingParty(app) })
	return held
}

// since returns since when the user has had a second factor without a break; zero: the user has none.
func (f *factors) since(held heldFactors) (oldest time.Time, err error) {
	if held.totp != nil {
		data, err := f.openTOTP(*held.totp)
		if err != nil {
			return time.Time{}, err
		}
		if oldest = data.Beside; oldest.IsZero() {
			oldest = data.Since
		}
	}
	if len(held.passkeys) > 0 {
		if at := held.passkeys[0].credential.CreatedAt; oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest, nil
}

// usesOf returns the right codes of the day of the account's TOTP, which another one in its place goes on
// with: the limits have counted them for the user.
func (f *factors) usesOf(held heldFactors) (codeUses, error) {
	if held.totp == nil {
		return codeUses{}, nil
	}
	data, err := f.openTOTP(*held.totp)
	return data.Uses, err
}

// generation names the set of an account's factors. It changes with every factor that is added,
// replaced or removed, with a first password, and with a new set of recovery codes; not with their use.
func (f *factors) generation(account *Account) ([]byte, error) {
	held, names := account.factors(), []string{}
	if account.password() != "" { // its change raises the Epoch, but the first one does not
		names = append(names, passwordKind)
	}
	if held.totp != nil {
		data, err := f.openTOTP(*held.totp)
		if err != nil {
			return nil, err
		}
		names = append(names, data.ID.String())
	}
	if held.recovery != nil {
		names = append(names, readRecovery(*held.recovery).ID.String())
	}
	for _, p := range held.passkeys {
		names = append(names, p.ID.String())
	}
	slices.Sort(names)
	return token.Hash(seal.AAD(names...)), nil
}

// errWrongCode refuses a code.
var errWrongCode = errors.New("the code is wrong, of another time, or was used")

// useTOTP returns the data of a TOTP after the use of a code. errWrongCode.
func useTOTP(data totpData, code string, now time.Time, of class) (totpData, error) {
	step, ok := totp.Match(data.Seed, code, now, data.Step)
	if !ok {
		return totpData{}, errWrongCode
	}
	data.Step, data.Uses = step, data.Uses.with(now.Format(time.DateOnly), of)
	return data, nil
}

// noteFactors completes a step on the credentials of an account: the user's record says which factors are
// left, a factor that is gone takes `mfa` out of the running sessions, and a TOTP names the secret that
// sealed it, so that none is kept under a retired one.
func (f *factors) noteFactors(c *UserChange, account *Account) {
	if slices.ContainsFunc(c.Put, func(one Credential) bool { return one.Kind == totpKind }) {
		c.Riders.Secret = f.secret
	}
	is := account.factorsAfter(*c)
	c.Factors = nil // a reset says that there are no factors, and the step may add one
	if is.set() != account.User.Factors {
		c.Factors = new(is.set())
	}
	c.DropMFA = is.lost(account.factors())
}
