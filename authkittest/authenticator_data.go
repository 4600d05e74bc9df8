package authkittest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
)

// PasskeyAlgorithm is a COSE algorithm (RFC 9053, RFC 8812).
type PasskeyAlgorithm int

// The algorithms of passkeys that authkit accepts.
const (
	ES256 PasskeyAlgorithm = -7   // ECDSA on P-256
	EdDSA PasskeyAlgorithm = -8   // on Ed25519
	RS256 PasskeyAlgorithm = -257 // RSASSA-PKCS1-v1_5, of 2,048 bits
)

// newPasskey panics for an algorithm that is not one of the three.
func newPasskey(algorithm PasskeyAlgorithm) crypto.Signer {
	var key crypto.Signer
	var err error
	switch algorithm {
	case ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case RS256:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		err = fmt.Errorf("no algorithm %d", algorithm)
	}
	if err != nil {
		panic(fmt.Errorf("authkittest: make a passkey: %w", err))
	}
	return key
}

// sign signs authenticator data and the hash of client data.
func (a *Authenticator) sign(p *passkey, data, client []byte) []byte {
	key := p.key
	if a.has(WrongSignature) {
		key = newPasskey(p.algorithm)
	}
	hash := sha256.Sum256(client)
	message, how := slices.Concat(data, hash[:]), crypto.Hash(0)
	if p.algorithm != EdDSA {
		digest := sha256.Sum256(message)
		message, how = digest[:], crypto.SHA256
	}
	signature, err := key.Sign(rand.Reader, message, how)
	if err != nil {
		panic(fmt.Errorf("authkittest: sign: %w", err))
	}
	return signature
}

// has reports whether the authenticator has the fault.
func (a *Authenticator) has(fault PasskeyFault) bool { return slices.Contains(a.faults, fault) }

// clientData returns the client data of a ceremony, in the order of WebAuthn Level 3, section 5.8.1.1.
func (a *Authenticator) clientData(ceremony string, challenge bytes64, origin string) []byte {
	if a.has(OtherChallenge) {
		challenge = random(32)
	}
	if a.has(OtherType) {
		ceremony = map[string]string{"webauthn.create": "webauthn.get", "webauthn.get": "webauthn.create"}[ceremony]
	}
	top := ""
	if a.has(OtherTopOrigin) {
		top = "https://frame.example"
	}
	return mustJSON(struct {
		Type        string  `json:"type"`
		Challenge   bytes64 `json:"challenge"`
		Origin      string  `json:"origin"`
		CrossOrigin bool    `json:"crossOrigin"`
		TopOrigin   string  `json:"topOrigin,omitempty"`
	}{ceremony, challenge, origin, a.has(CrossOrigin), top})
}

// Flags of authenticator data (WebAuthn Level 3, section 6.1).
const (
	flagPresent, flagVerified, flagEligible, flagBackedUp, flagAttested = 1 << 0, 1 << 2, 1 << 3, 1 << 4, 1 << 6
)

// data returns authenticator data without an attested credential.
func (a *Authenticator) data(p *passkey, flags byte) []byte {
	flags |= flagPresent | flagVerified
	if a.has(NotPresent) {
		flags &^= flagPresent
	}
	if a.has(NotVerified) {
		flags &^= flagVerified
	}
	switch eligible := a.options.Synced != a.has(BackupChanges); {
	case a.has(BackupOnly):
		flags |= flagBackedUp
	case eligible:
		flags |= flagEligible | flagBackedUp
	}
	if !a.options.Synced && !a.has(CounterStands) {
		p.counter++
	}
	if a.has(CounterReturns) {
		p.counter = 1
	}
	rpID := p.rpID
	if a.has(OtherRelyingParty) {
		rpID = "other.example"
	}
	hash := sha256.Sum256([]byte(rpID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), p.counter)
}

