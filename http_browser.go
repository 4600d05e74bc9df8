package authkit

import (
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/device"
	"github.com/authkit-dev/authkit/internal/httpio"
)

// browser is the browser that sent a request, as far as its cookies tell: the binding secret,
// the device token, and the sessions of apps. It decides nothing.
type browser struct {
	http *border
	w    http.ResponseWriter
	r    *http.Request
}

// deviceCookie makes a browser known to its ten latest accounts, of all apps.
const deviceCookie = "d"

// sessionCookie names the cookie that holds the app's session in a browser.
func sessionCookie(app uuid.UUID) string { return app.String() }

// session is the value of the app's session cookie.
func (b browser) session(app uuid.UUID) (string, bool) {
	return b.http.cookies.Get(b.r, sessionCookie(app))
}

// sessions is how many apps' session cookies the request brings, but for the named one.
func (b browser) sessions(but string) int { return b.http.cookies.Sessions(b.r, but) }

// holdSession gives the browser the session of the app. No cache keeps the answer.
func (b browser) holdSession(app uuid.UUID, s SignIn) {
	b.http.cookies.Set(b.w, sessionCookie(app), s.Cookie, s.CookieAge)
	b.http.cookies.DropFormer(b.r, b.w)
	b.w.Header().Set("Cache-Control", "no-store")
}

// dropSession has the browser forget the app's session, if it has one. A request with an
// Authorization header is about another session than the cookie's.
func (b browser) dropSession(app uuid.UUID) {
	if len(b.r.Header.Values("Authorization")) > 0 {
		return
	}
	if _, ok := b.session(app); ok {
		b.http.cookies.Set(b.w, sessionCookie(app), "", -time.Second)
	}
}

// dropSurplus has the browser forget the latest of its sessions where it has too many. Of
// sign-ins that a browser sends at once, no one knows of the others, and all find room.
func (b browser) dropSurplus(others int) {
	if others < maxCookieApps || b.r.Method == http.MethodHead {
		return
	}
	b.http.cookies.DropSurplus(b.r, b.w, maxCookieApps)
}

// device is the device token, or empty.
func (b browser) device() string {
	text, _ := b.http.cookies.Get(b.r, deviceCookie)
	return text
}

func (b browser) keepDevice(text string) { b.http.cookies.Set(b.w, deviceCookie, text, device.Age) }

// binding reads the binding cookie. One that was used last a day ago is not valid, and neither
// is one that authkit did not write.
func (b browser) binding() (bindingCookieValue, bool) {
	text, ok := b.http.cookies.Get(b.r, bindingCookie)
	if !ok {
		return bindingCookieValue{}, false
	}
	got, ok := parseBindingValue(b.http.ring, text)
	return got, ok && b.http.now().Sub(got.used) < bindingAge
}

// keepBinding writes the binding cookie, for the browser session. HEAD never has an effect, and
// a page that a browser fetches ahead may be never shown.
func (b browser) keepBinding(next bindingCookieValue) {
	if b.r.Method == http.MethodHead || httpio.Prefetch(b.r) {
		return
	}
	next.used = b.http.now()
	b.http.cookies.Set(b.w, bindingCookie, next.text(b.http.ring), 0)
}

// secret is the binding secret; nil: the browser has no binding cookie that is valid.
func (b browser) secret() []byte {
	got, ok := b.binding()
	if !ok {
		return nil
	}
	return got.secret
}

// bind returns the browser's binding secret, and gives it one if it has none. The time of its
// use moves on with it.
func (b browser) bind() []byte {
	got, ok := b.binding()
	if !ok {
		got = newBindingValue(b.http.now())
	}
	if !ok || b.http.now().Sub(got.used) >= bindingFresh {
		b.keepBinding(got)
	}
	return got.secret
}

// rebind notes who signs in. Where another user did so before, the browser gets another
// secret: what that user began is not for this one to end. A secret that notes no user may have
// been made while another user was signed in: lastOn reports whether the device token names
// this user as its last.
func (b browser) rebind(u User, lastOn bool) {
	got, ok := b.binding()
	if !ok {
		return
	}
	mark := userMark(b.http.ring, u)
	switch {
	case slices.Equal(got.user, mark):
		return
	case lastOn && slices.Equal(got.user, make([]byte, idSize)):
		got.user = mark
		b.keepBinding(got)
	default:
		b.renewBinding(mark)
	}
}

// unbind gives a browser that has a binding secret another one.
func (b browser) unbind() {
	if _, ok := b.http.cookies.Get(b.r, bindingCookie); ok {
		b.renewBinding(make([]byte, idSize))
	}
}

func (b browser) renewBinding(mark []byte) {
	next := newBindingValue(b.http.now())
	next.user = mark
	b.keepBinding(next)
}
