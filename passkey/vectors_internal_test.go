package passkey

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// hexBytes is a byte string of a vector.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// vector is a pair of ceremonies from the section "Test Vectors" of WebAuthn Level 3.
type vector struct {
	Name         string `json:"name"`
	Section      string `json:"section"`
	Registration struct {
		Challenge         hexBytes `json:"challenge"`
		CredentialID      hexBytes `json:"credential_id"`
		AAGUID            hexBytes `json:"aaguid"`
		ClientData        hexBytes `json:"clientDataJSON"`
		AttestationObject hexBytes `json:"attestationObject"`
	} `json:"registration"`
	Authentication struct {
		Challenge         hexBytes `json:"challenge"`
		ClientData        hexBytes `json:"clientDataJSON"`
		AuthenticatorData hexBytes `json:"authenticatorData"`
		Signature         hexBytes `json:"signature"`
	} `json:"authentication"`
}

// What authkit refuses of the vectors by its own policy, which is stricter than the specification.
const (
	accepted   = ""
	unverified = "User verification required"
	framed     = "frame of another origin"
	otherKey   = "want ES256, EdDSA or RS256"
)

// vectorPolicy says for the section of each vector how its registration and its authentication end.
var vectorPolicy = map[string][2]string{
	"sctn-test-vectors-none-es256":                    {unverified, unverified},
	"sctn-test-vectors-packed-self-es256":             {accepted, unverified},
	"sctn-test-vectors-none-es256-crossOrigin":        {framed, framed},
	"sctn-test-vectors-none-es256-topOrigin":          {framed, framed},
	"sctn-test-vectors-none-es256-long-credential-id": {unverified, accepted},
	"sctn-test-vectors-packed-es256":                  {accepted, accepted},
	"sctn-test-vectors-packed-es384":                  {otherKey, otherKey},
	"sctn-test-vectors-packed-es512":                  {otherKey, otherKey},
	"sctn-test-vectors-packed-rs256":                  {accepted, unverified},
	"sctn-test-vectors-packed-eddsa":                  {unverified, unverified},
	"sctn-test-vectors-packed-ed448":                  {otherKey, otherKey},
	"sctn-test-vectors-tpm-es256":                     {accepted, accepted},
	"sctn-test-vectors-android-key-es256":             {accepted, unverified},
	"sctn-test-vectors-apple-es256":                   {unverified, unverified},
	"sctn-test-vectors-fido-u2f-es256":                {unverified, unverified},
}

func vectors(tb testing.TB) []vector {
	tb.Helper()
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		tb.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(raw, &all); err != nil {
		tb.Fatal(err)
	}
	return all
}

// ceremony is what the vectors have in common.
func (v vector) ceremony(challenge []byte) authkit.PasskeyCeremony {
	return authkit.PasskeyCeremony{RPID: "example.org", Origins: []string{"https://example.org"}, Challenge: challenge}
}

func (v vector) registration() (authkit.PasskeyRegistration, json.RawMessage) {
	in := authkit.PasskeyRegistration{PasskeyCeremony: v.ceremony(v.Registration.Challenge), UserHandle: []byte("user")}
	return in, envelope(v.Registration.CredentialID, map[string]any{
		"clientDataJSON": encode(v.Registration.ClientData), "attestationObject": encode(v.Registration.AttestationObject),
	})
}

func (v vector) authentication() (authkit.PasskeyCeremony, json.RawMessage) {
	return v.ceremony(v.Authentication.Challenge), envelope(v.Registration.CredentialID, map[string]any{
		"clientDataJSON": encode(v.Authentication.ClientData), "authenticatorData": encode(v.Authentication.AuthenticatorData),
		"signature": encode(v.Authentication.Signature), "userHandle": encode([]byte("user")),
	})
}

