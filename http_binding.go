package authkit

import (
	"encoding/binary"
	"net/http"
	"slices"
	"time"

	"github.com/authkit-dev/authkit/internal/device"
	"github.com/authkit-dev/authkit/internal/httpio"
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

// bound is what the binding cookie holds. The secret never leaves it but by derivation.
type bound struct {
	secret []byte
	used   time.Time
	user   []byte // mark of the user who signed in last; zero: none has
}

func newBound(now time.Time) bound {
	return bound{secret: token.Random(macSize), used: now, user: make([]byte, idSize)}
}

// binding reads the cookie. One that was used last a day ago is none, and neither is one that
// authkit did not write.
func (c *call) binding() (bound, bool) {
	text, ok := c.e.cookies.Get(c.r, bindingCookie)
	if !ok {
		return bound{}, false
	}
	raw, ok := token.Decode(text, bindingSize)
	if !ok || !c.e.ring.CheckMAC("binding cookie", raw[bindingBody:], raw[:bindingBody]) {
		return bound{}, false
	}
	b := bound{secret: raw[:macSize], user: raw[macSize+8 : bindingBody]}
	b.used = time.Unix(int64(binary.BigEndian.Uint64(raw[macSize:])), 0) //nolint:gosec // behind a MAC
	return b, c.e.now().Sub(b.used) < bindingAge
}

// setBinding writes the cookie, for the browser session. HEAD never has an effect, and a page
// that a browser fetches ahead may be never shown.
func (c *call) setBinding(b bound) {
	if c.r.Method == http.MethodHead || httpio.Prefetch(c.r) {
		return
	}
	b.used = c.e.now()
	c.e.cookies.Set(c.w, bindingCookie, c.e.bindingText(b), 0)
}

func (e *Engine) bindingText(b bound) string {
	at := binary.BigEndian.AppendUint64(nil, uint64(b.used.Unix())) //nolint:gosec // only its bytes count
	body := slices.Concat(b.secret, at, b.user)
	return token.Encode(slices.Concat(body, e.ring.MAC("binding cookie", body)))
}

// browser answers the secret in the binding cookie, and nil if there is none.
func (c *call) browser() []byte {
	b, ok := c.binding()
	if !ok {
		return nil
	}
	return b.secret
}

// bind answers the browser's secret, and gives it one if it has none. The time of its use goes
// on with it.
func (c *call) bind() []byte {
	b, ok := c.binding()
	if !ok {
		b = newBound(c.e.now())
	}
	if !ok || c.e.now().Sub(b.used) >= bindingFresh {
		c.setBinding(b)
	}
	return b.secret
}

// rebind notes who signs in. Where another user did so before, the browser gets another
// secret: what that user began is not for this one to end. A secret that notes no user may have
// been made while another user was signed in: the device cookie tells who was the last.
func (c *call) rebind(u User) {
	b, ok := c.binding()
	if !ok {
		return
	}
	mark := c.e.ring.MAC("binding user", u.App[:], u.ID[:])[:idSize]
	switch {
	case slices.Equal(b.user, mark):
		return
	case slices.Equal(b.user, make([]byte, idSize)) && device.Latest(c.e.ring, u.App, u.Email, c.device(), c.e.now()):
		b.user = mark
		c.setBinding(b)
	default:
		c.anew(mark)
	}
}

// unbind gives a browser that has a secret another one.
func (c *call) unbind() {
	if _, ok := c.e.cookies.Get(c.r, bindingCookie); ok {
		c.anew(make([]byte, idSize))
	}
}

func (c *call) anew(mark []byte) {
	b := newBound(c.e.now())
	b.user = mark
	c.setBinding(b)
}
