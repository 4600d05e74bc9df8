package authkit

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// PasskeyVerifier makes the options of WebAuthn ceremonies, and verifies what an authenticator
// answers to them. Package passkey has the implementation to pass as Config.Passkeys. It keeps
// nothing: the Engine makes and spends the challenges, keeps the passkeys, and decides what an answer
// is worth.
//
// Options are the JSON that PublicKeyCredential.parseCreationOptionsFromJSON and
// parseRequestOptionsFromJSON take; a credential is the JSON that toJSON gives (WebAuthn Level 3,
// section 5.1). A method may be called by many goroutines at once. Whatever an error says, the Engine
// refuses the ceremony.
type PasskeyVerifier interface {
	// CreationOptions returns the options of a registration: a discoverable credential, user
	// verification required, no attestation, of ES256, EdDSA or RS256.
	CreationOptions(PasskeyRegistration) (json.RawMessage, error)

	// Register verifies the credential that answers the options of a registration, and returns what
	// the Engine keeps of it. It refuses a credential of another challenge, origin or relying party,
	// one without user presence and user verification, one of a cross-origin frame, one whose key is
	// of another algorithm, off its curve or too short, and every attestation that it cannot read.
	Register(PasskeyRegistration, json.RawMessage) (PasskeyRecord, error)

	// RequestOptions returns the options of a sign-in. They name no credential.
	RequestOptions(PasskeyCeremony) (json.RawMessage, error)

	// Claim reads which passkey a credential says it is of, and the user handle in it; both are
	// unverified. It finds the record for Verify.
	Claim(json.RawMessage) (PasskeyClaim, error)

	// Verify verifies the credential that answers the options of a sign-in, by the record of the
	// passkey that it claims, and refuses as Register does. It refuses a user handle that is absent or
	// is not the record's, a passkey that became eligible for backup or stopped being so, and one
	// that is backed up without being eligible. It does not judge the signature counter.
	Verify(PasskeyCeremony, PasskeyRecord, json.RawMessage) (PasskeyUse, error)
}

// PasskeyCeremony is what a sign-in and a registration have in common.
type PasskeyCeremony struct {
	RPID      string        // the relying party: a domain
	Origins   []string      // exact origins of pages that may run the ceremony
	Challenge []byte        // 32 random bytes, of this ceremony alone
	Timeout   time.Duration // how long the browser may wait for the person
}

// PasskeyRegistration is the registration of one passkey.
type PasskeyRegistration struct {
	PasskeyCeremony

	RPName      string // the app's name
	UserHandle  []byte // 32 random bytes, the same for all passkeys of a user
	UserName    string // the user's address
	DisplayName string // the user's name, or the address if there is no name
	Exclude     []PasskeyRecord
}

// PasskeyRecord is what the Engine keeps of a passkey, and what a verifier needs to verify it.
type PasskeyRecord struct {
	CredentialID   []byte    `json:"credential_id"` // at most 1,023 bytes
	PublicKey      []byte    `json:"public_key"`    // COSE_Key (RFC 9052)
	UserHandle     []byte    `json:"user_handle"`
	AAGUID         uuid.UUID `json:"aaguid"` // of the model of authenticator; all zeros if it is not told
	Transports     []string  `json:"transports,omitempty"`
	Counter        uint32    `json:"counter,omitempty"`
	BackupEligible bool      `json:"backup_eligible,omitempty"`
	BackedUp       bool      `json:"backed_up,omitempty"`
}

// PasskeyClaim is what an unverified credential says of itself.
type PasskeyClaim struct {
	CredentialID []byte
	UserHandle   []byte // may be empty
}

// PasskeyUse is what a verified sign-in tells of its passkey.
type PasskeyUse struct {
	Counter  uint32
	BackedUp bool
}
