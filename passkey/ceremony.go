package passkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/authkit-dev/authkit"
)

// registration is what an authenticator answers to creation options.
type registration struct {
	client     client
	id         []byte
	transports []string
	auth       protocol.AuthenticatorData
	rawAuth    []byte
	format     string // of the attestation statement
	statement  map[string]any
}

// readRegistration reads all of a registration, and checks what can be checked of it alone.
func readRegistration(raw json.RawMessage) (registration, error) {
	var response attestationResponse
	id, err := readCredential(raw, &response)
	if err != nil {
		return registration{}, err
	}
	out := registration{id: id, transports: transportsOf(response.Transports)}
	if out.client, err = readClient("webauthn.create", response.ClientDataJSON); err != nil {
		return registration{}, err
	}
	object, err := decode("attestationObject", response.AttestationObject)
	if err != nil {
		return registration{}, err
	}
	if err := out.readAttestation(object); err != nil {
		return registration{}, fmt.Errorf("attestation object: %w", err)
	}
	if out.auth, err = readAuthenticatorData(out.rawAuth); err != nil {
		return registration{}, err
	}
	return out, out.checkAttested()
}

// The major types of CBOR (RFC 8949, section 3.1).
const (
	majorBytes, majorText, majorArray, majorMap = 2, 3, 4, 5
)

// isMajor reports whether an item of CBOR is of the major type. The library reads an item of one type into a
// Go value of another.
func isMajor(item []byte, major byte) bool { return len(item) > 0 && item[0]>>5 == major }

// readAttestation reads an attestation object: a map with these three members alone (WebAuthn Level 3,
// section 6.5.4).
func (r *registration) readAttestation(object []byte) error {
	var members map[string]webauthncbor.RawMessage
	if err := webauthncbor.Unmarshal(object, &members); err != nil {
		return err
	}
	format, statement, data := members["fmt"], members["attStmt"], members["authData"]
	if len(members) != 3 || !isMajor(format, majorText) || !isMajor(data, majorBytes) {
		return errors.New("want fmt, attStmt and authData alone, each of its type")
	}
	if err := errors.Join(webauthncbor.Unmarshal(format, &r.format), webauthncbor.Unmarshal(data, &r.rawAuth)); err != nil {
		return err
	}
	if !isMajor(statement, majorMap) && (!isMajor(statement, majorArray) || r.format != "compound") { // section 8.9
		return errors.New("an attestation statement that is no map")
	}
	if r.format != "none" && r.format != "packed" {
		r.format = "none" // the package comment says why
		return nil
	}
	if err := webauthncbor.Unmarshal(statement, &r.statement); err != nil {
		return err
	}
	if r.format == "packed" && r.statement["x5c"] != nil {
		r.format, r.statement = "none", nil
	}
	return nil
}

// checkAttested checks the credential that an authenticator attests.
func (r *registration) checkAttested() error {
	if !r.auth.Flags.HasAttestedCredentialData() {
		return errors.New("authenticator data without a credential")
	}
	attested := r.auth.AttData
	// The library encodes the key anew, in canonical form: the same bytes must have come.
	const before = 37 + 16 + 2 // bytes before the credential id
	if !bytes.HasPrefix(r.rawAuth[before+len(attested.CredentialID):], attested.CredentialPublicKey) {
		return errors.New("public key: not in the canonical encoding of CTAP2")
	}
	return checkKey(attested.CredentialPublicKey)
}

