package authkit

import (
	"testing"

	"github.com/authkit-dev/authkit/internal/token"
)

func TestStateIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	likePrefix, ok := token.Decode("ls_AAAAAAAAAAAAAAAAAAA", idSize)
	if !ok {
		t.Fatal("the id is not in base64url")
	}
	for name, id := range map[string][]byte{"any id": token.Random(idSize), "an id whose text begins as that of a link": likePrefix} {
		for _, kind := range []TokenKind{stateKind, linkStateKind} {
			t.Run(name+", "+string(kind), func(t *testing.T) {
				t.Parallel()
				want := oauthState{kind, id}
				if got := parseState(want.String()); got.kind != kind || string(got.id) != string(id) {
					t.Errorf("got %q of the kind %q, want %q of the kind %q", got.id, got.kind, id, kind)
				}
			})
		}
	}
}
