package httpio

import (
	"net/http"
	"time"
)

// Cookies sets and reads authkit's cookies. Insecure is for a base URL of http on
// loopback: names without the __Host- prefix, no Secure.
type Cookies struct{ Insecure bool }

func (c Cookies) name(name string) string {
	if c.Insecure {
		return "authkit-" + name
	}
	return "__Host-authkit-" + name // bound to this host: RFC 6265bis, section 4.1.3.2
}

// Set writes a cookie for this host alone.
func (c Cookies) Set(w http.ResponseWriter, name, value string, age time.Duration) {
	//nolint:gosec // Secure is left out only on loopback, where there is no TLS
	http.SetCookie(w, &http.Cookie{
		Name: c.name(name), Value: value, Path: "/", MaxAge: int(age / time.Second),
		Secure: !c.Insecure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Get reads a cookie. Two of one name are none: one of them was planted.
func (c Cookies) Get(r *http.Request, name string) (string, bool) {
	found := r.CookiesNamed(c.name(name))
	if len(found) != 1 {
		return "", false
	}
	return found[0].Value, true
}
