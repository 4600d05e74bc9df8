// Package passkey verifies passkeys for authkit: WebAuthn Level 3 with discoverable credentials and user
// verification. A host that wants passkeys passes it to its engine, and links go-webauthn by that alone:
//
//	engine, err := authkit.New(authkit.Config{
//		Passkeys: passkey.New(),
//		// … Store, BaseURL, Mailer
//	})
//
// # What it accepts
//
// A credential is what toJSON of a browser gives, of at most 64 KiB. Members that this package does not
// know are ignored; a name that occurs twice is refused, at any depth. The keys are ES256 on P-256,
// EdDSA on Ed25519 and RS256 of 2,048 to 4,096 bits, each a COSE key in the canonical encoding of CTAP2
// with the members of its type alone. A point that is off its curve or of small order is refused, and
// so is an RSA exponent that FIPS 186-5 does not allow.
//
// # Attestation
//
// No attestation is asked for, and no statement is trusted. A browser then replaces the statement by an
// empty one of the format none, or passes on a self attestation: packed, without certificates (WebAuthn
// Level 3, section 5.1.3, step "none"). Of these the first must be empty, and the signature of the
// second must be of the credential's own key. A statement of any other format comes from a client that
// did not do its part; it is dropped unread, as the browser would have done. The model of an
// authenticator, its AAGUID, is therefore a claim, good for a name and not for a policy.
//
// # What it leaves to its caller
//
// It keeps nothing and calls nothing. The caller makes a challenge for each ceremony and spends it once,
// finds the record of a credential, refuses a credential id that is already known, and judges the
// signature counter.
package passkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// Verifier is the [authkit.PasskeyVerifier] of this package. It has no state.
type Verifier struct{}

var _ authkit.PasskeyVerifier = (*Verifier)(nil)

// New returns a Verifier.
func New() *Verifier { return &Verifier{} }

// Register implements [authkit.PasskeyVerifier].
func (*Verifier) Register(in authkit.PasskeyRegistration, raw json.RawMessage) (authkit.PasskeyRecord, error) {
	if err := checkCeremony(in.PasskeyCeremony); err != nil {
		return authkit.PasskeyRecord{}, fmt.Errorf("passkey: register: %w", err)
	}
	made, err := readRegistration(raw)
	if err == nil {
		err = made.client.check(in.PasskeyCeremony)
	}
	if err == nil {
		err = made.verify(in.PasskeyCeremony, true)
	}
	if err != nil {
		return authkit.PasskeyRecord{}, fmt.Errorf("passkey: register: %w", err)
	}
	return authkit.PasskeyRecord{
		CredentialID:   made.id,
		PublicKey:      bytes.Clone(made.auth.AttData.CredentialPublicKey),
		UserHandle:     bytes.Clone(in.UserHandle),
		AAGUID:         uuid.UUID(made.auth.AttData.AAGUID),
		Transports:     made.transports,
		Counter:        made.auth.Counter,
		BackupEligible: made.auth.Flags.HasBackupEligible(),
		BackedUp:       made.auth.Flags.HasBackupState(),
	}, nil
}

// Claim implements [authkit.PasskeyVerifier].
func (*Verifier) Claim(raw json.RawMessage) (authkit.PasskeyClaim, error) {
	a, err := readAssertion(raw)
	if err != nil {
		return authkit.PasskeyClaim{}, fmt.Errorf("passkey: claim: %w", err)
	}
	return authkit.PasskeyClaim{CredentialID: a.id, UserHandle: a.userHandle}, nil
}

// Verify implements [authkit.PasskeyVerifier].
func (*Verifier) Verify(in authkit.PasskeyCeremony, known authkit.PasskeyRecord, raw json.RawMessage) (authkit.PasskeyUse, error) {
	if err := checkCeremony(in); err != nil {
		return authkit.PasskeyUse{}, fmt.Errorf("passkey: verify: %w", err)
	}
	a, err := readAssertion(raw)
	if err == nil {
		err = a.client.check(in)
	}
	if err == nil {
		err = a.belongs(known)
	}
	if err == nil {
		err = a.verify(in, known.PublicKey, true)
	}
	if err != nil {
		return authkit.PasskeyUse{}, fmt.Errorf("passkey: verify: %w", err)
	}
	return authkit.PasskeyUse{Counter: a.auth.Counter, BackedUp: a.auth.Flags.HasBackupState()}, nil
}

// checkCeremony refuses a ceremony that anything would answer.
func checkCeremony(c authkit.PasskeyCeremony) error {
	switch {
	case c.RPID == "":
		return errors.New("no relying party id")
	case len(c.Origins) == 0 || slices.Contains(c.Origins, ""):
		return errors.New("no origin, or an empty one")
	case len(c.Challenge) < 16: // WebAuthn Level 3, section 13.4.3
		return fmt.Errorf("a challenge of %d bytes, fewer than 16", len(c.Challenge))
	case c.Timeout < 0:
		return fmt.Errorf("timeout %s", c.Timeout)
	}
	return nil
}
