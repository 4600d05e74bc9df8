package authkit

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	// bindingCookie ties a flow to the browser that began it (login CSRF: RFC 6749, section
	// 10.12). Browsers keep it until they are closed, and may restore it then, so that the value
	// holds the time of its last use.
	bindingCookie = "b"
	bindingAge    = 24 * time.Hour

	// bindingFresh is how old the time of last use gets before a use renews it.
	bindingFresh = time.Hour

	bindingBody = macSize + 8 + idSize // secret, time, mark of the user
	bindingSize = bindingBody + macSize
)

// bindingCookieValue is the content of the binding cookie. What leaves it is derived from the
// secret, never the secret itself.
type bindingCookieValue struct {
	secret []byte
	used   time.Time
	user   []byte // mark of the user who signed in last; zero: no user has
}

func newBindingValue(now time.Time) bindingCookieValue {
	return bindingCookieValue{secret: token.Random(macSize), used: now, user: make([]byte, idSize)}
}

// parseBindingValue reads the result of text; false: the ring does not authenticate it.
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

// userMark is a keyed hash that stands for a user in the cookie.
func userMark(ring *seal.Ring, u User) []byte {
	return ring.MAC("binding user", u.App[:], u.ID[:])[:idSize]
}
