package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/authkit-dev/authkit/internal/seal"
)

func TestASignatureHoldsForItsLabelPartsAndSecretAlone(t *testing.T) {
	t.Parallel()
	r, other, both := ring(t, secret(1)), ring(t, secret(2)), ring(t, secret(2), secret(1))
	signed := r.Sign("a", []byte("one"), []byte("two"))
	if by, ok := seal.SealedBy(signed); !ok || by != r.IDs()[0] {
		t.Errorf("SealedBy: got %s, %v, want %s", by, ok, r.IDs()[0])
	}
	for name, c := range map[string]struct {
		by    *seal.Ring
		label string
		what  []byte
		parts [][]byte
		want  error
	}{
		"the same":               {r, "a", signed, [][]byte{[]byte("one"), []byte("two")}, nil},
		"under a newer secret":   {both, "a", signed, [][]byte{[]byte("one"), []byte("two")}, nil},
		"without its secret":     {other, "a", signed, [][]byte{[]byte("one"), []byte("two")}, seal.ErrUnknownKey},
		"another label":          {r, "b", signed, [][]byte{[]byte("one"), []byte("two")}, seal.ErrOpen},
		"another part":           {r, "a", signed, [][]byte{[]byte("one"), []byte("too")}, seal.ErrOpen},
		"a byte moved":           {r, "a", signed, [][]byte{[]byte("onet"), []byte("wo")}, seal.ErrOpen},
		"one byte less":          {r, "a", signed[:len(signed)-1], [][]byte{[]byte("one"), []byte("two")}, seal.ErrOpen},
		"nothing":                {r, "a", nil, nil, seal.ErrOpen},
		"the MAC of another key": {r, "a", append(bytes.Clone(signed[:seal.HeadSize]), other.MAC("a", []byte("one"), []byte("two"))...), [][]byte{[]byte("one"), []byte("two")}, seal.ErrOpen},
	} {
		if err := c.by.CheckSigned(c.label, c.what, c.parts...); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
