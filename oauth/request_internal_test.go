package oauth

import (
	"fmt"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/outbound"
)

// A name in the host's own network leads to an address that developers must not see. Otherwise
// each of them could look up names there.
func TestAnInternalAddressIsOnlyLogged(t *testing.T) {
	t.Parallel()
	err := asError("ask for the document", permanentFault(fmt.Errorf("dial %q: %w", "10.1.2.3:443", outbound.ErrAddress)))
	if err.Kind != Misconfigured || !strings.Contains(err.Error(), "10.1.2.3:443") {
		t.Errorf("for the log: got %v, want it misconfigured, with the address", err)
	}
	if got, want := err.Finding(), "ask for the document: got an address that is not a public one, want a public one"; got != want {
		t.Errorf("for the developer: got %q, want %q", got, want)
	}
}
