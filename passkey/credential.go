package passkey

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/strictjson"
)

const (
	publicKey = "public-key" // the one type of credential

	maxCredential = 64 << 10 // bytes of JSON
	minID, maxID  = 16, 1023 // bytes of a credential id (WebAuthn Level 3, section 4)

	maxTransports, maxTransport = 8, 32 // transports, and bytes of each
)

// credential is what AuthenticationResponseJSON and RegistrationResponseJSON have in common
// (WebAuthn Level 3, section 5.1).
type credential struct {
	ID       string          `json:"id"`
	RawID    string          `json:"rawId"`
	Type     string          `json:"type"`
	Response json.RawMessage `json:"response"`
}

// attestationResponse has no authenticatorData, publicKey and publicKeyAlgorithm: they repeat what the
// attestation object says, and no signature covers them.
type attestationResponse struct {
	ClientDataJSON    string   `json:"clientDataJSON"`
	AttestationObject string   `json:"attestationObject"`
	Transports        []string `json:"transports"`
}

type assertionResponse struct {
	ClientDataJSON    string `json:"clientDataJSON"`
	AuthenticatorData string `json:"authenticatorData"`
	Signature         string `json:"signature"`
	UserHandle        string `json:"userHandle"`
}

// readCredential reads the JSON of a credential and of its response, and returns the credential id.
func readCredential[R any](raw json.RawMessage, response *R) ([]byte, error) {
	if len(raw) > maxCredential {
		return nil, fmt.Errorf("a credential of %d bytes, more than %d", len(raw), maxCredential)
	}
	var c credential
	if _, err := strictjson.Unmarshal(raw, &c, strictjson.FieldsOf[credential]()); err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	if c.Type != publicKey {
		return nil, fmt.Errorf("type %.40q, want %q", c.Type, publicKey)
	}
	id, err := decode("rawId", c.RawID)
	if err != nil {
		return nil, err
	}
	if c.ID != c.RawID {
		return nil, errors.New("id and rawId differ")
	}
	if len(id) < minID || len(id) > maxID {
		return nil, fmt.Errorf("a credential id of %d bytes, want %d to %d", len(id), minID, maxID)
	}
	if _, err := strictjson.Unmarshal(c.Response, response, strictjson.FieldsOf[R]()); err != nil {
		return nil, fmt.Errorf("response: %w", err)
	}
	return id, nil
}

// decode reads base64url as WebAuthn writes it: no padding, no line breaks, no unused bits.
func decode(name, text string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case strings.ContainsAny(text, "\r\n"): // which the decoder skips
		return nil, fmt.Errorf("%s: a line break in base64url", name)
	}
	return b, nil
}

// clientData is CollectedClientData, without the members that tell this package nothing.
type clientData struct {
	Type        string  `json:"type"`
	Challenge   string  `json:"challenge"`
	Origin      string  `json:"origin"`
	CrossOrigin bool    `json:"crossOrigin"`
	TopOrigin   *string `json:"topOrigin"`
}

// client is client data with the bytes that are signed.
type client struct {
	clientData

	raw []byte
}

// readClient reads the client data of a ceremony, which is webauthn.create or webauthn.get.
func readClient(ceremony, text string) (client, error) {
	raw, err := decode("clientDataJSON", text)
	if err != nil {
		return client{}, err
	}
	c := client{raw: raw}
	if _, err := strictjson.Unmarshal(raw, &c.clientData, strictjson.FieldsOf[clientData]()); err != nil {
		return client{}, fmt.Errorf("client data: %w", err)
	}
	if c.Type != ceremony {
		return client{}, fmt.Errorf("client data of type %.40q, want %q", c.Type, ceremony)
	}
	return c, nil
}

// check refuses the client data of another challenge, page or frame.
func (c client) check(in authkit.PasskeyCeremony) error {
	switch {
	case subtle.ConstantTimeCompare([]byte(c.Challenge), []byte(encode(in.Challenge))) != 1:
		return errors.New("the challenge of another ceremony")
	case !slices.Contains(in.Origins, c.Origin): // exact, where the library folds case and drops a path
		return fmt.Errorf("origin %.200q, want one of %q", c.Origin, in.Origins)
	case c.CrossOrigin: // a frame could be laid over by its page
		return errors.New("a ceremony in a frame of another origin")
	case c.TopOrigin != nil && !slices.Contains(in.Origins, *c.TopOrigin):
		return fmt.Errorf("top origin %.200q, want one of %q", *c.TopOrigin, in.Origins)
	}
	return nil
}

// transportsOf returns the transports worth keeping, sorted. They are hints, of which a browser may learn
// new ones: a value is judged by its form alone, and one that is odd is left out.
func transportsOf(all []string) []string {
	var out []string
	for _, t := range all {
		if t == "" || len(t) > maxTransport || strings.Trim(t, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || slices.Contains(out, t) || len(out) == maxTransports {
			continue
		}
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

// belongs refuses an assertion of another passkey, or for another user, or of a passkey that became
// eligible for backup or stopped being so, which an authenticator must not change (WebAuthn Level 3,
// section 6.1.3).
func (a assertion) belongs(known authkit.PasskeyRecord) error {
	switch {
	case !bytes.Equal(a.id, known.CredentialID):
		return errors.New("another passkey's credential id")
	case len(a.userHandle) == 0:
		return errors.New("no user handle")
	case !bytes.Equal(a.userHandle, known.UserHandle):
		return errors.New("another user's handle")
	case a.auth.Flags.HasBackupEligible() != known.BackupEligible:
		return fmt.Errorf("backup eligibility %t, was %t at registration", a.auth.Flags.HasBackupEligible(), known.BackupEligible)
	}
	return nil
}
