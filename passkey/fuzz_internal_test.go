package passkey

import (
	"bytes"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
)

// FuzzCredential holds that what is accepted here is what the library reads of the same JSON, so that the
// two never mean different things.
func FuzzCredential(f *testing.F) {
	m := newMaker()
	f.Add([]byte(m.registration()))
	f.Add([]byte(m.assertion()))
	for _, v := range vectors(f) {
		_, made := v.registration()
		_, used := v.authentication()
		f.Add([]byte(made))
		f.Add([]byte(used))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if made, err := readRegistration(raw); err == nil {
			want, err := protocol.ParseCredentialCreationResponseBytes(raw)
			if err != nil {
				return // the library reads extension results and attestation statements that are not read here
			}
			checkRead(t, made.client, want.Response.CollectedClientData)
			object := want.Response.AttestationObject
			if !bytes.Equal(made.id, want.RawID) || !bytes.Equal(made.rawAuth, object.RawAuthData) || !bytes.Equal(made.auth.AttData.CredentialPublicKey, object.AuthData.AttData.CredentialPublicKey) {
				t.Errorf("got the registration %+v, and the library %+v", made, want)
			}
		}
		if used, err := readAssertion(raw); err == nil {
			want, err := protocol.ParseCredentialRequestResponseBytes(raw)
			if err != nil {
				return
			}
			checkRead(t, used.client, want.Response.CollectedClientData)
			if !bytes.Equal(used.id, want.RawID) || !bytes.Equal(used.rawAuth, want.Raw.AssertionResponse.AuthenticatorData) ||
				!bytes.Equal(used.signature, want.Response.Signature) || !bytes.Equal(used.userHandle, want.Response.UserHandle) {
				t.Errorf("got the sign-in %+v, and the library %+v", used, want)
			}
		}
	})
}

func checkRead(t *testing.T, got client, want protocol.CollectedClientData) {
	t.Helper()
	if got.Type != string(want.Type) || got.Challenge != want.Challenge || got.Origin != want.Origin || got.CrossOrigin != want.CrossOrigin {
		t.Errorf("got the client data %+v, and the library %+v", got.clientData, want)
	}
}

// FuzzAttestation holds that a registration of any attestation object is refused, or gives a record that
// a sign-in can be verified by.
func FuzzAttestation(f *testing.F) {
	m := newMaker()
	f.Add(m.id, cborOf(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": m.data(at)}))
	for _, key := range [][]byte{cborOf(ed25519COSE()), cborOf(rsaCOSE())} {
		m.key = key
		f.Add(m.id, cborOf(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": m.data(at)}))
	}
	for _, v := range vectors(f) {
		f.Add([]byte(v.Registration.CredentialID), []byte(v.Registration.AttestationObject))
	}
	f.Fuzz(func(t *testing.T, id, object []byte) {
		m := newMaker()
		m.id, m.wrap = id, func([]byte) []byte { return object }
		record, err := New().Register(makerRegistration(), m.registration())
		if err != nil {
			return
		}
		if !bytes.Equal(record.CredentialID, id) || record.BackedUp && !record.BackupEligible {
			t.Errorf("got the record %+v of the id %x", record, id)
		}
		if err := checkKey(record.PublicKey); err != nil || !bytes.Contains(object, record.PublicKey) {
			t.Errorf("got the key %x, %v, want one that came", record.PublicKey, err)
		}
	})
}

// FuzzKey holds that each key that is accepted is one that the library reads.
func FuzzKey(f *testing.F) {
	for _, key := range [][]byte{cborOf(makerCOSE()), cborOf(ed25519COSE()), cborOf(rsaCOSE())} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		if checkKey(key) != nil {
			return
		}
		m := newMaker()
		m.key = key
		if got := byLibrary(t, m); got != libraryReads {
			t.Errorf("got %d of the library for %x, want %d", got, key, libraryReads)
		}
	})
}
