package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
)

// Sign returns the MAC of the parts under the newest secret, behind the head of a blob that names
// the secret. [SealedBy] reads that head.
func (r *Ring) Sign(label string, parts ...[]byte) []byte {
	k := r.keys[0]
	return slices.Concat([]byte{version}, k.id[:], r.MAC(label, parts...))
}

// CheckSigned checks what Sign returned for the label and the parts. It fails with ErrUnknownKey if
// the ring lacks the secret, and with ErrOpen in every other case.
func (r *Ring) CheckSigned(label string, signed []byte, parts ...[]byte) error {
	if len(signed) != HeadSize+sha256.Size || signed[0] != version {
		return ErrOpen
	}
	for i, k := range r.keys {
		if k.id != [idSize]byte(signed[1:HeadSize]) {
			continue
		}
		if hmac.Equal(signed[HeadSize:], r.subkey(i, label).mac(parts)) {
			return nil
		}
		return ErrOpen
	}
	return ErrUnknownKey
}
