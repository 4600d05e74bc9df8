package passkey

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"github.com/authkit-dev/authkit"
)

// creationOptions is PublicKeyCredentialCreationOptionsJSON of WebAuthn Level 3, section 5.1.8.
type creationOptions struct {
	RP struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"rp"`
	User struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		DisplayName string `json:"displayName"`
	} `json:"user"`
	Challenge              string                         `json:"challenge"`
	PubKeyCredParams       []protocol.CredentialParameter `json:"pubKeyCredParams"`
	Timeout                int64                          `json:"timeout,omitempty"` // milliseconds
	ExcludeCredentials     []descriptor                   `json:"excludeCredentials"`
	AuthenticatorSelection struct {
		ResidentKey        string `json:"residentKey"`
		RequireResidentKey bool   `json:"requireResidentKey"` // for browsers of Level 1
		UserVerification   string `json:"userVerification"`
	} `json:"authenticatorSelection"`
	Attestation string `json:"attestation"`
}

// requestOptions is PublicKeyCredentialRequestOptionsJSON of section 5.1.9.
type requestOptions struct {
	Challenge        string `json:"challenge"`
	Timeout          int64  `json:"timeout,omitempty"` // milliseconds
	RPID             string `json:"rpId"`
	UserVerification string `json:"userVerification"`
}

// descriptor is PublicKeyCredentialDescriptorJSON.
type descriptor struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"`
	Transports []string `json:"transports,omitempty"`
}

// parameters returns the keys that a registration asks for, the preferred one first.
func parameters() []protocol.CredentialParameter {
	return []protocol.CredentialParameter{
		{Type: publicKey, Algorithm: webauthncose.AlgES256},
		{Type: publicKey, Algorithm: webauthncose.AlgEdDSA},
		{Type: publicKey, Algorithm: webauthncose.AlgRS256},
	}
}

// CreationOptions implements [authkit.PasskeyVerifier]. A user handle has 1 to 64 bytes.
func (*Verifier) CreationOptions(in authkit.PasskeyRegistration) (json.RawMessage, error) {
	err := checkCeremony(in.PasskeyCeremony)
	switch {
	case err != nil:
	case len(in.UserHandle) == 0 || len(in.UserHandle) > 64:
		err = fmt.Errorf("a user handle of %d bytes, want 1 to 64", len(in.UserHandle))
	case in.UserName == "":
		err = errors.New("no user name")
	}
	if err != nil {
		return nil, fmt.Errorf("passkey: creation options: %w", err)
	}
	out := creationOptions{
		Challenge: encode(in.Challenge), PubKeyCredParams: parameters(), Timeout: in.Timeout.Milliseconds(),
		ExcludeCredentials: []descriptor{}, Attestation: "none",
	}
	out.RP.ID, out.RP.Name = in.RPID, in.RPName
	out.User.ID, out.User.Name, out.User.DisplayName = encode(in.UserHandle), in.UserName, in.DisplayName
	for _, known := range in.Exclude {
		out.ExcludeCredentials = append(out.ExcludeCredentials, descriptor{ID: encode(known.CredentialID), Type: publicKey, Transports: known.Transports})
	}
	out.AuthenticatorSelection.ResidentKey, out.AuthenticatorSelection.RequireResidentKey = "required", true
	out.AuthenticatorSelection.UserVerification = "required"
	return json.Marshal(out)
}

// RequestOptions implements [authkit.PasskeyVerifier].
func (*Verifier) RequestOptions(in authkit.PasskeyCeremony) (json.RawMessage, error) {
	if err := checkCeremony(in); err != nil {
		return nil, fmt.Errorf("passkey: request options: %w", err)
	}
	return json.Marshal(requestOptions{
		Challenge: encode(in.Challenge), Timeout: in.Timeout.Milliseconds(), RPID: in.RPID, UserVerification: "required",
	})
}

// encode is the base64url of WebAuthn: without padding.
func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
