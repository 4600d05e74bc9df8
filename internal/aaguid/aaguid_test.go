package aaguid

import (
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/naming"
)

func TestName(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		names[0].id:                            names[0].name,
		names[len(names)-1].id:                 names[len(names)-1].name,
		"fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "iCloud Keychain",
		"ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
		"cb69481e-8ff7-4039-93ec-0a2729a154a8": "YubiKey 5",
		"00000000-0000-0000-0000-000000000000": "",
		"ffffffff-ffff-ffff-ffff-ffffffffffff": "",
	} {
		if got := Name(uuid.MustParse(id)); got != want {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
}

func TestTheListIsSortedAndFitsAName(t *testing.T) {
	t.Parallel()
	for i, n := range names {
		if id, err := uuid.Parse(n.id); err != nil || id.String() != n.id {
			t.Errorf("got %q, want the canonical form of a UUID", n.id)
		}
		if i > 0 && names[i-1].id >= n.id {
			t.Errorf("got %q after %q, want them sorted without repetition", n.id, names[i-1].id)
		}
		if _, err := naming.App(n.name); err != nil || len(n.name) > 64 { // mails have it
			t.Errorf("%s: got the name %q, %v, want one of 1 to 64 bytes that mails may have", n.id, n.name, err)
		}
	}
}
