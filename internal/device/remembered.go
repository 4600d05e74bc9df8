package device

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// Remembered names what a browser is remembered for: that a person showed the second factors of an
// account on it. It ends with the epoch, and with another generation of the factors.
type Remembered struct {
	App, ID    uuid.UUID
	Epoch      int64
	Generation []byte
}

const (
	rememberedLabel = "remembered browser"

	// A note is its time and its MAC. Notes stand behind the entries, after a point.
	noteSize = 8 + macSize
)

// Remember adds a note to the token of a browser. The notes of the nine accounts that were remembered
// last stay.
func Remember(key Key, r Remembered, text string, now time.Time) string {
	entries, notes, _ := strings.Cut(text, ".")
	at := binary.BigEndian.AppendUint64(nil, uint64(now.Unix())) //nolint:gosec // only its bytes count
	all := slices.Concat(at, key.MAC(rememberedLabel, r.parts(at)...))
	for _, note := range notesOf(notes) {
		if !r.made(key, note) && len(all) < Most*noteSize && now.Sub(timeOf(note)) < Age {
			all = append(all, note...)
		}
	}
	return entries + "." + token.Encode(all)
}

// RememberedAt returns when the browser was remembered; false: it was not, or something has changed
// since.
func RememberedAt(key Key, r Remembered, text string) (time.Time, bool) {
	_, notes, _ := strings.Cut(text, ".")
	for _, note := range notesOf(notes) {
		if r.made(key, note) {
			return timeOf(note), true
		}
	}
	return time.Time{}, false
}

func (r Remembered) made(key Key, note []byte) bool {
	return key.CheckMAC(rememberedLabel, note[8:], r.parts(note[:8])...)
}

func (r Remembered) parts(at []byte) [][]byte {
	return [][]byte{r.App[:], r.ID[:], binary.BigEndian.AppendUint64(nil, uint64(r.Epoch)), r.Generation, at} //nolint:gosec // only its bytes count
}

// timeOf is the time that a note names, true or not.
func timeOf(note []byte) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint64(note)), 0) //nolint:gosec // believed only behind a MAC
}

// notesOf takes the notes of a token apart. None of them is checked.
func notesOf(text string) [][]byte {
	raw, ok := token.Decode(text, len(text)*3/4)
	if !ok || len(raw)%noteSize != 0 || len(raw) > Most*noteSize {
		return nil
	}
	return slices.Collect(slices.Chunk(raw, noteSize))
}
