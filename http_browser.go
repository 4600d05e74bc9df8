package authkit

import (
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/device"
	"github.com/authkit-dev/authkit/internal/httpio"
)

// browser reads and writes the cookies of the browser that sent a request: the binding secret,
// the device token and the sessions of apps. It decides nothing.
type browser struct {
	http *border
	w    http.ResponseWriter
	r    *http.Request

	next *bindingCookieValue // the binding once a sign-up has created its user; nil: rebind decides
}

// deviceCookie holds the device token, which names the ten latest accounts of a browser, of all
// apps.
const deviceCookie = "d"

// sessionCookie names the cookie that holds the app's session in a browser.
func sessionCookie(app uuid.UUID) string { return app.String() }

// session returns the value of the app's session cookie.
func (b browser) session(app uuid.UUID) (string, bool) {
	return b.http.cookies.Get(b.r, sessionCookie(app))
}

// countSessions counts the session cookies of the request, without the named one.
func (b browser) countSessions(but string) int { return b.http.cookies.Sessions(b.r, but) }

// holdSession sets the app's session cookie. The answer is no-store.
func (b browser) holdSession(app uuid.UUID, s SignIn) {
	b.http.cookies.Set(b.w, sessionCookie(app), s.Cookie, s.CookieAge)
	b.http.cookies.DropFormer(b.r, b.w)
	b.w.Header().Set("Cache-Control", "no-store")
}

// dropSession deletes the app's session cookie, if the request has it.
func (b browser) dropSession(app uuid.UUID) {
	if _, ok := b.session(app); ok {
		b.http.cookies.Set(b.w, sessionCookie(app), "", -time.Second)
	}
}

// dropSurplus deletes the latest session cookies where the browser has more than maxCookieApps.
// Sign-ins that a browser sends at the same time do not see each other's cookies, so that all of
// them find room.
func (b browser) dropSurplus(others int) {
	if others < maxCookieApps || b.r.Method == http.MethodHead {
		return
	}
	b.http.cookies.DropSurplus(b.r, b.w, maxCookieApps)
}

// device returns the device token, or an empty string.
func (b browser) device() string {
	text, _ := b.http.cookies.Get(b.r, deviceCookie)
	return text
}

func (b browser) keepDevice(text string) { b.http.cookies.Set(b.w, deviceCookie, text, device.Age) }

// binding reads the binding cookie: that of the answer, once it sets one, or of the request. A
// cookie that was last used more than a day ago, or that authkit did not write, is not valid.
func (b browser) binding() (bindingCookieValue, bool) {
	text, ok := b.http.cookies.Written(b.w.Header(), bindingCookie)
	if !ok {
		if text, ok = b.http.cookies.Get(b.r, bindingCookie); !ok {
			return bindingCookieValue{}, false
		}
	}
	got, ok := parseBindingValue(b.http.ring, text)
	return got, ok && b.http.now().Sub(got.used) < bindingAge
}

// keepBinding writes the binding cookie, for the browser session. It writes nothing for HEAD,
// which never has an effect, and for a prefetch, whose page may never be shown.
func (b browser) keepBinding(next bindingCookieValue) {
	if b.r.Method == http.MethodHead || httpio.Prefetch(b.r) {
		return
	}
	next.used = b.http.now()
	b.http.cookies.Set(b.w, bindingCookie, next.text(b.http.ring), 0)
}

// secret returns the binding secret; nil: the browser has no valid binding cookie.
func (b browser) secret() []byte {
	got, ok := b.binding()
	if !ok {
		return nil
	}
	return got.secret
}

// bind returns the binding secret of the browser, and makes one if it has none. It renews the
// time of last use in the cookie.
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

// bindSignUp returns the binding secret that the browser has once a sign-up has created its user.
// It is another one than now if rebind would renew it. rebind writes the cookie.
func bindSignUp(b *browser) []byte {
	got, ok := b.binding()
	if !ok || b.device() != "" || !slices.Equal(got.user, make([]byte, idSize)) {
		got = newBindingValue(b.http.now())
	}
	b.next = &got
	return got.secret
}

// rebind notes in the binding cookie who signs in. Where another user did so before, the browser
// gets another secret, so that this user cannot finish what that one began. A secret that notes
// no user may have been made while another user was signed in; lastOn reports whether the device
// token names this user as its last.
func (b browser) rebind(s SignIn, lastOn bool) {
	mark := userMark(b.http.ring, s.User)
	if b.next != nil && s.Created {
		b.next.user = mark
		b.keepBinding(*b.next)
		return
	}
	got, ok := b.binding()
	if !ok {
		return
	}
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

// unbind replaces the binding secret of a browser that has one.
func (b browser) unbind() {
	_, sent := b.http.cookies.Get(b.r, bindingCookie)
	_, written := b.http.cookies.Written(b.w.Header(), bindingCookie)
	if sent || written {
		b.renewBinding(make([]byte, idSize))
	}
}

func (b browser) renewBinding(mark []byte) {
	next := newBindingValue(b.http.now())
	next.user = mark
	b.keepBinding(next)
}
