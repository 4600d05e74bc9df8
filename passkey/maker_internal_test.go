package passkey

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/authkit-dev/authkit"
)

// maker makes credentials of which each part can be wrong, where authkittest.Authenticator has the
// mistakes of an authenticator alone. What it signs, it signs as it is sent.
type maker struct {
	id         []byte
	flags      byte
	key        []byte // COSE
	extensions []byte
	trailing   []byte         // after the authenticator data
	statement  any            // of attestation
	format     any            // of attestation
	object     map[string]any // replaces the attestation object
	wrap       func(object []byte) []byte
	client     map[string]any       // members of client data, beside the usual ones
	clientJSON func(string) string  // edits client data
	edit       func(map[string]any) // edits the credential
	raw        func(string) string  // edits its JSON
}

const (
	up, uv, be, bs, at, ed = 1, 4, 8, 16, 64, 128
)

var makerKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
})

// cborOf encodes in the canonical form of CTAP2.
func cborOf(v any) []byte {
	b, err := webauthncbor.Marshal(v)
	if err != nil {
		panic(fmt.Errorf("%v: %w", v, err))
	}
	return b
}

// makerCOSE is the COSE key of makerKey, as a map to change.
func makerCOSE() map[int64]any {
	point, err := makerKey().PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	return map[int64]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}
}

func newMaker() maker {
	return maker{id: bytes.Repeat([]byte{9}, 32), key: cborOf(makerCOSE()), format: "none", statement: map[string]any{}}
}

func makerCeremony() authkit.PasskeyCeremony {
	return authkit.PasskeyCeremony{RPID: "example.com", Origins: []string{"https://example.com"}, Challenge: bytes.Repeat([]byte{1}, 32)}
}

func makerRegistration() authkit.PasskeyRegistration {
	return authkit.PasskeyRegistration{PasskeyCeremony: makerCeremony(), UserHandle: []byte("ann"), UserName: "ann@example.com"}
}

// record is what a registration of the maker's key and id gives.
func (m maker) record() authkit.PasskeyRecord {
	return authkit.PasskeyRecord{CredentialID: m.id, PublicKey: m.key, UserHandle: []byte("ann"), BackupEligible: m.flags&be != 0}
}

func (m maker) clientData(ceremony string) []byte {
	members := map[string]any{
		"type": ceremony, "challenge": encode(makerCeremony().Challenge), "origin": "https://example.com", "crossOrigin": false,
	}
	for name, v := range m.client {
		if members[name] = v; v == nil {
			delete(members, name)
		}
	}
	text := string(mustMarshal(members))
	if m.clientJSON != nil {
		text = m.clientJSON(text)
	}
	return []byte(text)
}

// data returns authenticator data; the maker's flags are added to those of a user who was verified.
func (m maker) data(flags byte) []byte {
	hash := sha256.Sum256([]byte("example.com"))
	data := binary.BigEndian.AppendUint32(append(hash[:], flags|m.flags|up|uv), 5)
	if (flags|m.flags)&at != 0 {
		data = append(data, make([]byte, 16)...)
		data = append(binary.BigEndian.AppendUint16(data, uint16(len(m.id))), m.id...)
		data = append(data, m.key...)
	}
	return slices.Concat(data, m.extensions, m.trailing)
}

func (m maker) registration() json.RawMessage {
	client := m.clientData("webauthn.create")
	object := m.object
	if object == nil {
		object = map[string]any{"fmt": m.format, "attStmt": m.statement, "authData": m.data(at)}
	}
	raw := cborOf(object)
	if m.wrap != nil {
		raw = m.wrap(raw)
	}
	return m.credential(map[string]any{"clientDataJSON": encode(client), "attestationObject": encode(raw), "transports": []string{"usb"}})
}

func (m maker) assertion() json.RawMessage {
	client, data := m.clientData("webauthn.get"), m.data(0)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(slices.Concat(data, hash[:]))
	signature, err := ecdsa.SignASN1(rand.Reader, makerKey(), digest[:])
	if err != nil {
		panic(err)
	}
	return m.credential(map[string]any{
		"clientDataJSON": encode(client), "authenticatorData": encode(data), "signature": encode(signature), "userHandle": encode([]byte("ann")),
	})
}

func (m maker) credential(response map[string]any) json.RawMessage {
	c := map[string]any{
		"id": encode(m.id), "rawId": encode(m.id), "type": "public-key", "response": response,
		"clientExtensionResults": struct{}{}, "authenticatorAttachment": "platform",
	}
	if m.edit != nil {
		m.edit(c)
	}
	text := string(mustMarshal(c))
	if m.raw != nil {
		text = m.raw(text)
	}
	return json.RawMessage(text)
}

func mustMarshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
