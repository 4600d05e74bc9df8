package panics_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/panics"
)

func explode() error {
	var none map[string]int
	none["x"] = 1 //nolint:staticcheck // the panic is what is caught
	return nil
}

func TestCatch(t *testing.T) {
	t.Parallel()
	own := errors.New("its own")
	if err := panics.Catch(func() error { return own }); !errors.Is(err, own) {
		t.Errorf("of a call that fails: got %v, want its own error", err)
	}
	err := panics.Catch(explode)
	caught, ok := errors.AsType[*panics.Error](err)
	if !ok || !strings.Contains(caught.At, "panics_test.explode:") || !strings.Contains(err.Error(), "nil map") {
		t.Errorf("of a call that panics: got %v, want the value and the function that panicked", err)
	}
}
