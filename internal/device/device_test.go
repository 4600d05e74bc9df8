package device_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/device"
	"github.com/authkit-dev/authkit/internal/seal"
)

const entrySize = 16 + 8 + 1 + 32 + 32

var now = time.Unix(1_700_000_000, 0)

func ring(t testing.TB, fill ...byte) *seal.Ring {
	t.Helper()
	secrets := make([][]byte, len(fill))
	for i, b := range fill {
		secrets[i] = bytes.Repeat([]byte{b}, seal.MinSecret)
	}
	r, err := seal.New(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func user(email string) device.User {
	return device.User{App: uuid.New(), ID: uuid.New(), Email: email, Verified: true, Epoch: 3}
}

func decode(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Browsers keep tokens for 90 days, so that what one holds has to stay as it is.
func TestTheFormatOfAToken(t *testing.T) {
	t.Parallel()
	key, u := ring(t, 1), user("ann@example.com")
	raw := decode(t, device.Issue(key, u, "", now))
	if len(raw) != entrySize {
		t.Fatalf("size: got %d, want %d", len(raw), entrySize)
	}
	id, date, flag, stamp, mac := raw[:16], raw[16:24], raw[24:25], raw[25:57], raw[57:]
	if got := int64(binary.BigEndian.Uint64(date)); got != now.Unix() {
		t.Errorf("time of issue: got %d, want %d", got, now.Unix())
	}
	if flag[0] != 1 {
		t.Errorf("flag: got %d, want 1", flag[0])
	}
	if want := key.MAC("device stamp", u.App[:], u.ID[:], []byte{0, 0, 0, 0, 0, 0, 0, 3}, id); !bytes.Equal(stamp, want) {
		t.Errorf("stamp: got %x, want %x", stamp, want)
	}
	if want := key.MAC("device", u.App[:], []byte(u.Email), id, date, flag, stamp); !bytes.Equal(mac, want) {
		t.Errorf("MAC: got %x, want %x", mac, want)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	key, u := ring(t, 1), user("ann@example.com")
	text := device.Issue(key, u, "", now)
	changed := func(at int) string {
		raw := decode(t, text)
		raw[at] ^= 1
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	flag := func(v byte) string {
		raw := decode(t, device.Issue(key, device.User{App: u.App, ID: u.ID, Email: u.Email}, "", now))
		raw[24] = v
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	for name, c := range map[string]struct {
		key   device.Key
		app   uuid.UUID
		email string
		text  string
		after time.Duration
		want  bool
	}{
		"at once":                     {key, u.App, u.Email, text, 0, true},
		"just before 90 days":         {key, u.App, u.Email, text, device.Age - 1, true},
		"after 90 days":               {key, u.App, u.Email, text, device.Age, false},
		"after the secret is rotated": {ring(t, 2, 1), u.App, u.Email, text, 0, true},
		"under another secret":        {ring(t, 2), u.App, u.Email, text, 0, false},
		"in another app":              {key, uuid.New(), u.Email, text, 0, false},
		"for another address":         {key, u.App, "bob@example.com", text, 0, false},
		"with another id":             {key, u.App, u.Email, changed(0), 0, false},
		"with another time":           {key, u.App, u.Email, changed(23), 0, false},
		"with another flag":           {key, u.App, u.Email, changed(24), 0, false},
		"with another stamp":          {key, u.App, u.Email, changed(25), 0, false},
		"with another MAC":            {key, u.App, u.Email, changed(entrySize - 1), 0, false},
		"with the flag spelled as 0":  {key, u.App, u.Email, flag(0), 0, true},
		"with the flag spelled as 2":  {key, u.App, u.Email, flag(2), 0, false},
		"with a flag that is unknown": {key, u.App, u.Email, flag(4), 0, false},
		"cut short":                   {key, u.App, u.Email, text[:len(text)-1], 0, false},
		"padded":                      {key, u.App, u.Email, text + "=", 0, false},
		"empty":                       {key, u.App, u.Email, "", 0, false},
		"eleven entries":              {key, u.App, u.Email, strings.Repeat(text, 11), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, ok := device.Find(c.key, c.app, c.email, c.text, now.Add(c.after)); ok != c.want {
				t.Errorf("Find: got %v, want %v", ok, c.want)
			}
		})
	}
}

func TestKnows(t *testing.T) {
	t.Parallel()
	key, u := ring(t, 1), user("ann@example.com")
	d, ok := device.Find(key, u.App, u.Email, device.Issue(key, u, "", now), now)
	if !ok || !d.Verified {
		t.Fatalf("Find: got %+v, %v, want the entry of a verified user", d, ok)
	}
	for name, c := range map[string]struct {
		change func(*device.User)
		want   bool
	}{
		"the same user":                          {func(*device.User) {}, true},
		"at another address":                     {func(u *device.User) { u.Email = "x@example.com" }, true},
		"once the address is no longer verified": {func(u *device.User) { u.Verified = false }, true},
		"another user of the address":            {func(u *device.User) { u.ID = uuid.New() }, false},
		"another app":                            {func(u *device.User) { u.App = uuid.New() }, false},
		"after the sessions ended as one":        {func(u *device.User) { u.Epoch++ }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := u
			c.change(&is)
			if got := d.Knows(key, is); got != c.want {
				t.Errorf("Knows: got %v, want %v", got, c.want)
			}
		})
	}
}

func TestIssue(t *testing.T) {
	t.Parallel()
	key := ring(t, 1)
	find := func(t *testing.T, u device.User, text string, at time.Time) device.Device {
		t.Helper()
		d, ok := device.Find(key, u.App, u.Email, text, at)
		if !ok {
			t.Fatalf("Find(%s): got none", u.Email)
		}
		return d
	}
	t.Run("a further sign-in keeps the id and begins 90 days anew", func(t *testing.T) {
		t.Parallel()
		u := user("ann@example.com")
		first := device.Issue(key, u, "", now)
		later := now.Add(device.Age - time.Hour)
		second := device.Issue(key, u, first, later)
		if len(second) != len(first) || !bytes.Equal(find(t, u, first, now).ID, find(t, u, second, later.Add(device.Age-time.Hour)).ID) {
			t.Errorf("got %q after %q, want one entry of the same id", second, first)
		}
	})
	t.Run("two browsers have two ids", func(t *testing.T) {
		t.Parallel()
		u := user("ann@example.com")
		if a, b := find(t, u, device.Issue(key, u, "", now), now), find(t, u, device.Issue(key, u, "", now), now); bytes.Equal(a.ID, b.ID) {
			t.Errorf("ids: got %x twice", a.ID)
		}
	})
	t.Run("ten accounts are kept, the latest first", func(t *testing.T) {
		t.Parallel()
		text, users := "", make([]device.User, 12)
		for i := range users {
			users[i] = user(fmt.Sprintf("u%d@example.com", i))
			text = device.Issue(key, users[i], text, now)
			if !device.Latest(key, users[i].App, users[i].Email, text, now) {
				t.Errorf("Latest: got false for the user who signed in last")
			}
		}
		if got := len(decode(t, text)); got != 10*entrySize {
			t.Errorf("size: got %d, want ten entries", got)
		}
		for i, u := range users {
			if _, ok := device.Find(key, u.App, u.Email, text, now); ok != (i >= 2) {
				t.Errorf("user %d of 12: got known: %v", i, ok)
			}
		}
		if device.Latest(key, users[10].App, users[10].Email, text, now) {
			t.Error("Latest: got true for the user before")
		}
	})
	t.Run("an entry goes once it is old", func(t *testing.T) {
		t.Parallel()
		ann, bob := user("ann@example.com"), user("bob@example.com")
		text := device.Issue(key, bob, device.Issue(key, ann, "", now), now.Add(device.Age))
		if got := len(decode(t, text)); got != entrySize {
			t.Errorf("size: got %d, want one entry", got)
		}
	})
	t.Run("a text that is no token adds nothing", func(t *testing.T) {
		t.Parallel()
		for _, before := range []string{"x", strings.Repeat("A", 5), "é", strings.Repeat("A", 100_000)} {
			if got := len(decode(t, device.Issue(key, user("ann@example.com"), before, now))); got != entrySize {
				t.Errorf("after %.10q: got %d bytes, want one entry", before, got)
			}
		}
	})
}

func TestTheSignUpOfADevice(t *testing.T) {
	t.Parallel()
	key, made := ring(t, 1), user("ann@example.com")
	made.SignedUp = true
	first := device.Issue(key, made, "", now)
	again := func(change func(*device.User)) device.User {
		u := user("ann@example.com")
		u.App, u.ID = made.App, made.ID
		change(&u)
		return u
	}
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"the sign-up":                               {first, true},
		"a sign-in after it":                        {device.Issue(key, again(func(*device.User) {}), first, now), true},
		"a sign-in once the address is proven":      {device.Issue(key, again(func(u *device.User) { u.Verified = !u.Verified }), first, now), true},
		"a sign-in after the sessions ended as one": {device.Issue(key, again(func(u *device.User) { u.Epoch++ }), first, now), false},
		"a sign-in of another user of the address":  {device.Issue(key, again(func(u *device.User) { u.ID = uuid.New() }), first, now), false},
		"a sign-in on another browser":              {device.Issue(key, again(func(*device.User) {}), "", now), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, ok := device.Find(key, made.App, made.Email, c.text, now)
			if !ok || d.SignedUp != c.want {
				t.Errorf("got %v, %v, want %v", d.SignedUp, ok, c.want)
			}
		})
	}
}

func TestLatest(t *testing.T) {
	t.Parallel()
	key, u := ring(t, 1), user("ann@example.com")
	text := device.Issue(key, u, "", now)
	for name, c := range map[string]struct {
		email, text string
		want        bool
	}{
		"a token that knows of no sign-in": {u.Email, "", true},
		"the user":                         {u.Email, text, true},
		"another user":                     {"bob@example.com", text, false},
		"a text that is no token":          {u.Email, "x", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := device.Latest(key, u.App, c.email, c.text, now); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func FuzzToken(f *testing.F) {
	key, u := ring(f, 1), user("ann@example.com")
	one := device.Issue(key, u, "", now)
	two := device.Issue(key, user("bob@example.com"), one, now)
	for _, seed := range []string{one, two, one[:len(one)-1], strings.Repeat("A", len(one)), "", "=", strings.Repeat(one, 11)} {
		f.Add(seed)
	}
	genuine := [][]byte{decode(f, one)}
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := device.Find(key, u.App, u.Email, text, now)
		if ok {
			raw := decode(t, text)
			if !slices.ContainsFunc(genuine, func(entry []byte) bool { return bytes.Contains(raw, entry) }) || !d.Knows(key, u) {
				t.Errorf("Find(%q): got %+v, which was not issued", text, d)
			}
		}
		next := device.Issue(key, u, text, now)
		if raw := decode(t, next); len(raw)%entrySize != 0 || len(raw) > 10*entrySize {
			t.Errorf("Issue after %q: got %d bytes", text, len(raw))
		}
		if again, found := device.Find(key, u.App, u.Email, next, now); !found || ok && !bytes.Equal(again.ID, d.ID) {
			t.Errorf("Find after Issue: got %+v, %v, want the id %x", again, found, d.ID)
		}
		if !device.Latest(key, u.App, u.Email, next, now) {
			t.Errorf("Latest after Issue: got false")
		}
	})
}