func envelope(id []byte, response map[string]any) json.RawMessage {
	b, err := json.Marshal(map[string]any{"id": encode(id), "rawId": encode(id), "type": "public-key", "response": response, "clientExtensionResults": struct{}{}})
	if err != nil {
		panic(err)
	}
	return b
}

// TestVectors holds two things of each vector. Without authkit's own policy it verifies: the steps below
// waive user verification and the frame. With it, the vector ends as vectorPolicy says.
func TestVectors(t *testing.T) {
	t.Parallel()
	all := vectors(t)
	if len(all) != len(vectorPolicy) {
		t.Errorf("got %d vectors, want those of vectorPolicy, %d", len(all), len(vectorPolicy))
	}
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			policy, known := vectorPolicy[v.Section]
			if !known {
				t.Fatalf("got the section %q, want one of vectorPolicy", v.Section)
			}
			in, raw := v.registration()
			record, err := New().Register(in, raw)
			outcome(t, "registration", err, policy[0])
			if policy[0] == otherKey {
				return // the key of the record would be refused, too
			}
			made := v.verifiedRegistration(t)
			if policy[0] == accepted && !bytes.Equal(record.PublicKey, made.auth.AttData.CredentialPublicKey) {
				t.Errorf("got the key %x, want %x", record.PublicKey, made.auth.AttData.CredentialPublicKey)
			}
			kept := authkit.PasskeyRecord{
				CredentialID: v.Registration.CredentialID, PublicKey: made.auth.AttData.CredentialPublicKey,
				UserHandle: []byte("user"), BackupEligible: made.auth.Flags.HasBackupEligible(),
			}
			at, raw := v.authentication()
			_, err = New().Verify(at, kept, raw)
			outcome(t, "authentication", err, policy[1])
			v.verifiedAuthentication(t, kept)
		})
	}
}

func outcome(t *testing.T, what string, err error, want string) {
	t.Helper()
	switch {
	case want == accepted && err != nil:
		t.Errorf("%s: got %v, want it accepted", what, err)
	case want != accepted && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: got %v, want a refusal that says %q", what, err, want)
	}
}

// verifiedRegistration verifies a registration without the policy.
func (v vector) verifiedRegistration(t *testing.T) registration {
	t.Helper()
	in, raw := v.registration()
	made, err := readRegistration(raw)
	if err != nil {
		t.Fatal(err)
	}
	made.client.CrossOrigin, made.client.TopOrigin = false, nil
	if err := made.client.check(in.PasskeyCeremony); err != nil {
		t.Errorf("registration: got %v, want the client data accepted", err)
	}
	if err := made.verify(in.PasskeyCeremony, false); err != nil {
		t.Errorf("registration: got %v, want it verified", err)
	}
	if !bytes.Equal(made.id, v.Registration.CredentialID) || !bytes.Equal(made.auth.AttData.AAGUID, v.Registration.AAGUID) {
		t.Errorf("got the id %x and the AAGUID %x, want %x and %x", made.id, made.auth.AttData.AAGUID, v.Registration.CredentialID, v.Registration.AAGUID)
	}
	return made
}

// verifiedAuthentication verifies an authentication without the policy, and then with the signature of
// each other vector, which does not fit.
func (v vector) verifiedAuthentication(t *testing.T, known authkit.PasskeyRecord) {
	t.Helper()
	in, raw := v.authentication()
	a, err := readAssertion(raw)
	if err != nil {
		t.Fatal(err)
	}
	a.client.CrossOrigin, a.client.TopOrigin = false, nil
	for _, err := range []error{a.client.check(in), a.belongs(known), a.verify(in, known.PublicKey, false)} {
		if err != nil {
			t.Errorf("authentication: got %v, want it verified", err)
		}
	}
	for _, other := range vectors(t) {
		if a.signature = other.Authentication.Signature; other.Section != v.Section && a.verify(in, known.PublicKey, false) == nil {
			t.Errorf("authentication: got the signature of %q accepted, want a refusal", other.Name)
		}
	}
}
