package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// MinSecret is the least length of a secret, in bytes.
const MinSecret = 32

const keySize = 32

// Ring holds the secrets, newest first. It is immutable and therefore safe for concurrent use.
type Ring struct {
	keys []key
}

type key struct {
	id   [idSize]byte
	prk  []byte
	aead cipher.AEAD
}

// New returns a ring of secrets, newest first. It needs at least one. Each must have at least
// MinSecret bytes, and no two may be equal.
func New(secrets ...[]byte) (*Ring, error) {
	if len(secrets) == 0 {
		return nil, errors.New("seal: no secret given")
	}
	r := &Ring{keys: make([]key, 0, len(secrets))}
	for i, s := range secrets {
		if len(s) < MinSecret {
			return nil, fmt.Errorf("seal: secret %d has %d bytes, want at least %d", i, len(s), MinSecret)
		}
		for j := range i {
			if bytes.Equal(secrets[j], s) {
				return nil, fmt.Errorf("seal: secret %d repeats secret %d", i, j)
			}
		}
		k, err := newKey(s)
		if err != nil {
			return nil, fmt.Errorf("seal: secret %d: %w", i, err)
		}
		r.keys = append(r.keys, k)
	}
	return r, nil
}

func newKey(secret []byte) (key, error) {
	prk, err := hkdf.Extract(sha256.New, secret, []byte("authkit seal v1"))
	if err != nil {
		return key{}, err
	}
	k := key{prk: prk}
	copy(k.id[:], k.derive(idLabel))
	k.aead, err = chacha20poly1305.NewX(k.derive(sealLabel))
	return k, err
}

// derive expands a 32-byte subkey (RFC 5869, section 2.3).
func (k key) derive(info string) []byte {
	out, err := hkdf.Expand(sha256.New, k.prk, info, keySize)
	if err != nil {
		panic("seal: " + err.Error()) // only for lengths beyond 255 hashes
	}
	return out
}

// The prefix keeps callers' labels apart from the labels of this package.
func (k key) user(label string) []byte { return k.derive("label " + label) }

// Key returns the 32-byte subkey of the newest secret for the label.
func (r *Ring) Key(label string) []byte { return r.keys[0].user(label) }

// Keys returns the subkeys of all secrets for the label, newest first.
func (r *Ring) Keys(label string) [][]byte {
	out := make([][]byte, len(r.keys))
	for i, k := range r.keys {
		out[i] = k.user(label)
	}
	return out
}

// MAC returns the HMAC-SHA256 of the parts under Key(label). Every part is preceded by its
// length, so that moving bytes from one part to the next changes the result.
func (r *Ring) MAC(label string, parts ...[]byte) []byte {
	return mac(r.Key(label), parts)
}

// MACFor is MAC under the secret that sealed blob. So a MAC that was made together with a
// blob can be made again for as long as the blob opens. It fails as Open does.
func (r *Ring) MACFor(blob []byte, label string, parts ...[]byte) ([]byte, error) {
	k, err := r.sealer(blob)
	if err != nil {
		return nil, err
	}
	return mac(k.user(label), parts), nil
}

// CheckMAC reports in constant time whether sum is the MAC of the parts under any secret of the
// ring.
func (r *Ring) CheckMAC(label string, sum []byte, parts ...[]byte) bool {
	ok := false
	for _, k := range r.keys {
		if hmac.Equal(sum, mac(k.user(label), parts)) {
			ok = true
		}
	}
	return ok
}

func mac(k []byte, parts [][]byte) []byte {
	h := hmac.New(sha256.New, k)
	for _, p := range parts {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		_, _ = h.Write(p)
	}
	return h.Sum(nil)
}

// AAD joins parts into additional data. Every part is preceded by its length, so that no two
// lists of parts give the same bytes.
func AAD(parts ...string) []byte {
	var out []byte
	for _, p := range parts {
		out = binary.BigEndian.AppendUint64(out, uint64(len(p)))
		out = append(out, p...)
	}
	return out
}
