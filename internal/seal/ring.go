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

	"github.com/authkit-dev/authkit/internal/bounded"
)

// MinSecret is the least length of a secret, in bytes.
const MinSecret = 32

const keySize = 32

// Ring holds the secrets, newest first. It derives the subkey of a label once, and remembers a
// bounded number of subkeys. It is safe for concurrent use.
type Ring struct {
	keys    []key
	subkeys *bounded.Cache[subkeyName, *subkey]
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
	r := &Ring{keys: make([]key, 0, len(secrets)), subkeys: bounded.NewCache[subkeyName, *subkey](maxSubkeys)}
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

// Key returns the 32-byte subkey of the newest secret for the label.
func (r *Ring) Key(label string) []byte { return bytes.Clone(r.subkey(0, label).key) }

// Keys returns the subkeys of all secrets for the label, newest first.
func (r *Ring) Keys(label string) [][]byte {
	out := make([][]byte, len(r.keys))
	for i := range r.keys {
		out[i] = bytes.Clone(r.subkey(i, label).key)
	}
	return out
}

// MAC returns the HMAC-SHA256 of the parts under Key(label). Every part is preceded by its
// length, so that moving bytes from one part to the next changes the result.
func (r *Ring) MAC(label string, parts ...[]byte) []byte {
	return r.subkey(0, label).mac(parts)
}

// MACFor is MAC under the secret that sealed blob. So a MAC that was made together with a
// blob can be made again for as long as the blob opens. It fails as Open does.
func (r *Ring) MACFor(blob []byte, label string, parts ...[]byte) ([]byte, error) {
	i, err := r.sealer(blob)
	if err != nil {
		return nil, err
	}
	return r.subkey(i, label).mac(parts), nil
}

// CheckMAC reports in constant time whether sum is the MAC of the parts under any secret of the
// ring.
func (r *Ring) CheckMAC(label string, sum []byte, parts ...[]byte) bool {
	ok := false
	for i := range r.keys {
		if hmac.Equal(sum, r.subkey(i, label).mac(parts)) {
			ok = true
		}
	}
	return ok
}

// CheckShortMAC is CheckMAC for the first bytes of a MAC. sum has at least 16 bytes.
func (r *Ring) CheckShortMAC(label string, sum []byte, parts ...[]byte) bool {
	ok := false
	for i := range r.keys {
		if len(sum) >= 16 && len(sum) <= sha256.Size && hmac.Equal(sum, r.subkey(i, label).mac(parts)[:len(sum)]) {
			ok = true
		}
	}
	return ok
}

// AAD joins parts into additional data. Every part is preceded by its length, so that no two
// lists of parts give the same bytes.
func AAD(parts ...string) []byte {
	size := 0
	for _, p := range parts {
		size += 8 + len(p)
	}
	out := make([]byte, 0, size)
	for _, p := range parts {
		out = binary.BigEndian.AppendUint64(out, uint64(len(p)))
		out = append(out, p...)
	}
	return out
}

// ClientSecretAAD binds the sealed client secret of a provider to its app and its name.
func ClientSecretAAD(app, provider string) []byte { return AAD("client secret", app, provider) }
