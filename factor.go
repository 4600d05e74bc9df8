package authkit

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// The kinds of credentials that are factors.
const (
	totpKind     = "totp"     // one a user; Subject is the user's id
	recoveryKind = "recovery" // the recovery codes beside a TOTP; Subject is the user's id
	passkeyKind  = "passkey"  // Subject is the relying party and a hash of the credential's id
)

// The methods of a second factor and of a step-up, as in [SecondFactorDue] and Error.Methods.
const (
	methodPassword  = "password"
	methodTOTP      = "totp"
	methodRecovery  = "recovery_code"
	methodPasskey   = "passkey"
	methodEmailCode = "email_code"
	methodSignIn    = "sign_in"
)

// totpData is the sealed data of a TOTP.
type totpData struct {
	ID     uuid.UUID `json:"id"` // of this seed: another one of the user has another
	Seed   []byte    `json:"seed"`
	Step   int64     `json:"step"`            // the last one used (RFC 6238, section 5.2)
	Since  time.Time `json:"since"`           // added, or put in the place of another
	Beside time.Time `json:"beside,omitzero"` // since when the user had a second factor when it was added; zero: the user had none
	Uses   codeUses  `json:"uses"`
}

// stays reports whether an undo of what was added from a time on leaves the TOTP: the user had a second
// factor before that time, which was shown to add it.
func (d totpData) stays(from time.Time) bool { return !d.Beside.IsZero() && d.Beside.Before(from) }

// recoveryData is the data of a set of recovery codes. The hashes are made as those of passwords,
// with one salt, so that a guess costs one hash.
type recoveryData struct {
	ID     uuid.UUID `json:"id"`     // of this set
	Hashes []string  `json:"hashes"` // of the codes that are left
	Uses   codeUses  `json:"uses"`
}

// codeUses counts the right codes of a day by the class of their client. Together with what the
// limits count, it tells the wrong ones.
type codeUses struct {
	Day string `json:"day,omitempty"`
	N   [3]int `json:"n"`
}

// on returns how many right codes clients of a class gave on a day.
func (u codeUses) on(day string, of class) int {
	if u.Day != day {
		return 0
	}
	return u.N[of]
}

// with counts one more.
func (u codeUses) with(day string, of class) codeUses {
	if u.Day != day {
		u = codeUses{Day: day}
	}
	u.N[of]++
	return u
}

// passkeyData is the data of a passkey. It is not sealed: a public key opens nothing.
type passkeyData struct {
	PasskeyRecord

	ID       uuid.UUID `json:"id"`
	RPID     string    `json:"rp_id"`
	Name     string    `json:"name"`
	LastUsed time.Time `json:"last_used,omitzero"`

	// Mailed is as in identityData. Beside is as in totpData, and set only if the session that added the
	// passkey had shown a second factor.
	Mailed string    `json:"mailed,omitempty"`
	Beside time.Time `json:"beside,omitzero"`

	Spent []spentState `json:"spent,omitempty"` // the states that it was used in
}

// owned reports whether a second factor of an account vouches for the passkey at a reset of the
// password, from which on what was added may be a thief's. A thief's own factor does not: either the
// user had one from before that time or, where the account has a TOTP, the reset asks for it.
func (p passkeyData) owned(from time.Time, beside heldFactors) bool {
	return !p.Beside.IsZero() && (beside.totp != nil || p.Beside.Before(from))
}

// passkeySubject is the key of a passkey in an app. It begins with the relying party, so that the
// passkeys of another can be looked for.
func passkeySubject(rpID string, credentialID []byte) string {
	return rpID + " " + token.Encode(token.Hash(credentialID))
}

// heldPasskey is a passkey of an account, with the credential that it is read from.
type heldPasskey struct {
	passkeyData

	credential Credential
}

// put returns the credential with the data as it is now.
func (p heldPasskey) put() Credential {
	c := p.credential
	c.Data = plainJSON(p.passkeyData)
	return c
}

// factors are the second factors of an account.
type heldFactors struct {
	totp     *Credential
	recovery *Credential
	passkeys []heldPasskey // oldest first
}

// factors returns the second factors among the account's credentials.
func (a *Account) factors() heldFactors { return factorsOf(a.Credentials) }

func factorsOf(credentials []Credential) (f heldFactors) {
	for i, c := range credentials {
		switch c.Kind {
		case totpKind:
			f.totp = &credentials[i]
		case recoveryKind:
			f.recovery = &credentials[i]
		case passkeyKind:
			var data passkeyData
			if json.Unmarshal(c.Data, &data) == nil {
				f.passkeys = append(f.passkeys, heldPasskey{data, c})
			}
		}
	}
	slices.SortStableFunc(f.passkeys, func(a, b heldPasskey) int { return a.credential.CreatedAt.Compare(b.credential.CreatedAt) })
	return f
}

// set returns what the user's record says of the factors.
func (f heldFactors) set() (has Factors) {
	if f.totp != nil {
		has |= FactorTOTP
	}
	if len(f.passkeys) > 0 {
		has |= FactorPasskey
	}
	return has
}

// any reports whether there is a second factor.
func (f heldFactors) any() bool { return f.set() != 0 }

// methods lists by what the second factor can be shown.
func (f heldFactors) methods() []string {
	methods := []string{}
	if f.totp != nil {
		methods = append(methods, methodTOTP)
	}
	if len(f.passkeys) > 0 {
		methods = append(methods, methodPasskey)
	}
	if f.totp != nil && f.recoveryLeft() > 0 {
		methods = append(methods, methodRecovery)
	}
	return methods
}

// recoveryLeft returns how many recovery codes were not used.
func (f heldFactors) recoveryLeft() int {
	if f.recovery == nil {
		return 0
	}
	return len(readRecovery(*f.recovery).Hashes)
}

// readRecovery reads a set of recovery codes. Data that cannot be read has no code.
func readRecovery(c Credential) (data recoveryData) {
	if json.Unmarshal(c.Data, &data) != nil {
		return recoveryData{}
	}
	return data
}

// passkey returns the passkey of that id; nil: the account has no such passkey.
func (f heldFactors) passkey(id uuid.UUID) *heldPasskey {
	i := slices.IndexFunc(f.passkeys, func(p heldPasskey) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return &f.passkeys[i]
}

// after returns the factors of the account after a step on its credentials.
func (a *Account) factorsAfter(c UserChange) heldFactors {
	left := slices.Clone(a.Credentials)
	if c.DropCredentials {
		left = nil
	}
	same := func(of Credential) func(Credential) bool {
		return func(x Credential) bool { return x.Kind == of.Kind && x.Subject == of.Subject }
	}
	for _, dropped := range c.Drop {
		left = slices.DeleteFunc(left, same(dropped))
	}
	for _, put := range c.Put {
		left = append(slices.DeleteFunc(left, same(put)), put)
	}
	return factorsOf(left)
}

// lost reports whether a factor of before is gone, or another is in its place.
func (f heldFactors) lost(before heldFactors) bool {
	if before.totp != nil && f.totp == nil {
		return true
	}
	return slices.ContainsFunc(before.passkeys, func(p heldPasskey) bool { return f.passkey(p.ID) == nil })
}
