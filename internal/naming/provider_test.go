package naming_test

import (
	"testing"

	"github.com/authkit-dev/authkit/internal/naming"
)

func TestProvider(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"github": "GitHub", "google": "Google", "acme-corp": "Acme Corp", "acme--corp": "Acme  Corp", "2fa": "2fa", "": ""} {
		if got := naming.Provider(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
