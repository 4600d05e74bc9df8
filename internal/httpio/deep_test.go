package httpio_test

import (
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// A path is written for the refusal of a body that nests too deeply. Written whole, with one more
// copy for each member, it would take a thousand times the memory of the body.
func TestADeepBodyIsRefusedAtLittleCost(t *testing.T) { //nolint:paralleltest // it counts allocations
	const levels = 9000
	for name, c := range map[string]struct {
		text string
		most float64
	}{
		"arrays that do not end":         {`{"email":` + strings.Repeat("[", httpio.BodyLimit-10), 150}, // two decoders read them
		"arrays in a member":             {`{"email":` + strings.Repeat("[", levels) + strings.Repeat("]", levels) + "}", 100},
		"objects in a member":            {`{"email":` + strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels) + "}", 2*levels + 100}, // the decoder keeps their names
		"objects in a member of its own": {strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels), 100},
	} {
		b := []byte(c.text)
		refuse := func() {
			var v body
			if err := httpio.DecodeBytes(b, &v); err == nil {
				t.Errorf("%s: got no error, want a refusal", name)
			}
		}
		if got := testing.AllocsPerRun(1, refuse); got > c.most {
			t.Errorf("%s: got %.0f allocations, want %.0f at most", name, got, c.most)
		}
	}
}
