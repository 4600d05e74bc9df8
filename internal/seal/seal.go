// Package seal protects secrets at rest: it encrypts, decrypts and authenticates small values
// under a ring of operator secrets.
//
// Build a ring with the newest secret first. New values are sealed with the newest secret.
// Values sealed with an older one still open while that secret is in the ring:
//
//	ring, err := seal.New(newest, previous)
//	blob := ring.Seal(private, seal.AAD("signing-key", app, kid))
//	private, err = ring.Open(blob, seal.AAD("signing-key", app, kid))
//
// The additional data binds a blob to its place, so that a row copied over another row does not
// open. Key and MAC derive subkeys by label: no two purposes share a key.
package seal

import (
	"crypto/rand"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	version   = 1
	idSize    = 8
	overhead  = 1 + idSize + chacha20poly1305.NonceSizeX
	sealLabel = "seal"
	idLabel   = "key id"
)

// Errors of Open.
var (
	// ErrUnknownKey means that no secret of the ring sealed the blob.
	ErrUnknownKey = errors.New("seal: unknown key")
	// ErrOpen means that the blob is malformed, altered or bound to other data.
	ErrOpen = errors.New("seal: blob does not open")
)

// Seal encrypts plain under the newest secret and binds it to aad. The result is a version
// byte, a key id, a random nonce and the ciphertext.
func (r *Ring) Seal(plain, aad []byte) []byte {
	k := r.keys[0]
	blob := make([]byte, overhead, overhead+len(plain)+chacha20poly1305.Overhead)
	blob[0] = version
	copy(blob[1:], k.id[:])
	nonce := blob[1+idSize:]
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the program instead
	return k.aead.Seal(blob, nonce, plain, bind(blob[:1+idSize], aad))
}

// Open decrypts a blob of Seal, given the same aad. It fails with ErrUnknownKey if the ring
// lacks the secret, and with ErrOpen in every other case.
func (r *Ring) Open(blob, aad []byte) ([]byte, error) {
	i, err := r.sealer(blob)
	if err != nil {
		return nil, err
	}
	plain, err := r.keys[i].aead.Open(nil, blob[1+idSize:overhead], blob[overhead:], bind(blob[:1+idSize], aad))
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// sealer returns the index of the secret with which a blob claims to be sealed.
func (r *Ring) sealer(blob []byte) (int, error) {
	if len(blob) < overhead+chacha20poly1305.Overhead || blob[0] != version {
		return 0, ErrOpen
	}
	id := [idSize]byte(blob[1 : 1+idSize])
	for i, k := range r.keys {
		if k.id == id {
			return i, nil
		}
	}
	return 0, ErrUnknownKey
}

// bind authenticates the header of the blob together with the caller's data.
func bind(header, aad []byte) []byte {
	out := make([]byte, 0, len(header)+len(aad))
	return append(append(out, header...), aad...)
}