// verify verifies a registration whose client data fits the ceremony.
func (r *registration) verify(in authkit.PasskeyCeremony, userVerified bool) error {
	parsed := protocol.ParsedCredentialCreationData{
		ParsedPublicKeyCredential: protocol.ParsedPublicKeyCredential{RawID: r.id},
		Response: protocol.ParsedAttestationResponse{
			CollectedClientData: r.client.collected(),
			AttestationObject:   protocol.AttestationObject{AuthData: r.auth, RawAuthData: r.rawAuth, Format: r.format, AttStatement: r.statement},
		},
	}
	parsed.Raw.AttestationResponse.ClientDataJSON = r.client.raw
	_, err := parsed.Verify(encode(in.Challenge), in.RPID, in.Origins, nil, nil, protocol.TopOriginExplicitVerificationMode, false,
		userVerified, true, nil, parameters(), protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	return explained(err)
}

// assertion is what an authenticator answers to request options.
type assertion struct {
	client             client
	id, userHandle     []byte
	auth               protocol.AuthenticatorData
	rawAuth, signature []byte
}

// readAssertion reads all of an assertion, and checks what can be checked of it alone.
func readAssertion(raw json.RawMessage) (assertion, error) {
	var response assertionResponse
	id, err := readCredential(raw, &response)
	if err != nil {
		return assertion{}, err
	}
	out := assertion{id: id}
	if out.client, err = readClient("webauthn.get", response.ClientDataJSON); err != nil {
		return assertion{}, err
	}
	for _, part := range []struct {
		name, text string
		to         *[]byte
	}{
		{"authenticatorData", response.AuthenticatorData, &out.rawAuth},
		{"signature", response.Signature, &out.signature},
		{"userHandle", response.UserHandle, &out.userHandle},
	} {
		if *part.to, err = decode(part.name, part.text); err != nil {
			return assertion{}, err
		}
	}
	if out.auth, err = readAuthenticatorData(out.rawAuth); err != nil {
		return assertion{}, err
	}
	if out.auth.Flags.HasAttestedCredentialData() { // WebAuthn Level 3, section 6.1
		return assertion{}, errors.New("authenticator data of a sign-in with a credential in it")
	}
	return out, nil
}

// verify verifies an assertion whose client data fits the ceremony, by the public key of a record.
func (a assertion) verify(in authkit.PasskeyCeremony, key []byte, userVerified bool) error {
	if err := checkKey(key); err != nil {
		return fmt.Errorf("the record's %w", err)
	}
	parsed := protocol.ParsedCredentialAssertionData{
		Response: protocol.ParsedAssertionResponse{CollectedClientData: a.client.collected(), AuthenticatorData: a.auth, Signature: a.signature},
	}
	parsed.Raw.AssertionResponse.ClientDataJSON = a.client.raw
	parsed.Raw.AssertionResponse.AuthenticatorData = a.rawAuth
	return explained(parsed.Verify(encode(in.Challenge), in.RPID, "", in.Origins, nil, nil, protocol.TopOriginExplicitVerificationMode, false,
		userVerified, true, key, protocol.SignaturePolicy{}))
}

// collected is what the library verifies of client data once more.
func (c client) collected() protocol.CollectedClientData {
	return protocol.CollectedClientData{Type: protocol.CeremonyType(c.Type), Challenge: c.Challenge, Origin: c.Origin, CrossOrigin: c.CrossOrigin}
}

// readAuthenticatorData reads authenticator data and checks its flags for themselves.
func readAuthenticatorData(raw []byte) (protocol.AuthenticatorData, error) {
	var out protocol.AuthenticatorData
	if err := out.Unmarshal(raw); err != nil {
		return out, fmt.Errorf("authenticator data: %w", explained(err))
	}
	switch {
	case out.Flags.HasBackupState() && !out.Flags.HasBackupEligible(): // WebAuthn Level 3, section 6.1.3
		return out, errors.New("backed up, but not eligible for backup")
	case out.Flags.HasExtensions() && !isMajor(out.ExtData, majorMap):
		return out, errors.New("extensions that are no map")
	}
	return out, nil
}

// explained adds what the library knows about an error of its own and keeps out of its text.
func explained(err error) error {
	var told *protocol.Error
	if errors.As(err, &told) && told.DevInfo != "" {
		return fmt.Errorf("%w: %.300s", err, told.DevInfo)
	}
	return err
}
