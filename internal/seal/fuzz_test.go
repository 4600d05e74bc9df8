package seal_test

import (
	"bytes"
	"testing"

	"github.com/authkit-dev/authkit/internal/seal"
)

// FuzzSeal checks that a sealed blob opens with its own additional data, and not with other
// data or after a bit was changed.
func FuzzSeal(f *testing.F) {
	f.Add([]byte("plain"), "app", "kid", 0)
	f.Add([]byte{}, "", "", 9)
	f.Add([]byte("plain"), "a", "pp", 1000)
	r, other, both := ring(f, secret(1)), ring(f, secret(2)), ring(f, secret(2), secret(1))
	f.Fuzz(func(t *testing.T, plain []byte, one, two string, bit int) {
		blob := r.Seal(plain, seal.AAD(one, two))
		for _, reader := range []*seal.Ring{r, both} {
			if got, err := reader.Open(blob, seal.AAD(one, two)); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("Open: got %x, %v, want %x", got, err, plain)
			}
		}
		if _, err := other.Open(blob, seal.AAD(one, two)); err == nil {
			t.Error("Open with another secret: got no error, want one")
		}
		elsewhere := [][]byte{nil, seal.AAD(one), seal.AAD(one + two), seal.AAD(one, two, ""), seal.AAD(two+"x", one), []byte(one + two)}
		for _, aad := range elsewhere {
			if bytes.Equal(aad, seal.AAD(one, two)) {
				continue
			}
			if _, err := r.Open(blob, aad); err == nil {
				t.Errorf("Open with additional data %x: got no error, want one", aad)
			}
		}
		bit = int(uint(bit) % uint(8*len(blob)))
		blob[bit/8] ^= 1 << (bit % 8)
		if _, err := r.Open(blob, seal.AAD(one, two)); err == nil {
			t.Errorf("Open with bit %d changed: got no error, want one", bit)
		}
	})
}

// FuzzOpen checks that a text that was not sealed does not open.
func FuzzOpen(f *testing.F) {
	r := ring(f, secret(1))
	blob := r.Seal([]byte("plain"), nil)
	for _, seed := range [][]byte{{}, blob[:40], blob[1:], append(bytes.Clone(blob), 0), bytes.Repeat([]byte{1}, 64)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		// The seeds are pieces of a sealed blob, which the fuzzer may put together again.
		if plain, err := r.Open(blob, nil); (err == nil) != (string(plain) == "plain") {
			t.Errorf("Open(%x): got %q, %v, want an error", blob, plain, err)
		}
	})
}

// FuzzAAD checks that different lists of parts give different bytes.
func FuzzAAD(f *testing.F) {
	f.Add("a", "b", "ab", "")
	f.Add("", "\x00\x00\x00\x00\x00\x00\x00\x00", "", "")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		if same := a == c && b == d; bytes.Equal(seal.AAD(a, b), seal.AAD(c, d)) != same {
			t.Errorf("AAD(%q, %q) and AAD(%q, %q): got the same bytes: %v, want %v", a, b, c, d, !same, same)
		}
		if bytes.Equal(seal.AAD(a, b), seal.AAD(a+b)) || bytes.Equal(seal.AAD(a, b), seal.AAD(a, b, c)) {
			t.Errorf("AAD(%q, %q): got the bytes of another number of parts", a, b)
		}
	})
}