// attest returns the credential of a new passkey.
func (a *Authenticator) attest(p *passkey, client []byte) (json.RawMessage, error) {
	data := append(a.data(p, flagAttested), a.options.AAGUID[:]...)
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(p.id))), p.id...) //nolint:gosec // an id has 32 bytes
	data = append(data, coseKey(p.key.Public())...)

	format, statement := "none", cborMap()
	if a.options.SelfAttested {
		format = "packed"
		statement = cborMap(cborText("alg"), cborInt(int64(p.algorithm)), cborText("sig"), cborBytes(a.sign(p, data, client)))
	}
	object := cborMap(cborText("fmt"), cborText(format), cborText("attStmt"), statement, cborText("authData"), cborBytes(data))
	spki, err := x509.MarshalPKIXPublicKey(p.key.Public())
	if err != nil {
		return nil, err
	}
	return a.credential(p, map[string]any{
		"clientDataJSON": bytes64(client), "attestationObject": bytes64(object), "authenticatorData": bytes64(data),
		"publicKey": bytes64(spki), "publicKeyAlgorithm": p.algorithm, "transports": a.options.Transports,
	}), nil
}

// assert returns the credential of a sign-in.
func (a *Authenticator) assert(p *passkey, client []byte) (json.RawMessage, error) {
	data := a.data(p, 0)
	response := map[string]any{
		"clientDataJSON": bytes64(client), "authenticatorData": bytes64(data), "signature": bytes64(a.sign(p, data, client)),
	}
	switch {
	case a.has(OtherUserHandle):
		response["userHandle"] = bytes64(random(32))
	case !a.has(NoUserHandle):
		response["userHandle"] = bytes64(p.userHandle)
	}
	return a.credential(p, response), nil
}

func (a *Authenticator) credential(p *passkey, response map[string]any) json.RawMessage {
	attachment := "cross-platform"
	if a.options.Synced {
		attachment = "platform"
	}
	return mustJSON(map[string]any{
		"id": bytes64(p.id), "rawId": bytes64(p.id), "type": "public-key", "response": response,
		"authenticatorAttachment": attachment, "clientExtensionResults": struct{}{},
	})
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Errorf("authkittest: %w", err))
	}
	return b
}

// coseKey returns a public key as a COSE key in canonical form.
func coseKey(public crypto.PublicKey) []byte {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, x, y
		if err != nil {
			panic(fmt.Errorf("authkittest: %w", err))
		}
		return cborMap(cborInt(1), cborInt(2), cborInt(3), cborInt(int64(ES256)), cborInt(-1), cborInt(1),
			cborInt(-2), cborBytes(point[1:33]), cborInt(-3), cborBytes(point[33:]))
	case ed25519.PublicKey:
		return cborMap(cborInt(1), cborInt(1), cborInt(3), cborInt(int64(EdDSA)), cborInt(-1), cborInt(6), cborInt(-2), cborBytes(key))
	case *rsa.PublicKey:
		return cborMap(cborInt(1), cborInt(3), cborInt(3), cborInt(int64(RS256)),
			cborInt(-1), cborBytes(key.N.Bytes()), cborInt(-2), cborBytes(big.NewInt(int64(key.E)).Bytes()))
	}
	panic(fmt.Sprintf("authkittest: a public key of type %T", public))
}

// The few items of CBOR (RFC 8949) that an authenticator writes; the caller sorts the keys of a map.

func cborInt(n int64) []byte {
	if n < 0 {
		return cborHead(1, uint64(-1-n))
	}
	return cborHead(0, uint64(n))
}

func cborBytes(b []byte) []byte { return append(cborHead(2, uint64(len(b))), b...) }

func cborText(s string) []byte { return append(cborHead(3, uint64(len(s))), s...) }

// cborMap takes keys and values in turn.
func cborMap(items ...[]byte) []byte {
	return append(cborHead(5, uint64(len(items)/2)), bytes.Join(items, nil)...)
}

// cborHead writes the shortest head: a number of at most 16 bits is all that occurs here.
func cborHead(major byte, n uint64) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 1<<8:
		return []byte{major<<5 | 24, byte(n)}
	case n < 1<<16:
		return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
	}
	panic(fmt.Sprintf("authkittest: CBOR of %d", n))
}
