package authkit

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	// bindingCookie ties what a browser begins to that browser (login CSRF: RFC 6749, section
	// 10.12). Browsers keep it until they are closed, or restore it then; so it says itself
	// when it was used last.
	bindingCookie = "b"
	bindingAge    = 24 * time.Hour

	// bindingFresh is how old the time in it gets before a use writes another.
	bindingFresh = time.Hour

	bindingBody = macSize + 8 + idSize // secret, time, mark of the user
	bindingSize = bindingBody + macSize
)

// bindingCookieValue is what the binding cookie holds. The secret never leaves it but by derivation.
type bindingCookieValue struct {
	secret []byte
	used   time.Time
	user   []byte // mark of the user who signed in last; zero: no one has
}

func newBindingValue(now time.Time) bindingCookieValue {
	return bindingCookieValue{secret: token.Random(macSize), used: now, user: make([]byte, idSize)}
}

// parseBindingValue reads what text wrote; false for all that the ring did not authenticate.
func parseBindingValue(ring *seal.Ring, text string) (bindingCookieValue, bool) {
	raw, ok := token.Decode(text, bindingSize)
	if !ok || !ring.CheckMAC("binding cookie", raw[bindingBody:], raw[:bindingBody]) {
		return bindingCookieValue{}, false
	}
	b := bindingCookieValue{secret: raw[:macSize], user: raw[macSize+8 : bindingBody]}
	b.used = time.Unix(int64(binary.BigEndian.Uint64(raw[macSize:])), 0) //nolint:gosec // behind a MAC
	return b, true
}

func (b bindingCookieValue) text(ring *seal.Ring) string {
	at := binary.BigEndian.AppendUint64(nil, uint64(b.used.Unix())) //nolint:gosec // only its bytes count
	body := slices.Concat(b.secret, at, b.user)
	return token.Encode(slices.Concat(body, ring.MAC("binding cookie", body)))
}

// userMark names a user in the cookie, and tells nothing of the user.
func userMark(ring *seal.Ring, u User) []byte {
	return ring.MAC("binding user", u.App[:], u.ID[:])[:idSize]
}
