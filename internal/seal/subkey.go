package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
)

// maxSubkeys is how many subkeys a ring remembers. A program has a fixed number of labels.
const maxSubkeys = 128

// subkeyName names a subkey: the index of the secret, and the label.
type subkeyName struct {
	secret int
	label  string
}

// subkey is a derived key, with hashes that are keyed by it. It is safe for concurrent use.
type subkey struct {
	key  []byte
	free sync.Pool // of *macer
}

// macer makes one MAC at a time.
type macer struct {
	hash   hash.Hash
	length [8]byte
}

// subkey returns the subkey of a secret for a label.
func (r *Ring) subkey(secret int, label string) *subkey {
	name := subkeyName{secret, label}
	if k, ok := r.subkeys.Get(name); ok {
		return k
	}
	// The prefix keeps callers' labels apart from the labels of this package.
	k := &subkey{key: r.keys[secret].derive("label " + label)}
	k.free.New = func() any { return &macer{hash: hmac.New(sha256.New, k.key)} }
	r.subkeys.Put(name, k)
	return k
}

// mac returns the HMAC-SHA256 of the parts, each preceded by its length.
func (k *subkey) mac(parts [][]byte) []byte {
	m, _ := k.free.Get().(*macer)
	for _, p := range parts {
		binary.BigEndian.PutUint64(m.length[:], uint64(len(p)))
		_, _ = m.hash.Write(m.length[:])
		_, _ = m.hash.Write(p)
	}
	sum := m.hash.Sum(make([]byte, 0, sha256.Size))
	m.hash.Reset() // what was hashed does not stay in memory
	k.free.Put(m)
	return sum
}
