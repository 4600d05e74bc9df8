package seal_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/authkit-dev/authkit/internal/seal"
)

func secret(b byte) []byte { return bytes.Repeat([]byte{b}, seal.MinSecret) }

func ring(t testing.TB, secrets ...[]byte) *seal.Ring {
	t.Helper()
	r, err := seal.New(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, secrets := range map[string][][]byte{
		"no secret": nil, "a short secret": {secret(1), secret(2)[1:]}, "a duplicate": {secret(1), secret(1)},
	} {
		if _, err := seal.New(secrets...); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	older, both, other := ring(t, secret(1)), ring(t, secret(2), secret(1)), ring(t, secret(3))
	aad := seal.AAD("a", "b")
	blob := older.Seal([]byte("plain"), aad)
	if got, err := both.Open(blob, aad); err != nil || string(got) != "plain" {
		t.Errorf("after rotation: got %q, %v, want %q", got, err, "plain")
	}
	if _, err := other.Open(blob, aad); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("foreign ring: got %v, want ErrUnknownKey", err)
	}
	if _, err := both.Open(blob, seal.AAD("ab")); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("other data: got %v, want ErrOpen", err)
	}
	for i := range blob {
		bad := bytes.Clone(blob)
		bad[i] ^= 1
		if _, err := both.Open(bad, aad); err == nil {
			t.Errorf("byte %d altered: got no error, want one", i)
		}
		if _, err := both.Open(blob[:i], aad); err == nil {
			t.Errorf("cut to %d bytes: got no error, want one", i)
		}
	}
}

func TestMACFor(t *testing.T) {
	t.Parallel()
	older, both, other := ring(t, secret(1)), ring(t, secret(2), secret(1)), ring(t, secret(3))
	blob := older.Seal([]byte("plain"), nil)
	got, err := both.MACFor(blob, "x", []byte("ab"), []byte("c"))
	if err != nil || !bytes.Equal(got, older.MAC("x", []byte("ab"), []byte("c"))) {
		t.Errorf("beside a blob of the older secret: got %x, %v, want the older secret's MAC", got, err)
	}
	if _, err := other.MACFor(blob, "x"); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("without the blob's secret: got %v, want ErrUnknownKey", err)
	}
	if _, err := both.MACFor(blob[:20], "x"); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("beside what is no blob: got %v, want ErrOpen", err)
	}
}

func TestCheckMAC(t *testing.T) {
	t.Parallel()
	older, both := ring(t, secret(1)), ring(t, secret(2), secret(1))
	sum := older.MAC("x", []byte("ab"), []byte("c"))
	if !both.CheckMAC("x", sum, []byte("ab"), []byte("c")) {
		t.Error("mac of the older secret: got false, want true")
	}
	if both.CheckMAC("x", sum, []byte("a"), []byte("bc")) || both.CheckMAC("y", sum, []byte("ab"), []byte("c")) {
		t.Error("moved bytes or other label: got true, want false")
	}
	if got := both.Keys("x"); !bytes.Equal(got[0], both.Key("x")) || !bytes.Equal(got[1], older.Key("x")) {
		t.Error("keys: got another order, want newest first")
	}
}

func TestConcurrentMACs(t *testing.T) {
	t.Parallel()
	r := ring(t, secret(2), secret(1))
	want := func(key []byte, part string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
		return h.Sum(nil)
	}
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 400 { // more labels than a ring remembers
				label, part := fmt.Sprint("label ", i%200), fmt.Sprint(g, i)
				if got := r.MAC(label, []byte(part)); !bytes.Equal(got, want(ring(t, secret(2)).Key(label), part)) {
					t.Errorf("MAC of %q under %q: got %x, want that of a new ring", part, label, got)
				}
				if !r.CheckMAC(label, want(r.Keys(label)[1], part), []byte(part)) {
					t.Errorf("MAC of the older secret under %q: got false, want true", label)
				}
			}
		})
	}
	all.Wait()
}

func TestAKeyThatWasReturnedIsTheCallers(t *testing.T) {
	t.Parallel()
	r := ring(t, secret(1))
	clear(r.Key("x"))
	clear(r.Keys("x")[0])
	if got := r.Key("x"); !bytes.Equal(got, ring(t, secret(1)).Key("x")) {
		t.Errorf("after the caller changed its key: got %x, want the subkey", got)
	}
}
