package cursor_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/cursor"
	"github.com/authkit-dev/authkit/internal/seal"
)

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

func TestACursorComesBackAsItWas(t *testing.T) {
	t.Parallel()
	key := ring(t, 1)
	for name, at := range map[string]time.Time{
		"a time":                       time.Date(2026, 11, 27, 12, 0, 0, 123_456_000, time.UTC),
		"of another zone":              time.Date(2026, 11, 27, 12, 0, 0, 0, time.FixedZone("", 3600)),
		"before 1970":                  time.Date(1960, 1, 2, 3, 4, 5, 6000, time.UTC),
		"the zero time":                {},
		"with a part of a microsecond": time.Date(2026, 11, 27, 12, 0, 0, 123_456_789, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := uuid.New()
			got, ok := cursor.Decode(key, []byte("list"), cursor.Encode(key, []byte("list"), cursor.Position{Time: at, ID: id}))
			want := time.UnixMicro(at.UnixMicro()).UTC()
			if !ok || got.ID != id || got.Time != want {
				t.Errorf("got %v, %v, want %v and %v", got, ok, want, id)
			}
		})
	}
}

func TestACursorIsGoodForItsListAlone(t *testing.T) {
	t.Parallel()
	key, list := ring(t, 1), []byte("/users?disabled=true")
	text := cursor.Encode(key, list, cursor.Position{Time: time.Unix(1, 0), ID: uuid.New()})
	if _, ok := cursor.Decode(ring(t, 2, 1), list, text); !ok {
		t.Error("after the secret was rotated: got it refused")
	}
	for name, c := range map[string]struct {
		key  cursor.Key
		list string
		text string
	}{
		"of another list":   {key, "/users?", text},
		"of another secret": {ring(t, 2), string(list), text},
		"cut short":         {key, string(list), text[:len(text)-1]},
		"with a byte more":  {key, string(list), text + "A"},
		"padded":            {key, string(list), text + "="},
		"changed":           {key, string(list), flip(text, 3)},
		"with another MAC":  {key, string(list), flip(text, len(text)-2)},
		"empty":             {key, string(list), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, ok := cursor.Decode(c.key, []byte(c.list), c.text); ok || got != (cursor.Position{}) {
				t.Errorf("got %v, %v, want it refused", got, ok)
			}
		})
	}
}

func flip(text string, at int) string {
	b := []byte(text)
	if b[at] = 'A'; text[at] == 'A' {
		b[at] = 'B'
	}
	return string(b)
}

// open takes any MAC, so that a fuzzer finds what stands behind it.
type open struct{ cursor.Key }

func (open) CheckMAC(string, []byte, ...[]byte) bool { return true }

func FuzzDecode(f *testing.F) {
	key := ring(f, 1)
	text := cursor.Encode(key, []byte("list"), cursor.Position{Time: time.Unix(1, 0), ID: uuid.Nil})
	for _, seed := range []string{text, flip(text, 3), text[:10], text + "\n", "", "=="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, ok := cursor.Decode(key, []byte("list"), text); ok && cursor.Encode(key, []byte("list"), p) != text {
			t.Errorf("Decode(%q): got %v, which is spelled otherwise", text, p)
		}
		if p, ok := cursor.Decode(open{key}, nil, text); ok {
			if again, ok := cursor.Decode(key, nil, cursor.Encode(key, nil, p)); !ok || again != p {
				t.Errorf("Encode(%v): got %v back, %v", p, again, ok)
			}
		}
	})
}
