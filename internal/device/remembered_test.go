package device_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/device"
)

func TestRemembered(t *testing.T) {
	t.Parallel()
	key, u := ring(t, 1), user("ann@example.com")
	r := device.Remembered{App: u.App, ID: u.ID, Epoch: 3, Generation: []byte("one")}
	text := device.Remember(key, r, device.Issue(key, u, "", now), now)
	if at, ok := device.RememberedAt(key, r, text); !ok || !at.Equal(now) {
		t.Errorf("got %v, %t, want the time of the note", at, ok)
	}
	if _, ok := device.Find(key, u.App, u.Email, text, now); !ok {
		t.Error("the entry of the device is gone")
	}
	if _, ok := device.RememberedAt(key, r, device.Issue(key, user("ben@example.com"), text, now)); !ok {
		t.Error("the sign-in of another account took the note away")
	}
	for name, other := range map[string]device.Remembered{
		"of another app":        {App: uuid.New(), ID: u.ID, Epoch: 3, Generation: []byte("one")},
		"of another user":       {App: u.App, ID: uuid.New(), Epoch: 3, Generation: []byte("one")},
		"of another epoch":      {App: u.App, ID: u.ID, Epoch: 4, Generation: []byte("one")},
		"of another generation": {App: u.App, ID: u.ID, Epoch: 3, Generation: []byte("two")},
	} {
		if _, ok := device.RememberedAt(key, other, text); ok {
			t.Errorf("the note counts for one %s", name)
		}
	}
	if _, ok := device.RememberedAt(ring(t, 2), r, text); ok {
		t.Error("the note counts under another secret")
	}
	entries, notes, _ := strings.Cut(text, ".")
	for name, bad := range map[string]string{"without its notes": entries, "with a note cut off": entries + "." + notes[:len(notes)-4], "with no notes": entries + "."} {
		if _, ok := device.RememberedAt(key, r, bad); ok {
			t.Errorf("the text %s counts", name)
		}
	}
}

func TestABrowserIsRememberedForTenAccounts(t *testing.T) {
	t.Parallel()
	key, text := ring(t, 1), ""
	var all []device.Remembered
	for range device.Most + 2 {
		r := device.Remembered{App: uuid.New(), ID: uuid.New(), Epoch: 1}
		all, text = append(all, r), device.Remember(key, r, text, now)
		text = device.Remember(key, r, text, now.Add(time.Hour)) // again: it takes the place of the first
	}
	for i, r := range all {
		if at, ok := device.RememberedAt(key, r, text); ok != (i >= 2) || ok && !at.Equal(now.Add(time.Hour)) {
			t.Errorf("account %d of %d: got %v, %t, want the last ten", i, len(all), at, ok)
		}
	}
}
